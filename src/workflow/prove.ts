/** `prove`: a witness for one input and its Groth16 proof, of a build folder. */
import { cacheFolder, Store } from '../cache.js';
import { decodeWitnessPlan } from '../compile/witness-plan-file.js';
import type { Groth16Backend, KeyShape, LoadedKey, OnProgress, Proof, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { witnessBytes } from '../r1cs/witness.js';
import { checkBuildFile, isInFolder, readBuildFile, readManifest } from './build-folder.js';
import { readIntegerModel } from './circuit-file.js';
import { prepareInference, type Inference } from './inference.js';
import type { Sample } from './input-json.js';
import type { OutputReport } from './outputs.js';
import { BuildMismatchError, requireKeyShape } from './public-signals.js';
import { requireRecordedCeremony } from './recorded-ceremony.js';
import { readVerificationKey } from './verify.js';

export type { Inference } from './inference.js';

export interface ProveResult {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
  readonly outputs: readonly OutputReport[];
  readonly salts: Inference['salts'];
  readonly witnessSeconds: number;
  readonly proveSeconds: number;
}

/** A build ready to prove many inputs: everything that does not depend on the input is loaded once. */
export interface Prover {
  readonly manifest: Manifest;
  readonly model: IntegerModel;
  /**
   * The witness alone. `salts`: where commitments were made before; default fresh ones. @throws InputRangeError,
   * InputShapeError
   */
  infer(input: Sample, context?: bigint, salts?: Inference['salts']): Inference;
  prove(
    input: Sample,
    options?: {
      readonly context?: bigint;
      readonly salts?: Inference['salts'];
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
    },
  ): Promise<ProveResult>;
  close(): Promise<void>;
}

/** Loads what a witness needs; proofs need `openProver`. */
export async function openWitness(
  folder: string,
): Promise<Pick<Prover, 'manifest' | 'model' | 'infer'> & { readonly circuit: KeyShape }> {
  const manifest = await readManifest(folder);
  const model = await readIntegerModel(folder, manifest);
  const plan = decodeWitnessPlan(await readBuildFile(folder, manifest, 'circuit.plan'), model.ops);
  return { manifest, model, ...prepareInference({ folder, manifest, model, plan }) };
}

/** @throws BuildFolderError, KeyMismatchError and the backend's key errors */
export async function openProver(folder: string, backend: Groth16Backend): Promise<Prover> {
  const { circuit, ...ready } = await openWitness(folder);
  const { files, keyShape } = proofSystemOf(ready.manifest);
  const path = await checkBuildFile(folder, ready.manifest, files.provingKey);
  // A key that anybody can forge under is called that, whatever else the manifest says of it; only the key's header is
  // read.
  await keyShape(path);
  await requireRecordedCeremony(folder, ready.manifest, path);
  const store = new Store(cacheFolder(), 'checked-keys');
  const recipe = { points: 'in their groups', key: ready.manifest.files[files.provingKey] };
  const pointsChecked = store.read(recipe) !== undefined;
  const key: LoadedKey = await backend.loadKey(path, { pointsChecked });
  if (!pointsChecked) store.write(recipe, new Uint8Array());
  let verificationKey: VerificationKey | undefined;
  try {
    requireKeyShape(folder, ready.manifest, key.shape, circuit);
    // Compared with the proving key. Whoever only proves may have none.
    if (await isInFolder(folder, files.verificationKey)) verificationKey = await readVerificationKey(folder);
  } catch (error) {
    await key.close();
    throw error;
  }
  return {
    ...ready,
    close: () => key.close(),
    async prove(input, { context, salts: chosen, ...options } = {}) {
      const inference = ready.infer(input, context, chosen);
      const start = performance.now();
      const { proof, publicSignals } = await key.prove(witnessBytes(inference.witness), options);
      const proveSeconds = (performance.now() - start) / 1000;
      // Model and plan can be altered together, so that they agree with each other; the key is then of another circuit.
      if (verificationKey !== undefined && !(await backend.verify(verificationKey, publicSignals, proof))) {
        throw new BuildMismatchError(
          `${folder}: the proof does not verify under the build's key, which was made for another model or other weights; do not use this build, compile the model yourself`,
        );
      }
      const { outputs, salts, witnessSeconds } = inference;
      return { proof, publicSignals, outputs, salts, witnessSeconds, proveSeconds };
    },
  };
}
