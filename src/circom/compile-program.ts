/**
 * Any circom program, a user's own: its constraints, and the names of its signals. Includes are looked for as circom
 * does: beside the file that includes, then in the folders given, then in this package's `circuits/` and in circomlib.
 *
 * The traps: circom sees one folder, so the sources have their absolute paths below it; and without
 * `--O0` it leaves out signals that no constraint needs, which are the very ones to find.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeR1cs } from '../r1cs/r1cs-file.js';
import { decodeSym } from '../r1cs/sym-file.js';
import type { R1cs } from '../r1cs/types.js';
import { CircomError } from './circom-error.js';
import { loadCircom } from './load-circom.js';
import { runCircom, writtenBy } from './run-circom.js';

export interface CompiledProgram {
  readonly system: R1cs;
  /** By wire; `one` first, the others without `main.`. */
  readonly signals: readonly string[];
}

export interface ProgramOptions {
  /** The main component, as `Requantize(12, 4)`, where the file has none or another is meant. */
  readonly component?: string;
  /** Folders in which includes are looked for. */
  readonly libraries?: readonly string[];
}

const OWN = [
  fileURLToPath(new URL('../../circuits/', import.meta.url)),
  path.dirname(path.dirname(createRequire(import.meta.url).resolve('circomlib/package.json'))),
];
const MAIN = /\bcomponent\s+main\b[^;]*;/;

/** @throws CircomError with circom's own message, or for a file that is not there */
export async function compileProgram(
  file: string,
  { component, libraries = [] }: ProgramOptions = {},
): Promise<CompiledProgram> {
  const root = path.resolve(file);
  const sources = new Map<string, string>();
  gather(root, [...libraries.map((folder) => path.resolve(folder)), ...OWN], sources);
  const text = sources.get(root) as string;
  const bare = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  if (component === undefined && !MAIN.test(bare)) {
    const [, first = 'NAME'] = /\btemplate\s+(\w+)/.exec(bare) ?? [];
    throw new CircomError(
      `${file} has no \`component main\`; name the component to look at, as in --component '${first}(8)'`,
    );
  }
  if (component !== undefined)
    sources.set(
      root,
      `${MAIN.test(text) ? text.replace(MAIN, '') : text}\ncomponent main = ${component.replace(/;\s*$/, '')};\n`,
    );
  // circom's messages name these places; put the user's own paths there instead.
  const named = (message: string): string => message.replaceAll(placeOf(root), file);
  const placed = new Map(Array.from(sources, ([source, contents]) => [placeOf(source), contents]));
  let files: ReadonlyMap<string, Uint8Array>;
  try {
    files = runCircom(await loadCircom(), placed, [placeOf(root), '--r1cs', '--sym', '--O0']);
  } catch (cause) {
    if (!(cause instanceof CircomError)) throw cause;
    throw new CircomError(named(cause.message), { cause });
  }
  const stem = path.basename(root, '.circom');
  const system = decodeR1cs(writtenBy(files, `${stem}.r1cs`));
  const names = decodeSym(new TextDecoder().decode(writtenBy(files, `${stem}.sym`)), system.wireCount);
  return { system, signals: names.map((name) => name.replace(/^main\./, '')) };
}

/** An absolute path as one below the copy's folder, with `/` on every system. */
function placeOf(file: string): string {
  return path.relative(path.parse(file).root, file).split(path.sep).join('/');
}

/** Reads a file and what it includes, each include rewritten to where its copy will be, from the including file. */
function gather(file: string, folders: readonly string[], sources: Map<string, string>): void {
  if (sources.has(file)) return;
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CircomError(`cannot read the Circom source ${file}: ${(cause as Error).message}`, { cause });
  }
  sources.set(file, text);
  const rewritten = text.replace(/^(\s*include\s+)"([^"]+)"/gm, (_, start: string, name: string) => {
    const found = [path.dirname(file), ...folders]
      .map((folder) => path.resolve(folder, name))
      .find((place) => fs.existsSync(place));
    if (found === undefined)
      throw new CircomError(
        `${file} includes ${name}, which is neither beside it nor in a library; name its folder with --library`,
      );
    gather(found, folders, sources);
    const relative = path.posix.relative(path.posix.dirname(placeOf(file)), placeOf(found));
    return `${start}"${relative.startsWith('.') ? relative : `./${relative}`}"`;
  });
  sources.set(file, rewritten);
}
