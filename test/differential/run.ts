/**
 * `npm run differential`: the harness on random cases, for a time or a number of cases. Case number i of a run has
 * the seed S + i, so that `--seed S --cases 1 --kind K` repeats one. Ends with exit code 1 where two of those
 * compared disagree, and goes on with the next case.
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { writeAtomic } from '../../src/atomic-file.js';
import { describeMachine } from '../../src/bench/results.js';
import {
  compileGadgetsOf,
  emptyTally,
  KINDS,
  prepare,
  runCase,
  type Kind,
  type Prepared,
  type Tally,
} from './harness.js';

const USAGE = `usage: npm run differential -- [options]
  --seconds N   how long, 60 by default; a batch that has begun is finished
  --cases N     how many cases instead
  --seed N      seed of the first case, 1 by default
  --kind KIND   ${KINDS.join(' or ')}; both in turn by default
  --attempts N  attempts to find a second witness, for each of two inputs of a case; 300 by default
  --record      write bench/results/differential.json
  --json        print the result as JSON`;

const BATCH = 32;

interface Failure {
  readonly kind: Kind;
  readonly seed: number;
  readonly message: string;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string' },
        cases: { type: 'string' },
        seed: { type: 'string' },
        kind: { type: 'string' },
        attempts: { type: 'string' },
        record: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const number = (text: string | undefined, fallback: number): number => {
      const value = text === undefined ? fallback : Number(text);
      if (!Number.isSafeInteger(value) || value < 0) throw new Error(`'${text}' is no whole number`);
      return value;
    };
    const kinds = KINDS.filter((kind) => values.kind === undefined || values.kind === kind);
    if (kinds.length === 0) throw new Error(`--kind is ${KINDS.join(' or ')}`);
    return {
      seconds: number(values.seconds, 60),
      cases: values.cases === undefined ? undefined : number(values.cases, 0),
      seed: number(values.seed, 1),
      kinds,
      attempts: number(values.attempts, 300),
      record: values.record === true,
      json: values.json === true,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const { seconds, cases, seed, kinds, attempts, record, json } = options();
const tallies = new Map<Kind, Tally>(kinds.map((kind) => [kind, emptyTally()]));
const failures: Failure[] = [];
const start = performance.now();
const passed = (): number => (performance.now() - start) / 1000;
const attempt = async (kind: Kind, of: number, work: () => Promise<void> | void): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const message = error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
    failures.push({ kind, seed: of, message });
    console.error(`DISAGREEMENT ${message}\n  repeat: npm run differential -- --kind ${kind} --seed ${of} --cases 1`);
  }
};

for (let next = 0; cases === undefined ? passed() < seconds : next < cases;) {
  const batch: Prepared[] = [];
  for (let i = 0; i < BATCH && (cases === undefined || next < cases); i += 1, next += 1) {
    for (const kind of kinds) {
      await attempt(kind, seed + next, () => {
        const prepared = prepare(seed + next, kind);
        if (prepared === undefined) (tallies.get(kind) as Tally).refused += 1;
        else batch.push(prepared);
      });
    }
  }
  // A gadget that circom refuses is the finding of its own case.
  await compileGadgetsOf(batch).catch(() => undefined);
  for (const prepared of batch) {
    await attempt(prepared.kind, prepared.seed, () =>
      runCase(prepared, { inputs: 16, attempts, cheats: 24 }, tallies.get(prepared.kind) as Tally),
    );
  }
  const done = [...tallies.values()].reduce((sum, { cases: count }) => sum + count, 0);
  console.error(`${done} cases in ${passed().toFixed(0)} s, ${failures.length} disagreements`);
}

const result = {
  machine: describeMachine(),
  date: new Date().toISOString(),
  seed,
  seconds: Math.round(passed()),
  kinds: Object.fromEntries(tallies),
  failures,
};
if (record) {
  const folder = fileURLToPath(new URL('../../bench/results/', import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeAtomic(`${folder}differential.json`, [`${JSON.stringify(result, null, 1)}\n`]);
}
if (json) console.log(JSON.stringify(result));
else {
  for (const [kind, tally] of tallies) {
    console.log(`\n${kind}`);
    for (const [name, value] of Object.entries(tally)) {
      if (value === 0) continue;
      const label = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).padEnd(26);
      const shown = Number.isInteger(value) ? value.toLocaleString('en-US') : (value as number).toPrecision(3);
      console.log(`  ${label} ${shown}`);
    }
  }
  console.log(
    `\n${failures.length} disagreements in ${passed().toFixed(0)} s; seeds ${seed} and on; ${result.machine.cpu}`,
  );
}
process.exit(failures.length === 0 ? 0 : 1);
