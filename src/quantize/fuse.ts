/**
 * Rewrites a float graph into a cheaper one with the same function: per-channel affine maps (BatchNormalization,
 * standardization) are folded into the dense or convolution layer beside them, and a monotone activation is moved
 * behind the max pooling that follows it, so that fewer values are cut back to few bits. Exact over the reals.
 *
 * The trap: an affine shift may not cross a zero padding, since padded zeros would be shifted too.
 */
import type { AffineNode, ConvNode, DenseNode, Graph, GraphNode, MaxNode, MoveNode } from '../network/graph.js';
import { sizeOf } from '../network/graph.js';

/** Cost in constraints of cutting one accumulator, and of one comparison of accumulators: what a typical layer needs. */
const TYPICAL_REQUANTIZE = 24;
const TYPICAL_COMPARE = 22;

/** Gives tensors names that no tensor of the graph has. */
type Fresh = (wanted: string) => string;
/** What replaces a node and the only node that reads it; undefined where they stay. */
type Merge = (first: GraphNode, second: GraphNode, fresh: Fresh) => readonly GraphNode[] | undefined;

/** A node in its place among the others. */
interface Place {
  readonly node: GraphNode;
  before?: Place;
  after?: Place;
}

/** A graph's nodes as a list that changes in place, with who makes and who reads each tensor kept beside it. */
class Nodes {
  private readonly readers = new Map<string, Set<Place>>();
  private readonly makers = new Map<string, Place>();
  private readonly kept: ReadonlySet<string>;
  private readonly names: Set<string>;
  private first?: Place;
  private last?: Place;

  constructor(graph: Graph) {
    this.kept = new Set(graph.outputs.map((output) => output.tensor));
    this.names = new Set([...graph.inputs.map((input) => input.name), ...graph.nodes.map((node) => node.output)]);
    for (const node of graph.nodes) this.link({ node, before: this.last });
  }

  *places(): Iterable<Place> {
    for (let place = this.first; place !== undefined; place = place.after) yield place;
  }

  fresh(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count += 1) name = `${wanted}#${count}`;
    this.names.add(name);
    return name;
  }

  /** Whether the node still stands there. */
  holds(place: Place): boolean {
    return this.makers.get(place.node.output) === place;
  }

  /** The node that alone reads this tensor, if the tensor is read once and is no graph output. */
  onlyReader(tensor: string): Place | undefined {
    const readers = this.readers.get(tensor);
    if (readers?.size !== 1 || this.kept.has(tensor)) return undefined;
    const [reader] = readers;
    return reader.node.inputs.length === 1 ? reader : undefined;
  }

  /** Puts nodes in place of two, where the second stood. Returns the places whose next step may now be another. */
  replace(first: Place, second: Place, replacement: readonly GraphNode[]): Place[] {
    let before = second.before === first ? first.before : second.before;
    this.unlink(first);
    this.unlink(second);
    const changed: Place[] = [];
    for (const node of replacement) {
      const place: Place = { node, before };
      this.link(place);
      before = place;
      changed.push(place);
    }
    const makers = replacement.flatMap(({ inputs }) => inputs.map((tensor) => this.makers.get(tensor)));
    return [...makers.filter((place) => place !== undefined), ...changed];
  }

  private link(place: Place): void {
    place.after = place.before === undefined ? this.first : place.before.after;
    if (place.before === undefined) this.first = place;
    else place.before.after = place;
    if (place.after === undefined) this.last = place;
    else place.after.before = place;
    this.makers.set(place.node.output, place);
    for (const tensor of place.node.inputs) {
      const readers = this.readers.get(tensor) ?? new Set<Place>();
      this.readers.set(tensor, readers.add(place));
    }
  }

  private unlink(place: Place): void {
    if (place.before === undefined) this.first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.last = place.before;
    else place.after.before = place.before;
    this.makers.delete(place.node.output);
    for (const tensor of place.node.inputs) this.readers.get(tensor)?.delete(place);
  }
}

/**
 * Fuses until nothing changes. Earlier rewrites go before later ones wherever both apply. Each rewrite looks again only at the
 * nodes around a change, so that the time is about linear in the number of nodes.
 */
export function fuse(graph: Graph): Graph {
  const nodes = new Nodes(graph);
  const fresh: Fresh = (wanted) => nodes.fresh(wanted);
  const pending = REWRITES.map(() => [...nodes.places()].reverse());
  for (;;) {
    const next = pending.findIndex((places) => places.length > 0);
    if (next < 0) return { ...graph, nodes: Array.from(nodes.places(), (place) => place.node) };
    const first = pending[next].pop() as Place;
    const second = nodes.holds(first) ? nodes.onlyReader(first.node.output) : undefined;
    const merged = second && REWRITES[next].merge(first.node, second.node, fresh);
    if (second === undefined || merged === undefined) continue;
    const changed = nodes.replace(first, second, merged);
    for (const places of pending) for (const place of changed.slice().reverse()) places.push(place);
  }
}

/** The rewrites, in order, each by its name. */
const REWRITES: readonly { readonly name: string; readonly merge: Merge }[] = [
  {
    name: 'fold an affine map into the layer before it',
    merge(first, second) {
      if (second.op !== 'affine') return undefined;
      if (first.op === 'affine') return [composeAffine(first, second)];
      if (first.op === 'dense') return foldBehindDense(first, second);
      if (first.op === 'conv') return foldBehindConv(first, second);
      return undefined;
    },
  },
  {
    name: 'fold an affine map into the layer behind it, or move it nearer to one',
    merge(first, second, fresh) {
      if (first.op !== 'affine') return undefined;
      if (second.op === 'dense') return foldBeforeDense(first, second);
      if (second.op === 'conv') return foldBeforeConv(first, second);
      if (second.op === 'move') return swapAffineAndMove(first, second, fresh);
      return undefined;
    },
  },
  {
    name: 'activate after the maximum',
    merge: (first, second, fresh) => (second.op === 'max' ? activateAfterMax(first, second, fresh) : undefined),
  },
];

function composeAffine(first: AffineNode, second: AffineNode): AffineNode {
  return {
    ...second,
    inputs: first.inputs,
    scale: first.scale.map((scale, i) => scale * second.scale[i]),
    shift: first.shift.map((shift, i) => shift * second.scale[i] + second.shift[i]),
  };
}

/** The `period` values that `values` repeats, each held for `stretch` elements; undefined where it does not. */
function periodic(values: Float64Array, period: number, stretch: number): Float64Array | undefined {
  const base = new Float64Array(period);
  for (let i = 0; i < values.length; i += 1) {
    const channel = Math.floor(i / stretch) % period;
    if (i < period * stretch && i % stretch === 0) base[channel] = values[i];
    if (values[i] !== base[channel]) return undefined;
  }
  return base;
}

function foldBehindDense(dense: DenseNode, affine: AffineNode): GraphNode[] | undefined {
  const scale = periodic(affine.scale, dense.outFeatures, 1);
  const shift = periodic(affine.shift, dense.outFeatures, 1);
  if (!scale || !shift) return undefined;
  return [
    {
      ...dense,
      output: affine.output,
      shape: affine.shape,
      weight: dense.weight.map((w, i) => w * scale[Math.floor(i / dense.inFeatures)]),
      bias: dense.bias.map((b, o) => b * scale[o] + shift[o]),
    },
  ];
}

function foldBehindConv(conv: ConvNode, affine: AffineNode): GraphNode[] | undefined {
  const channels = conv.weightShape[0];
  const area = sizeOf(conv.shape.slice(2));
  const scale = periodic(affine.scale, channels, area);
  const shift = periodic(affine.shift, channels, area);
  if (!scale || !shift) return undefined;
  const filter = sizeOf(conv.weightShape.slice(1));
  return [
    {
      ...conv,
      output: affine.output,
      shape: affine.shape,
      weight: conv.weight.map((w, i) => w * scale[Math.floor(i / filter)]),
      bias: conv.bias.map((b, o) => b * scale[o] + shift[o]),
    },
  ];
}

/** Folds where every row of x is scaled and shifted alike. */
function foldBeforeDense(affine: AffineNode, dense: DenseNode): GraphNode[] | undefined {
  const { inFeatures } = dense;
  const scale = periodic(affine.scale, inFeatures, 1);
  const shift = periodic(affine.shift, inFeatures, 1);
  if (!scale || !shift) return undefined;
  const bias = dense.bias.map((b, o) => {
    let sum = b;
    for (let i = 0; i < inFeatures; i += 1) sum += dense.weight[o * inFeatures + i] * shift[i];
    return sum;
  });
  const weight = dense.weight.map((w, k) => w * scale[k % inFeatures]);
  return [{ ...dense, inputs: affine.inputs, weight, bias }];
}

/** Folds a map that is the same over each channel; with a shift, only where nothing is padded. */
function foldBeforeConv(affine: AffineNode, conv: ConvNode): GraphNode[] | undefined {
  const channels = conv.inputShape[1];
  const area = sizeOf(conv.inputShape.slice(2));
  const scale = periodic(affine.scale, channels, area);
  const shift = periodic(affine.shift, channels, area);
  if (!scale || !shift) return undefined;
  const padded = [...conv.padsBegin, ...conv.padsEnd].some((pad) => pad !== 0);
  if (padded && shift.some((value) => value !== 0)) return undefined;
  const channelsPerGroup = conv.weightShape[1];
  const filtersPerGroup = conv.weightShape[0] / conv.groups;
  const kernel = sizeOf(conv.weightShape.slice(2));
  const channelOf = (k: number): number => {
    const filter = Math.floor(k / (channelsPerGroup * kernel));
    return Math.floor(filter / filtersPerGroup) * channelsPerGroup + (Math.floor(k / kernel) % channelsPerGroup);
  };
  const bias = conv.bias.slice();
  conv.weight.forEach((w, k) => {
    bias[Math.floor(k / (channelsPerGroup * kernel))] += w * shift[channelOf(k)];
  });
  const weight = conv.weight.map((w, k) => w * scale[channelOf(k)]);
  return [{ ...conv, inputs: affine.inputs, weight, bias }];
}

/** Moving data and then mapping it is mapping it and then moving it; the map ends nearer to the layer that can take it. */
function swapAffineAndMove(affine: AffineNode, move: MoveNode, fresh: Fresh): GraphNode[] {
  const between = fresh(`${move.output}/moved`);
  const pick = (values: Float64Array, constant: number): Float64Array =>
    Float64Array.from(move.index, (position) => (position < 0 ? constant : values[position]));
  return [
    { ...move, inputs: affine.inputs, output: between },
    { ...affine, inputs: [between], output: move.output, shape: move.shape, scale: pick(affine.scale, 1), shift: pick(affine.shift, 0) },
  ];
}

/** max(f(x)) = f(max(x)) for monotone f; done where it means fewer constraints. */
function activateAfterMax(activation: GraphNode, max: MaxNode, fresh: Fresh): GraphNode[] | undefined {
  const monotone =
    activation.op === 'clip' || (activation.op === 'prelu' && activation.slope.length === 1 && activation.slope[0] >= 0);
  if (!monotone) return undefined;
  const before = sizeOf(activation.shape);
  const after = sizeOf(max.shape);
  const compares = max.groups.indices.length - after;
  // Activated first, values have about 8 bits when compared; otherwise accumulators are compared.
  const costFirst = before * TYPICAL_REQUANTIZE + compares * 11;
  const costLast = after * TYPICAL_REQUANTIZE + compares * TYPICAL_COMPARE;
  if (costFirst <= costLast) return undefined;
  const between = fresh(`${max.output}/pooled`);
  return [
    { ...max, inputs: activation.inputs, output: between },
    { ...activation, inputs: [between], output: max.output, shape: max.shape },
  ];
}
