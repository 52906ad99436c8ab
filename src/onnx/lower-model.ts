/**
 * Walks a model's nodes in file order (ONNX requires it to be topological) and lowers each. What happens on a failure
 * is the caller's choice: building a graph stops, a survey notes it and goes on.
 */
import type { GraphBuilder } from './builder.js';
import { DynamicShapeError, MalformedModelError, UnsupportedOpError, UnsupportedTensorError } from './errors.js';
import type { ZkinferError } from '../errors.js';
import { factsOfInput } from './facts.js';
import type { GraphNode } from '../network/graph.js';
import { lowerNode } from './lower.js';
import { expandFunction, functionOf } from './local-functions.js';
import { asPlainOpset, PLAIN_OPSET } from './old-opsets.js';
import type { Dimension, OnnxGraph, OnnxModel, OnnxNode, ValueInfo } from './model.js';
import type { Activation, Value } from './values.js';

/** Why a tensor has no value: the error that stopped the node making it. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly cause: ZkinferError;
}

export type Scope = Map<string, Value | Unknown>;

/** Names that a node reads: its inputs, and what its sub-graphs read of the graphs around them. */
function namesRead({ inputs, attributes }: OnnxNode): string[] {
  const inner = [...attributes.values()].flatMap((attribute) =>
    attribute.type === 'graph' ? capturedNames(attribute.value) : [],
  );
  return [...inputs, ...inner];
}

function capturedNames({ nodes, inputs, initializers, outputs }: OnnxGraph): string[] {
  const own = new Set([
    ...initializers.keys(),
    ...inputs.map(({ name }) => name),
    ...nodes.flatMap((node) => node.outputs),
  ]);
  return [...nodes.flatMap(namesRead), ...outputs.map(({ name }) => name)].filter((name) => !own.has(name));
}

/** Nodes that some output depends on, in file order. */
export function reachableNodes({
  nodes,
  outputs,
}: {
  readonly nodes: readonly OnnxNode[];
  readonly outputs: readonly { readonly name: string }[];
}): OnnxNode[] {
  const needed = new Set(outputs.map(({ name }) => name));
  return [...nodes]
    .reverse()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of namesRead(node)) needed.add(name);
      return true;
    })
    .reverse();
}

/** The names that stand for one unknown batch size: those of leading dimensions. */
function batchNames(model: OnnxModel): Set<Dimension> {
  return new Set(
    model.inputs.map(({ dimensions }) => dimensions?.[0]).filter((dimension) => typeof dimension === 'string'),
  );
}

/** The option that names an input's shape, with a word for each number to be found. */
function shapeHint(name: string, dimensions: readonly Dimension[]): string {
  return `${name}=${dimensions.map((dimension) => (typeof dimension === 'number' && dimension > 0 ? dimension : dimension || 'N')).join(',')}`;
}

/** A graph input as an activation; an unknown leading dimension becomes 1, with a note. */
export function lowerInput(model: OnnxModel, info: ValueInfo, builder: GraphBuilder): Activation {
  const { name, type, dimensions } = info;
  if (type === 'undefined' || type === 'string' || type.startsWith('complex')) {
    throw new UnsupportedTensorError(`Graph input ${name} is no tensor of numbers.`);
  }
  if (dimensions === undefined) {
    throw new DynamicShapeError(
      `Graph input ${name} has no shape. Give it (--shape ${name}=1,3,224,224, say), or export the model again with a fixed input shape.`,
    );
  }
  const batch = batchNames(model);
  const shape = dimensions.map((dimension, axis) => {
    // Of the leading dimension some exporters write 0 where it is not known.
    if (typeof dimension === 'number' && (dimension > 0 || (dimension === 0 && axis > 0))) return dimension;
    if (axis === 0 || batch.has(dimension)) return 1;
    throw new DynamicShapeError(
      `Dimension ${axis} (${dimension || 'unnamed'}) of graph input ${name} is not fixed. Only the leading, batch dimension may be left open: give the shape (--shape ${shapeHint(name, dimensions)}), or export the model again with a number there (no dynamic_axes entry for it in torch.onnx.export).`,
    );
  });
  dimensions.forEach((dimension, axis) => {
    if (typeof dimension !== 'number' || dimension < 0 || (dimension === 0 && axis === 0)) {
      builder.notes.push(
        `Dimension ${axis}${dimension ? ` (${dimension})` : ''} of input ${name} is dynamic and was set to 1.`,
      );
    }
  });
  const tensor = builder.unique(name);
  builder.bounded(shape, `Graph input ${name}`);
  builder.facts.set(tensor, factsOfInput(type, shape));
  return { kind: 'activation', tensor, shape, type };
}

/** Lowers one node into the scope: afterwards each of its outputs has a value, or the reason why it has none. */
export function lowerIntoScope(
  written: OnnxNode,
  library: Library,
  scope: Scope,
  builder: GraphBuilder,
): readonly Value[] {
  const local = functionOf(written, library);
  const version = opsetOf(written, library);
  const node = local === undefined ? asPlainOpset(written, version) : written;
  const opset = written.domain === '' ? Math.max(version, PLAIN_OPSET) : version;
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const value = scope.get(name);
    if (value === undefined) {
      throw new MalformedModelError(
        `Node ${node.name} (${node.op}) reads ${name}, which no input, initializer or earlier node makes.`,
      );
    }
    if (value.kind === 'unknown') throw value.cause;
    return value;
  });
  for (const name of node.outputs) {
    if (name !== '' && scope.has(name))
      throw new MalformedModelError(`Node ${node.name} (${node.op}) makes ${name}, which exists already.`);
  }
  const before = builder.nodes.length;
  const outputs =
    local === undefined
      ? lowerNode(node, opset, inputs, builder, (graph, given) =>
          lowerSubgraph(graph, node, library, { around: scope, given }, builder),
        )
      : lowerFunction(expandFunction(local, node, inputs), node, library, builder);
  for (const made of builder.nodes.slice(before)) requireFinite(made, node, opset);
  node.outputs.forEach((name, position) => {
    if (name === '') return;
    scope.set(
      name,
      outputs[position] ?? {
        kind: 'unknown',
        cause: new UnsupportedOpError(
          `Node ${node.name} (${node.op}), opset ${opset}: its output number ${position} (${name}) is used and is not supported.`,
        ),
      },
    );
  });
  return outputs;
}

/** What a node's operator means: the versions of the operator sets, and the model's own functions. */
export interface Library extends Pick<OnnxModel, 'opset' | 'opsets' | 'functions'> {
  /** How many functions deep the node stands; 0 in the model's own graph. */
  readonly depth?: number;
}

/**
 * Functions call each other no deeper than this: each level is a few calls here, and a function may not call itself.
 */
const MAX_CALLS = 64;

function opsetOf({ domain }: OnnxNode, { opset, opsets }: Library): number {
  return domain === '' ? opset : (opsets.get(domain) ?? 1);
}

/** What a sub-graph sees: the tensors of the graphs around it, and the values of its inputs. */
interface Surroundings {
  readonly around: Scope;
  readonly given: readonly Value[];
}

/** Names of a sub-graph hide those of the graphs around it, and nothing of it is seen from outside but its outputs. */
function lowerSubgraph(
  graph: OnnxGraph,
  owner: OnnxNode,
  library: Library,
  { around, given }: Surroundings,
  builder: GraphBuilder,
): readonly Value[] {
  builder.countNode(owner);
  if (graph.inputs.length !== given.length) {
    throw new MalformedModelError(
      `Node ${owner.name} (${owner.op}): its sub-graph has ${graph.inputs.length} inputs, and ${given.length} are given to it.`,
    );
  }
  const scope: Scope = new Map(around);
  for (const { outputs } of graph.nodes) for (const name of outputs) scope.delete(name);
  for (const [name, value] of graph.initializers) scope.set(name, value);
  graph.inputs.forEach(({ name }, i) => scope.set(name, given[i]));
  for (const node of reachableNodes(graph)) lowerIntoScope(node, library, scope, builder);
  return graph.outputs.map(({ name }) => resultOf(name, scope, owner, 'a sub-graph'));
}

/** A function sees its inputs alone. */
function lowerFunction(
  body: ReturnType<typeof expandFunction>,
  caller: OnnxNode,
  library: Library,
  builder: GraphBuilder,
): readonly Value[] {
  builder.countNode(caller);
  const depth = (library.depth ?? 0) + 1;
  if (depth > MAX_CALLS)
    throw new MalformedModelError(
      `Node ${caller.name} calls functions more than ${MAX_CALLS} deep. Does ${caller.op} call itself?`,
    );
  const scope: Scope = new Map(body.given);
  const own: Library = {
    functions: library.functions,
    opset: body.opsets.get('') ?? library.opset,
    opsets: body.opsets,
    depth,
  };
  for (const node of reachableNodes(body)) lowerIntoScope(node, own, scope, builder);
  return body.outputs.map(({ name }) => resultOf(name, scope, caller, 'the function'));
}

function resultOf(name: string, scope: Scope, owner: OnnxNode, of: string): Value {
  const value = scope.get(name);
  if (value === undefined)
    throw new MalformedModelError(`Output ${name} of ${of} of node ${owner.name} (${owner.op}) is made by no node.`);
  if (value.kind === 'unknown') throw value.cause;
  return value;
}

/**
 * Exact arithmetic has no NaN and no infinity; only the bounds of a clip may be infinite. Minus infinity may stand in a
 * mask, which the softmax that reads it takes away: what is left of it when the network is complete is refused by
 * `requireUnmasked`.
 */
function requireFinite(made: GraphNode, node: OnnxNode, opset: number): void {
  const numbers = Object.values(made).filter((field) => field instanceof Float64Array);
  const mayMask = made.op === 'move' || made.op === 'affine';
  if (!numbers.every((values) => allFinite(values, mayMask))) {
    throw new UnsupportedOpError(
      `Node ${node.name} (${node.op}), opset ${opset}: one of its constants is NaN or infinite.`,
    );
  }
}

/** @throws UnsupportedOpError where minus infinity is left, read by something else than a softmax */
export function requireUnmasked(nodes: readonly GraphNode[]): void {
  for (const node of nodes) {
    const numbers = node.op === 'move' ? node.constants : node.op === 'affine' ? node.shift : undefined;
    if (numbers?.includes(-Infinity)) {
      throw new UnsupportedOpError(
        `Node ${node.name} (${node.source}): one of its constants is minus infinity, and not every reader of its result is a softmax.`,
      );
    }
  }
}

/** A loop, not `every`: a network may have a hundred million weights. `mayMask`: minus infinity counts as finite. */
function allFinite(values: Float64Array, mayMask: boolean): boolean {
  for (let i = 0; i < values.length; i += 1)
    if (!Number.isFinite(values[i]) && !(mayMask && values[i] === -Infinity)) return false;
  return true;
}
