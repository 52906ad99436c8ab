/**
 * The declared range of each graph input, which becomes a promise: every input inside has a proof, every input outside
 * an error. From the user, or from calibration data, or a stated default.
 */
import type { Graph, GraphInput, GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import { sizeOf } from '../tensor/shape.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { CalibrationError } from './errors.js';
import { bitsOf } from './intervals.js';
import type { IntegerInput } from './integer-model.js';
import { gridFor } from './scale.js';

/** Range assumed where neither calibration data nor a declaration says otherwise. */
export const DEFAULT_RANGE: readonly [number, number] = [-1, 1];

/** Tabular features get ranges of their own, with this share of their span added on either side for unseen rows. */
const ELEMENT_MARGIN = 0.5;
/** Largest number of elements taken for a table's row of features rather than for an image or a sequence. */
const MOST_FEATURES = 256;
/** Spans of the features must differ this much before each gets its own scale. */
const UNLIKE = 4;
/** The same of the features' sizes where there is one sample and hence no span; a middling feature is then within 16 steps of 8 bits. */
const UNLIKE_SIZES = 16;

/** Finest step of an input, by its largest magnitude: integers then stay far below 2^53, and a float32 is no finer than 2^-24 of itself. */
const FINEST = 2 ** -40;
/** Bits of an input that is only compared with constants, as trees do it: a value on the wrong side of a threshold gives another leaf. */
const COMPARED_BITS = 16;

export interface InputChoice {
  readonly inputs: readonly IntegerInput[];
  readonly notes: readonly string[];
}

/** A graph input with the tensor that it is in the integer model. */
type NumberedInput = GraphInput & Pick<IntegerInput, 'tensor'>;

/** Grids of all graph inputs. `samples` hold one array per input; `declared` one range for every input's elements. */
export function chooseInputs(
  graph: Graph,
  activationBits: number,
  samples: readonly (readonly Float64Array[])[],
  declared?: readonly [number, number],
): InputChoice {
  const notes: string[] = [];
  const absorbing = absorbedEverywhere(graph);
  const compared = comparedOnly(graph);
  const inputs = graph.inputs.map((source, k): IntegerInput => {
    const input = { ...source, tensor: k };
    const bits = compared.has(source.name) ? Math.max(activationBits, COMPARED_BITS) : activationBits;
    if (source.integers) {
      const grid = integerGrid(input, source.integers, samples.map((sample) => sample[k]), declared);
      if (grid.declared !== undefined) {
        notes.push(
          `input '${input.name}': integers from ${grid.declared.join(' to ')} are taken; the circuit itself holds ${grid.bits} bits, ${grid.low[0]} to ${grid.low[0] + 2 ** grid.bits - 1}, ` +
            'so that a proof made by other means may be of an input between the two',
        );
      }
      return grid;
    }
    if (declared) return sharedGrid(input, bits, declared[0], declared[1]);
    if (samples.length === 0) {
      notes.push(`input '${input.name}': no calibration data and no declared range, so [${DEFAULT_RANGE.join(', ')}] is assumed`);
      return sharedGrid(input, bits, ...DEFAULT_RANGE);
    }
    const columns = columnRanges(samples.map((sample) => sample[k]), sizeOf(input.shape));
    if (absorbing.has(input.name) && unlike(columns, samples.length, input)) {
      const width = samples.length > 1 ? `${100 * ELEMENT_MARGIN} % wider at either end than in the calibration data` : 'around its value in the one calibration sample';
      notes.push(`input '${input.name}': each of its ${columns.length} elements has a range of its own, ${width}`);
      return elementGrids(input, bits, columns);
    }
    const least = leastOf(columns.map(([min]) => min));
    const most = mostOf(columns.map(([, max]) => max));
    return sharedGrid(input, bits, least, most);
  });
  return { inputs, notes };
}

/** Bits of an integer type up to which its whole range is taken, whatever the samples show. */
const WHOLE_TYPE_BITS = 16;
/** Widest range of an integer input, in bits: accumulators stay exact with room for weights. */
const WIDEST_INTEGERS = 40;

/** Integers stand for themselves: the declared range, or the type's; for wide types what the samples show, and zero. */
function integerGrid(
  input: NumberedInput,
  type: readonly [number, number],
  samples: readonly Float64Array[],
  declared?: readonly [number, number],
): IntegerInput {
  const { name, tensor, shape } = input;
  const [least, most] = integerRange(input, type, samples, declared);
  const bits = Math.max(1, bitsOf(most - least));
  if (bits > WIDEST_INTEGERS) {
    throw new CalibrationError(`input '${name}' takes integers from ${least} to ${most}, ${bits} bits; at most ${WIDEST_INTEGERS} are exact here: declare a narrower --input-range`);
  }
  const narrower = declared !== undefined && most < least + 2 ** bits - 1;
  return { name, tensor, shape, bits, scale: Float64Array.of(1), low: Float64Array.of(least), exact: true, ...(narrower ? { declared: [least, most] } : {}) };
}

function integerRange(
  { name }: NumberedInput,
  type: readonly [number, number],
  samples: readonly Float64Array[],
  declared?: readonly [number, number],
): readonly [number, number] {
  if (declared) {
    // One range is declared for all inputs; of this one's type it can only hold what the type has.
    const [least, most] = [Math.max(Math.ceil(declared[0]), type[0]) + 0, Math.min(Math.floor(declared[1]), type[1]) + 0];
    if (!(least <= most)) {
      throw new CalibrationError(`input '${name}' takes integers from ${type[0]} to ${type[1]}; [${declared.join(', ')}] is no range of them`);
    }
    return [least, most];
  }
  if (bitsOf(type[1] - type[0]) <= WHOLE_TYPE_BITS) return type;
  if (samples.length === 0) {
    throw new CalibrationError(`input '${name}' takes integers of so wide a type that its range must be said: give calibration data or --input-range LOW,HIGH`);
  }
  return [Math.min(0, leastOf(samples.map((sample) => leastOf(sample)))), Math.max(0, mostOf(samples.map((sample) => mostOf(sample))))];
}

function sharedGrid(input: NumberedInput, bits: number, least: number, most: number): IntegerInput {
  if (!(Number.isFinite(least) && Number.isFinite(most) && least <= most)) {
    throw new CalibrationError(`input '${input.name}': [${least}, ${most}] is not a range; give two finite numbers, the smaller first`);
  }
  // A range that leaves zero out is widened to it: padding and sparsity need zero to be exact.
  const { step, low } = gridFor(Math.min(least, 0), Math.max(most, 0), bits);
  return { name: input.name, tensor: input.tensor, shape: input.shape, bits, scale: Float64Array.of(step), low: Float64Array.of(low) };
}

function elementGrids(input: NumberedInput, bits: number, columns: readonly [number, number][]): IntegerInput {
  const levels = 2 ** bits - 1;
  const widest = mostOf(columns.map(([min, max]) => max - min));
  const grids = columns.map(([min, max]) => {
    // A feature that never varied gets the widest feature's span around its one value; 1 where all were always zero.
    const span = max > min ? max - min : Math.max(widest, Math.abs(min)) || 1;
    const least = min - ELEMENT_MARGIN * span;
    const step = Math.max(((1 + 2 * ELEMENT_MARGIN) * span) / levels, FINEST * Math.max(Math.abs(min), Math.abs(max)));
    return { step, low: Math.round(least / step) + 0 };
  });
  return {
    name: input.name,
    tensor: input.tensor,
    shape: input.shape,
    bits,
    scale: Float64Array.from(grids, (grid) => grid.step),
    low: Float64Array.from(grids, (grid) => grid.low),
  };
}

function columnRanges(samples: readonly Float64Array[], size: number): [number, number][] {
  return Array.from({ length: size }, (_, i): [number, number] => {
    let min = Infinity;
    let max = -Infinity;
    for (const sample of samples) {
      if (sample[i] < min) min = sample[i];
      if (sample[i] > max) max = sample[i];
    }
    return [min, max];
  });
}

/** The tensors that only layers read which can absorb a scale per element. */
const absorbedEverywhere = (graph: Graph): ReadonlySet<string> => readOnlyBy(graph, (node) => layerOf(node).elementScales(node) === 'absorbs', []);

/** The tensors that only comparisons with constants read: their integers go into no sum, and a finer step costs a constraint or two a comparison. */
const comparedOnly = (graph: Graph): ReadonlySet<string> =>
  readOnlyBy(graph, (node) => layerOf(node).onlyCompares(node), graph.outputs.map(({ tensor }) => tensor));

/** The tensors that only such layers read, at once or through layers that carry elements on; none of `never`. */
function readOnlyBy(graph: Graph, takes: (node: GraphNode) => boolean, never: readonly string[]): ReadonlySet<string> {
  // From the outputs to the inputs: a tensor that nothing reads, or that another layer reads, is not among them.
  const read = new Set<string>();
  const excluded = new Set<string>(never);
  for (const node of [...graph.nodes].reverse()) {
    const carries = layerOf(node).elementScales(node) === 'carries' && read.has(node.output) && !excluded.has(node.output);
    for (const input of node.inputs) (takes(node) || carries ? read : excluded).add(input);
  }
  for (const tensor of excluded) read.delete(tensor);
  return read;
}

function unlike(columns: readonly [number, number][], sampleCount: number, input: GraphInput): boolean {
  if (columns.length > MOST_FEATURES || input.shape.length > 2) return false;
  const sizes = columns.map(([min, max]) => Math.max(Math.abs(min), Math.abs(max)));
  const largest = mostOf(sizes);
  if (sampleCount > 1) return largest > UNLIKE * middle(columns.map(([min, max]) => max - min));
  return largest > UNLIKE_SIZES * middle(sizes.filter((size) => size > 0));
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
