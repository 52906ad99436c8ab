/**
 * What a tensor name stands for while a model is being normalised: values known now, or an activation of the network.
 */
import type { Shape } from '../tensor/shape.js';
import type { Constant, ElementType } from './model.js';

/** A softmax, or a sigmoid of each element, that was left out because only the order of its results matters from there on. */
export interface OmittedSoftmax {
  readonly op: 'Softmax' | 'LogSoftmax' | 'Sigmoid';
  /** Axis of the activation it would be taken over. */
  readonly axis: number;
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
  /** Of type string: the elements are positions among these. Of another type: names of what the last dimension holds, such as classes. */
  readonly labels?: readonly string[];
}

export type Value = Constant | Activation;
