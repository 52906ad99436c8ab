/**
 * The integer model of a build, and its constraint system. A large build holds no `circuit.r1cs`: whoever needs the
 * constraints reads them batch by batch, made again from the integer model and compared with the hash of the file that
 * they would be.
 */
import { createHash } from 'node:crypto';
import type { CircuitInput } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { restoreIntegerModel } from '../integer/serialize.js';
import type { ConstraintSource } from '../r1cs/types.js';
import { checkBuildFile, readBuildFile } from './build-folder.js';
import { WEIGHTS } from './build-files.js';
import { BuildMismatchError } from './errors.js';

export const R1CS = 'circuit.r1cs';

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

/** The circuit of a build: the path of its own `.r1cs`, or its constraints. @throws as those two */
export async function circuitOf(folder: string, manifest: Manifest): Promise<CircuitInput> {
  return (await ownR1cs(folder, manifest)) ?? (await madeConstraints(folder, manifest));
}

/**
 * The constraints of a build, made again from the integer model each time they are read. At the end of a reading they
 * are compared with the hash that the manifest names, and it throws BuildMismatchError where they are others.
 * @throws BuildFolderError, IntegerModelFormatError
 */
export async function madeConstraints(folder: string, manifest: Manifest): Promise<ConstraintSource> {
  const model = await readIntegerModel(folder, manifest);
  const [{ compileModel }, { batchesWithFile }] = await Promise.all([
    import('../compile/compile.js'),
    import('../r1cs/r1cs-file.js'),
  ]);
  const { constraints } = await compileModel(model, manifest.visibility);
  const { constraintCount, wireCount, publicOutputCount, publicInputCount, privateInputCount } = constraints;
  const source: ConstraintSource = {
    constraintCount,
    wireCount,
    publicOutputCount,
    publicInputCount,
    privateInputCount,
    // Counting them would write all rows out once more. A wrong number here makes another hash.
    nonZeros: manifest.circuit.nonZeros,
    batches: () => constraints.batches(),
  };
  return {
    ...source,
    *batches() {
      const sha256 = createHash('sha256');
      yield* batchesWithFile(source, (piece) => void sha256.update(piece));
      const hash = `0x${sha256.digest('hex')}`;
      if (hash !== manifest.circuitHash) {
        throw new BuildMismatchError(
          `${folder}: the circuit made again from the integer model has the hash ${hash}, the manifest names ${manifest.circuitHash}; ` +
            'compile the model again, with this version',
        );
      }
    },
  };
}
