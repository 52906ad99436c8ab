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

type Rewrite = (usage: Usage) => GraphNode[] | undefined;

/** A graph's nodes with who reads what. */
class Usage {
  readonly readers = new Map<string, GraphNode[]>();
  readonly makers = new Map<string, GraphNode>();
  private readonly kept: ReadonlySet<string>;

  constructor(
    readonly nodes: readonly GraphNode[],
    graph: Graph,
  ) {
    this.kept = new Set(graph.outputs.map((output) => output.tensor));
    for (const node of nodes) {
      this.makers.set(node.output, node);
      for (const input of node.inputs) this.readers.set(input, [...(this.readers.get(input) ?? []), node]);
    }
  }

  /** The node that alone reads this tensor, if the tensor is read once and is no graph output. */
  onlyReader(tensor: string): GraphNode | undefined {
    const readers = this.readers.get(tensor) ?? [];
    return readers.length === 1 && !this.kept.has(tensor) && readers[0].inputs.length === 1 ? readers[0] : undefined;
  }

  /** The nodes with `first` and `second` replaced by `replacement`, standing where `second` stood. */
  replace(first: GraphNode, second: GraphNode, ...replacement: GraphNode[]): GraphNode[] {
    return this.nodes.flatMap((node) => (node === first ? [] : node === second ? replacement : [node]));
  }
}

/** Fuses until nothing changes. */
export function fuse(graph: Graph): Graph {
  let nodes: readonly GraphNode[] = graph.nodes;
  for (;;) {
    const usage = new Usage(nodes, graph);
    const next = REWRITES.reduce<GraphNode[] | undefined>((done, rewrite) => done ?? rewrite(usage), undefined);
    if (next === undefined) return { ...graph, nodes };
    nodes = next;
  }
}

/** Finds the first pair (node, its only reader) that `merge` can rewrite. */
function pairwise(merge: (first: GraphNode, second: GraphNode) => GraphNode[] | undefined): Rewrite {
  return (usage) => {
    for (const first of usage.nodes) {
      const second = usage.onlyReader(first.output);
      const merged = second && merge(first, second);
      if (second && merged) return usage.replace(first, second, ...merged);
    }
    return undefined;
  };
}

const REWRITES: readonly Rewrite[] = [
  pairwise((first, second) => {
    if (second.op !== 'affine') return undefined;
    if (first.op === 'affine') return [composeAffine(first, second)];
    if (first.op === 'dense') return foldBehindDense(first, second);
    if (first.op === 'conv') return foldBehindConv(first, second);
    return undefined;
  }),
  pairwise((first, second) => {
    if (first.op !== 'affine') return undefined;
    if (second.op === 'dense') return foldBeforeDense(first, second);
    if (second.op === 'conv') return foldBeforeConv(first, second);
    if (second.op === 'move') return swapAffineAndMove(first, second);
    return undefined;
  }),
  pairwise((first, second) => (second.op === 'max' ? activateAfterMax(first, second) : undefined)),
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
function swapAffineAndMove(affine: AffineNode, move: MoveNode): GraphNode[] {
  const between = `${move.output}/moved`;
  const pick = (values: Float64Array, constant: number): Float64Array =>
    Float64Array.from(move.index, (position) => (position < 0 ? constant : values[position]));
  return [
    { ...move, inputs: affine.inputs, output: between },
    { ...affine, inputs: [between], output: move.output, shape: move.shape, scale: pick(affine.scale, 1), shift: pick(affine.shift, 0) },
  ];
}

/** max(f(x)) = f(max(x)) for monotone f; done where it means fewer constraints. */
function activateAfterMax(activation: GraphNode, max: MaxNode): GraphNode[] | undefined {
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
  const between = `${max.output}/pooled`;
  return [
    { ...max, inputs: activation.inputs, output: between },
    { ...activation, inputs: [between], output: max.output, shape: max.shape },
  ];
}
