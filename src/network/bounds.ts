/**
 * Worst-case bounds of a float graph: what quantization falls back on where there is no calibration data.
 * The trap: bounds compound from layer to layer, so scales chosen from them are coarser than the data needs.
 */
import type { Intervals } from '../tensor/intervals.js';
import type { Graph } from './graph.js';
import { layerOf } from './layers/index.js';

/** Bounds of every tensor of the graph, by name, from bounds of its inputs (in the graph's order). */
export function boundGraph(graph: Graph, inputs: readonly Intervals[]): Map<string, Intervals> {
  const bounds = new Map<string, Intervals>(graph.inputs.map((input, i) => [input.name, inputs[i]]));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => bounds.get(name) as Intervals);
    bounds.set(node.output, layerOf(node).bound(node, read));
  }
  return bounds;
}
