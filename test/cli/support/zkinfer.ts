/**
 * Runs the command line and captures what it prints: as a function in this process, which saves most of a second and
 * the loading of chain and prover for each of hundreds of commands; or as users do, `dist/cli/main.js` in a process of
 * its own, where a test is about processes (signals, pipes, waiting, what a start loads).
 *
 * The trap: standard output is this process's own, so commands in this process run one after the other.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../../src/cli/program.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

let checked = false;

/** Compiles `dist/` where it is older than the sources: tests of the command line are tests of what is installed. */
function build(): void {
  if (checked) return;
  const src = path.join(ROOT, 'src');
  const newest = readdirSync(src, { recursive: true, encoding: 'utf8' }).reduce(
    (latest, name) => Math.max(latest, statSync(path.join(src, name)).mtimeMs),
    0,
  );
  if (!existsSync(MAIN) || statSync(MAIN).mtimeMs < newest) {
    const compiler = path.join(
      path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin',
      'tsc',
    );
    // Type errors are for the type check to report; what counts here is that the code was written.
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', path.join(ROOT, 'tsconfig.json')], {
      encoding: 'utf8',
    });
    assert.ok(existsSync(MAIN) && statSync(MAIN).mtimeMs >= newest, stdout);
  }
  checked = true;
}

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** In a process of its own. */
  readonly ownProcess?: boolean;
  /** Sees the process, which is one of its own, as soon as it runs. */
  readonly started?: (child: ChildProcess) => void;
}

export function zkinfer(args: readonly string[], { ownProcess, started }: RunOptions = {}): Promise<Finished> {
  if (ownProcess || started) return startProcess(args, started);
  const finished = last.then(() => runHere(args));
  last = finished.catch(() => undefined);
  return finished;
}

function startProcess(args: readonly string[], started?: RunOptions['started']): Promise<Finished> {
  build();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, ...output }));
    started?.(child);
  });
}

/** The end of the command that runs here now, if one does. */
let last: Promise<unknown> = Promise.resolve();

async function runHere(args: readonly string[]): Promise<Finished> {
  const { exitCode } = process;
  const { isTTY } = process.stdout;
  const streams = ['stdout', 'stderr'] as const;
  const writes = streams.map((name) => process[name].write);
  const output = { stdout: '', stderr: '' };
  for (const name of streams) {
    process[name].write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      output[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      if (done) process.nextTick(done);
      return true;
    }) as typeof process.stdout.write;
  }
  process.stdout.isTTY = false;
  process.exitCode = undefined;
  try {
    await runCommandLine(args);
    return { status: Number(process.exitCode ?? 0), signal: null, ...output };
  } finally {
    process.exitCode = exitCode;
    process.stdout.isTTY = isTTY;
    streams.forEach((name, i) => (process[name].write = writes[i]));
  }
}

/** A run with `--json`: standard output is exactly one JSON document, whatever the exit code. */
export async function zkinferJson<T = Record<string, unknown>>(
  args: readonly string[],
  status = 0,
  options: RunOptions = {},
): Promise<T> {
  const finished = await zkinfer([...args, '--json'], options);
  assert.equal(finished.status, status, `zkinfer ${args.join(' ')}: ${finished.stdout}${finished.stderr}`);
  return JSON.parse(finished.stdout) as T;
}

/** A run that fails with this error class on standard error, this code in its JSON, exit code 1 and no stack trace. */
export async function fails(
  args: readonly string[],
  name: string,
  wanted: RegExp,
  options: RunOptions = {},
): Promise<void> {
  const { stdout, stderr, status } = await zkinfer([...args, '--json'], options);
  assert.equal(status, 1, `zkinfer ${args.join(' ')}: exit code ${status}: ${stdout}${stderr}`);
  const { error } = JSON.parse(stdout) as { error: { name: string; message: string; code: string } };
  assert.equal(error.name, name, stderr);
  assert.match(error.message, wanted);
  assert.notEqual(error.code, 'INTERNAL');
  assert.ok(stderr.includes(`${name}: ${error.message}`), stderr);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+\)?$/m);
}
