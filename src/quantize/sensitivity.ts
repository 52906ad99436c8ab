/**
 * Which activations want more bits than others. Rounding an early activation may disturb the outputs far more than
 * rounding a late one, and a tensor of many elements costs more constraints for a bit than one of few. The error of all
 * cuts together is least, at the same cost, where each one's share of it is in proportion to what a bit of it costs:
 * bits then differ by half the binary logarithm of error over cost.
 */
import type { Graph, GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import { mostOf } from '../tensor/extremes.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { fuse } from './fuse.js';

/** Rows, each one array per graph input. */
type Samples = readonly (readonly Float64Array[])[];

/** Rows on which outputs are disturbed; the network runs once for each cut and row. */
const ROWS = 2;
/** Cuts at most: with more, as in a network unrolled over time, measuring each would take longer than all the rest. */
const MOST_CUTS = 128;
/** Disturbance, in parts of a tensor's range: small, so that errors grow in proportion to it. */
const DISTURBANCE = 2 ** -12;
/** Bits that a tensor may have more, or fewer, than the others. */
const [MOST_MORE, MOST_FEWER] = [4, 3];
/** What a bit costs the layers that read a tensor, in parts of what it costs the tensor: their sums grow by a part of it. */
const READERS_SHARE = 0.5;

/**
 * By tensor: how many bits more than the others it should have, or fewer, at about the same number of constraints in
 * all. Rectifiers and clips alone are asked; empty where they are too many, or where there are no samples.
 */
export function spreadOfBits(given: Graph, samples: Samples): ReadonlyMap<string, number> {
  const graph = fuse(given);
  const cuts = cutsOf(graph);
  if (cuts.length < 2 || cuts.length > MOST_CUTS || samples.length === 0) return new Map();
  const errors = errorsOf(graph, cuts, samples.slice(0, ROWS));
  const costs = cuts.map(({ name, shape }) => {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
    return sizeOf(shape) + READERS_SHARE * readers.reduce((sum, reader) => sum + sizeOf(reader.shape), 0);
  });
  const wishes = errors.map((error, k) => (error > 0 ? Math.log2(error / costs[k]) / 2 : -Infinity));
  const finite = wishes.map((wish, k) => (Number.isFinite(wish) ? costs[k] * wish : 0));
  const total = costs.reduce((sum, cost, k) => sum + (Number.isFinite(wishes[k]) ? cost : 0), 0);
  const mean = finite.reduce((sum, value) => sum + value, 0) / Math.max(total, 1);
  return new Map(
    cuts.map(({ name }, k) => [name, Math.min(MOST_MORE, Math.max(-MOST_FEWER, Math.round(wishes[k] - mean)))]),
  );
}

/** The layer whose rounding disturbs the outputs most where all have the same bits; undefined as for the spread. */
export function mostSensitive(given: Graph, samples: Samples): string | undefined {
  const graph = fuse(given);
  const cuts = cutsOf(graph);
  if (cuts.length < 2 || cuts.length > MOST_CUTS || samples.length === 0) return undefined;
  const errors = errorsOf(graph, cuts, samples.slice(0, ROWS));
  return cuts[errors.indexOf(mostOf(errors))].layer;
}

/** Values that a layer cuts to a grid of its own. */
interface Cut {
  readonly name: string;
  /** What the user calls it. */
  readonly layer: string;
  readonly shape: Shape;
}

function cutsOf(graph: Graph): readonly Cut[] {
  return graph.nodes.flatMap((node) =>
    isCut(node, graph) ? { name: node.output, layer: node.name, shape: node.shape } : [],
  );
}

/** Whether a node cuts what it makes to a grid of its own: parts of a concatenation share theirs. */
function isCut(node: GraphNode, { nodes, outputs }: Graph): boolean {
  if (node.integers !== undefined || outputs.some(({ tensor }) => tensor === node.output)) return false;
  if (node.op !== 'clip' && !(node.op === 'prelu' && node.slope.every((slope) => slope === 0))) return false;
  const isJoined = (name: string): boolean =>
    nodes.some((reader) => {
      if (!reader.inputs.includes(name)) return false;
      return layerOf(reader).onlyMoves(reader) && (reader.inputs.length > 1 || isJoined(reader.output));
    });
  return !isJoined(node.output);
}

/** For each cut the mean square error of all outputs, each in parts of its range, where the cut is disturbed. */
function errorsOf(graph: Graph, cuts: readonly Cut[], samples: Samples): readonly number[] {
  const steps = graph.nodes.map((node) => ({ node, run: layerOf(node).prepare(node) }));
  const errors = new Float64Array(cuts.length);
  for (const sample of samples) {
    const values = new Map(graph.inputs.map(({ name }, k) => [name, sample[k]]));
    const read = (name: string): Float64Array => values.get(name) as Float64Array;
    for (const { node, run } of steps) values.set(node.output, run(node.inputs.map(read)));
    cuts.forEach(({ name: cut }, k) => {
      const changed = new Map([[cut, disturbed(read(cut))]]);
      for (const { node, run } of steps) {
        if (node.inputs.some((name) => changed.has(name)))
          changed.set(node.output, run(node.inputs.map((name) => changed.get(name) ?? read(name))));
      }
      for (const { tensor } of graph.outputs) {
        const [exact, other] = [read(tensor), changed.get(tensor)];
        const range = mostOf(exact.map(Math.abs));
        if (other === undefined || !(range > 0)) continue;
        errors[k] += exact.reduce((sum, value, i) => sum + ((other[i] - value) / range) ** 2, 0) / exact.length;
      }
    });
  }
  return Array.from(errors);
}

/** Values that lie at zero, where a rectifier holds them, stay; the others move by fractions of a step that repeat in no pattern. */
function disturbed(values: Float64Array): Float64Array {
  const step = mostOf(values.map(Math.abs)) * DISTURBANCE;
  const golden = (Math.sqrt(5) - 1) / 2;
  return values.map((value, i) => (value === 0 ? 0 : value + ((((i + 1) * golden) % 1) - 0.5) * step));
}
