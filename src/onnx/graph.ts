/**
 * The normalised float network: what remains of an ONNX file once shapes are known, constants folded and its many
 * operators reduced to the few kinds below. Nothing right of `onnx/` knows ONNX.
 *
 * Conventions: tensors are row-major and named; every node makes exactly one tensor; nodes are in topological order;
 * a dynamic batch dimension has become 1; broadcasting has been made explicit (as `move` or full-size constants).
 */

import type { Groups } from '../tensor/groups.js';
import type { Shape } from '../tensor/shape.js';

export type { Groups } from '../tensor/groups.js';
export { sizeOf, type Shape } from '../tensor/shape.js';

interface NodeBase {
  /** ONNX node name, or the name of its first output where the node has none. Unique. */
  readonly name: string;
  /** ONNX operator type this came from, for reports: `Conv`, `Gemm`. */
  readonly source: string;
  /** Names of the activation tensors read (constants are stored in the node itself). */
  readonly inputs: readonly string[];
  /** Name of the tensor made. */
  readonly output: string;
  /** Shape of the tensor made. */
  readonly shape: Shape;
}

/** y[r, o] = bias[o] + sum_i x[r, i] * weight[o, i]; x is seen as [rows, inFeatures], y as [rows, outFeatures]. */
export interface DenseNode extends NodeBase {
  readonly op: 'dense';
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Float64Array;
  /** [outFeatures] */
  readonly bias: Float64Array;
}

/**
 * Cross-correlation, as ONNX Conv. x is [N, inChannels, ...spatial], y is [N, outChannels, ...outSpatial]; one or two
 * (or more) spatial dimensions. Padding is with zeros and already resolved (no auto_pad).
 */
export interface ConvNode extends NodeBase {
  readonly op: 'conv';
  /** Shape of x. */
  readonly inputShape: Shape;
  /** [outChannels, inChannels / groups, ...kernel] */
  readonly weightShape: Shape;
  readonly weight: Float64Array;
  /** [outChannels] */
  readonly bias: Float64Array;
  readonly groups: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** y[i] = x[i] * scale[i] + shift[i]; scale and shift have one entry per element (broadcast already). */
export interface AffineNode extends NodeBase {
  readonly op: 'affine';
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** y[i] = (sum of x over group i) / divisor[i]: average pooling, global pooling, means and sums. */
export interface MeanNode extends NodeBase {
  readonly op: 'mean';
  readonly groups: Groups;
  readonly divisors: Float64Array;
}

/** y[i] = maximum of x over group i (never empty): max pooling, global max pooling, ReduceMax. */
export interface MaxNode extends NodeBase {
  readonly op: 'max';
  readonly groups: Groups;
}

/**
 * Data movement. Let z be all inputs, flattened and concatenated in order. y[i] = z[index[i]] where index[i] >= 0, and
 * constants[-1 - index[i]] where it is negative. Covers Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Concat, Slice,
 * Pad, Expand, Gather with constant indices.
 */
export interface MoveNode extends NodeBase {
  readonly op: 'move';
  readonly index: Int32Array;
  readonly constants: Float64Array;
}

/** y[i] = x[i] if x[i] >= 0, else slope[i] * x[i]. `slope` has one entry (all elements) or one per element. Relu: [0]. */
export interface PReluNode extends NodeBase {
  readonly op: 'prelu';
  readonly slope: Float64Array;
}

/** y[i] = min(max(x[i], min), max); either bound may be infinite. */
export interface ClipNode extends NodeBase {
  readonly op: 'clip';
  readonly min: number;
  readonly max: number;
}

/** y[i] = sum_k coefficients[k] * inputs[k][i]; all inputs have y's shape. */
export interface SumNode extends NodeBase {
  readonly op: 'sum';
  readonly coefficients: readonly number[];
}

/** y[i] = inputs[0][i] * inputs[1][i]; both inputs have y's shape. */
export interface MultiplyNode extends NodeBase {
  readonly op: 'multiply';
}

/** y[i] = position within group i of its largest element; ties go to the first, or the last where `selectLast`. */
export interface ArgMaxNode extends NodeBase {
  readonly op: 'argMax';
  readonly groups: Groups;
  readonly selectLast: boolean;
}

export type GraphNode =
  | DenseNode
  | ConvNode
  | AffineNode
  | MeanNode
  | MaxNode
  | MoveNode
  | PReluNode
  | ClipNode
  | SumNode
  | MultiplyNode
  | ArgMaxNode;

export type GraphOp = GraphNode['op'];

export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
}

export interface GraphOutput {
  /** Name of the output in the ONNX file. */
  readonly name: string;
  /** Tensor of this graph that it is (may be a graph input). */
  readonly tensor: string;
  readonly shape: Shape;
  /** A Softmax or LogSoftmax that ended the network and is not proved: the tensor holds the scores before it. */
  readonly omitted?: { readonly op: 'Softmax' | 'LogSoftmax'; readonly axis: number };
}

export interface Graph {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphOutput[];
  /** Things the user should know, in plain words (a dynamic dimension set to 1, a trailing softmax left out). */
  readonly notes: readonly string[];
}
