/**
 * Walks a model's nodes in file order (ONNX requires it to be topological) and lowers each. What happens on a failure is
 * the caller's choice: building a graph stops, a survey notes it and goes on.
 */
import type { GraphBuilder } from './builder.js';
import { DynamicShapeError, MalformedModelError, UnsupportedOpError, UnsupportedTensorError } from './errors.js';
import type { ZkinferError } from '../errors.js';
import type { GraphNode } from '../network/graph.js';
import { lowerNode } from './lower.js';
import type { Dimension, OnnxModel, OnnxNode, ValueInfo } from './model.js';
import type { Activation, Value } from './values.js';

/** Why a tensor has no value: the error that stopped the node making it. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly cause: ZkinferError;
}

export type Scope = Map<string, Value | Unknown>;

/** Nodes that some graph output depends on, in file order. */
export function reachableNodes(model: OnnxModel): OnnxNode[] {
  const needed = new Set(model.outputs.map(({ name }) => name));
  return [...model.nodes]
    .reverse()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some((name) => needed.has(name))) return false;
      for (const name of inputs) needed.add(name);
      return true;
    })
    .reverse();
}

/** The names that stand for one unknown batch size: those of leading dimensions. */
function batchNames(model: OnnxModel): Set<Dimension> {
  return new Set(model.inputs.map(({ dimensions }) => dimensions?.[0]).filter((dimension) => typeof dimension === 'string'));
}

/** A graph input as an activation; an unknown leading dimension becomes 1, with a note. */
export function lowerInput(model: OnnxModel, info: ValueInfo, builder: GraphBuilder): Activation {
  const { name, type, dimensions } = info;
  if (type === 'undefined' || type === 'string' || type.startsWith('complex')) {
    throw new UnsupportedTensorError(`Graph input ${name} is no tensor of numbers.`);
  }
  if (dimensions === undefined) {
    throw new DynamicShapeError(`Graph input ${name} has no shape. Export the model again with a fixed input shape.`);
  }
  const batch = batchNames(model);
  const shape = dimensions.map((dimension, axis) => {
    if (typeof dimension === 'number' && dimension > 0) return dimension;
    if (axis === 0 || batch.has(dimension)) return 1;
    throw new DynamicShapeError(
      `Dimension ${axis} (${dimension || 'unnamed'}) of graph input ${name} is not fixed. Only the leading, batch dimension may be left open: export the model again with a number there (no dynamic_axes entry for it in torch.onnx.export).`,
    );
  });
  dimensions.forEach((dimension, axis) => {
    if (typeof dimension !== 'number' || dimension <= 0) {
      builder.notes.push(`Dimension ${axis}${dimension ? ` (${dimension})` : ''} of input ${name} is dynamic and was set to 1.`);
    }
  });
  return { kind: 'activation', tensor: builder.unique(name), shape: builder.bounded(shape, `Graph input ${name}`), type };
}

/** Lowers one node into the scope: afterwards each of its outputs has a value, or the reason why it has none. */
export function lowerIntoScope(node: OnnxNode, opset: number, scope: Scope, builder: GraphBuilder): readonly Value[] {
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const value = scope.get(name);
    if (value === undefined) {
      throw new MalformedModelError(`Node ${node.name} (${node.op}) reads ${name}, which no input, initializer or earlier node makes.`);
    }
    if (value.kind === 'unknown') throw value.cause;
    return value;
  });
  for (const name of node.outputs) {
    if (name !== '' && scope.has(name)) throw new MalformedModelError(`Node ${node.name} (${node.op}) makes ${name}, which exists already.`);
  }
  const before = builder.nodes.length;
  const outputs = lowerNode(node, opset, inputs, builder);
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

/** Exact arithmetic has no NaN and no infinity; only the bounds of a clip may be infinite. */
function requireFinite(made: GraphNode, node: OnnxNode, opset: number): void {
  const numbers = Object.values(made).filter((field) => field instanceof Float64Array);
  if (numbers.some((values) => !values.every(Number.isFinite))) {
    throw new UnsupportedOpError(`Node ${node.name} (${node.op}), opset ${opset}: one of its constants is NaN or infinite.`);
  }
}
