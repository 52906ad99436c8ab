/**
 * `npm run conformance -- [FOLDER...]`: every `<name>/network.onnx` (or `model.onnx`) with its `input.json` below a
 * folder, compiled in a process of its own, its witness checked, its outputs compared with onnxruntime and with
 * `output.json` where it is there: on `heldout.json` or else the sample, calibrated on `calibration.json` or else on
 * rows around the sample. `--prove` also proves the sample and has the model's contract verify it on a local chain.
 * `--record` keeps the rows in bench/results/conformance.json, each beside what was measured before; `--doc` writes them
 * into docs/models.md. Exit code 0 where every model conforms (workflow/conformance.ts says what that is).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { writeAtomic } from '../atomic-file.js';
import { UsageError } from '../errors.js';
import { percent } from '../percent.js';
import { jsonOption } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { textTable } from '../cli/table.js';
import { checkConformance, conforms } from '../workflow/conformance.js';
import { readOnnxFile } from '../workflow/onnx-file.js';
import { conformanceInputs, findCases, type ConformanceCase, type MeasuredRow } from './conformance-case.js';
import { modelsPage, type RecordedRow, type Records } from './conformance-page.js';
import { writeBlocks } from './document.js';
import { describeCommit, describeMachine } from './results.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RECORD = join(ROOT, 'bench', 'results', 'conformance.json');
/** Megabytes of heap that one model may take. */
const MOST_HEAP = 7500;
/** Constraints up to which `--prove` proves, unless it says otherwise. */
const PROVED = 2 ** 20;

interface Flags {
  readonly only?: string;
  readonly together?: boolean;
  readonly prove?: true | string;
  readonly minutes?: string;
  readonly record?: boolean;
  readonly doc?: boolean;
  readonly json?: boolean;
}

await new Command('conformance')
  .description('compile every model below some folders and compare it with onnxruntime')
  .argument('[folders...]', 'folders of NAME/network.onnx with NAME/input.json')
  .option('--only <text>', 'models with this in their name')
  .option('--together', 'all in this process: faster for many tiny models, without their memory and processor time')
  .option('--prove [most]', 'also prove models of at most so many constraints (2^20), the smallest recorded first')
  .option('--minutes <n>', 'end a model that takes longer')
  .option('--record', 'keep the rows in bench/results/conformance.json')
  .option('--doc', 'write all recorded rows into docs/models.md')
  .addOption(jsonOption())
  .action(async (folders: string[], flags: Flags) => {
    await execute(
      flags,
      async (session) => {
        if (folders.length === 0 && !flags.doc) throw new UsageError('name a folder of models');
        if (flags.together && (flags.prove || flags.record))
          throw new UsageError('--prove and --record measure each model in a process of its own, not --together');
        if (!flags.together && folders.length > 0)
          spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
        const rows: MeasuredRow[] = [];
        for (const folder of folders) {
          const cases = await ordered(folder, flags);
          await session.stage(`${cases.length} models of ${folder}`, async (update) => {
            for (const one of cases) {
              update(one.name);
              const row = flags.together ? await here(one) : await alone(one, flags);
              if (flags.record) await record(basename(resolve(folder)), row);
              rows.push(row);
            }
          });
        }
        if (flags.doc) await writeBlocks({ models: modelsPage(await recorded()) });
        return { result: rows, ok: rows.every(conforms) };
      },
      print,
    );
  })
  .parseAsync();

async function ordered(folder: string, { only = '', prove }: Flags): Promise<ConformanceCase[]> {
  const cases = (await findCases(folder)).filter(({ name }) => name.includes(only));
  if (!prove) return cases;
  const known = (await recorded())[basename(resolve(folder))] ?? {};
  const size = ({ name }: ConformanceCase): number => known[name]?.constraints ?? Infinity;
  return [...cases].sort((a, b) => size(a) - size(b) || 0);
}

/** In this process; the figures of the process are not the model's. */
async function here({ name, model, folder }: ConformanceCase): Promise<MeasuredRow> {
  const nothing = { processor: 0, peakMegabytes: 0 };
  try {
    const row = await checkConformance(name, await readOnnxFile(model), await conformanceInputs(folder));
    return { ...row, ...nothing };
  } catch (error) {
    return { name, compiled: false, why: String(error), ...nothing };
  }
}

/** In a process of its own, which may run out of memory or of time. */
async function alone({ name, model, folder }: ConformanceCase, flags: Flags): Promise<MeasuredRow> {
  const most = flags.prove === undefined ? 0 : flags.prove === true ? PROVED : Number(flags.prove);
  const script = join(ROOT, 'dist', 'bench', 'conformance-child.js');
  const args = [`--max-old-space-size=${MOST_HEAP}`, script, name, model, folder, String(most)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // A child that computes hears no signal: it must not go on when this process ends.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const limit = flags.minutes === undefined ? undefined : Number(flags.minutes) * 60_000;
  const timer = limit === undefined ? undefined : setTimeout(kill, limit);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const status = await new Promise<string | undefined>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code, signal) => done(code === 0 ? undefined : (signal ?? `code ${code}`)));
  });
  clearTimeout(timer);
  process.off('exit', kill);
  if (status === undefined) return JSON.parse(output) as MeasuredRow;
  const last = errors.trim().split('\n').at(-1) ?? '';
  return { name, compiled: false, why: `its process ended with ${status}: ${last}`, processor: 0, peakMegabytes: 0 };
}

async function recorded(): Promise<Records> {
  return existsSync(RECORD) ? (JSON.parse(await readFile(RECORD, 'utf8')) as Records) : {};
}

/** A proof measured before stays while the circuit is of the same size. */
async function record(folder: string, row: MeasuredRow): Promise<void> {
  const all = await recorded();
  const before = all[folder]?.[row.name];
  const proof = row.proof ?? (before?.constraints === row.constraints ? before?.proof : undefined);
  const kept: RecordedRow = {
    ...row,
    ...(proof === undefined ? {} : { proof }),
    cpu: describeMachine().cpu,
    commit: describeCommit(),
    date: new Date().toISOString().slice(0, 10),
  };
  const sorted = Object.entries({ ...all[folder], [row.name]: kept }).sort(([a], [b]) => a.localeCompare(b));
  await mkdir(dirname(RECORD), { recursive: true });
  await writeAtomic(RECORD, [`${JSON.stringify({ ...all, [folder]: Object.fromEntries(sorted) }, null, 1)}\n`]);
}

/** Without the list of what is supported, which is the same for all. */
function firstSentence(text: string): string {
  return text.replace(/\. Supported are .*$/s, '.');
}

function print(rows: readonly MeasuredRow[]): string {
  const done = rows.filter((row) => row.compiled);
  const proved = rows.filter((row) => row.proof !== undefined);
  const share = (value?: number): string => (value === undefined ? '' : percent(value, 3));
  return [
    textTable(
      [
        'model',
        'conforms',
        'constraints',
        'satisfied',
        'error / range',
        'same class',
        'rows',
        'expected',
        'processor s',
        'MB',
        'proved',
        'why not',
      ],
      rows.map((row) => [
        row.name,
        conforms(row) ? 'yes' : 'no',
        row.constraints,
        row.compiled ? (row.satisfied ? 'yes' : 'NO') : '',
        share(row.relativeError),
        share(row.classAgreement),
        row.rows && `${row.samples} ${row.rows}${row.reference === 'own' ? ', own evaluator' : ''}`,
        row.expected && (row.expected.shapes ? share(row.expected.integer) : 'OTHER SHAPE'),
        row.processor.toFixed(1),
        Math.round(row.peakMegabytes),
        row.proof && (row.proof.verified && row.proof.accepted ? `${row.proof.gas} gas` : 'REFUSED'),
        firstSentence(row.why ?? row.notProved ?? ''),
      ]),
    ),
    '',
    `${done.length} of ${rows.length} compiled, ${done.filter((row) => row.satisfied).length} witnesses satisfied, ` +
      `${rows.filter(conforms).length} conform${proved.length > 0 ? `, ${proved.length} proved` : ''}`,
  ].join('\n');
}
