/**
 * Rewrites a float graph into a cheaper one with the same function: per-channel affine maps (BatchNormalization,
 * standardization) are folded into the dense or convolution layer beside them, and a monotone activation is moved
 * behind the max pooling that follows it, so that fewer values are cut back to few bits. Exact over the reals. What
 * folds into which kind of layer, and how, stands with the kind (`network/layers`).
 */
import { sizeOf, type Graph, type GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import type { Fresh } from '../network/layers/layer.js';
import { keepAuthorIntegers } from '../network/rewrites/author-integers.js';
import { fuseFunctions } from '../network/rewrites/fuse-functions.js';
import { tabulateRepaired } from '../network/rewrites/repaired-functions.js';

/**
 * Cost in constraints of cutting one accumulator, and of one comparison of accumulators: what a typical layer needs.
 */
const TYPICAL_REQUANTIZE = 24;
const TYPICAL_COMPARE = 22;

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
 * Fuses until nothing changes. Earlier rewrites go before later ones wherever both apply. Each rewrite looks again only
 * at the nodes around a change, so that the time is about linear in the number of nodes.
 */
export function fuse(graph: Graph): Graph {
  const nodes = new Nodes(keepAuthorIntegers(tabulateRepaired(graph)));
  const fresh: Fresh = (wanted) => nodes.fresh(wanted);
  const pending = REWRITES.map(() => [...nodes.places()].reverse());
  for (;;) {
    const next = pending.findIndex((places) => places.length > 0);
    if (next < 0) return fuseFunctions({ ...graph, nodes: Array.from(nodes.places(), (place) => place.node) });
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
      const map = layerOf(second).affineMap(second);
      // What is computed in integers stays in integers.
      if (map === undefined || (first.integers !== undefined && !layerOf(second).makesWhole(second, true)))
        return undefined;
      const folded = layerOf(first).withAffineAfter(first, map);
      return folded && [folded];
    },
  },
  {
    name: 'fold an affine map into the layer behind it, or move it nearer to one',
    merge(first, second, fresh) {
      const map = layerOf(first).affineMap(first);
      return map && layerOf(second).withAffineBefore(second, map, fresh);
    },
  },
  { name: 'scale before a square', merge: scaleBeforeSquare },
  {
    name: 'activate after the maximum',
    merge: activateAfterMax,
  },
];

/**
 * s x^2 = (sqrt(s) x)^2: where factors differ, such as those of a Gaussian's variances, squares of differences in units
 * of their own have one size, and the largest does not set the step of all.
 */
function scaleBeforeSquare(square: GraphNode, map: GraphNode, fresh: Fresh): GraphNode[] | undefined {
  if (square.op !== 'multiply' || map.op !== 'affine' || square.integers !== undefined) return undefined;
  const [x, other] = square.inputs;
  const [{ 0: first }] = [map.scale];
  const sign = Math.sign(first);
  if (x !== other || !map.scale.every((value) => value * sign > 0) || map.scale.every((value) => value === first))
    return undefined;
  const scaled = fresh(`${map.output}/scaled`);
  const squared = fresh(`${map.output}/squared`);
  const ones = map.scale.map(() => sign);
  const scale = map.scale.map((value) => Math.sqrt(Math.abs(value)));
  return [
    { ...map, name: scaled, inputs: [x], output: scaled, scale, shift: map.shift.map(() => 0) },
    { ...square, inputs: [scaled, scaled], output: squared },
    { ...map, inputs: [squared], scale: ones },
  ];
}

/** max(f(x)) = f(max(x)) for monotone f; done where it means fewer constraints. */
function activateAfterMax(activation: GraphNode, max: GraphNode, fresh: Fresh): GraphNode[] | undefined {
  const groups = layerOf(max).maximumOf(max);
  if (groups === undefined || !layerOf(activation).isMonotone(activation)) return undefined;
  const before = sizeOf(activation.shape);
  const after = sizeOf(max.shape);
  const compares = groups.indices.length - after;
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
