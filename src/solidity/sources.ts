/**
 * The sources of `verifier-contracts/` with everything they import, read from the package and from node_modules.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ROOT = new URL('../../verifier-contracts/src/', import.meta.url);

/**
 * Sources for `compileSolidity`: the named contracts (paths under `verifier-contracts/src`, e.g. `ModelRegistry.sol`)
 * and, transitively, their imports; `@openzeppelin/...` comes from node_modules.
 */
export function contractSources(...names: readonly string[]): Record<string, string> {
  const sources: Record<string, string> = {};
  const visit = (path: string): void => {
    if (sources[path] !== undefined) return;
    const text = readFileSync(
      path.startsWith('@') ? require.resolve(path) : fileURLToPath(new URL(path, ROOT)),
      'utf8',
    );
    sources[path] = text;
    for (const imported of importsOf(text)) {
      visit(imported.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), imported)) : imported);
    }
  };
  names.forEach(visit);
  return sources;
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/^import\s+(?:[^;"']*?\s+from\s+)?["']([^"']+)["'];/gm)].map((match) => match[1]);
}
