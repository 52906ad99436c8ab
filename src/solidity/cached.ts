/**
 * Contracts compiled once for a machine: solc needs a minute for the package's own, and the same sources give the same
 * bytecode everywhere. Entries of the cache are named by the hash of everything that determines them (sources,
 * settings, compiler), written under a temporary name and renamed, and carry a hash of their content: a torn or altered
 * entry is treated as absent.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeAtomic } from '../atomic-file.js';
import { cacheFolder } from '../cache-folder.js';
import { type CompiledContract, SOLIDITY_SETTINGS, compileSolidity } from './compile.js';
import { contractSources } from './sources.js';

const require = createRequire(import.meta.url);

/** The contracts of the named files under `verifier-contracts/src` and of what they import, by name. */
export function compileContracts(...names: readonly string[]): Promise<Record<string, CompiledContract>> {
  return compileCached(contractSources(...names));
}

/** As `compileSolidity`, from the cache if it is there. */
export async function compileCached(sources: Readonly<Record<string, string>>): Promise<Record<string, CompiledContract>> {
  const { version } = require('solc/package.json') as { version: string };
  const key = sha256(JSON.stringify([version, SOLIDITY_SETTINGS, Object.entries(sources).sort()]));
  const path = join(cacheFolder(), 'contracts', `${key}.json`);
  const known = await readEntry(path);
  if (known !== undefined) return known;
  const compiled = await compileSolidity(sources);
  await writeEntry(path, compiled);
  return compiled;
}

async function readEntry(path: string): Promise<Record<string, CompiledContract> | undefined> {
  try {
    const entry = await readFile(path, 'utf8');
    const content = entry.slice(65);
    return entry.slice(0, 64) === sha256(content) ? (JSON.parse(content) as Record<string, CompiledContract>) : undefined;
  } catch {
    return undefined;
  }
}

/** A folder that cannot be written only costs time at the next compile, so failure is silent. */
async function writeEntry(path: string, compiled: Record<string, CompiledContract>): Promise<void> {
  const content = JSON.stringify(compiled);
  await mkdir(dirname(path), { recursive: true })
    .then(() => writeAtomic(path, [`${sha256(content)}\n${content}`]))
    .catch(() => undefined);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
