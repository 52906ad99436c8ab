/** `prove`: a witness for one input and its Groth16 proof. Private inputs and salts stay in memory. */
import { randomBytes } from 'node:crypto';
import { decodeProgram } from '../compile/program-file.js';
import { ZkinferError } from '../errors.js';
import type { Groth16Backend, LoadedKey, OnProgress, Proof } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { encodeInputs, inputCodes } from '../quantize/encode.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { runIntegerModel } from '../quantize/interpreter.js';
import { integerModelFromJson } from '../quantize/serialize.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { wireValue, witnessBytes, type Witness } from '../r1cs/witness.js';
import { prepareWitness, type WitnessGenerator } from '../witness/generate.js';
import { checkBuildFile, readBuildFile, readManifest } from './build-folder.js';
import { InputFormatError, type Sample } from './input-json.js';
import { describeOutputs, outputsFromSignals, type OutputReport } from './outputs.js';

/** The circuit and the interpreter disagree: a bug in this package, never the user's fault. */
export class InconsistentWitnessError extends ZkinferError {
  readonly code = 'INCONSISTENT_WITNESS';
}

export interface Inference {
  readonly witness: Witness;
  readonly outputs: readonly OutputReport[];
  readonly publicSignals: readonly string[];
  /** What opens the commitments, by the tensor committed to. Whoever has a salt can check guesses of the committed values. */
  readonly salts: { readonly input?: string; readonly output?: string };
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
  /** The witness alone. `salts`: where commitments were made before; default fresh ones. @throws InputRangeError, InputShapeError */
  infer(input: Sample, context?: bigint, salts?: Inference['salts']): Inference;
  prove(input: Sample, options?: { readonly context?: bigint; readonly salts?: Inference['salts']; readonly onProgress?: OnProgress; readonly signal?: AbortSignal }): Promise<ProveResult>;
  close(): Promise<void>;
}

/** Loads what a witness needs; proofs need `openProver`. */
export async function openWitness(folder: string): Promise<Pick<Prover, 'manifest' | 'model' | 'infer'>> {
  const manifest = await readManifest(folder);
  const model = integerModelFromJson(new TextDecoder().decode(await readBuildFile(folder, manifest, 'integer-model.json')));
  const generator = prepareWitness(decodeProgram(await readBuildFile(folder, manifest, 'circuit.plan')));
  return { manifest, model, infer: (input, context = 0n, salts = {}) => infer(manifest, model, generator, input, context, salts) };
}

/** @throws BuildFolderError and the backend's key errors */
export async function openProver(folder: string, backend: Groth16Backend): Promise<Prover> {
  const ready = await openWitness(folder);
  const key: LoadedKey = await backend.loadKey(await checkBuildFile(folder, ready.manifest, 'proving.zkey'));
  return {
    ...ready,
    close: () => key.close(),
    async prove(input, { context, salts: chosen, ...options } = {}) {
      const inference = ready.infer(input, context, chosen);
      const start = performance.now();
      const { proof, publicSignals } = await key.prove(witnessBytes(inference.witness), options);
      const { outputs, salts, witnessSeconds } = inference;
      return { proof, publicSignals, outputs, salts, witnessSeconds, proveSeconds: (performance.now() - start) / 1000 };
    },
  };
}

function infer(manifest: Manifest, model: IntegerModel, generator: WitnessGenerator, input: Sample, context: bigint, chosen: Inference['salts']): Inference {
  const start = performance.now();
  const integers = encodeInputs(model.inputs, input);
  const codes = inputCodes(model.inputs, integers);
  const salts = {
    ...(manifest.visibility.input === 'hashed' ? { input: saltOf(chosen.input) } : {}),
    ...(manifest.visibility.output === 'hashed' ? { output: saltOf(chosen.output) } : {}),
  };
  const witness = generator.generate({ publicInputs: [context], privateInputs: [...codes, ...Object.values(salts)] });
  const publicSignals = manifest.publicSignals.map((_, i) => canonicalText(wireValue(witness, 1 + i)));
  const expected = runIntegerModel(model, integers);
  const outputs = describeOutputs(manifest, expected);
  const proved = outputsFromSignals(manifest, publicSignals);
  if (proved && proved.some((output, k) => output.integers.some((value, i) => value !== expected[k][i]))) {
    throw new InconsistentWitnessError('the circuit and the integer model disagree on this input; please report it with the model and the input');
  }
  const texts = Object.fromEntries(Object.entries(salts).map(([name, salt]) => [name, String(salt)]));
  return { witness, outputs, publicSignals, salts: texts, witnessSeconds: (performance.now() - start) / 1000 };
}

/** @throws InputFormatError where a given salt is no field element */
function saltOf(chosen: string | undefined): bigint {
  if (chosen === undefined) return randomField();
  const salt = /^\d{1,78}$/.test(chosen) ? BigInt(chosen) : FIELD_MODULUS;
  if (salt >= FIELD_MODULUS) throw new InputFormatError('the salt of a commitment must be a decimal number below the scalar field of BN254');
  return salt;
}

/** Uniform in the field, up to a bias of 2^-250: 512 random bits reduced. */
function randomField(): bigint {
  return BigInt(`0x${randomBytes(64).toString('hex')}`) % FIELD_MODULUS;
}

function canonicalText(value: bigint): string {
  return String(value < 0n ? value + FIELD_MODULUS : value);
}
