/**
 * What a proof makes public, worked out from the integer model and the build's visibility alone: which signals there are, and their values
 * for one inference. A prover compares both with what the circuit, the manifest and the key say before anything leaves it.
 *
 * The trap: manifest, plan and key travel together, and whoever made the folder made their hashes, too. A plan that puts a private
 * input where the manifest says "output" has sound hashes.
 */
import { commitmentDomains, type CommitmentSide } from '../compile/commitment-domain.js';
import { meanings, type SignalMeaning } from '../compile/lower.js';
import { packIntegers, planPacking, type PackingPlan } from '../compile/packing.js';
import { BuildMismatchError } from './errors.js';
import { poseidonCommit } from '../gadgets/index.js';
import type { KeyShape } from '../groth16/types.js';
import type { Manifest, TensorDescription } from '../manifest.js';
import type { IntegerInput, IntegerModel } from '../quantize/integer-model.js';
import { boundModel, inputIntervals } from '../quantize/intervals.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import { keysRemedy } from './build-folder.js';

export { BuildMismatchError } from './errors.js';

/** One inference, as integers. */
export interface ProvedInference {
  readonly inputs: readonly Float64Array[];
  readonly outputs: readonly Float64Array[];
  /** By side, where that side is committed to. */
  readonly salts: { readonly input?: bigint; readonly output?: bigint };
  readonly context: bigint;
}

/** The public signals of a model's inferences. */
export interface PublicSignals {
  /** The integers that elements of each output may be. */
  readonly outputRanges: readonly (readonly [number, number])[];
  readonly meanings: readonly SignalMeaning[];
  /** How the elements of each tensor lie in words. */
  readonly packings: Record<CommitmentSide, readonly PackingPlan[]>;
  /** Values, canonical, in order. */
  of(inference: ProvedInference): bigint[];
  /** The values that one side has under its visibility, from that side's integers alone, and its salt where it is committed to. */
  sideOf(side: CommitmentSide, integers: readonly Float64Array[], salt?: bigint): bigint[];
}

/** Works out the signals of a model under a visibility; bounds every tensor once. */
export function publicSignalsOf(model: IntegerModel, visibility: Pick<Manifest['visibility'], CommitmentSide>): PublicSignals {
  const bounds = boundModel(model);
  const packings: Record<CommitmentSide, readonly PackingPlan[]> = {
    input: model.inputs.map(({ shape, bits }) => planPacking(shape, 0, 2 ** bits - 1)),
    output: model.outputs.map(({ shape, tensor }) => planPacking(shape, ...hull(bounds.get(tensor) as Intervals))),
  };
  const domains = commitmentDomains(model, packings.output);
  const words: Record<CommitmentSide, (integers: readonly Float64Array[]) => bigint[]> = {
    input: (inputs) => inputs.flatMap((values, k) => packIntegers(values, packings.input[k], lowsOf(model, k, values.length))),
    output: (outputs) => outputs.flatMap((values, k) => packIntegers(values, packings.output[k])),
  };
  const sideOf = (name: CommitmentSide, integers: readonly Float64Array[], salt?: bigint): bigint[] => {
    const how = visibility[name];
    if (how === 'private') return [];
    if (how === 'public') return words[name](integers);
    return [poseidonCommit(words[name](integers), salt as bigint, domains[name])];
  };
  return {
    packings,
    outputRanges: model.outputs.map(({ tensor }) => hull(bounds.get(tensor) as Intervals)),
    meanings: [...meanings('output', visibility.output, packings.output), ...meanings('input', visibility.input, packings.input), { kind: 'context' }],
    of: ({ inputs, outputs, salts, context }) => [...sideOf('output', outputs, salts.output), ...sideOf('input', inputs, salts.input), context],
    sideOf,
  };
}

function lowsOf(model: IntegerModel, k: number, size: number): Float64Array {
  const { low } = model.inputs[k];
  return low.length === 1 ? new Float64Array(size).fill(low[0]) : low;
}

/**
 * @throws BuildMismatchError where the manifest declares other signals, shapes, scales or packings than the model has: a contract and a
 * reader would take the numbers for something else
 */
export function requireManifestOfModel(folder: string, manifest: Manifest, model: IntegerModel, { meanings: expected, packings, outputRanges }: PublicSignals): void {
  const same = (a: SignalMeaning, b: SignalMeaning | undefined): boolean =>
    b !== undefined && a.kind === b.kind && a.tensor === b.tensor && a.word === b.word;
  const least = (scales: Float64Array): number => scales.reduce((smallest, scale) => Math.min(smallest, scale), Infinity);
  const described =
    model.outputs.every((output, k) => isDescribed(manifest.outputs[k], output, output.scale, packings.output[k], outputRanges[k])) &&
    model.inputs.every((input, k) => isDescribed(manifest.inputs[k], input, least(input.scale), packings.input[k], hull(inputIntervals(input))) && hasGrids(manifest.inputs[k], input));
  const offsets = packings.output.every(({ offset }, k) => manifest.outputs[k]?.packing.offset === offset);
  if (!described || !offsets || manifest.outputs.length !== model.outputs.length || manifest.inputs.length !== model.inputs.length) {
    throw new BuildMismatchError(`${folder}: the manifest describes other inputs or outputs than the model has; do not use this build, compile the model yourself`);
  }
  if (manifest.publicSignals.length !== expected.length || !expected.every((signal, i) => same(signal, manifest.publicSignals[i]))) {
    throw new BuildMismatchError(
      `${folder}: the manifest declares other public signals than the model has with ${manifest.visibility.input} input and ` +
        `${manifest.visibility.output} output; do not use this build, compile the model yourself`,
    );
  }
}

function isDescribed(
  declared: TensorDescription | undefined,
  own: { readonly name: string; readonly shape: readonly number[] },
  scale: number,
  { bits, perWord, words }: PackingPlan,
  // A contract packs what lies inside, bit beside bit: with a wider range other numbers would have the same words.
  range: readonly [number, number],
): boolean {
  if (declared === undefined) return false;
  const { packing } = declared;
  const same = String(declared.range) === String(range) && declared.name === own.name && declared.scale === scale && String(declared.shape) === String(own.shape);
  return same && packing.bits === bits && packing.perWord === perWord && packing.words === words;
}

/** Whether an input's elements are declared on the grids that they lie on. */
function hasGrids({ elementScale, elementOffset, packing }: Manifest['inputs'][number], input: IntegerInput): boolean {
  const single = input.scale.length === 1;
  const same = (declared: readonly number[] | undefined, own: Float64Array): boolean => String(declared) === String(single ? undefined : own);
  return packing.offset === hull(inputIntervals(input))[0] && same(elementScale, input.scale) && same(elementOffset, input.low);
}

/** @throws BuildMismatchError where a key is for another circuit than the build's */
export function requireKeyShape(folder: string, manifest: Manifest, key: KeyShape, circuit: KeyShape): void {
  const parts: readonly [string, number, number][] = [
    ['public signals', key.publicSignals, circuit.publicSignals],
    ['wires', key.wires, circuit.wires],
    ['rows', key.domainSize, circuit.domainSize],
  ];
  const wrong = parts.find(([, given, wanted]) => given !== wanted);
  if (wrong) {
    throw new BuildMismatchError(
      `${folder}: the proving key is for a circuit with ${wrong[1]} ${wrong[0]}, the build's has ${wrong[2]}; a proof under it would show or say something else. ` +
        `If you trust the folder's circuit, ${keysRemedy(folder, manifest)}`,
    );
  }
}
