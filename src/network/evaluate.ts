/**
 * Runs a normalised network in double precision. Used to calibrate quantization and as the float side of accuracy
 * reports. The trap: it is more precise than the float32 of onnxruntime, so results agree to about 1e-6, not exactly.
 */
import type { Graph } from './graph.js';
import { layerOf } from './layers/index.js';

/** Values of every tensor of a graph by name, graph inputs included. */
export type TensorValues = Map<string, Float64Array>;

/**
 * Prepares a graph for repeated evaluation. The function returned takes one flat array per graph input, in order, each
 * of the size of its shape, and gives every tensor's values.
 */
export function evaluator(graph: Pick<Graph, 'inputs' | 'nodes'>): (inputs: readonly Float64Array[]) => TensorValues {
  const steps = graph.nodes.map((node) => ({ node, run: layerOf(node).prepare(node) }));
  return (inputs) => {
    const values: TensorValues = new Map(graph.inputs.map(({ name }, i) => [name, inputs[i]]));
    for (const { node, run } of steps) values.set(node.output, run(node.inputs.map((name) => values.get(name)!)));
    return values;
  };
}

/** One evaluation: see {@link evaluator}. */
export function evaluate(graph: Pick<Graph, 'inputs' | 'nodes'>, inputs: readonly Float64Array[]): TensorValues {
  return evaluator(graph)(inputs);
}
