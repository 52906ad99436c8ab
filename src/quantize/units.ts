/**
 * Units for elements of different size: a channel of range 0.1 beside one of range 50 is counted in units so small that
 * both fill the same grid. Units change no real value: the constants before take them in and the constants behind give
 * them back (`network/unit-classes.ts`), so they cost no constraint, and every tensor keeps one scale.
 */
import type { Graph, GraphNode } from '../network/graph.js';
import { layerOf } from '../network/layers/index.js';
import { FIXED } from '../network/unit-classes.js';
import { inUnits, type ClassStatistics, type TensorStatistics } from './statistics.js';
import type { IntegerInput } from '../integer/integer-model.js';

/** A network whose elements are counted in units of their own, and what is known of its tensors in these units. */
export interface InUnits {
  readonly graph: Graph;
  readonly statistics: ReadonlyMap<string, TensorStatistics>;
  /** The graph's inputs in its units: one scale each. */
  readonly inputs: readonly IntegerInput[];
  /** The unit of element i of a tensor. */
  unitOf(name: string, i: number): number;
}

/**
 * Smallest unit, as a share of the largest elements' unit: smaller elements do not matter on a grid of any number of
 * bits.
 */
const SMALLEST = 2 ** -10;
/**
 * How much larger than on the calibration data an element is expected to be, for each value by which that is known (as
 * 1 / sqrt(n)).
 */
const MARGIN = 1;
/** The factor by which units must lessen the error of what reads a group of tensors. */
const WORTH = 3;
/**
 * The step of inputs in their own units: a power of two, so that thresholds are rounded as the inputs are; below 1,
 * which stands for integers.
 */
const INPUT_STEP = 2 ** -8;

interface Given {
  /** The graph's, in its order; those whose elements have scales of their own set the units of these. */
  readonly inputs: readonly IntegerInput[];
  /** Bits of an activation. */
  readonly bits: number;
}

export function takeUnits(graph: Graph, statistics: ReadonlyMap<string, ClassStatistics>, given: Given): InUnits {
  const kept = new Set<number>([FIXED]);
  for (;;) {
    const { units, steps } = chooseUnits(graph, statistics, given, kept);
    const unitOf = (unitClass: number): number => units.get(unitClass) ?? 1;
    const known = new Map([...statistics].map(([name, entry]) => [name, inUnits(entry, unitOf)]));
    const taken = { ...graph, nodes: graph.nodes.map((node) => nodeInUnits(node, statistics, unitOf)) };
    // A clip whose elements all keep the unit 1 stays as the network has it.
    const cutting = taken.nodes.filter(
      (node, i) =>
        node !== graph.nodes[i] && node.op === 'clip' && cutsOff(node, known.get(node.output) as TensorStatistics),
    );
    if (cutting.length === 0)
      return {
        graph: taken,
        statistics: known,
        inputs: given.inputs.map((input, k) => ({ ...input, scale: Float64Array.of(steps[k]) })),
        unitOf(name, i) {
          const { classes, index } = statistics.get(name) as ClassStatistics;
          return unitOf(classes[index === undefined ? 0 : index[i]]);
        },
      };
    for (const { output } of cutting)
      for (const unitClass of (statistics.get(output) as ClassStatistics).classes) kept.add(unitClass);
  }
}

/** Whether a clip in units cuts off what the network's own clip, at ends that differ between units, does not. */
function cutsOff({ min, max }: Extract<GraphNode, { op: 'clip' }>, known: TensorStatistics): boolean {
  return known.max > max * (1 + 1e-9) || known.min < min * (1 + 1e-9);
}

function nodeInUnits(
  node: GraphNode,
  statistics: ReadonlyMap<string, ClassStatistics>,
  unitOf: (unitClass: number) => number,
): GraphNode {
  const of = (name: string): ClassStatistics => statistics.get(name) as ClassStatistics;
  const tensors = [...node.inputs, node.output];
  if (tensors.every((name) => of(name).classes.every((unitClass) => unitOf(unitClass) === 1))) return node;
  const [output, ...inputs] = [node.output, ...node.inputs].map((name) => elementsOf(of(name), unitOf));
  return layerOf(node).inUnits(node, inputs, output);
}

/** The unit of each element. */
function elementsOf({ size, classes, index }: ClassStatistics, unitOf: (unitClass: number) => number): Float64Array {
  const units = Float64Array.from(classes, unitOf);
  return index === undefined ? new Float64Array(size).fill(units[0]) : Float64Array.from(index, (k) => units[k]);
}

interface Choice {
  /** Of each class that has a unit other than 1. */
  readonly units: ReadonlyMap<number, number>;
  /** Of each input, its step in its units. */
  readonly steps: readonly number[];
}

function chooseUnits(
  graph: Graph,
  statistics: ReadonlyMap<string, ClassStatistics>,
  { inputs, bits }: Given,
  kept: ReadonlySet<number>,
): Choice {
  const levels = 2 ** bits - 1;
  const of = (name: string): ClassStatistics => statistics.get(name) as ClassStatistics;
  const groups = new UnionFind();
  for (const { classes } of statistics.values()) groups.join(classes.filter((unitClass) => !kept.has(unitClass)));
  const own = new Map(inputs.flatMap((input) => (input.scale.length > 1 ? ownScales(input, of(input.name)) : [])));
  const { sizes, beside } = measureSizes(graph, statistics, kept, groups);
  // The steps of groups with an input that has scales of its own.
  const steps = new Map<number, number>();
  for (const unitClass of own.keys()) {
    const besides = beside.get(groups.of(unitClass));
    steps.set(groups.of(unitClass), besides === undefined ? INPUT_STEP : besides / levels);
  }
  // Elsewhere the largest elements keep the unit 1.
  const largest = new Map(beside);
  for (const [unitClass, { size }] of sizes) raise(largest, groups.of(unitClass), size);
  const finest = new Map<number, number>();
  for (const [unitClass, { size, expected }] of sizes) {
    const group = groups.of(unitClass);
    const step = steps.get(group);
    if (size > 0)
      finest.set(
        unitClass,
        Math.max(
          SMALLEST,
          step === undefined ? Math.min(1, expected / (largest.get(group) as number)) : expected / (step * levels),
        ),
      );
  }
  const units = whereTheyHelp(finest, gainsOf(graph, statistics, sizes, kept), groups, steps);
  for (const [unitClass, scale] of own) units.set(unitClass, scale / (steps.get(groups.of(unitClass)) as number));
  return {
    units,
    steps: inputs.map(({ name, scale }) =>
      scale.length === 1 ? scale[0] : (steps.get(groups.of(of(name).classes[0])) as number),
    ),
  };
}

/**
 * Units as coarse as they may be, for each halving of one costs constraints: none in groups where they would not lessen
 * the error of the layers behind by a factor, and elsewhere no finer than brings an element's part in that error to the
 * mean of all.
 */
function whereTheyHelp(
  finest: ReadonlyMap<number, number>,
  gains: ReadonlyMap<number, Gain>,
  groups: UnionFind,
  steps: ReadonlyMap<number, number>,
): Map<number, number> {
  const errors = new Map<number, { without: number; within: number; elements: number }>();
  for (const [unitClass, unit] of finest) {
    const { sum, elements } = gains.get(unitClass) ?? NO_GAIN;
    const group = groups.of(unitClass);
    const { without, within, elements: all } = errors.get(group) ?? { without: 0, within: 0, elements: 0 };
    errors.set(group, { without: without + sum, within: within + sum * unit ** 2, elements: all + elements });
  }
  const units = new Map<number, number>();
  for (const [unitClass, unit] of finest) {
    const group = groups.of(unitClass);
    const { without, within, elements } = errors.get(group) as { without: number; within: number; elements: number };
    const { sum, elements: count } = gains.get(unitClass) ?? NO_GAIN;
    if (steps.has(group)) units.set(unitClass, unit);
    else if (sum > 0 && without > WORTH ** 2 * within)
      units.set(unitClass, Math.min(1, Math.max(unit, Math.sqrt((within / elements / sum) * count))));
  }
  return units;
}

/** How far errors in the elements of a class disturb what reads them, all together, and how many elements that are. */
interface Gain {
  readonly sum: number;
  readonly elements: number;
}

const NO_GAIN: Gain = { sum: 0, elements: 0 };

function gainsOf(
  graph: Graph,
  statistics: ReadonlyMap<string, ClassStatistics>,
  sizes: ReadonlyMap<number, Size>,
  kept: ReadonlySet<number>,
): ReadonlyMap<number, Gain> {
  const gains = new Map<number, Gain>();
  for (const node of graph.nodes) {
    const found = layerOf(node).gains(node, sizesOf(statistics.get(node.output) as ClassStatistics, sizes));
    if (found === undefined) continue;
    const { classes, index } = statistics.get(node.inputs[0]) as ClassStatistics;
    found.forEach((gain, i) => {
      const unitClass = classes[index === undefined ? 0 : index[i]];
      if (kept.has(unitClass)) return;
      const { sum, elements } = gains.get(unitClass) ?? NO_GAIN;
      gains.set(unitClass, { sum: sum + gain, elements: elements + 1 });
    });
  }
  return gains;
}

/** How far each element of a tensor reaches from zero. */
function sizesOf(
  { size, classes, index, min, max, ranges }: ClassStatistics,
  sizes: ReadonlyMap<number, Size>,
): Float64Array {
  if (ranges !== undefined) return ranges.low.map((low, i) => Math.max(-low, ranges.high[i], 0));
  const reached = Float64Array.from(
    classes,
    (unitClass, k) => sizes.get(unitClass)?.size ?? Math.max(-min[k], max[k], 0),
  );
  return new Float64Array(size).map((_, i) => reached[index === undefined ? 0 : index[i]]);
}

function ownScales({ scale }: IntegerInput, { classes, index }: ClassStatistics): [number, number][] {
  return Array.from(scale, (value, i) => [classes[index === undefined ? 0 : index[i]], value]);
}

/**
 * How far the elements of a class reach from zero on the calibration data, and how far they are expected to reach on
 * other inputs.
 */
interface Size {
  readonly size: number;
  readonly expected: number;
}

interface Sizes {
  readonly sizes: ReadonlyMap<number, Size>;
  /** By group: how far elements in the unit 1 reach that stand in one tensor with elements of the group. */
  readonly beside: ReadonlyMap<number, number>;
}

function measureSizes(
  graph: Graph,
  statistics: ReadonlyMap<string, ClassStatistics>,
  kept: ReadonlySet<number>,
  groups: UnionFind,
): Sizes {
  const sizes = new Map<number, Size>();
  const beside = new Map<number, number>();
  const held = heldTensors(graph);
  for (const [name, { classes, min, max, counts }] of statistics) {
    if (!held.has(name)) continue;
    const free = classes.find((unitClass) => !kept.has(unitClass));
    classes.forEach((unitClass, k) => {
      const size = Math.max(-min[k], max[k], 0);
      if (kept.has(unitClass)) return free === undefined ? undefined : raise(beside, groups.of(free), size);
      const known = sizes.get(unitClass) ?? { size: 0, expected: 0 };
      sizes.set(unitClass, {
        size: Math.max(known.size, size),
        expected: Math.max(known.expected, size * (1 + MARGIN / Math.sqrt(counts[k]))),
      });
    });
  }
  for (const node of graph.nodes) {
    if (node.op !== 'clip') continue;
    const end = Math.max(Math.abs(node.min), Math.abs(node.max));
    for (const unitClass of (statistics.get(node.output) as ClassStatistics).classes) {
      const known = sizes.get(unitClass);
      if (known !== undefined)
        sizes.set(unitClass, { ...known, expected: Math.max(known.size, Math.min(known.expected, end)) });
    }
  }
  return { sizes, beside };
}

function raise(most: Map<number, number>, key: number, value: number): void {
  most.set(key, Math.max(most.get(key) ?? 0, value));
}

/** Classes that stand together in tensors, and have one size there in their units. */
class UnionFind {
  private readonly parents = new Map<number, number>();

  of(unitClass: number): number {
    let at = unitClass;
    for (let parent = this.parents.get(at); parent !== undefined; parent = this.parents.get(at)) {
      const next = this.parents.get(parent);
      if (next !== undefined) this.parents.set(at, next);
      at = parent;
    }
    return at;
  }

  join(classes: Int32Array): void {
    for (const unitClass of classes) {
      const [a, b] = [this.of(classes[0]), this.of(unitClass)];
      if (a !== b) this.parents.set(Math.max(a, b), Math.min(a, b));
    }
  }
}

/** Whether what is read of a tensor reaches beyond zero and the ends of a clip: then its own range counts. */
function heldTensors(graph: Graph): ReadonlySet<string> {
  const held = new Set(graph.outputs.map(({ tensor }) => tensor));
  for (const node of [...graph.nodes].reverse()) {
    const cuts = (node.op === 'prelu' && node.slope.every((slope) => slope === 0)) || node.op === 'clip';
    const passes = (node.op === 'max' || node.op === 'move') && !held.has(node.output);
    if (!cuts && !passes) for (const input of node.inputs) held.add(input);
  }
  return held;
}
