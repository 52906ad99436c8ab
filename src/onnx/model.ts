/**
 * An ONNX file as plain values: what the decoder makes and everything else reads. Names and meanings are those of the
 * ONNX IR specification; nothing is checked against operator semantics yet.
 */
import type { Shape } from '../tensor/shape.js';

/** Element types, by their ONNX names; the position in this list is the number in the file. */
export const ELEMENT_TYPES = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
] as const;

export type ElementType = (typeof ELEMENT_TYPES)[number];

export function isFloat(type: ElementType): boolean {
  return type === 'float' || type === 'double' || type === 'float16' || type === 'bfloat16';
}

/**
 * A tensor whose values are known. 64-bit integers beyond 2^53 are rounded to the nearest double. Of a tensor of
 * strings the data are positions in `labels`.
 */
export interface Constant {
  readonly kind: 'constant';
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: Float64Array;
  readonly labels?: readonly string[];
}

export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Constant }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  /** In the body of a function: the attribute of this name of the node that calls it. */
  | { readonly type: 'reference'; readonly value: string }
  | { readonly type: 'other'; readonly value: string };

export interface OnnxNode {
  /** Never empty: the node's name, or that of its first output. */
  readonly name: string;
  readonly op: string;
  /** Empty for the default domain `ai.onnx`. */
  readonly domain: string;
  /** Tensor names; an empty one is an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Which of several functions of this name is meant; absent for operators. */
  readonly overload?: string;
}

/** A function that the model defines: its nodes stand where a node calls it. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the attributes that a call may give; those with a value of their own may be left out. */
  readonly attributes: ReadonlyMap<string, Attribute | undefined>;
  readonly nodes: readonly OnnxNode[];
  /** Version of each operator set that its nodes are of, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** The body of an If, a Loop or a Scan: it reads tensors of the graph around it by name. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Constant>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** A dimension is a number, the name of an unknown one, or `undefined`. */
export type Dimension = number | string | undefined;

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** `undefined` where the file does not say. */
  readonly dimensions: readonly Dimension[] | undefined;
  /** Of a graph input: its elements, where the user gives it as a constant. */
  readonly fixed?: readonly number[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of the default operator set; the newest where the model has operators of other domains alone. */
  readonly opset: number;
  /** Version of each operator set by its domain; the default domain is the empty string. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Constant>;
  /** Graph inputs that are not initializers (old IR versions list those as inputs too). */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly functions: readonly OnnxFunction[];
  /** What the file says of tensors in between. */
  readonly valueInfo: ReadonlyMap<string, ValueInfo>;
  /** Default: to the scores before a softmax, and to the results of a sigmoid. */
  readonly provedTo?: ProvedTo;
}

/**
 * How far a network is proved that ends in a softmax or a sigmoid: to the scores before it, which have the same order and
 * from which a reader computes the rest, or to its results.
 */
export const PROVED_TO = ['scores', 'probabilities'] as const;
export type ProvedTo = (typeof PROVED_TO)[number];
