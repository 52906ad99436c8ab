/**
 * The integer model of a build, and its constraint system as a file. A large build holds no `circuit.r1cs`: whoever
 * needs the file gets it made again from the integer model, under a temporary name, compared with the hash that the
 * manifest names, and removed afterwards.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../atomic-file.js';
import type { Manifest } from '../manifest.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { restoreIntegerModel } from '../quantize/serialize.js';
import { checkBuildFile, readBuildFile } from './build-folder.js';
import { BuildMismatchError } from './errors.js';

export const R1CS = 'circuit.r1cs';
/** The large arrays of the integer model. */
export const WEIGHTS = 'weights.bin';

/** @throws BuildFolderError, IntegerModelFormatError */
export async function readIntegerModel(folder: string, manifest: Manifest): Promise<IntegerModel> {
  const json = new TextDecoder().decode(await readBuildFile(folder, manifest, 'integer-model.json'));
  return restoreIntegerModel(
    json,
    manifest.files[WEIGHTS] === undefined ? undefined : await readBuildFile(folder, manifest, WEIGHTS),
  );
}

/** Path of the build's own `.r1cs`, checked; undefined where it holds none. @throws BuildFolderError */
export async function ownR1cs(folder: string, manifest: Manifest): Promise<string | undefined> {
  return manifest.files[R1CS] === undefined ? undefined : await checkBuildFile(folder, manifest, R1CS);
}

/**
 * Gives the path of the build's `.r1cs` to `use`: the build's own, or one that is there as long as `use` runs.
 * @throws BuildFolderError, BuildMismatchError
 */
export async function withR1cs<T>(folder: string, manifest: Manifest, use: (path: string) => Promise<T>): Promise<T> {
  const own = await ownR1cs(folder, manifest);
  return own === undefined ? await withMadeR1cs(folder, manifest, use) : await use(own);
}

/** The same for a build without the file. @throws BuildFolderError, BuildMismatchError */
export async function withMadeR1cs<T>(
  folder: string,
  manifest: Manifest,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const model = await readIntegerModel(folder, manifest);
  const [{ compileModel }, { r1csChunks }] = await Promise.all([
    import('../compile/compile.js'),
    import('../r1cs/r1cs-file.js'),
  ]);
  const path = join(folder, `${R1CS}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const { constraints } = await compileModel(model, manifest.visibility);
    const hash = await writeAtomic(path, r1csChunks(constraints, { reuse: true }));
    if (hash !== manifest.circuitHash) {
      throw new BuildMismatchError(
        `${folder}: the circuit made again from the integer model has the hash ${hash}, the manifest names ${manifest.circuitHash}; ` +
          'compile the model again, with this version',
      );
    }
    return await use(path);
  } finally {
    await rm(path, { force: true });
  }
}
