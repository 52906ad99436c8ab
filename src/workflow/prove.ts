/** `prove`: a witness for one input and its Groth16 proof. Private inputs and salts stay in memory. */
import { randomBytes } from 'node:crypto';
import { cacheFolder, Store } from '../cache.js';
import { committedPorts } from '../compile/ports.js';
import { decodeWitnessPlan } from '../compile/witness-plan-file.js';
import type { WitnessPlan } from '../compile/witness-plan.js';
import type { Groth16Backend, KeyShape, LoadedKey, OnProgress, Proof, VerificationKey } from '../groth16/types.js';
import type { Manifest, PortRole } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { encodeInputs } from '../quantize/encode.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { wireValue, witnessBytes, type Witness } from '../r1cs/witness.js';
import { checkBuildFile, isInFolder, readBuildFile, readManifest } from './build-folder.js';
import { readIntegerModel } from './circuit-file.js';
import { prepareCircuit, type CircuitRun } from './circuit-run.js';
import { InputFormatError, type Sample } from './input-json.js';
import { describeOutputs, type OutputReport } from './outputs.js';
import {
  BuildMismatchError,
  publicSignalsOf,
  requireManifestOfModel,
  requireKeyShape,
  type PublicSignals,
} from './public-signals.js';
import { requireRecordedCeremony } from './recorded-ceremony.js';
import { readVerificationKey } from './verify.js';

export interface Inference {
  readonly witness: Witness;
  readonly outputs: readonly OutputReport[];
  readonly publicSignals: readonly string[];
  /**
   * What opens the commitments, by the tensor committed to. Whoever has a salt can check guesses of the committed
   * values.
   */
  readonly salts: Readonly<Partial<Record<PortRole, string>>>;
  readonly witnessSeconds: number;
}

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
  const signals = publicSignalsOf(model, manifest.visibility);
  requireManifestOfModel(folder, manifest, signals);
  const circuit = circuitShape(folder, manifest, plan);
  const ready = { folder, manifest, model, signals, run: prepareCircuit(model, plan) };
  return { manifest, model, circuit, infer: (input, context = 0n, salts = {}) => infer(ready, input, context, salts) };
}

/** @throws BuildFolderError, KeyMismatchError and the backend's key errors */
export async function openProver(folder: string, backend: Groth16Backend): Promise<Prover> {
  const ready = await openWitness(folder);
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
    requireKeyShape(folder, ready.manifest, key.shape, ready.circuit);
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

/** What the key must be for, by manifest and plan, which must agree. @throws BuildMismatchError */
function circuitShape(folder: string, manifest: Manifest, plan: WitnessPlan): KeyShape {
  const { circuit, publicSignals } = manifest;
  const domainSize = proofSystemOf(manifest).domainSize({
    constraints: circuit.constraints,
    publicSignals: publicSignals.length,
  });
  const shape = { wires: plan.wireCount, publicSignals: publicSignals.length, domainSize };
  const declared = {
    wires: circuit.wires,
    publicSignals: plan.publicOutputCount + plan.publicInputCount,
    domainSize: circuit.domainSize,
  };
  if (
    shape.wires !== declared.wires ||
    shape.publicSignals !== declared.publicSignals ||
    shape.domainSize !== declared.domainSize
  ) {
    throw new BuildMismatchError(
      `${folder}: manifest and witness plan are of different circuits; compile the model again`,
    );
  }
  return shape;
}

interface Ready {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly model: IntegerModel;
  readonly signals: PublicSignals;
  readonly run: (integers: readonly Float64Array[], context: bigint, salts: readonly bigint[]) => CircuitRun;
}

function infer(
  { folder, manifest, model, signals, run }: Ready,
  input: Sample,
  context: bigint,
  chosen: Inference['salts'],
): Inference {
  const start = performance.now();
  const integers = encodeInputs(model.inputs, input);
  const committed = committedPorts(signals.ports).map(({ role }) => [role, saltOf(chosen[role])] as const);
  const salts: Partial<Record<PortRole, bigint>> = Object.fromEntries(committed);
  const { witness, outputs: integerOutputs } = run(
    integers,
    context,
    committed.map(([, salt]) => salt),
  );
  const publicSignals = manifest.publicSignals.map((_, i) => canonicalText(wireValue(witness, 1 + i)));
  // Compare with what the visibility allows: a forged plan or key could put private values among the public signals.
  const expected = signals.of({ run: { inputs: integers, outputs: integerOutputs }, salts, context });
  if (expected.some((value, i) => String(value) !== publicSignals[i])) {
    throw new BuildMismatchError(
      `${folder}: the circuit would publish something else than its manifest declares; do not use this build, compile the model yourself`,
    );
  }
  const outputs = describeOutputs(manifest, integerOutputs);
  const texts = Object.fromEntries(committed.map(([role, salt]) => [role, String(salt)]));
  return { witness, outputs, publicSignals, salts: texts, witnessSeconds: (performance.now() - start) / 1000 };
}

/** @throws InputFormatError where a given salt is no field element */
function saltOf(chosen: string | undefined): bigint {
  if (chosen === undefined) return randomField();
  const salt = /^\d{1,78}$/.test(chosen) ? BigInt(chosen) : FIELD_MODULUS;
  if (salt >= FIELD_MODULUS)
    throw new InputFormatError('the salt of a commitment must be a decimal number below the scalar field of BN254');
  return salt;
}

/** Uniform in the field, up to a bias of 2^-250: 512 random bits reduced. */
function randomField(): bigint {
  return BigInt(`0x${randomBytes(64).toString('hex')}`) % FIELD_MODULUS;
}

function canonicalText(value: bigint): string {
  return String(value < 0n ? value + FIELD_MODULUS : value);
}
