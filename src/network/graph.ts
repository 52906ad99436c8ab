/**
 * The normalised float network: what remains of an ONNX file once shapes are known, constants folded and its many
 * operators reduced to the few kinds below. Nothing here knows ONNX: `onnx/` is one front end.
 *
 * Conventions: tensors are row-major and named; every node makes exactly one tensor; nodes are in topological order;
 * a dynamic batch dimension has become 1; broadcasting has been made explicit (as `move` or full-size constants).
 */

import type { Shape } from '../tensor/shape.js';
import type { GraphNode } from './layers/index.js';

export type { Groups } from '../tensor/groups.js';
export { sizeOf, type Shape } from '../tensor/shape.js';

export type { DenseNode } from './layers/dense.js';
export type { ConvNode } from './layers/conv.js';
export type { AffineNode } from './layers/affine.js';
export type { MeanNode } from './layers/mean.js';
export type { MaxNode } from './layers/max.js';
export type { MoveNode } from './layers/move.js';
export type { PReluNode } from './layers/prelu.js';
export type { ClipNode } from './layers/clip.js';
export type { SumNode } from './layers/sum.js';
export type { MultiplyNode } from './layers/multiply.js';
export type { ArgMaxNode } from './layers/arg-max.js';
export type { StepNode } from './layers/step.js';
export type { RoundNode } from './layers/round.js';
export type { FunctionNode } from './layers/function.js';
export type { SoftmaxNode } from './layers/softmax.js';
export type { MatMulNode } from './layers/matmul.js';
export type { FloorDivideNode } from './layers/floor-divide.js';
export type { GraphNode, GraphOp } from './layers/index.js';

export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
  /** Where the input takes integers alone: the range of its type, ends included, or what of it doubles hold exactly. */
  readonly integers?: readonly [number, number];
  /** Of an input that was given as a constant: its elements in every run, of which no node reads any. */
  readonly fixed?: Float64Array;
}

export interface GraphOutput {
  /** Name of the output in the ONNX file. */
  readonly name: string;
  /** Tensor of this graph that it is (may be a graph input). */
  readonly tensor: string;
  readonly shape: Shape;
  /** What ended the network and is not proved: the tensor holds the scores before it. `axes` are those of a softmax. */
  readonly omitted?: { readonly op: 'Softmax' | 'LogSoftmax' | 'Sigmoid'; readonly axes: readonly number[] };
  /** A softmax or sigmoid ended the network, and is proved. */
  readonly probabilities?: true;
  /**
   * Names of the classes whose scores the last dimension holds; or, where `named`, of what each element, a position
   * among them, stands for.
   */
  readonly labels?: readonly string[];
  readonly named?: true;
}

export interface Graph {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphOutput[];
  /** Things the user should know, in plain words (a dynamic dimension set to 1, a trailing softmax left out). */
  readonly notes: readonly string[];
}
