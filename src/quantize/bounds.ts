/**
 * Worst-case bounds of a float graph: what quantization falls back on where there is no calibration data.
 * The trap: bounds compound from layer to layer, so scales chosen from them are coarser than the data needs.
 */
import type { Graph, GraphNode } from '../onnx/graph.js';
import * as kernels from '../tensor/kernels.js';
import * as intervals from '../tensor/intervals.js';
import type { Intervals } from '../tensor/intervals.js';

/** Bounds of every tensor of the graph, by name, from bounds of its inputs (in the graph's order). */
export function boundGraph(graph: Graph, inputs: readonly Intervals[]): Map<string, Intervals> {
  const bounds = new Map<string, Intervals>(graph.inputs.map((input, i) => [input.name, inputs[i]]));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => bounds.get(name) as Intervals);
    bounds.set(node.output, boundNode(node, read));
  }
  return bounds;
}

function boundNode(node: GraphNode, inputs: readonly Intervals[]): Intervals {
  const [x] = inputs;
  switch (node.op) {
    case 'dense':
      return intervals.weightedIntervals(
        x,
        (values, weight, bias) => kernels.dense(values, node.rows, node.inFeatures, node.outFeatures, weight, bias),
        node.weight,
        node.bias,
      );
    case 'conv': {
      const plan = kernels.planConv(node);
      return intervals.weightedIntervals(x, (values, weight, bias) => kernels.conv(values, plan, weight, bias), node.weight, node.bias);
    }
    case 'affine':
      return intervals.affineIntervals(x, node.scale, node.shift);
    case 'mean':
      return intervals.affineIntervals(
        intervals.groupSumIntervals(x, node.groups),
        node.divisors.map((divisor) => 1 / divisor),
        new Float64Array(node.divisors.length),
      );
    case 'max':
      return intervals.maxIntervals(x, node.groups);
    case 'move':
      return intervals.moveIntervals(inputs, node.index, node.constants);
    case 'prelu':
      return boundPRelu(x, node.slope);
    case 'clip':
      return intervals.monotoneIntervals(x, (value) => Math.min(Math.max(value, node.min), node.max));
    case 'sum':
      return intervals.sumIntervals(inputs, node.coefficients);
    case 'multiply':
      return intervals.multiplyIntervals(x, inputs[1]);
    case 'argMax':
      return intervals.argMaxIntervals(node.groups);
  }
}

/** A negative slope makes the function fall and rise again, with its least value 0 inside. */
function boundPRelu(x: Intervals, slope: Float64Array): Intervals {
  const apply = (value: number, i: number): number => (value >= 0 ? value : value * slope[slope.length === 1 ? 0 : i]);
  const low = x.low.map((value, i) => Math.min(apply(value, i), apply(x.high[i], i), value < 0 && x.high[i] > 0 ? 0 : Infinity));
  const high = x.high.map((value, i) => Math.max(apply(value, i), apply(x.low[i], i)));
  return { low, high };
}
