/**
 * Runs a normalised network in double precision. Used to calibrate quantization and as the float side of accuracy
 * reports. The trap: it is more precise than the float32 of onnxruntime, so results agree to about 1e-6, not exactly.
 */
import { argMax, affine, clip, conv, dense, groupMax, groupSum, move, multiply, planConv, prelu, weightedSum } from '../tensor/kernels.js';
import type { Graph, GraphNode } from './graph.js';

/** Values of every tensor of a graph by name, graph inputs included. */
export type TensorValues = Map<string, Float64Array>;

/**
 * Prepares a graph for repeated evaluation. The function returned takes one flat array per graph input, in order, each of
 * the size of its shape, and gives every tensor's values.
 */
export function evaluator(graph: Pick<Graph, 'inputs' | 'nodes'>): (inputs: readonly Float64Array[]) => TensorValues {
  const steps = graph.nodes.map((node) => ({ node, run: prepare(node) }));
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

function prepare(node: GraphNode): (inputs: readonly Float64Array[]) => Float64Array {
  switch (node.op) {
    case 'dense':
      return ([x]) => dense(x, node.rows, node.inFeatures, node.outFeatures, node.weight, node.bias);
    case 'conv': {
      const plan = planConv(node);
      return ([x]) => conv(x, plan, node.weight, node.bias);
    }
    case 'affine':
      return ([x]) => affine(x, node.scale, node.shift);
    case 'mean':
      return ([x]) => groupSum(x, node.groups).map((sum, i) => sum / node.divisors[i]);
    case 'max':
      return ([x]) => groupMax(x, node.groups);
    case 'move':
      return (inputs) => move(inputs, node.index, node.constants);
    case 'prelu':
      return ([x]) => prelu(x, node.slope);
    case 'clip':
      return ([x]) => clip(x, node.min, node.max);
    case 'sum':
      return (inputs) => weightedSum(inputs, node.coefficients);
    case 'multiply':
      return ([a, b]) => multiply(a, b);
    case 'argMax':
      return ([x]) => argMax(x, node.groups, node.selectLast);
  }
}
