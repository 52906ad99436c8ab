/**
 * One inference of a build, in values: the witness, and what a proof of it makes public. Runs in browsers, too. Private
 * inputs and salts stay in memory.
 */
import { committedPorts } from '../compile/ports.js';
import type { WitnessPlan } from '../compile/witness-plan.js';
import type { KeyShape } from '../groth16/types.js';
import type { Manifest, PortRole } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { encodeRun } from '../integer/batch.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { runIntegerModel } from '../integer/interpreter.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { wireValue, type Witness } from '../r1cs/witness.js';
import { prepareCircuit, type CircuitRun } from './circuit-run.js';
import { InputFormatError, type Sample } from './input-json.js';
import { describeOutputs, type OutputReport } from './outputs.js';
import { BuildMismatchError, publicSignalsOf, requireManifestOfModel, type PublicSignals } from './public-signals.js';

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

/** A build's circuit, ready for many inferences. */
export interface PreparedInference {
  /** What a key must be for. */
  readonly circuit: KeyShape;
  /** `salts`: where commitments were made before; default fresh ones. @throws InputRangeError, InputShapeError */
  infer(input: Sample, context?: bigint, salts?: Inference['salts']): Inference;
  /** What the model says of an input, without a witness. @throws as `infer` */
  evaluate(input: Sample): OutputReport[];
}

/** The parts of a build that a witness is made from. `folder`: where they are from, for errors. */
export interface InferenceParts {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly model: IntegerModel;
  readonly plan: WitnessPlan;
}

/** @throws BuildMismatchError where the parts do not belong together */
export function prepareInference({ folder, manifest, model, plan }: InferenceParts): PreparedInference {
  const signals = publicSignalsOf(model, manifest.visibility);
  requireManifestOfModel(folder, manifest, signals);
  if (plan.copies?.count !== model.batch) {
    throw new BuildMismatchError(
      `${folder}: integer model and witness plan are of batches of different sizes; compile the model again`,
    );
  }
  const circuit = circuitShape(folder, manifest, plan);
  const ready = { folder, manifest, model, signals, run: prepareCircuit(model, plan) };
  return {
    circuit,
    infer: (input, context = 0n, salts = {}) => infer(ready, input, context, salts),
    evaluate: (input) => describeOutputs(manifest, runIntegerModel(model, encodeRun(model, input))),
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
  requireContext(context);
  const integers = encodeRun(model, input);
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

/** Callers of other languages than TypeScript give numbers and texts. @throws InputFormatError */
function requireContext(context: unknown): void {
  if (typeof context !== 'bigint' || context < 0n || context >= FIELD_MODULUS)
    throw new InputFormatError('the context must be a bigint from 0 to below the scalar field of BN254');
}

/** @throws InputFormatError where a given salt is no field element */
function saltOf(chosen: string | undefined): bigint {
  if (chosen === undefined) return randomSalt();
  const salt = /^\d{1,78}$/.test(chosen) ? BigInt(chosen) : FIELD_MODULUS;
  if (salt >= FIELD_MODULUS)
    throw new InputFormatError('the salt of a commitment must be a decimal number below the scalar field of BN254');
  return salt;
}

/** Uniform in the field, up to a bias of 2^-250: 512 random bits reduced. */
export function randomSalt(): bigint {
  const words = globalThis.crypto.getRandomValues(new BigUint64Array(8));
  return words.reduce((value, word) => (value << 64n) | word, 0n) % FIELD_MODULUS;
}

function canonicalText(value: bigint): string {
  return String(value < 0n ? value + FIELD_MODULUS : value);
}
