/**
 * Runs circom (as WebAssembly) on sources in memory, in Node and in browsers. The module is compiled once and instantiated
 * for each run, which takes about 25 ms. The traps: circom sees only the sources that it is given, and it reports errors
 * on standard output.
 */
import { CircomError } from './circom-error.js';
import { ProgramStopped, runWasi, type WasiProgram } from './wasi.js';

/** circom, compiled to a WebAssembly module. */
export type CircomModule = WasiProgram;

/** Texts by path, such as `main.circom` and `circomlib/circuits/poseidon.circom`. */
export type CircomSources = ReadonlyMap<string, string>;

/**
 * Runs circom with arguments relative to the sources' folder; gives the files that it wrote, by path. @throws CircomError
 * with circom's message
 */
export function runCircom(
  module: CircomModule,
  sources: CircomSources,
  args: readonly string[],
): ReadonlyMap<string, Uint8Array> {
  const fail = (printed: string, otherwise: string, cause?: unknown): never => {
    const text = withoutColours(printed).trim();
    throw new CircomError(`circom ${args.join(' ')} failed: ${text === '' ? otherwise : text}`, { cause });
  };
  let run;
  try {
    run = runWasi(module, ['circom2', ...args], sources);
  } catch (error) {
    return fail(error instanceof ProgramStopped ? error.printed : '', String(error), error);
  }
  if (run.status !== 0) return fail(run.printed, `exit ${run.status}`);
  return run.files;
}

/** A file that circom was to write. @throws CircomError */
export function writtenBy(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new CircomError(`circom wrote no ${path}`);
  return bytes;
}

function withoutColours(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
