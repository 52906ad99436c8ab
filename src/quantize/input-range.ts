/**
 * The declared range of each graph input, which becomes a promise: every input inside has a proof, every input outside
 * an error. From the user, or from calibration data, or a stated default.
 */
import { applyOmitted } from '../network/softmax.js';
import type { Graph, GraphInput, GraphOp } from '../network/graph.js';
import { FIXED, type UnitClasses } from '../network/unit-classes.js';
import { layerOf } from '../network/layers/index.js';
import { at, roundsPlain, type RoundNode } from '../network/layers/round.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { CalibrationError } from './errors.js';
import { bitsOf } from '../integer/intervals.js';
import type { IntegerInput } from '../integer/integer-model.js';
import { alignedStep, resolutionOf } from './resolution.js';
import { gridFor, MOST_BITS, operandBits } from './scale.js';
import type { FloatEvaluator } from './statistics.js';

/** Range assumed where neither calibration data nor a declaration says otherwise. */
export const DEFAULT_RANGE: readonly [number, number] = [-1, 1];

/** Tabular features get ranges of their own, with this share of their span added on either side for unseen rows. */
const ELEMENT_MARGIN = 0.5;
/** The same of features that are mostly one value, whose other values are rare, and from which share of the rows on. */
const SPARSE_MARGIN = 2;
const SPARSE = 3 / 4;
/**
 * Share of its span by which one range for all elements goes beyond an end that a single value reaches, where there are
 * so many rows: an end that several reach is one by nature, such as black and white.
 */
const SHARED_MARGIN = 1 / 4;
const LEAST_ROWS = 20;
/** Largest number of features that are taken to be a table's row for their ranges alone. */
const MOST_FEATURES = 256;
/** Spans of the features must differ this much before each gets its own scale. */
const UNLIKE = 4;
/**
 * The same of the features' sizes where there is one sample and hence no span; a middling feature is then within 16
 * steps of 8 bits.
 */
const UNLIKE_SIZES = 16;
/** Error of any output, against its range, from which on one scale for all features is too coarse. */
const HARM = 2 ** -9;
/** Samples on which that error is measured, at most. */
const HARM_SAMPLES = 16;
/** The same from which on inputs get more bits. */
const HARM_OF_BITS = 2 ** -7;
/**
 * Inputs of at most so many elements get them, where the layers that read them have at most so many results: a bit costs
 * a constraint an element, and one for each result.
 */
const MOST_FINER = 1024;
const MOST_READ = 4096;
/**
 * The least error of an output at which inputs get more bits, in networks so small, and without layers that cut or
 * compare, that bits cost next to nothing: a single row's outputs often span a tenth of what all rows' do.
 */
const HARM_OF_FEW = 2 ** -11;
const FEW = 64;
const UNCUT: ReadonlySet<GraphOp> = new Set(['affine', 'conv', 'dense', 'matmul', 'mean', 'move', 'multiply', 'sum']);
/** Factor by which the error from rounding the inputs may exceed that with the most bits. */
const NEAR_BEST = 2;

/**
 * Finest step of an input, by its largest magnitude: integers then stay far below 2^53, and a float32 is no finer than
 * 2^-24 of itself.
 */
const FINEST = 2 ** -40;
/**
 * Bits of an input that is only compared, as trees do it with constants: a value on the wrong side of a threshold gives
 * another leaf.
 */
const COMPARED_BITS = 16;

export interface InputChoice {
  readonly inputs: readonly IntegerInput[];
  readonly notes: readonly string[];
}

/** What the user says of the inputs. */
export interface Declared {
  /** One range for the elements of every input. */
  readonly range?: readonly [number, number];
  /** Bits of inputs that are not integers; chosen by what they cost and what the network needs where none are given. */
  readonly bits?: number;
}

/** A graph input with the tensor that it is in the integer model. */
type NumberedInput = GraphInput & Pick<IntegerInput, 'tensor'>;

/** What tells which elements can have scales of their own, and what it is worth. */
export interface Network {
  readonly units: UnitClasses;
  readonly evaluate: FloatEvaluator;
}

/**
 * Grids of all graph inputs. `samples` hold one array per input. Elements of inputs that have one scale for all keep the
 * unit 1 from then on.
 */
export function chooseInputs(
  graph: Graph,
  activationBits: number,
  samples: readonly (readonly Float64Array[])[],
  { range: declared, bits: inputBits }: Declared,
  network: Network,
): InputChoice {
  const notes: string[] = [];
  const compared = comparedOnly(graph);
  const thresholds = comparedInputs(graph);
  const rounded = roundedInputs(graph);
  const factors = factorsOf(graph);
  // A clip's ends would differ between units.
  const clipped = new Set(
    graph.nodes.flatMap((node) => (node.op === 'clip' ? [...network.units.of(node.output)] : [])),
  );
  const alone = graph.inputs.map((source, k): Choice => {
    const input = { ...source, tensor: k };
    const least =
      inputBits ??
      (compared.has(source.name) || (thresholds.has(source.name) && sizeOf(source.shape) <= MOST_FINER)
        ? Math.max(activationBits, COMPARED_BITS)
        : factors.has(source.name)
          ? operandBits(activationBits)
          : activationBits);
    const bits = (more: number): number => Math.max(least, Math.min(least + more, MOST_BITS));
    const of = samples.map((sample) => sample[k]);
    const exact = (grid: IntegerInput): Choice => ({
      shared: () => grid,
      isAuthors: grid.fixed ?? grid.scale.length > 1,
    });
    if (source.fixed) return exact(fixedGrid(input, source.fixed));
    if (source.integers) return exact(integerGrid(input, source.integers, of, declared));
    const author = authorGrid(graph, input);
    if (author !== undefined) return exact(author);
    const jumps = rounded.has(source.name);
    const range = declared ?? (samples.length === 0 ? DEFAULT_RANGE : undefined);
    if (range !== undefined) {
      if (declared === undefined)
        notes.push(
          `input '${input.name}': no calibration data and no declared range, so [${DEFAULT_RANGE.join(', ')}] is assumed`,
        );
      return { shared: () => sharedGrid(input, bits(0), range, { jumps }) };
    }
    // Without an element every range is right.
    if (sizeOf(source.shape) === 0) return { shared: () => sharedGrid(input, bits(0), DEFAULT_RANGE, { jumps }) };
    const resolution = jumps || compared.has(source.name) ? undefined : resolutionOf(of);
    const seen = sharedRange(of);
    const shared = (more: number): IntegerInput => sharedGrid(input, bits(more), seen, { jumps, resolution });
    const classes = network.units.of(source.name);
    if (classes.some((unitClass) => unitClass === FIXED || clipped.has(unitClass))) return { shared };
    const features = featuresOf(of, classes);
    return {
      shared,
      features,
      least,
      ownOf: (joined) => (more) => featureGrids(input, bits(more), joined),
      isTable: input.shape.length <= 2 && unlike(features.ranges, samples.length),
      differ: samples.length > 1 && differ(features.ranges),
    };
  });
  const choices = joinTied(
    alone,
    graph.inputs.map(({ name }) => network.units.of(name)),
  );
  const tried = choices.map(({ isTable = false, differ: unequal = false }) => !isTable && unequal);
  const helped = tried.some(Boolean) && ownHelps(graph, samples, choices, tried, network.evaluate);
  const grids = choices.map(({ shared, own, isTable, isAuthors }, k): Grids => {
    if (isAuthors) return shared;
    if (own !== undefined && (isTable || (tried[k] && helped))) {
      const width =
        samples.length > 1
          ? `${100 * ELEMENT_MARGIN} % wider at either end than in the calibration data`
          : 'around its value in the one calibration sample';
      const { name } = graph.inputs[k];
      notes.push(
        `input '${name}': each of its ${new Set(network.units.of(name)).size} elements has a range of its own, ${width}`,
      );
      return own;
    }
    const { name, declared: stated, exact, bits, low } = shared(0);
    network.units.fix(name);
    if (stated !== undefined && exact) {
      notes.push(
        `input '${name}': integers from ${stated.join(' to ')} are taken; the circuit itself holds ${bits} bits, ${low[0]} to ${low[0] + 2 ** bits - 1}, ` +
          'so that a proof made by other means may be of an input between the two',
      );
    }
    return shared;
  });
  const more = inputBits === undefined ? moreBits(graph, samples, grids, network.evaluate) : 0;
  const inputs = grids.map((grid) => grid(more));
  return { inputs, notes };
}

/** An input's grid with so many bits more than it has without need. */
type Grids = (more: number) => IntegerInput;

/** Grids that an input may have: one for all elements, or one for each feature where the network can take it. */
interface Choice {
  readonly shared: Grids;
  /** What is known of its features, and its grid by theirs: those of inputs that are tied to it among them. */
  readonly features?: Features;
  readonly ownOf?: (features: Features) => Grids;
  readonly own?: Grids;
  /** Its bits without need. */
  readonly least?: number;
  /** Whether `shared` is the author's grids, of which elements have several. */
  readonly isAuthors?: boolean;
  /** Whether the ranges of its features alone say that each is a quantity of its own. */
  readonly isTable?: boolean;
  /** Whether its features' ranges differ enough to ask what the network loses by one scale. */
  readonly differ?: boolean;
}

/**
 * The choices with the grids of their own that they may have. Elements of several inputs that are tied, such as those
 * of which one is subtracted from another, have one unit, and so one range and as many bits; and where one of the inputs
 * is a table, so are the others. Inputs that are tied and cannot agree have one scale each.
 */
function joinTied(choices: readonly Choice[], elements: readonly Int32Array[]): Choice[] {
  const classes = elements.map((of) => new Set(of));
  const members = new Map<number, number[]>();
  classes.forEach((of, k) => {
    for (const unitClass of of) if (unitClass !== FIXED) members.set(unitClass, [...(members.get(unitClass) ?? []), k]);
  });
  const tiedTo = (k: number): Choice[] => {
    const found = new Set([k]);
    for (const one of found)
      for (const unitClass of classes[one]) for (const other of members.get(unitClass) ?? []) found.add(other);
    return [...found].map((one) => choices[one]);
  };
  return choices.map((choice, k) => {
    const { features, ownOf, ...kept } = choice;
    if (features === undefined || ownOf === undefined) return choice;
    const tied = tiedTo(k);
    if (tied.length === 1) return { ...kept, own: ownOf(features) };
    if (tied.some((other) => other.features === undefined || other.least !== choice.least))
      return { shared: choice.shared };
    return {
      ...kept,
      own: ownOf(
        joined(
          features,
          tied.map((other) => other.features as Features),
        ),
      ),
      isTable: tied.some(({ isTable }) => isTable),
      differ: tied.some(({ differ: unequal }) => unequal),
    };
  });
}

/** Features with the ranges of all that are of one class, and what all their values are multiples of. */
function joined(features: Features, all: readonly Features[]): Features {
  const same = features.classes.map((unitClass) =>
    all.flatMap(({ classes, ranges, resolutions, usual }) =>
      classes.flatMap((other, i) =>
        other === unitClass ? [{ range: ranges[i], resolution: resolutions[i], usual: usual[i] }] : [],
      ),
    ),
  );
  return {
    ...features,
    ranges: same.map((parts) => [
      leastOf(parts.map(({ range }) => range[0])),
      mostOf(parts.map(({ range }) => range[1])),
    ]),
    resolutions: same.map(([first, ...others]) =>
      others.every(({ resolution }) => resolution === first.resolution) ? first.resolution : undefined,
    ),
    usual: same.map((parts) => mostOf(parts.map(({ usual }) => usual))),
  };
}

/**
 * Whether one scale for all elements of the inputs that are `tried` costs the network accuracy that scales of their own
 * do not.
 */
function ownHelps(
  graph: Graph,
  samples: readonly (readonly Float64Array[])[],
  choices: readonly Choice[],
  tried: readonly boolean[],
  evaluate: FloatEvaluator,
): boolean {
  const errorWith = harmOf(graph, samples, evaluate);
  const inputs = (gridsOf: (choice: Choice) => Grids) =>
    choices.map((choice, k) => (tried[k] ? gridsOf(choice)(0) : undefined));
  const shared = errorWith(inputs((choice) => choice.shared));
  return shared > HARM && errorWith(inputs((choice) => choice.own as Grids)) < shared / 2;
}

/**
 * The fewest bits by which inputs must be finer for their rounding alone to harm no output; none where they are many,
 * or where more bits do not help.
 */
function moreBits(
  graph: Graph,
  samples: readonly (readonly Float64Array[])[],
  grids: readonly Grids[],
  evaluate: FloatEvaluator,
): number {
  const names = new Set(graph.inputs.map(({ name }) => name));
  const read = graph.nodes.filter(({ inputs }) => inputs.some((input) => names.has(input)));
  const sum = (shapes: readonly { readonly shape: Shape }[]): number =>
    shapes.reduce((all, { shape }) => all + sizeOf(shape), 0);
  if (samples.length === 0 || sum(graph.inputs) > MOST_FINER || sum(read) > MOST_READ) return 0;
  const harm = harmOf(graph, samples, evaluate);
  const harmWith = (more: number): number => harm(grids.map((grid) => grid(more)));
  const isTiny = sum(graph.inputs) <= FEW && sum(graph.nodes) <= FEW && graph.nodes.every(({ op }) => UNCUT.has(op));
  const without = harmWith(0);
  if (without <= (isTiny ? HARM_OF_FEW : HARM_OF_BITS)) return 0;
  const enough = Math.max(isTiny ? HARM_OF_FEW : HARM, NEAR_BEST * harmWith(MOST_BITS));
  let more = 0;
  for (let reached = without; reached > enough; reached = harmWith(more)) more += 1;
  return more;
}

/**
 * The largest error of any output, as a reader sees it and against its range, that rounding these inputs makes; inputs
 * without a grid are not rounded.
 */
function harmOf(
  { outputs }: Graph,
  samples: readonly (readonly Float64Array[])[],
  evaluate: FloatEvaluator,
): (inputs: readonly (IntegerInput | undefined)[]) => number {
  const step = Math.ceil(samples.length / HARM_SAMPLES);
  const rows = samples.filter((_, i) => i % step === 0);
  const read = (row: readonly Float64Array[]): Float64Array[] => {
    const tensors = evaluate(row);
    return outputs.map((output) => applyOmitted(output, tensors.get(output.tensor) as Float64Array));
  };
  const exact = rows.map(read);
  return (inputs) => {
    const rounded = rows.map((row) =>
      read(
        row.map((values, k) => {
          const input = inputs[k];
          return input === undefined ? values : roundedTo(input, values);
        }),
      ),
    );
    return mostOf(
      outputs.map((_, k) =>
        relativeError(
          rounded.map((of) => of[k]),
          exact.map((of) => of[k]),
        ),
      ),
    );
  };
}

function roundedTo({ scale, low, bits }: IntegerInput, values: Float64Array): Float64Array {
  return values.map((value, i) => {
    const k = scale.length === 1 ? 0 : i;
    return Math.min(Math.max(Math.round(value / scale[k]), low[k]), low[k] + 2 ** bits - 1) * scale[k];
  });
}

/** Largest difference of two tensors on all rows, against the range of the second, zero counted among its values. */
function relativeError(given: readonly Float64Array[], exact: readonly Float64Array[]): number {
  const range = Math.max(0, mostOf(exact.map(mostOf))) - Math.min(0, leastOf(exact.map(leastOf)));
  const error = mostOf(exact.map((values, row) => mostOf(values.map((value, i) => Math.abs(given[row][i] - value)))));
  return range > 0 ? error / range : 0;
}

/**
 * Tensors that reach a product of activations, or as part of a sum a smooth function, through linear layers alone: such
 * as the state that a recurrent layer is given. These err less than activation bits, and so must what they are given. A
 * function of the input itself is exact on its integers.
 */
function factorsOf(graph: Graph): ReadonlySet<string> {
  const sums = new Set<string>();
  for (const node of graph.nodes) {
    const { errors } = layerOf(node);
    if (errors === 'added' || (errors === 'each' && node.inputs.some((input) => sums.has(input))))
      sums.add(node.output);
  }
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const { errors } = layerOf(node);
    const passes = (errors === 'each' || errors === 'added') && found.has(node.output);
    for (const input of node.inputs)
      if (errors === 'multiplied' || passes || (errors === 'bent' && sums.has(input))) found.add(input);
  }
  return found;
}

/**
 * The grid to which the model rounds the input before it does anything else with it; undefined where it does not, or to
 * several.
 */
function authorGrid(graph: Graph, { name, tensor, shape }: NumberedInput): IntegerInput | undefined {
  if (graph.outputs.some((output) => output.tensor === name)) return undefined;
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
  const [first] = readers;
  if (!readers.every((reader) => reader.op === 'round' && roundsPlain(reader)) || first?.op !== 'round')
    return undefined;
  const { step, zero, low, high } = first;
  const size = Math.max(step.length, zero.length);
  const bits = bitsOf(mostOf(high) - leastOf(low));
  if (!readers.every((reader) => isSameGrid(reader as RoundNode, first))) return undefined;
  const each = (values: Float64Array): Float64Array => Float64Array.from({ length: size }, (_, i) => at(values, i));
  const least = each(low).map((value, i) => value - at(zero, i) + 0);
  return { name, tensor, shape, bits, scale: each(step), low: least, saturates: true };
}

const isSameGrid = (a: RoundNode, b: RoundNode): boolean =>
  [a.step, a.zero, a.low, a.high].every((values, k) => values.join() === [b.step, b.zero, b.low, b.high][k].join());

/** A fixed input is its low end: integers in ones, each float in steps of its own size. */
function fixedGrid({ name, tensor, shape, integers }: NumberedInput, values: Float64Array): IntegerInput {
  const grid = { name, tensor, shape, bits: 1, fixed: true as const };
  if (integers !== undefined || values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 24))
    return { ...grid, scale: Float64Array.of(1), low: values, ...(integers === undefined ? {} : { exact: true }) };
  return { ...grid, scale: values.map((value) => Math.abs(value) || 1), low: values.map(Math.sign) };
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
    throw new CalibrationError(
      `input '${name}' takes integers from ${least} to ${most}, ${bits} bits; at most ${WIDEST_INTEGERS} are exact here: declare a narrower --input-range`,
    );
  }
  const narrower = declared !== undefined && most < least + 2 ** bits - 1;
  return {
    name,
    tensor,
    shape,
    bits,
    scale: Float64Array.of(1),
    low: Float64Array.of(least),
    exact: true,
    ...(narrower ? { declared: [least, most] } : {}),
  };
}

function integerRange(
  { name }: NumberedInput,
  type: readonly [number, number],
  samples: readonly Float64Array[],
  declared?: readonly [number, number],
): readonly [number, number] {
  if (declared) {
    // One range is declared for all inputs; of this one's type it can only hold what the type has.
    const [least, most] = [
      Math.max(Math.ceil(declared[0]), type[0]) + 0,
      Math.min(Math.floor(declared[1]), type[1]) + 0,
    ];
    if (!(least <= most)) {
      throw new CalibrationError(
        `input '${name}' takes integers from ${type[0]} to ${type[1]}; [${declared.join(', ')}] is no range of them`,
      );
    }
    return [least, most];
  }
  if (bitsOf(type[1] - type[0]) <= WHOLE_TYPE_BITS) return type;
  if (samples.length === 0) {
    throw new CalibrationError(
      `input '${name}' takes integers of so wide a type that its range must be said: give calibration data or --input-range LOW,HIGH`,
    );
  }
  return [
    Math.min(0, leastOf(samples.map((sample) => leastOf(sample)))),
    Math.max(0, mostOf(samples.map((sample) => mostOf(sample)))),
  ];
}

/** What is known of an input's values beside their range. */
interface Kind {
  /** Whether a layer that jumps reads it: then its step is a power of two, and each jump stands on the grid. */
  readonly jumps: boolean;
  /** What all values are multiples of. */
  readonly resolution?: number;
}

/** The range of all values, and a little more at an end where rows that are not among these are likely to go beyond. */
function sharedRange(samples: readonly Float64Array[]): readonly [number, number] {
  const [least, most] = [leastOf(samples.map(leastOf)), mostOf(samples.map(mostOf))];
  if (samples.length < LEAST_ROWS) return [least, most];
  const room = SHARED_MARGIN * (most - least);
  const isAlone = (end: number): boolean =>
    samples.reduce((count, values) => count + values.reduce((sum, value) => sum + Number(value === end), 0), 0) === 1;
  return [least < 0 && isAlone(least) ? least - room : least, most > 0 && isAlone(most) ? most + room : most];
}

function sharedGrid(
  input: NumberedInput,
  bits: number,
  [least, most]: readonly [number, number],
  { jumps, resolution }: Kind,
): IntegerInput {
  if (!(Number.isFinite(least) && Number.isFinite(most) && least <= most)) {
    throw new CalibrationError(
      `input '${input.name}': [${least}, ${most}] is not a range; give two finite numbers, the smaller first`,
    );
  }
  // A range that leaves zero out is widened to it: padding and sparsity need zero to be exact.
  const { step, low } = gridFor(Math.min(least, 0), Math.max(most, 0), bits);
  const taken = jumps ? 2 ** Math.ceil(Math.log2(step)) : alignedStep(step, resolution);
  return {
    name: input.name,
    tensor: input.tensor,
    shape: input.shape,
    bits,
    scale: Float64Array.of(taken),
    low: Float64Array.of(taken === step ? low : Math.floor((low * step) / taken) + 0),
  };
}

/**
 * Elements of an input that have one unit, such as a column of a table or a channel of an image: each element's, and
 * the range of each.
 */
interface Features {
  readonly index: Int32Array;
  /** The class of each. */
  readonly classes: readonly number[];
  readonly ranges: readonly [number, number][];
  /** What all values of a feature are multiples of, where it is known. */
  readonly resolutions: readonly (number | undefined)[];
  /** Share of the values of a feature that are the one that most are. */
  readonly usual: readonly number[];
}

function featuresOf(samples: readonly Float64Array[], classes: Int32Array): Features {
  const positions = new Map<number, number>();
  const index = classes.map((unitClass) => {
    const known = positions.get(unitClass) ?? positions.size;
    positions.set(unitClass, known);
    return known;
  });
  const ranges = Array.from(positions, (): [number, number] => [Infinity, -Infinity]);
  for (const sample of samples) {
    for (let i = 0; i < index.length; i += 1) {
      const range = ranges[index[i]];
      if (sample[i] < range[0]) range[0] = sample[i];
      if (sample[i] > range[1]) range[1] = sample[i];
    }
  }
  const members = ranges.map((): number[] => []);
  index.forEach((feature, i) => members[feature].push(i));
  const resolutions = members.map((elements) =>
    resolutionOf(samples.map((sample) => Float64Array.from(elements, (i) => sample[i]))),
  );
  const usual = members.map((elements) => usualShare(samples.flatMap((sample) => elements.map((i) => sample[i]))));
  return { index, classes: [...positions.keys()], ranges, resolutions, usual };
}

function usualShare(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return mostOf([...counts.values()]) / values.length;
}

function featureGrids(
  input: NumberedInput,
  bits: number,
  { index, ranges, resolutions, usual }: Features,
): IntegerInput {
  const levels = 2 ** bits - 1;
  const widest = mostOf(ranges.map(([min, max]) => max - min));
  const grids = ranges.map(([min, max], feature) => {
    // A feature that never varied gets the widest feature's span around its one value; 1 where all were always zero.
    const span = max > min ? max - min : Math.max(widest, Math.abs(min)) || 1;
    const margin = max > min && usual[feature] >= SPARSE ? SPARSE_MARGIN : ELEMENT_MARGIN;
    const least = min - margin * span;
    const wanted = Math.max(((1 + 2 * margin) * span) / levels, FINEST * Math.max(Math.abs(min), Math.abs(max)));
    const step = alignedStep(wanted, resolutions[feature]);
    return { step, low: Math.round(least / step) + 0 };
  });
  return {
    name: input.name,
    tensor: input.tensor,
    shape: input.shape,
    bits,
    scale: Float64Array.from(index, (k) => grids[k].step),
    low: Float64Array.from(index, (k) => grids[k].low),
  };
}

/**
 * The tensors that only comparisons read, with constants or with each other, at once or through moves: their integers go
 * into no other sum, and a finer step costs a constraint or two a comparison.
 */
function comparedOnly(graph: Graph): ReadonlySet<string> {
  // From the outputs to the inputs: a tensor that nothing reads, or that another layer reads, is not among them.
  const compared = new Set<string>();
  const excluded = new Set(graph.outputs.map(({ tensor }) => tensor));
  for (const node of [...graph.nodes].reverse()) {
    const row = layerOf(node);
    const isCompared = compared.has(node.output) && !excluded.has(node.output);
    // Two inputs are compared by their difference.
    const isDifference = node.op === 'sum' && node.coefficients.every((factor) => Math.abs(factor) === 1);
    const carries = isCompared && ((row.onlyMoves(node) && node.inputs.length === 1) || isDifference);
    // A factor of zero leaves nothing of its input.
    const isConstant = node.op === 'affine' && node.scale.every((factor) => factor === 0);
    for (const input of node.inputs) (row.onlyCompares(node) || carries || isConstant ? compared : excluded).add(input);
  }
  for (const tensor of excluded) compared.delete(tensor);
  return compared;
}

/** Inputs that a comparison reads, at once or through moves, whatever else does, such as a tree beside a linear model. */
function comparedInputs(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const carries = layerOf(node).onlyMoves(node) && found.has(node.output);
    if (node.op === 'step' || carries) for (const input of node.inputs) found.add(input);
  }
  return found;
}

/** Inputs that a layer reads, at once or through moves, whose function jumps at whole numbers or halves. */
function roundedInputs(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const jumps = node.op === 'function' && node.f.whole;
    const carries = layerOf(node).onlyMoves(node) && found.has(node.output);
    if (jumps || carries) for (const input of node.inputs) found.add(input);
  }
  return found;
}

/** Whether features differ in size so much that they are quantities of their own, by their ranges alone. */
function unlike(ranges: readonly [number, number][], sampleCount: number): boolean {
  if (ranges.length > MOST_FEATURES) return false;
  const sizes = ranges.map(([min, max]) => Math.max(Math.abs(min), Math.abs(max)));
  const largest = mostOf(sizes);
  if (sampleCount > 1) return largest > UNLIKE * middle(ranges.map(([min, max]) => max - min));
  return largest > UNLIKE_SIZES * middle(sizes.filter((size) => size > 0));
}

/** Whether one scale for all leaves some feature that varies only a part of its steps. */
function differ(ranges: readonly [number, number][]): boolean {
  const spans = ranges.map(([min, max]) => max - min).filter((span) => span > 0);
  return mostOf(ranges.map(([min, max]) => Math.max(Math.abs(min), Math.abs(max)))) > UNLIKE * leastOf(spans);
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
