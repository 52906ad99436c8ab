/**
 * `npm run bench:startup`: what it costs to import the package and to start the command line: processor time (user and
 * system, all threads) and peak memory, medians over rounds, bare Node beside them. `--against FOLDER` measures another
 * build's `dist/` in turn with this one, so that both meet the same machine. Writes bench/results/startup.json. Build
 * first: it starts `dist/`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { UsageError } from '../errors.js';
import { markdownTable } from './document.js';
import { count } from './options.js';
import { describeCommit, describeMachine, saveReport } from './results.js';
import { median } from './statistics.js';

interface Cost {
  /** Milliseconds. */
  readonly processor: number;
  /** MB, resident at most. */
  readonly memory: number;
}

interface StartupRow {
  readonly what: string;
  readonly build: 'node' | 'this' | 'other';
  readonly processor: readonly number[];
  readonly memory: readonly number[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMANDS = ['inspect', 'compile', 'prove', 'verify', 'submit'];

/**
 * Code that makes a process write its processor time and peak memory to its fourth stream (descriptor 3) when it ends.
 */
const METER = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();" +
    ' writeSync(3, JSON.stringify([(userCPUTime + systemCPUTime) / 1000, (maxRSS * 1024) / 1e6])); });',
)}`;

function cost(args: readonly string[]): Promise<Cost> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, ['--import', METER, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let [said, told] = ['', ''];
    child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    child.stdio[3]?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`node ${args.join(' ')} ended with ${code}: ${told.slice(-2000)}`));
      const [processor, memory] = JSON.parse(said) as [number, number];
      done({ processor, memory });
    });
  });
}

function subjects(
  build: 'this' | 'other',
  dist: string,
): { readonly what: string; readonly build: 'this' | 'other'; readonly args: readonly string[] }[] {
  const main = join(dist, 'cli', 'main.js');
  if (!existsSync(main)) throw new UsageError(`${main} is not there; run npm run build first`);
  const library = pathToFileURL(join(dist, 'index.js')).href;
  return [
    { what: "import 'zkinfer'", build, args: ['--input-type=module', '-e', `import ${JSON.stringify(library)};`] },
    { what: 'zkinfer --help', build, args: [main, '--help'] },
    ...COMMANDS.map((name) => ({ what: `zkinfer ${name} --help`, build, args: [main, name, '--help'] })),
  ];
}

async function main({ rounds, against }: { readonly rounds: number; readonly against?: string }): Promise<void> {
  const all = [
    { what: 'node', build: 'node' as const, args: ['-e', '0'] },
    ...subjects('this', join(ROOT, 'dist')),
    ...(against === undefined ? [] : subjects('other', resolve(against))),
  ];
  const rows: (StartupRow & { readonly processor: number[]; readonly memory: number[] })[] = all.map(
    ({ what, build }) => ({ what, build, processor: [], memory: [] }),
  );
  const load = [loadavg()[0]];
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { args }] of all.entries()) {
      const { processor, memory } = await cost(args);
      rows[i].processor.push(processor);
      rows[i].memory.push(memory);
    }
  }
  load.push(loadavg()[0]);
  const shown = ({ processor, memory }: StartupRow): string =>
    `${median(processor).toFixed(0)} ms, ${median(memory).toFixed(0)} MB`;
  const of = (build: StartupRow['build'], what: string): string =>
    rows.filter((row) => row.build === build && row.what === what).map(shown)[0] ?? '';
  const header = ['start', 'this build', ...(against === undefined ? [] : ['the other'])];
  const body = [...new Set(rows.map(({ what }) => what))].map((what) => [
    what,
    of('node', what) || of('this', what),
    ...(against === undefined ? [] : [of('other', what)]),
  ]);
  console.log(markdownTable(header, body));
  const machine = describeMachine();
  console.log(
    `\nMedians of ${rounds} rounds; processor time of all threads, peak memory; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${load.map((one) => one.toFixed(1)).join(' to ')}.`,
  );
  saveReport('startup', { machine, commit: describeCommit(), date: new Date().toISOString(), rounds, load, rows });
}

const program = new Command('bench:startup')
  .option('--rounds <n>', 'starts of each', count, 15)
  .option('--against <dist>', "another build's dist/ folder");
await program.parseAsync();
await main(program.opts());
