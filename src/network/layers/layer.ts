/** What every kind of layer has, and what its row in the table answers. */
import type { Intervals } from '../../tensor/intervals.js';
import type { Shape } from '../../tensor/shape.js';

export interface LayerBase {
  /** ONNX node name, or the name of its first output where the node has none. Unique. */
  readonly name: string;
  /** ONNX operator type this came from, for reports: `Conv`, `Gemm`. */
  readonly source: string;
  /** Names of the activation tensors read (constants are stored in the layer itself). */
  readonly inputs: readonly string[];
  /** Name of the tensor made. */
  readonly output: string;
  /** Shape of the tensor made. */
  readonly shape: Shape;
}

/** One kind of layer: what it computes, in double precision and on intervals. */
export interface FloatLayer<Node> {
  /** Prepares a layer for repeated evaluation. The function takes one flat array for each input and gives the output's values. */
  prepare(node: Node): (inputs: readonly Float64Array[]) => Float64Array;
  /** Worst-case bounds of the output from bounds of the inputs. */
  bound(node: Node, inputs: readonly Intervals[]): Intervals;
}
