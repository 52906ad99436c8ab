/**
 * Contracts compiled once for a machine: solc needs a minute for the package's own, and the same sources give the
 * same bytecode everywhere.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { cacheFolder, Store } from '../cache.js';
import { type CompiledContract, SOLIDITY_SETTINGS, compileSolidity } from './compile.js';
import { contractSources } from './sources.js';

const require = createRequire(import.meta.url);

/** The contracts of the named files under `verifier-contracts/src` and of what they import, by name. */
export function compileContracts(...names: readonly string[]): Promise<Record<string, CompiledContract>> {
  return compileCached(contractSources(...names));
}

/** As `compileSolidity`, from the cache if it is there. */
export async function compileCached(
  sources: Readonly<Record<string, string>>,
): Promise<Record<string, CompiledContract>> {
  const { version } = require('solc/package.json') as { version: string };
  const hashes = Object.entries(sources)
    .sort()
    .map(([file, text]) => [file, createHash('sha256').update(text).digest('hex')]);
  const recipe = { compiler: `solc-${version}`, settings: SOLIDITY_SETTINGS, sources: hashes };
  const store = new Store(cacheFolder(), 'contracts');
  const known = store.read(recipe);
  if (known !== undefined) return JSON.parse(known.toString('utf8')) as Record<string, CompiledContract>;
  const compiled = await compileSolidity(sources);
  store.write(recipe, Buffer.from(JSON.stringify(compiled)));
  return compiled;
}
