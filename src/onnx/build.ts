/**
 * ONNX model → normalised {@link Graph}: shapes known, constants folded, operators reduced to the graph's few kinds.
 */
import { DEFAULT_MEMORY, GraphBuilder } from './builder.js';
import { MalformedModelError, ShapeError, UnsupportedOpError } from './errors.js';
import { rangeOf } from './facts.js';
import type { Graph, GraphInput, GraphNode, GraphOutput } from '../network/graph.js';
import { lowerInput, lowerIntoScope, reachableNodes, requireUnmasked, type Scope } from './lower-model.js';
import type { Constant, ElementType, OnnxModel, ProvedTo, ValueInfo } from './model.js';
import { settle } from './settle.js';
import { unmask } from './unmask.js';
import { showShape, sizeOf, type Shape } from '../tensor/shape.js';
import type { Activation, Value } from './values.js';

/**
 * Normalises a model. A dynamic batch dimension becomes 1, a trailing softmax is left out unless
 * the model says that it is to be proved; both are in `notes`.
 * @param memory - bytes that its tensors may take
 * @throws a subclass of ZkinferError (see errors.ts) that names the node and what is wrong with it
 */
export function buildGraph(model: OnnxModel, memory = DEFAULT_MEMORY): Graph {
  const builder = new GraphBuilder(undefined, new Set(model.outputs.map(({ name }) => name)), memory);
  const scope: Scope = new Map(model.initializers);
  const inputs = model.inputs.map((info) => {
    const value = lowerInput(model, info, builder);
    const input = inputOf(info, value);
    if (input.fixed !== undefined) noteFixed(input.name, input.fixed, builder);
    scope.set(info.name, valueOfInput(info, value));
    return input;
  });
  for (const node of reachableNodes(model)) lowerIntoScope(node, model, scope, builder);
  const outputs = model.outputs.map(({ name }) => readOutput(name, scope, builder, inputs, model.provedTo));
  const nodes = prune(builder.nodes, outputs);
  requireUnmasked(nodes);
  return { inputs, nodes, outputs, notes: builder.notes };
}

/** The graph's inputs alone, for reading samples: the nodes are not looked at. @throws as `buildGraph` of its inputs */
export function graphInputs(model: OnnxModel, memory = DEFAULT_MEMORY): GraphInput[] {
  const builder = new GraphBuilder(undefined, new Set(), memory);
  return model.inputs.map((info) => inputOf(info, lowerInput(model, info, builder)));
}

function inputOf(info: ValueInfo, { tensor, shape, type }: Activation): GraphInput {
  const { fixed } = info;
  return {
    name: tensor,
    shape,
    ...integersOf(type),
    ...(fixed === undefined ? {} : { fixed: fixedElements(info.name, fixed, shape, type) }),
  };
}

/** What nodes see of a graph input: a constant, where it is fixed. */
export function valueOfInput({ name, fixed }: ValueInfo, value: Activation): Value {
  if (fixed === undefined) return value;
  const { type, shape } = value;
  return { kind: 'constant', type, shape, data: fixedElements(name, fixed, shape, type) };
}

function fixedElements(name: string, values: readonly number[], shape: Shape, type: ElementType): Float64Array {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(
      `Input ${name} is fixed to ${values.length} number(s), and its shape is ${showShape(shape)}: give ${sizeOf(shape)}.`,
    );
  }
  const [least, most] = rangeOf(type) ?? [-Infinity, Infinity];
  const wrong = values.find(
    (value) => !(value >= least && value <= most) || (least !== -Infinity && !Number.isInteger(value)),
  );
  if (wrong !== undefined)
    throw new ShapeError(`Input ${name} is fixed to ${wrong}, which type ${type} does not have.`);
  return Float64Array.from(values);
}

/** How many elements of a fixed input a note shows. */
const SHOWN = 8;

function noteFixed(name: string, values: Float64Array, builder: GraphBuilder): void {
  const shown = Array.from(values.subarray(0, SHOWN)).join(', ');
  builder.notes.push(
    `Input ${name} is fixed to [${shown}${values.length > SHOWN ? ', …' : ''}]: the circuit takes no other value of it.`,
  );
}

/** Range of the integer types; empty for the others. */
function integersOf(type: ElementType): { readonly integers?: readonly [number, number] } {
  const integers = rangeOf(type);
  return integers === undefined ? {} : { integers };
}

function readOutput(
  name: string,
  scope: Scope,
  builder: GraphBuilder,
  inputs: readonly GraphInput[],
  provedTo?: ProvedTo,
): GraphOutput {
  const value = scope.get(name);
  if (value === undefined)
    throw new MalformedModelError(`Graph output ${name} is made by no node. Is the file complete?`);
  if (value.kind === 'unknown') throw value.cause;
  if (value.kind === 'constant') return constantOutput(name, value, builder, inputs);
  if (value.unrounded !== undefined) {
    throw new UnsupportedOpError(
      `Graph output ${name} holds codes whose rounding is left out here (see DynamicQuantizeLinear); name the tensor before or after as the output.`,
    );
  }
  const last = provedTo === 'scores' ? beforeSigmoid(builder, value) : value;
  const isProved = last.omitted !== undefined && provedTo === 'probabilities';
  const { tensor, shape, omitted, type, labels } = isProved || isMasked(builder, last) ? settle(builder, last) : last;
  const described = {
    name,
    tensor,
    shape,
    ...(isProved ? { probabilities: true as const } : {}),
    ...(labels === undefined ? {} : { labels, ...(type === 'string' ? { named: true as const } : {}) }),
  };
  if (omitted === undefined) return described;
  builder.notes.push(
    `The ${omitted.op} (${omitted.node}) at the end is left out: the proof covers output ${name} as the scores before it, which have the same order.`,
  );
  return { ...described, omitted: { op: omitted.op, axes: omitted.axes } };
}

/** An output that is the same for every input: the shift of an affine map without a factor. */
function constantOutput(
  name: string,
  { shape, data, labels, type }: Constant,
  builder: GraphBuilder,
  inputs: readonly GraphInput[],
): GraphOutput {
  const source =
    inputs.find((input) => sizeOf(input.shape) > 0 && input.fixed === undefined) ??
    inputs.find((input) => sizeOf(input.shape) > 0) ??
    inputs[0];
  if (source === undefined)
    throw new UnsupportedOpError(`Graph output ${name} is a constant, and there is no graph input: nothing to prove.`);
  const empty = sizeOf(source.shape) === 0 || source.fixed !== undefined;
  if (!data.every(Number.isFinite))
    throw new UnsupportedOpError(`Graph output ${name} is a constant, and is NaN or infinite somewhere.`);
  builder.notes.push(
    `Output ${name} depends on no graph input: it is the same for every input, and a proof says nothing about it.`,
  );
  const [spread, tensor] = [builder.unique(`${name}/any`), builder.unique(name)];
  const node = (step: string): { readonly name: string; readonly source: string; readonly shape: Shape } => ({
    name: builder.unique(`node ${name}${step}`).slice('node '.length),
    source: 'Constant',
    shape,
  });
  builder.add({
    ...node('/any'),
    op: 'move',
    inputs: [source.name],
    output: spread,
    index: new Int32Array(data.length).fill(empty ? -1 : 0),
    constants: new Float64Array(empty ? 1 : 0),
  });
  builder.add({
    ...node(''),
    op: 'affine',
    inputs: [spread],
    output: tensor,
    scale: new Float64Array(data.length),
    shift: data,
    ...integersOf(type),
  });
  return {
    name,
    tensor,
    shape,
    ...(labels === undefined ? {} : { labels, ...(type === 'string' ? { named: true as const } : {}) }),
  };
}

/** What a sigmoid reads that ends the network, as its scores; the value itself where none does. */
function beforeSigmoid(builder: GraphBuilder, value: Activation): Activation {
  const last = builder.nodes.find(({ output }) => output === value.tensor);
  if (last?.op !== 'function' || last.f.formula !== 'Sigmoid') return value;
  return { ...value, tensor: last.inputs[0], omitted: { op: 'Sigmoid', axes: [], node: last.name } };
}

/**
 * Whether a softmax was left out whose scores hold a mask: minus infinity among them cannot be proved in place of the
 * result.
 */
function isMasked(builder: GraphBuilder, value: Activation): boolean {
  return value.omitted?.op === 'Softmax' && unmask(builder, value) !== undefined;
}

/** Only nodes that an output depends on. */
function prune(nodes: readonly GraphNode[], outputs: readonly GraphOutput[]): GraphNode[] {
  const needed = new Set(outputs.map(({ tensor }) => tensor));
  return [...nodes]
    .reverse()
    .filter(({ inputs, output }) => {
      if (!needed.has(output)) return false;
      for (const name of inputs) needed.add(name);
      return true;
    })
    .reverse();
}
