/**
 * One ONNX node → nodes of the normalised graph, or constants. A node whose inputs are all constants is computed on the
 * spot: by its own folding rule, or by lowering it in a scratch graph and evaluating that.
 */
import { GraphBuilder } from './builder.js';
import { UnsupportedOpError } from './errors.js';
import { evaluate } from '../network/evaluate.js';
import { applyOmitted } from '../network/softmax.js';
import { operatorNames, operatorOf } from './domains.js';
import type { OnnxNode } from './model.js';
import { constant, NodeContext, type Inliner, type Lowering, type OnnxOperator } from './ops/context.js';
import { constantOps } from './ops/index.js';
import { wrapped, wrappedConstant } from './ops/wrapping.js';
import { whyAbsent, whyOfConstants } from './refusals.js';
import { settle } from './settle.js';
import { sizeOf } from '../tensor/shape.js';
import type { Activation, Value } from './values.js';

/** @throws UnsupportedOpError, UnsupportedAttributeError, ShapeError, MalformedModelError or ModelTooLargeError */
export function lowerNode(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | undefined)[],
  builder: GraphBuilder,
  subgraph?: Inliner['subgraph'],
): readonly Value[] {
  builder.countNode(node);
  const operator = findOperator(node, opset);
  const foldable = inputs.every((value) => value === undefined || value.kind === 'constant');
  if (foldable && operator.fold === undefined) return foldByEvaluation(node, opset, inputs, operator, builder);
  const lowering = foldable ? operator.fold : operator.lower;
  const inliner = inlinerFor(node, builder, subgraph);
  const context = new NodeContext(node, opset, inputs, builder, inliner);
  if (lowering === undefined) {
    const why = whyOfConstants(node.domain, node.op);
    throw context.unsupported(
      `it is supported on constants only, and ${firstActivation(node, inputs)} is computed from the network's inputs; ` +
        (why ?? 'where that is a graph input which is always the same, fix it: --fix-input NAME=VALUES'),
    );
  }
  const scores = inputs.find((value) => value?.kind === 'activation' && value.omitted !== undefined) as
    | Activation
    | undefined;
  const unrounded = inputs.some((value) => value?.kind === 'activation' && value.unrounded !== undefined);
  if (unrounded && operator.ofUnrounded === undefined) {
    throw context.unsupported(
      'it computes with codes whose rounding is left out here (see DynamicQuantizeLinear); MatMulInteger, ConvInteger and DequantizeLinear may read them',
    );
  }
  if (scores === undefined)
    return finish(context, operator.ofUnrounded === 'carries' ? carryUnrounded(lowering) : lowering);
  if (operator.afterSoftmax === 'ends') return finish(context, lowering);
  const carried =
    operator.afterSoftmax === 'carries'
      ? finish(context, lowering).map((value) => carrySoftmax(scores, value))
      : [undefined];
  if (carried.every((value) => value !== undefined)) return carried;
  const settled = inputs.map((value) => (value?.kind === 'activation' ? settle(builder, value) : value));
  return finish(new NodeContext(node, opset, settled, builder, inliner), lowering);
}

/** Elements that are moved about are codes still whose rounding was left out. */
function carryUnrounded(lowering: Lowering): Lowering {
  return (context) => {
    const unrounded = context.inputs.find(
      (value): value is Activation => value?.kind === 'activation' && value.unrounded !== undefined,
    )?.unrounded;
    return lowering(context).map((value) =>
      unrounded !== undefined && value.kind === 'activation' ? { ...value, unrounded } : value,
    );
  };
}

function finish(context: NodeContext, lowering: Lowering): readonly Value[] {
  const outputs = lowering(context).map((value) => wrapped(context, value));
  context.finish();
  return outputs;
}

/** Nodes made of this one go where it goes. */
function inlinerFor(owner: OnnxNode, builder: GraphBuilder, subgraph: Inliner['subgraph'] | undefined): Inliner {
  return {
    node: (node, opset, inputs) => lowerNode(node, opset, inputs, builder, subgraph),
    subgraph: (graph, given) => {
      if (subgraph === undefined)
        throw new UnsupportedOpError(`Node ${owner.name} (${owner.op}): it stands where no sub-graph can be computed.`);
      return subgraph(graph, given);
    },
  };
}

/** Whether the operator has a row in one of the tables. */
export function isKnownOperator(node: OnnxNode): boolean {
  return operatorOf(node) !== undefined;
}

function findOperator(node: OnnxNode, opset: number): OnnxOperator {
  const operator = operatorOf(node);
  if (operator !== undefined) return operator;
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
  const why = whyAbsent(node.domain, node.op);
  if (why !== undefined)
    throw new UnsupportedOpError(`Node ${node.name} (${op}), opset ${opset}: this operator is not supported: ${why}.`);
  throw new UnsupportedOpError(
    `Node ${node.name} (${op}), opset ${opset}: this operator is not supported. Supported are ${operatorNames().join(', ')}; and on constants ${constantOps().join(', ')}.`,
  );
}

function firstActivation(node: OnnxNode, inputs: readonly (Value | undefined)[]): string {
  return node.inputs[inputs.findIndex((value) => value?.kind === 'activation')];
}

/** Lowers the node with one input, its first unless the operator says another, as an activation, and evaluates that. */
function foldByEvaluation(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | undefined)[],
  operator: OnnxOperator,
  parent: GraphBuilder,
): readonly Value[] {
  const scratch = new GraphBuilder(parent);
  const at = operator.dataAt ?? 0;
  const first = inputs[at];
  const tensor = scratch.unique('x');
  if (first?.kind === 'constant')
    scratch.facts.set(tensor, {
      bounds: { low: first.data, high: first.data },
      whole: first.data.every(Number.isInteger),
    });
  const context = new NodeContext(
    node,
    opset,
    first === undefined
      ? inputs
      : inputs.with(at, { kind: 'activation', tensor, shape: first.shape, type: first.type }),
    scratch,
    inlinerFor(node, scratch, undefined),
  );
  const outputs = operator.lower!(context);
  context.finish();
  if (outputs.every((value) => value.kind === 'constant')) return outputs.map(wrappedConstant);
  const data = first !== undefined && first.kind === 'constant' ? first.data : new Float64Array();
  const graph = { inputs: [{ name: tensor, shape: first?.shape ?? [] }], nodes: scratch.nodes };
  const results = evaluate(graph, [data]);
  return outputs.map((value) =>
    wrappedConstant(
      value.kind === 'constant'
        ? value
        : constant(value.type, value.shape, applyOmitted(value, results.get(value.tensor)!)),
    ),
  );
}

/**
 * The softmax's axes after its scores were given another shape: the dimensions of the same size and stride. Undefined
 * where the new shape breaks them up, so that the softmax is to be computed before.
 */
function carrySoftmax(before: Activation, after: Value): Value | undefined {
  if (after.kind === 'constant' || after.omitted !== undefined || before.omitted === undefined) return after;
  if (before.omitted.op === 'Sigmoid') return { ...after, omitted: before.omitted };
  const wide = before.omitted.axes.filter((axis) => before.shape[axis] !== 1);
  const [from, to] = [wide[0], wide[wide.length - 1]];
  // Of dimensions of size 1 alone each element is a group of its own.
  if (from === undefined) return { ...after, omitted: { ...before.omitted, axes: [] } };
  const size = sizeOf(before.shape.slice(from, to + 1));
  const stride = sizeOf(before.shape.slice(to + 1));
  if (size !== wide.reduce((product, axis) => product * before.shape[axis], 1)) return undefined;
  for (let first = 0; first < after.shape.length; first++) {
    for (let end = first + 1; end <= after.shape.length; end++) {
      if (sizeOf(after.shape.slice(first, end)) !== size || sizeOf(after.shape.slice(end)) !== stride) continue;
      return {
        ...after,
        omitted: { ...before.omitted, axes: Array.from({ length: end - first }, (_, k) => first + k) },
      };
    }
  }
  return undefined;
}
