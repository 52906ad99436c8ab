/**
 * What a tensor name stands for while a model is being normalised: values known now, or an activation of the network.
 */
import type { Shape } from '../tensor/shape.js';
import type { Constant, ElementType } from './model.js';

/**
 * A softmax, or a sigmoid of each element, that is left out as long as only the order of its results matters; a node
 * that computes with them reads what `settle` makes of it.
 */
export interface OmittedSoftmax {
  readonly op: 'Softmax' | 'LogSoftmax' | 'Sigmoid';
  /** Axes of the activation that it would be taken over, ascending: one, or before opset 13 all from one on. */
  readonly axes: readonly number[];
  /** Name of its node, for errors. */
  readonly node: string;
}

export interface Activation {
  readonly kind: 'activation';
  /** Tensor of the graph that holds the elements; its own shape may differ by dimensions of 1. */
  readonly tensor: string;
  readonly shape: Shape;
  readonly type: ElementType;
  readonly omitted?: OmittedSoftmax;
  /**
   * The elements are the reals themselves and not the codes that the file has here: they would stand for scale (code -
   * zero).
   */
  readonly unrounded?: { readonly scale: number; readonly zero: number };
  /**
   * Of type string: the elements are positions among these. Of another type: names of what the last dimension holds,
   * such as classes.
   */
  readonly labels?: readonly string[];
}

export type Value = Constant | Activation;
