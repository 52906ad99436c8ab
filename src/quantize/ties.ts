/**
 * Comparisons of an input with a constant that lies within half a step of a value of the data. Both are rounded to one
 * integer, and what stands on either side of the constant can no longer be told apart: a decision tree halves the
 * distance of two values that are neighbours in single precision, or of 4.8 and 5.0, and single precision has 4.9 a
 * little above that. Such an integer belongs to the side on which the calibration rows stand that are rounded to it.
 */
import type { Graph, StepNode } from '../network/graph.js';
import { at } from '../network/layers/round.js';
import { sizeOf } from '../tensor/shape.js';
import type { IntegerInput } from '../integer/integer-model.js';

/** How near a constant and a value must be, in parts of themselves, for single precision to decide between them. */
const NEAR = 2 ** -22;

/** Where an element of a tensor comes from: element `element` of the graph's input `input`. */
interface Source {
  readonly input: number;
  readonly element: number;
}

/** The graph with every such constant moved to where its integer is on the side that its rows are on. */
export function settleTies(
  graph: Graph,
  inputs: readonly IntegerInput[],
  samples: readonly (readonly Float64Array[])[],
): Graph {
  const sizes = new Map(
    [...inputs, ...graph.nodes.map(({ output, shape }) => ({ name: output, shape }))].map(({ name, shape }) => [
      name,
      sizeOf(shape),
    ]),
  );
  // Integers stand for themselves: nothing is rounded to them.
  const sources = new Map<string, readonly (Source | undefined)[]>(
    inputs.flatMap(({ name, exact }, input) =>
      exact ? [] : [[name, Array.from({ length: sizes.get(name) ?? 0 }, (_, element) => ({ input, element }))]],
    ),
  );
  const nodes = graph.nodes.map((node) => {
    if (node.op === 'move' && node.inputs.some((name) => sources.has(name))) {
      const from = node.inputs.flatMap(
        (name) => sources.get(name) ?? new Array<undefined>(sizes.get(name) ?? 0).fill(undefined),
      );
      const moved = Array.from(node.index, (i) => (i < 0 ? undefined : from[i]));
      sources.set(node.output, moved);
    }
    const of = node.op === 'step' ? sources.get(node.inputs[0]) : undefined;
    return node.op === 'step' && of !== undefined ? settled(node, of, inputs, samples) : node;
  });
  return { ...graph, nodes };
}

function settled(
  node: StepNode,
  sources: readonly (Source | undefined)[],
  inputs: readonly IntegerInput[],
  samples: readonly (readonly Float64Array[])[],
): StepNode {
  const { threshold: given, strict } = node;
  const threshold = Float64Array.from(sources, (source, i) => {
    const constant = at(given, i);
    if (source === undefined) return constant;
    const step = at(inputs[source.input].scale, source.element);
    const code = Math.round(constant / step);
    const reaches = (value: number): boolean => (strict ? value > constant : value >= constant);
    let [reaching, seen] = [0, 0];
    for (const sample of samples) {
      const value = sample[source.input][source.element];
      if (Math.round(value / step) !== code) continue;
      seen += 1;
      if (reaches(value)) reaching += 1;
    }
    const own = Math.fround(code * step);
    if (seen === 0 && Math.abs(own - constant) > NEAR * Math.abs(constant)) return constant;
    const isReached = seen === 0 ? reaches(own) : 2 * reaching > seen;
    if (strict) return (isReached ? code - 1 : code) * step;
    return (isReached ? code : code + 1) * step;
  });
  return threshold.every((value, i) => value === at(given, i)) ? node : { ...node, threshold };
}
