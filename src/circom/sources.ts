/** The Circom sources of a gadget: its template and what that includes, by the paths at which circom looks for them. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CircomError } from './circom-error.js';

const CIRCUITS = fileURLToPath(new URL('../../circuits/', import.meta.url));
const LIBRARY = path.dirname(createRequire(import.meta.url).resolve('circomlib/package.json'));

/** File text by path: `ArgMax.circom`, `circomlib/circuits/poseidon.circom`. Throws CircomError for an absent file. */
export function gadgetSources(template: string): Map<string, string> {
  const sources = new Map<string, string>();
  const pending = [`${template}.circom`];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (sources.has(file)) continue;
    const text = readSource(file);
    sources.set(file, text);
    for (const [, included] of text.matchAll(/^\s*include\s+"([^"]+)"/gm)) {
      pending.push(included.startsWith('.') ? path.posix.join(path.posix.dirname(file), included) : included);
    }
  }
  return sources;
}

function readSource(file: string): string {
  const location = file.startsWith('circomlib/')
    ? path.join(LIBRARY, file.slice('circomlib/'.length))
    : path.join(CIRCUITS, file);
  try {
    return fs.readFileSync(location, 'utf8');
  } catch (cause) {
    throw new CircomError(
      `cannot read the Circom source ${location}: the installation is incomplete, reinstall zkinfer`,
      { cause },
    );
  }
}
