/**
 * Networks that their author quantized: a layer between a tensor of codes and a rounding to codes computes on the codes
 * themselves. The weights are then the author's integers, accumulators are exact, and all scales meet in the factor of
 * the rounding (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", CVPR 2018). Exact over the reals.
 *
 * Each tensor is followed as a combination of tensors of integers, and layers that compute those are added. The layers
 * of the file stay where something else reads them, and go where nothing does.
 *
 * The trap: a convolution pads with zeros, so the zero point is taken away before it and not after.
 */
import type { FunctionNode, Graph, GraphNode } from '../graph.js';
import { layerOf } from '../layers/index.js';
import { at, codeOf, isUniform, roundElement, roundsMoved, roundsPlain, type RoundNode } from '../layers/round.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import type { Groups } from '../../tensor/groups.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';

/** One entry for all elements, or one per element. */
type Spread = Float64Array;

/** real[i] = shift[i] + sum_k scale[k][i] integers[k][i], then held within [min, max]. */
interface Combination {
  readonly terms: readonly { readonly tensor: string; readonly scale: Spread }[];
  readonly shift: Spread;
  readonly min: number;
  readonly max: number;
}

/** Each element a function of the same element of a tensor of few codes. */
interface OfCodes {
  readonly tensor: string;
  readonly apply: (code: number) => number;
  readonly formula: string;
}

/** Integers with one scale for all elements: real = scale * integer + shift. */
interface Codes {
  readonly tensor: string;
  readonly scale: number;
  readonly shift: number;
}

/** Most codes of which a function becomes a table. */
const MOST_CODES = 2 ** 12;
/** Largest integer weight: weights that are larger multiples of their unit were not quantized. */
const LARGEST_WEIGHT = 2 ** 16;
/** Relative size below which a remainder is nothing. */
const NOTHING = 2 ** -36;
/** How near a quotient of scales must come to a whole number to be one. */
const NEAR = 1e-6;
/** Integers that doubles hold exactly: the type of accumulators here. */
const WHOLE: readonly [number, number] = [1 - 2 ** 53, 2 ** 53 - 1];

/** The network on the author's integers; a network that rounds to no grid of an author's is left as it is. */
export function keepAuthorIntegers(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'round')) return graph;
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) rewrite.take(node);
  return { ...graph, nodes: reachable(rewrite.nodes, graph) };
}

function reachable(nodes: readonly GraphNode[], { outputs }: Graph): GraphNode[] {
  const needed = new Set(outputs.map(({ tensor }) => tensor));
  const kept = [...nodes].reverse().filter(({ inputs, output }) => {
    if (!needed.has(output)) return false;
    for (const input of inputs) needed.add(input);
    return true;
  });
  return kept.reverse();
}

/** A layer of the file on other inputs, or another layer in its place; names are given by {@link Rewrite.add}. */
type Fields = GraphNode extends infer Node
  ? Node extends GraphNode
    ? Omit<Node, 'name' | 'source' | 'output' | 'integers'>
    : never
  : never;

class Rewrite {
  readonly nodes: GraphNode[] = [];
  private readonly combinations = new Map<string, Combination>();
  private readonly functions = new Map<string, OfCodes>();
  private readonly makers = new Map<string, GraphNode>();
  /** By tensor of few codes: their range. */
  private readonly ranges = new Map<string, readonly [number, number]>();
  /** By what was done to which tensor: what it made. */
  private readonly made = new Map<string, string>();
  private readonly shapes = new Map<string, Shape>();
  private readonly names: Set<string>;

  constructor(graph: Graph) {
    this.names = new Set([
      ...graph.inputs.map(({ name }) => name),
      ...graph.nodes.flatMap(({ name, output }) => [name, output]),
    ]);
    for (const { name, shape, integers } of graph.inputs) {
      this.shapes.set(name, shape);
      if (integers !== undefined) this.startWith(name, integers);
    }
  }

  /** Takes the next layer of the file. */
  take(node: GraphNode): void {
    if (node.op === 'round' && roundsMoved(node)) return this.round(node);
    const combination = node.integers === undefined ? this.combinationOf(node) : undefined;
    const f = node.integers === undefined ? this.functionOf(node) : undefined;
    this.push((combination && fromIntegers(node, combination)) ?? node);
    if (combination !== undefined) this.combinations.set(node.output, combination);
    else if (node.integers !== undefined) this.startWith(node.output, node.integers);
    if (f !== undefined) this.functions.set(node.output, f);
  }

  private push(node: GraphNode): void {
    this.nodes.push(node);
    this.makers.set(node.output, node);
    this.shapes.set(node.output, node.shape);
  }

  private startWith(name: string, integers: readonly [number, number]): void {
    this.combinations.set(name, single(name, Float64Array.of(1)));
    if (integers[1] - integers[0] >= MOST_CODES) return;
    this.ranges.set(name, integers);
    this.functions.set(name, { tensor: name, apply: (code) => code, formula: 'x' });
  }

  private fresh(wanted: string): string {
    let name = wanted;
    for (let k = 2; this.names.has(name); k += 1) name = `${wanted}#${k}`;
    this.names.add(name);
    return name;
  }

  /** Adds a layer on integers beside one of the file; gives the name of its tensor. */
  private add(fields: Fields, { name, source, output }: GraphNode, step: string): string {
    const tensor = this.fresh(`${output}/${step}`);
    this.push({ ...fields, name: this.fresh(`${name}/${step}`), source, output: tensor, integers: WHOLE } as GraphNode);
    return tensor;
  }

  /** The tensor's one term, where it has no other. */
  private onlyTerm(tensor: string): (Combination & { readonly tensor: string; readonly scale: Spread }) | undefined {
    const known = this.combinations.get(tensor);
    return known?.terms.length === 1 ? { ...known, ...known.terms[0] } : undefined;
  }

  private codesOf(tensor: string): Codes | undefined {
    const known = this.onlyTerm(tensor);
    if (known === undefined || isCut(known) || known.scale.length !== 1 || known.shift.length !== 1) return undefined;
    return { tensor: known.tensor, scale: known.scale[0], shift: known.shift[0] };
  }

  /** Integers that stand for 0 at 0, and their scale: codes less their zero point. */
  private centred(tensor: string, from: GraphNode): Omit<Codes, 'shift'> | undefined {
    const codes = this.codesOf(tensor);
    const zero = codes && wholeOf(-codes.shift / codes.scale);
    if (codes === undefined || zero === undefined) return undefined;
    if (zero === 0) return codes;
    const key = `${zero} below ${codes.tensor}`;
    const known =
      this.made.get(key) ??
      this.add(moved(codes.tensor, this.shapes.get(codes.tensor) as Shape, -zero), from, 'centred');
    this.made.set(key, known);
    return { tensor: known, scale: codes.scale };
  }

  /** What the node makes, as a combination of integers; undefined where it is none. */
  private combinationOf(node: GraphNode): Combination | undefined {
    switch (node.op) {
      case 'affine':
        return this.affine(node);
      case 'dense':
        return this.weighted(node, node.inFeatures, (i) => i % node.outFeatures);
      case 'conv': {
        const area = sizeOf(node.shape.slice(2));
        return this.weighted(
          node,
          sizeOf(node.weightShape.slice(1)),
          (i) => Math.floor(i / area) % node.weightShape[0],
        );
      }
      case 'mean':
        return this.mean(node);
      case 'max':
        return this.max(node);
      case 'move':
        return this.move(node);
      case 'sum':
        return this.sum(node);
      case 'multiply': {
        const [a, b] = node.inputs.map((input) => this.centred(input, node));
        if (a === undefined || b === undefined) return undefined;
        return single(
          this.add({ ...node, inputs: [a.tensor, b.tensor] }, node, 'integers'),
          Float64Array.of(a.scale * b.scale),
        );
      }
      case 'prelu':
        return node.slope.every((slope) => slope === 0) ? this.clip(node, 0, Infinity) : undefined;
      case 'clip':
        return this.clip(node, node.min, node.max);
      case 'matmul': {
        const [a, b] = node.inputs.map((input) => this.centred(input, node));
        if (a === undefined || b === undefined) return undefined;
        return single(
          this.add({ ...node, inputs: [a.tensor, b.tensor] }, node, 'integers'),
          Float64Array.of(a.scale * b.scale),
        );
      }
      case 'argMax':
      case 'step':
      case 'softmax':
      case 'round':
      case 'function':
        return undefined;
    }
  }

  private affine(node: Extract<GraphNode, { op: 'affine' }>): Combination | undefined {
    const known = this.combinations.get(node.inputs[0]);
    if (known === undefined) return undefined;
    const [factor, offset] = [merged(node.scale), merged(node.shift)];
    if (isCut(known)) {
      // The ends stay ends where all elements are mapped alike, and upwards.
      if (factor.length !== 1 || offset.length !== 1 || !(factor[0] > 0)) return undefined;
      return {
        ...mapped(known, factor, offset),
        min: known.min * factor[0] + offset[0],
        max: known.max * factor[0] + offset[0],
      };
    }
    const integers = factor.length === 1 ? undefined : gridOf(factor, 0, factor.length);
    if (integers === undefined) return mapped(known, factor, offset);
    // Constants of the author's, such as matrices with dimensions of their own.
    const x = offset.every((value) => value === 0) ? this.centred(node.inputs[0], node) : undefined;
    if (x === undefined) return mapped(known, factor, offset);
    const products = this.add(
      { ...node, inputs: [x.tensor], scale: integers.values, shift: new Float64Array(factor.length) },
      node,
      'integers',
    );
    return single(products, Float64Array.of(x.scale * integers.unit));
  }

  /** A layer whose weights are multiples of one number in each of its channels. */
  private weighted(
    node: Extract<GraphNode, { op: 'dense' | 'conv' }>,
    perChannel: number,
    channelOf: (i: number) => number,
  ): Combination | undefined {
    if (this.codesOf(node.inputs[0]) === undefined) return undefined;
    const grids = Array.from(node.bias, (_, o) => gridOf(node.weight, o * perChannel, perChannel));
    if (!grids.every((grid) => grid !== undefined)) return undefined;
    const x = this.centred(node.inputs[0], node);
    if (x === undefined) return undefined;
    const weight = new Float64Array(node.weight.length);
    grids.forEach(({ values }, o) => weight.set(values, o * perChannel));
    const integers = this.add(
      { ...node, inputs: [x.tensor], weight, bias: new Float64Array(node.bias.length) },
      node,
      'integers',
    );
    const each = (value: (channel: number) => number): Spread =>
      merged(Float64Array.from({ length: sizeOf(node.shape) }, (_, i) => value(channelOf(i))));
    return single(
      integers,
      each((o) => x.scale * grids[o].unit),
      each((o) => node.bias[o]),
    );
  }

  private mean(node: Extract<GraphNode, { op: 'mean' }>): Combination | undefined {
    const x = this.onlyTerm(node.inputs[0]);
    const [scale, shift] = x === undefined ? [] : [ofGroups(x.scale, node.groups), ofGroups(x.shift, node.groups)];
    if (x === undefined || isCut(x) || scale === undefined || shift === undefined) return undefined;
    const { offsets } = node.groups;
    const sums = this.add(
      { ...node, inputs: [x.tensor], divisors: new Float64Array(node.divisors.length).fill(1) },
      node,
      'integers',
    );
    return single(
      sums,
      merged(node.divisors.map((divisor, i) => at(scale, i) / divisor)),
      merged(node.divisors.map((divisor, i) => (at(shift, i) * (offsets[i + 1] - offsets[i])) / divisor)),
    );
  }

  /** The largest real is that of the largest integer, where those compared have one positive scale; ends stay ends. */
  private max(node: Extract<GraphNode, { op: 'max' }>): Combination | undefined {
    const x = this.onlyTerm(node.inputs[0]);
    const [scale, shift] = x === undefined ? [] : [ofGroups(x.scale, node.groups), ofGroups(x.shift, node.groups)];
    if (x === undefined || scale === undefined || shift === undefined || !scale.every((value) => value > 0))
      return undefined;
    const tensor = this.add({ ...node, inputs: [x.tensor] }, node, 'integers');
    this.inherit(tensor, [x.tensor]);
    return { terms: [{ tensor, scale }], shift, min: x.min, max: x.max };
  }

  private move(node: Extract<GraphNode, { op: 'move' }>): Combination | undefined {
    const used = node.constants.filter((_, k) => node.index.includes(-1 - k));
    if (node.inputs.length === 1 && used.length === 0) {
      const known = this.combinations.get(node.inputs[0]);
      const pick = (values: Spread): Spread =>
        values.length === 1 ? values : merged(Float64Array.from(node.index, (position) => values[position]));
      return (
        known && {
          ...known,
          terms: known.terms.map(({ tensor, scale }) => ({
            tensor: this.moved(node, [tensor], node.constants),
            scale: pick(scale),
          })),
          shift: pick(known.shift),
        }
      );
    }
    const parts = node.inputs.map((input) => this.codesOf(input));
    if (!parts.every((part) => part !== undefined)) return undefined;
    const [first] = parts;
    const alike = parts.every(({ scale, shift }) => scale === first.scale && shift === first.shift);
    const constants = Array.from(node.constants, (value) =>
      used.includes(value) ? wholeOf((value - first.shift) / first.scale) : 0,
    );
    if (!constants.every((value) => value !== undefined) || (!alike && used.length > 0)) return undefined;
    const tensor = this.moved(
      node,
      parts.map((part) => part.tensor),
      Float64Array.from(constants as readonly number[]),
    );
    if (alike) return single(tensor, Float64Array.of(first.scale), Float64Array.of(first.shift));
    const ends: number[] = [];
    for (const input of node.inputs) ends.push((ends[ends.length - 1] ?? 0) + sizeOf(this.shapes.get(input) as Shape));
    const of = Array.from(node.index, (position) => parts[ends.findIndex((end) => position < end)]);
    return single(
      tensor,
      Float64Array.from(of, ({ scale }) => scale),
      Float64Array.from(of, ({ shift }) => shift),
    );
  }

  private moved(node: Extract<GraphNode, { op: 'move' }>, inputs: readonly string[], constants: Float64Array): string {
    const tensor = this.add({ ...node, inputs, constants }, node, 'integers');
    if (constants.length === 0) this.inherit(tensor, inputs);
    return tensor;
  }

  /** Elements of these tensors have the ranges of these tensors. */
  private inherit(tensor: string, from: readonly string[]): void {
    const ranges = from.map((name) => this.ranges.get(name));
    if (ranges.some((range) => range === undefined || range.join() !== ranges[0]?.join())) return;
    this.ranges.set(tensor, ranges[0] as readonly [number, number]);
  }

  private sum(node: Extract<GraphNode, { op: 'sum' }>): Combination | undefined {
    const parts = node.inputs.map((input) => this.combinations.get(input));
    if (!parts.every((part) => part !== undefined && !isCut(part))) return undefined;
    const terms = new Map<string, Spread>();
    let shift: Spread = Float64Array.of(0);
    (parts as readonly Combination[]).forEach((part, k) => {
      const coefficient = Float64Array.of(node.coefficients[k]);
      shift = combine(shift, combine(part.shift, coefficient, times), plus);
      for (const { tensor, scale } of part.terms) {
        const known = terms.get(tensor) ?? Float64Array.of(0);
        terms.set(tensor, combine(known, combine(scale, coefficient, times), plus));
      }
    });
    return { terms: Array.from(terms, ([tensor, scale]) => ({ tensor, scale })), shift, min: -Infinity, max: Infinity };
  }

  private clip(node: GraphNode, min: number, max: number): Combination | undefined {
    const known = this.combinations.get(node.inputs[0]);
    const held = (end: number): number => Math.min(Math.max(end, min), max);
    return known && { ...known, min: held(known.min), max: held(known.max) };
  }

  /** What the node makes, as a function of codes; undefined where it is none. */
  private functionOf(node: GraphNode): OfCodes | undefined {
    const layer = layerOf(node).ofOneValue(node);
    const parts = node.inputs.map((input) => this.functions.get(input));
    const [first] = parts;
    if (layer === undefined || first === undefined || !parts.every((part) => part?.tensor === first.tensor))
      return undefined;
    const known = parts as readonly OfCodes[];
    const formulas = [...new Set(known.map(({ formula }) => formula))].join(', ');
    return {
      tensor: first.tensor,
      apply: (code) => layer.apply(known.map(({ apply }) => apply(code))),
      formula: `${layer.formula} of ${formulas}`,
    };
  }

  /** Codes again: a rounding of integers, a table of codes, or the first rounding of a real. */
  private round(node: RoundNode): void {
    const [input] = node.inputs;
    const known = this.combinations.get(input);
    const f = this.functions.get(input);
    if (known !== undefined) this.push(roundOf(node, known));
    else if (f !== undefined && isUniform(node))
      this.push(tableOf(node, f, this.ranges.get(f.tensor) as readonly [number, number]));
    else this.push(this.beforeMoves(node) ?? node);
    this.startWith(node.output, codesRange(node));
    const same = known && this.unchanged(node, known);
    // Codes that are the codes of before, or that with another zero point, are followed back to those.
    if (same !== undefined) this.combinations.set(node.output, same);
  }

  /**
   * The codes of this rounding as those that it is made of and a whole number, where it rounds nothing and cuts nothing
   * off.
   */
  private unchanged(node: RoundNode, known: Combination): Combination | undefined {
    if (known.terms.length !== 1 || !isUniform(node) || isCut(known) || known.shift.length !== 1) return undefined;
    const [{ tensor, scale }] = known.terms;
    const range = this.ranges.get(tensor);
    const by = wholeOf((known.shift[0] + node.offset[0]) / node.step[0]);
    if (range === undefined || by === undefined || scale.length !== 1 || scale[0] !== node.step[0]) return undefined;
    const shift = by + node.zero[0];
    return range[0] + shift >= node.low[0] && range[1] + shift <= node.high[0]
      ? single(tensor, Float64Array.of(1), Float64Array.of(shift))
      : undefined;
  }

  /**
   * A graph input that is moved about and then rounded is rounded first: the input then has the author's grid. Gives
   * the last of the moves, of codes.
   */
  private beforeMoves(node: RoundNode): GraphNode | undefined {
    if (!isUniform(node) || !roundsPlain(node)) return undefined;
    const moves: Extract<GraphNode, { op: 'move' }>[] = [];
    let [root] = node.inputs;
    for (let maker = this.makers.get(root); maker !== undefined; maker = this.makers.get(root)) {
      if (maker.op !== 'move' || maker.inputs.length !== 1 || maker.index.some((position) => position < 0))
        return undefined;
      moves.unshift(maker);
      [root] = maker.inputs;
    }
    if (moves.length === 0) return undefined;
    const key = `${root} rounded by ${[node.step, node.zero, node.low, node.high].join()}`;
    let codes =
      this.made.get(key) ?? this.add({ ...node, inputs: [root], shape: this.shapes.get(root) as Shape }, node, 'codes');
    this.made.set(key, codes);
    const last = moves.pop() as Extract<GraphNode, { op: 'move' }>;
    for (const move of moves) codes = this.add({ ...move, inputs: [codes] }, node, 'codes');
    const { name, source, output, integers } = node;
    return { ...last, inputs: [codes], name, source, output, ...(integers === undefined ? {} : { integers }) };
  }
}

/**
 * A layer of the file from the integers that it is made of, where those were made for it; undefined where it stays as
 * it is.
 */
function fromIntegers(node: GraphNode, combination: Combination): GraphNode | undefined {
  if (!['dense', 'conv', 'mean', 'multiply', 'matmul', 'max'].includes(node.op) || isCut(combination)) return undefined;
  const [{ tensor, scale }] = combination.terms;
  const { name, source, output, shape } = node;
  const size = sizeOf(shape);
  return {
    op: 'affine',
    name,
    source,
    inputs: [tensor],
    output,
    shape,
    scale: spread(scale, size),
    shift: spread(combination.shift, size),
  };
}

/** The rounding of a combination of integers; what held the combination holds the codes. */
function roundOf(node: RoundNode, { terms, shift, min, max }: Combination): RoundNode {
  const held = (end: number, ends: Spread): Spread => {
    if (!Number.isFinite(end)) return ends;
    const size = Math.max(node.step.length, node.zero.length, node.offset.length, ends.length);
    return merged(
      Float64Array.from({ length: size }, (_, i) =>
        Math.min(Math.max(codeOf(node, end + at(node.offset, i), i), at(node.low, i)), at(node.high, i)),
      ),
    );
  };
  return {
    ...node,
    inputs: terms.map(({ tensor }) => tensor),
    factors: terms.map(({ scale }) => scale),
    offset: combine(shift, node.offset, plus),
    low: held(min, node.low),
    high: held(max, node.high),
  };
}

/** Rounding a function of codes, as a function from codes to codes. */
function tableOf(
  node: RoundNode,
  { tensor, apply, formula }: OfCodes,
  [least, most]: readonly [number, number],
): FunctionNode {
  const code = (x: number): number => roundElement(node, [apply(x)], 0);
  const bound = (low: number, high: number): readonly [number, number] => {
    const [from, to] = [Math.max(Math.floor(low), least), Math.min(Math.ceil(high), most)];
    const codes = Array.from({ length: Math.max(0, to - from + 1) }, (_, k) => code(from + k)).filter(
      (value) => !Number.isNaN(value),
    );
    return codes.length === 0 ? [0, 0] : [leastOf(codes), mostOf(codes)];
  };
  const { name, source, output, shape, integers } = node;
  const f = { formula: `code of ${formula}`, apply: code, monotone: false, whole: true, bound };
  return {
    op: 'function',
    name,
    source,
    inputs: [tensor],
    output,
    shape,
    f,
    ...(integers === undefined ? {} : { integers }),
  };
}

function codesRange({ low, high }: RoundNode): [number, number] {
  return [
    low.reduce((least, value) => Math.min(least, value), Infinity),
    high.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
}

const isCut = ({ min, max }: Pick<Combination, 'min' | 'max'>): boolean => min !== -Infinity || max !== Infinity;

function single(tensor: string, scale: Spread, shift: Spread = Float64Array.of(0)): Combination {
  return { terms: [{ tensor, scale }], shift, min: -Infinity, max: Infinity };
}

const times = (a: number, b: number): number => a * b;
const plus = (a: number, b: number): number => a + b;

function mapped({ terms, shift, min, max }: Combination, factor: Spread, offset: Spread): Combination {
  return {
    terms: terms.map(({ tensor, scale }) => ({ tensor, scale: combine(scale, factor, times) })),
    shift: combine(combine(shift, factor, times), offset, plus),
    min,
    max,
  };
}

function moved(tensor: string, shape: Shape, by: number): Fields {
  const size = sizeOf(shape);
  return {
    op: 'affine',
    inputs: [tensor],
    shape,
    scale: new Float64Array(size).fill(1),
    shift: new Float64Array(size).fill(by),
  };
}

/** One entry where all are equal. */
function merged(values: Spread): Spread {
  return values.length > 1 && values.every((value) => value === values[0]) ? values.slice(0, 1) : values;
}

function spread(values: Spread, size: number): Float64Array {
  return values.length === size ? values : new Float64Array(size).fill(values[0]);
}

function combine(a: Spread, b: Spread, f: (x: number, y: number) => number): Spread {
  return Float64Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(at(a, i), at(b, i)));
}

/** The value that all members of each group have; undefined where they differ. */
function ofGroups(values: Spread, { offsets, indices }: Groups): Spread | undefined {
  if (values.length === 1) return values;
  const shared = Float64Array.from({ length: offsets.length - 1 }, (_, i) => values[indices[offsets[i]]] ?? 0);
  for (let i = 0; i < shared.length; i += 1)
    for (let k = offsets[i]; k < offsets[i + 1]; k += 1) if (values[indices[k]] !== shared[i]) return undefined;
  return merged(shared);
}

/** The whole number that a quotient of scales is; undefined where it is none. */
function wholeOf(value: number): number | undefined {
  const whole = Math.round(value) + 0;
  return Number.isFinite(whole) && Math.abs(value - whole) <= NEAR ? whole : undefined;
}

/**
 * The numbers as integers times one unit, by Euclid's algorithm; undefined where the integers would be larger than any
 * quantized weight.
 */
function gridOf(
  values: Float64Array,
  from: number,
  count: number,
): { readonly unit: number; readonly values: Float64Array } | undefined {
  let largest = 0;
  for (let i = from; i < from + count; i += 1) largest = Math.max(largest, Math.abs(values[i]));
  if (largest === 0) return { unit: 1, values: new Float64Array(count) };
  const least = largest / LARGEST_WEIGHT;
  let unit = 0;
  for (let i = from; i < from + count; i += 1) {
    let [a, b] = [unit, Math.abs(values[i])];
    while (b > largest * NOTHING) [a, b] = [b, a % b];
    unit = a;
    if (unit !== 0 && unit < least) return undefined;
  }
  const integers = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    integers[i] = Math.round(values[from + i] / unit) + 0;
    if (Math.abs(values[from + i] / unit - integers[i]) > NEAR) return undefined;
  }
  return { unit, values: integers };
}
