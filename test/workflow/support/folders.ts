/** Build folders in the system's temporary folder, removed when the process ends. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chooseBackend } from '../../../src/groth16/backends.js';
import type { Groth16Backend } from '../../../src/groth16/types.js';
import { writeBuild } from '../../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../../src/workflow/compile.js';
import { setupBuild } from '../../../src/workflow/setup.js';
import { toyModel } from './toy.js';

const made: string[] = [];
process.once('exit', () => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
  made.push(folder);
  return folder;
}

/** The native prover where it is built. */
export function backend(): Groth16Backend {
  return chooseBackend('auto', () => undefined);
}

let toy: Promise<string> | undefined;

/** A copy of the toy model's build with keys, hashed input and public output: 2^9 or 2^10 constraints. */
export async function toyBuild(): Promise<string> {
  toy ??= makeToy();
  const copy = path.join(temporaryFolder(), 'build');
  cpSync(await toy, copy, { recursive: true });
  return copy;
}

async function makeToy(): Promise<string> {
  const folder = path.join(temporaryFolder(), 'toy');
  const compiled = await compileOnnx(toyModel(), { name: 'toy' });
  await writeBuild(folder, compiled.manifest, buildFiles(compiled));
  await setupBuild(folder, backend());
  return folder;
}
