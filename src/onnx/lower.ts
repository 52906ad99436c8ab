/**
 * One ONNX node → nodes of the normalised graph, or constants. A node whose inputs are all constants is computed on the
 * spot: by its own folding rule, or by lowering it in a scratch graph and evaluating that.
 */
import { GraphBuilder } from './builder.js';
import { UnsupportedOpError } from './errors.js';
import { evaluate } from '../network/evaluate.js';
import { ML_OPERATORS, mlOps } from './ml/index.js';
import type { OnnxGraph, OnnxNode } from './model.js';
import { constant, NodeContext, type Operator } from './ops/context.js';
import { constantOps, OPERATORS, supportedOps } from './ops/index.js';
import { wrapped } from './ops/wrapping.js';
import { sizeOf } from '../tensor/shape.js';
import type { Activation, Value } from './values.js';

/** @throws UnsupportedOpError, UnsupportedAttributeError, ShapeError, MalformedModelError or ModelTooLargeError */
export function lowerNode(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | undefined)[],
  builder: GraphBuilder,
  inline?: (graph: OnnxGraph) => readonly Value[],
): readonly Value[] {
  const operator = findOperator(node, opset);
  const foldable = inputs.every((value) => value === undefined || value.kind === 'constant');
  if (foldable && operator.fold === undefined) return foldByEvaluation(node, opset, inputs, operator, builder);
  const lowering = foldable ? operator.fold : operator.lower;
  const context = new NodeContext(node, opset, inputs, builder, inline);
  if (lowering === undefined) {
    throw context.unsupported(`it is supported on constants only, and ${firstActivation(node, inputs)} is computed from the network's inputs`);
  }
  const scores = inputs.find((value) => value?.kind === 'activation' && value.omitted !== undefined) as Activation | undefined;
  if (scores?.omitted !== undefined && operator.afterSoftmax === undefined) {
    throw new UnsupportedOpError(
      `Node ${scores.omitted.node} (${scores.omitted.op}), opset ${opset}: it is supported only at the end of the network, and node ${node.name} (${node.op}) computes with its result.`,
    );
  }
  const outputs = lowering(context).map((value) => wrapped(context, value));
  context.finish();
  return scores !== undefined && operator.afterSoftmax === 'carries'
    ? outputs.map((value) => carrySoftmax(context, scores, value))
    : outputs;
}

/** Whether the operator has a row in one of the tables. */
export function isKnownOperator({ domain, op }: OnnxNode): boolean {
  return (domain === '' && Object.hasOwn(OPERATORS, op)) || (domain === 'ai.onnx.ml' && Object.hasOwn(ML_OPERATORS, op));
}

function findOperator(node: OnnxNode, opset: number): Operator {
  const table = node.domain === '' ? OPERATORS : node.domain === 'ai.onnx.ml' ? ML_OPERATORS : {};
  if (Object.hasOwn(table, node.op)) return table[node.op];
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
  throw new UnsupportedOpError(
    `Node ${node.name} (${op}), opset ${opset}: this operator is not supported. Supported are ${[...supportedOps(), ...mlOps()].join(', ')}; and on constants ${constantOps().join(', ')}.`,
  );
}

function firstActivation(node: OnnxNode, inputs: readonly (Value | undefined)[]): string {
  return node.inputs[inputs.findIndex((value) => value?.kind === 'activation')];
}

/** Lowers the node with its first input as an activation and evaluates what that makes. */
function foldByEvaluation(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | undefined)[],
  operator: Operator,
  parent: GraphBuilder,
): readonly Value[] {
  const scratch = new GraphBuilder(parent);
  const [first] = inputs;
  const tensor = scratch.unique('x');
  if (first?.kind === 'constant') scratch.facts.set(tensor, { bounds: { low: first.data, high: first.data }, whole: first.data.every(Number.isInteger) });
  const context = new NodeContext(
    node,
    opset,
    first === undefined ? inputs : [{ kind: 'activation', tensor, shape: first.shape, type: first.type }, ...inputs.slice(1)],
    scratch,
  );
  const outputs = operator.lower!(context);
  context.finish();
  if (outputs.every((value) => value.kind === 'constant')) return outputs;
  if (outputs.some((value) => value.kind === 'activation' && value.omitted !== undefined)) {
    throw context.unsupported('it is supported only at the end of the network, not on constants');
  }
  const data = first !== undefined && first.kind === 'constant' ? first.data : new Float64Array();
  const graph = { inputs: [{ name: tensor, shape: first?.shape ?? [] }], nodes: scratch.nodes };
  const results = evaluate(graph, [data]);
  return outputs.map((value) =>
    value.kind === 'constant' ? value : constant(value.type, value.shape, results.get(value.tensor)!),
  );
}

/** The softmax's axis after its scores were given another shape: the dimension of the same size and stride. */
function carrySoftmax(context: NodeContext, before: Activation, after: Value): Value {
  if (after.kind === 'constant' || after.omitted !== undefined || before.omitted === undefined) return after;
  const { axis: from, op, node } = before.omitted;
  const stride = sizeOf(before.shape.slice(from + 1));
  const axis = after.shape.findIndex((size, i) => size === before.shape[from] && sizeOf(after.shape.slice(i + 1)) === stride);
  if (axis < 0) throw context.unsupported(`it breaks up dimension ${from}, over which ${op} ${node} before it runs`);
  return { ...after, omitted: { ...before.omitted, axis } };
}
