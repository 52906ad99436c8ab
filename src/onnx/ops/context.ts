/**
 * What an operator sees of the node it lowers: its inputs, its attributes (typed, with defaults) and a way to emit
 * nodes of the normalised graph. Every attribute that an operator does not read is an error, so nothing is silently
 * ignored.
 */
import { boundWork, type GraphBuilder } from '../builder.js';
import { MalformedModelError, ShapeError, UnsupportedAttributeError, UnsupportedOpError } from '../errors.js';
import { factsOf, rangeOf, type Facts } from '../facts.js';
import type { GraphNode } from '../../network/graph.js';
import type { Attribute, Constant, ElementType, OnnxGraph, OnnxNode } from '../model.js';
import { showShape, sizeOf, type Shape } from '../../tensor/shape.js';
import { settle } from '../settle.js';
import { unmask, type Unmasked } from '../unmask.js';
import type { Activation, Value } from '../values.js';

/** Inference on one node: its outputs, in order; trailing ones that are not made may be left out. */
export type Lowering = (context: NodeContext) => readonly Value[];

/** One row of the operator table. */
export interface OnnxOperator {
  /** Normalises a node that reads at least one activation. */
  readonly lower?: Lowering;
  /** Computes a node whose inputs are all constants; without it, `lower` is applied and evaluated. */
  readonly fold?: Lowering;
  /** Position of the input that is an activation when `lower` computes a node of constants; the first unless given. */
  readonly dataAt?: number;
  /**
   * What happens to a softmax left out before this node: it is carried on (the elements stay what they were), or it
   * ends here (the result is the same without it). Before other operators it is computed.
   */
  readonly afterSoftmax?: 'carries' | 'ends';
  /**
   * What it does with an input whose rounding to codes was left out: moves its elements about, or knows of it. Others
   * may not read one.
   */
  readonly ofUnrounded?: 'carries' | 'reads';
}

/** What an operator can have lowered where its node stands, beside nodes of the normalised graph. */
export interface Inliner {
  /** Another ONNX node, on these values: its outputs. */
  node(node: OnnxNode, opset: number, inputs: readonly (Value | undefined)[]): readonly Value[];
  /** A sub-graph, with tensors of the graphs around it in sight and its inputs given: its outputs. */
  subgraph(graph: OnnxGraph, given: readonly Value[]): readonly Value[];
}

/** Operator set of the nodes that operators are composed of here, whatever the model's is. */
export const COMPOSING_OPSET = 22;

/** A graph node without what {@link NodeContext.emit} adds. */
export type NodeFields = GraphNode extends infer Node
  ? Node extends GraphNode
    ? Omit<Node, 'name' | 'source' | 'inputs' | 'output'>
    : never
  : never;

export interface EmitOptions {
  /** Names an intermediate step, where a node becomes several: `expand`. */
  readonly step?: string;
  /** Position of the ONNX output that this tensor is; 0 by default. */
  readonly output?: number;
  /** Element type, where it is not that of the first input. */
  readonly type?: ElementType;
}

/** Type of an attribute's value, by the attribute's type. */
type AttributeValues = { [T in Attribute['type']]: Extract<Attribute, { type: T }>['value'] };

export class NodeContext {
  private seen = new Set<string>();
  /** Operator of the file, for reports. */
  private source: string;

  constructor(
    readonly node: OnnxNode,
    readonly opset: number,
    readonly inputs: readonly (Value | undefined)[],
    private readonly builder: GraphBuilder,
    private readonly inliner: Inliner,
  ) {
    this.source = node.op;
  }

  /** `Node conv1 (Conv)`, the beginning of every message. */
  get label(): string {
    return `Node ${this.node.name} (${this.node.op})`;
  }

  input(position: number): Value {
    const value = this.inputs[position];
    if (value === undefined) throw new MalformedModelError(`${this.label} lacks its input number ${position}.`);
    return value;
  }

  /** All inputs; for operators with any number of them. */
  allInputs(): readonly Value[] {
    if (this.inputs.length === 0) throw new MalformedModelError(`${this.label} has no inputs.`);
    return this.inputs.map((_, position) => this.input(position));
  }

  activation(position: number): Activation {
    const value = this.input(position);
    if (value.kind === 'constant') {
      throw this.unsupported(
        `input ${this.node.inputs[position]} is a constant; it must be computed from the network's inputs`,
      );
    }
    return value;
  }

  constant(position: number): Constant {
    const value = this.input(position);
    if (value.kind === 'activation') {
      throw this.unsupported(
        `input ${this.node.inputs[position]} is computed from the network's inputs; it must be a constant (an initializer, folded from constants, or a graph input fixed by --fix-input NAME=VALUES)`,
      );
    }
    return value;
  }

  optionalConstant(position: number): Constant | undefined {
    return this.inputs[position] === undefined ? undefined : this.constant(position);
  }

  /** A constant list of integers, or `undefined` where the input is omitted. */
  integers(position: number): number[] | undefined {
    const constant = this.optionalConstant(position);
    if (constant === undefined) return undefined;
    if (!constant.data.every(Number.isInteger)) {
      throw new MalformedModelError(`${this.label}: input ${this.node.inputs[position]} must hold integers.`);
    }
    return Array.from(constant.data);
  }

  private attribute<T extends keyof AttributeValues>(name: string, type: T): AttributeValues[T] | undefined {
    this.seen.add(name);
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.type !== type) {
      throw new MalformedModelError(
        `${this.label}: attribute ${name} should be of type ${type}, not ${attribute.type}.`,
      );
    }
    return attribute.value as AttributeValues[T];
  }

  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    return this.attribute(name, 'int') ?? fallback;
  }

  /** An attribute that is 0 or 1. */
  flag(name: string, fallback: boolean): boolean {
    return this.int(name, Number(fallback)) !== 0;
  }

  float(name: string, fallback: number): number {
    return this.attribute(name, 'float') ?? fallback;
  }

  string(name: string, fallback: string): string {
    return this.attribute(name, 'string') ?? fallback;
  }

  ints(name: string): readonly number[] | undefined {
    return this.attribute(name, 'ints');
  }

  floats(name: string): readonly number[] | undefined {
    return this.attribute(name, 'floats');
  }

  strings(name: string): readonly string[] | undefined {
    return this.attribute(name, 'strings');
  }

  /** The sub-graph of an attribute. */
  graph(name: string): OnnxGraph {
    const graph = this.attribute(name, 'graph');
    if (graph === undefined) throw new MalformedModelError(`${this.label} lacks its sub-graph ${name}.`);
    return graph;
  }

  /** Lowers the sub-graph of an attribute, its inputs being `given`: the values of its outputs. */
  subgraph(name: string, given: readonly Value[] = []): readonly Value[] {
    return this.inliner.subgraph(this.graph(name), given);
  }

  /**
   * Lowers another ONNX operator in this node's place, of {@link COMPOSING_OPSET}; on constants it is computed. `step`
   * names it in errors and reports. Numbers among the attributes are integers.
   */
  apply(
    op: string,
    inputs: readonly (Value | undefined)[],
    step: string,
    attributes: Readonly<Record<string, number | readonly number[] | string | Attribute>> = {},
    outputs = 1,
  ): readonly Value[] {
    const name = `${this.node.name}/${step}`;
    const node: OnnxNode = {
      name,
      op,
      domain: '',
      inputs: inputs.map((value, i) => (value === undefined ? '' : `${name} input ${i}`)),
      outputs: Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}/${i}`)),
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
    };
    return this.inliner.node(node, COMPOSING_OPSET, inputs);
  }

  tensor(name: string): Constant | undefined {
    return this.attribute(name, 'tensor');
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  /** Attributes that make no difference to inference. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.seen.add(name);
  }

  /** Fails on attributes that the operator did not read. Called after lowering. */
  finish(): void {
    for (const [name, { value }] of this.node.attributes) {
      if (!this.seen.has(name)) throw this.unsupportedAttribute(name, value, 'leave it out');
    }
  }

  unsupported(why: string): UnsupportedOpError {
    return new UnsupportedOpError(`${this.label}, opset ${this.opset}: ${why}.`);
  }

  unsupportedAttribute(name: string, value: unknown, supported: string): UnsupportedAttributeError {
    const shown =
      value !== null && typeof value === 'object' && ('data' in value || 'nodes' in value)
        ? `a ${'data' in value ? 'tensor' : 'sub-graph'}`
        : JSON.stringify(value);
    return new UnsupportedAttributeError(
      `${this.label}, opset ${this.opset}: attribute ${name} = ${shown} is not supported; ${supported}.`,
    );
  }

  /** A ShapeError that also lists the shapes of all inputs. */
  shapeError(why: string): ShapeError {
    const shapes = this.inputs
      .map((value, position) => (value === undefined ? '' : `${this.node.inputs[position]} ${showShape(value.shape)}`))
      .filter(Boolean)
      .join(', ');
    return new ShapeError(`${this.label}: ${why}. Inputs: ${shapes || 'none'}.`);
  }

  /** A possibly negative axis as a position in `rank` dimensions. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      throw this.shapeError(`axis ${axis} does not exist in ${rank} dimensions`);
    return axis < 0 ? axis + rank : axis;
  }

  /** Distinct axes, ascending. */
  axes(axes: readonly number[], rank: number): number[] {
    const sorted = axes.map((axis) => this.axis(axis, rank)).sort((a, b) => a - b);
    if (sorted.some((axis, i) => axis === sorted[i - 1]))
      throw this.shapeError(`axes [${axes.join(', ')}] name one dimension twice`);
    return sorted;
  }

  /** The shape, once it is known to be non-negative and within the size limit. Call before allocating arrays of it. */
  bounded<S extends Shape>(shape: S): S {
    if (shape.some((dimension) => !Number.isInteger(dimension) || dimension < 0)) {
      throw this.shapeError(`its result would have the impossible shape ${showShape(shape)}`);
    }
    return this.builder.bounded(shape, this.label);
  }

  /** Fails where a layer of so many multiplications, and elements in all its windows, could not be computed. */
  boundWork(work: number, unrolled = 0): void {
    boundWork(work, unrolled, this.label);
  }

  /** Bounds of an activation's elements, and whether all are whole numbers. */
  facts({ tensor }: Activation): Facts {
    return factsOf(this.builder, tensor);
  }

  /** Says that an activation's elements, all whole, lie in [least, most], where the bounds worked out do not see it. */
  assume(value: Activation, least: number, most: number): void {
    const { bounds } = this.facts(value);
    this.widen(value);
    const clamp = (bound: number): number => Math.min(Math.max(bound, least), most);
    this.builder.facts.set(value.tensor, {
      bounds: { low: bounds.low.map(clamp), high: bounds.high.map(clamp) },
      whole: true,
    });
  }

  /** Takes the activation for whole numbers beyond its integer type, which it is reduced to afterwards. */
  widen({ tensor }: Activation): void {
    this.builder.widen(tensor, rangeOf('int64')!);
  }

  /** The node that makes an activation; undefined of a graph input. */
  makerOf({ tensor }: Pick<Activation, 'tensor'>): GraphNode | undefined {
    return this.builder.makerOf(tensor);
  }

  /** The value itself; or, where a softmax was left out before it, that softmax computed. */
  settled<V extends Value>(value: V): V | Activation {
    return value.kind === 'activation' ? settle(this.builder, value) : value;
  }

  /** Which elements of the activation are masked, and the same tensor without the mask; undefined where none is. */
  unmasked(value: Activation): Unmasked | undefined {
    return unmask(this.builder, value);
  }

  /** Whether one of the node's results is an output of the model. */
  makesOutput(): boolean {
    return this.node.outputs.some((name) => this.builder.outputs.has(name));
  }

  note(text: string): void {
    this.builder.notes.push(text);
  }

  /**
   * The same node as another operator on these inputs: what a quantized operator is between its inputs as reals and its
   * result as codes. Attributes read there count as read here.
   */
  as(op: string, inputs: readonly (Value | undefined)[], step: string, opset = this.opset): NodeContext {
    const { name, outputs, domain, attributes } = this.node;
    const node = {
      name: `${name}/${step}`,
      op,
      domain,
      inputs: inputs.map((_, k) => this.node.inputs[k] ?? name),
      outputs: [`${outputs[0] || name}/${step}`],
      attributes,
    };
    const made = new NodeContext(node, opset, inputs, this.builder, this.inliner);
    made.source = this.source;
    made.seen = this.seen;
    return made;
  }

  /** Adds a node to the graph and returns the activation it makes. */
  emit(fields: NodeFields, inputs: readonly Activation[], { step, output = 0, type }: EmitOptions = {}): Activation {
    const shape = this.bounded(fields.shape);
    const own = this.node.outputs[output] || this.node.name;
    const suffix = step === undefined ? '' : `/${step}`;
    const name = output === 0 ? `${this.node.name}${suffix}` : `${this.node.name}/${output}${suffix}`;
    const tensor = this.builder.unique(`${own}${suffix}`);
    const uniqueName = this.builder.unique(`node ${name}`).slice('node '.length);
    const integers = integersOf(type ?? inputs[0].type, step !== undefined);
    this.builder.add({
      ...fields,
      name: uniqueName,
      source: this.source,
      inputs: inputs.map((input) => input.tensor),
      output: tensor,
      ...(integers === undefined ? {} : { integers }),
    } as GraphNode);
    const { labels } = inputs[0];
    const made: Activation = { kind: 'activation', tensor, shape, type: type ?? inputs[0].type };
    // Strings that are moved about stay positions among the same labels.
    return fields.op === 'move' && made.type === 'string' && labels !== undefined ? { ...made, labels } : made;
  }
}

/**
 * The range that a tensor of this type is held to when it is quantized; of a step in between, where what the circuit
 * computes with is no machine's integer, only whole numbers are meant.
 */
function integersOf(type: ElementType, between: boolean): readonly [number, number] | undefined {
  const range = rangeOf(type);
  return between && range !== undefined && range[1] >= 2 ** 31 - 1 ? rangeOf('int64') : range;
}

function attributeOf(value: number | readonly number[] | string | Attribute): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  return 'type' in value ? value : { type: 'ints', value };
}

/** A constant of the given element type. */
export function constant(type: ElementType, shape: Shape, data: Float64Array): Constant {
  if (data.length !== sizeOf(shape))
    throw new RangeError(`a constant of shape ${showShape(shape)} cannot hold ${data.length} elements`);
  return { kind: 'constant', type, shape, data };
}
