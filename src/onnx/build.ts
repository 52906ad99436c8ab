/** ONNX model → normalised {@link Graph}: shapes known, constants folded, operators reduced to the graph's few kinds. */
import { GraphBuilder } from './builder.js';
import { MalformedModelError, UnsupportedOpError } from './errors.js';
import { rangeOf } from './facts.js';
import type { Graph, GraphNode, GraphOutput } from '../network/graph.js';
import { lowerInput, lowerIntoScope, reachableNodes, requireUnmasked, type Scope } from './lower-model.js';
import type { Constant, ElementType, OnnxModel } from './model.js';
import { settle } from './settle.js';
import { unmask } from './unmask.js';
import type { Activation } from './values.js';

/**
 * Normalises a model. A dynamic batch dimension becomes 1, a trailing softmax is left out; both are in `notes`.
 * @throws a subclass of ZkinferError (see errors.ts) that names the node and what is wrong with it
 */
export function buildGraph(model: OnnxModel): Graph {
  const builder = new GraphBuilder();
  const scope: Scope = new Map(model.initializers);
  const inputs = model.inputs.map((info) => {
    const value = lowerInput(model, info, builder);
    scope.set(info.name, value);
    return { name: value.tensor, shape: value.shape, ...integersOf(value.type) };
  });
  for (const node of reachableNodes(model)) lowerIntoScope(node, model, scope, builder);
  const isAlone = model.outputs.every(({ name }) => scope.get(name)?.kind === 'constant');
  const outputs = model.outputs.map(({ name }) => readOutput(name, scope, builder, { isAlone, input: inputs[0]?.name }));
  const nodes = prune(builder.nodes, outputs);
  requireUnmasked(nodes);
  return { inputs, nodes, outputs, notes: builder.notes };
}

/** Range of the integer types; empty for the others. */
function integersOf(type: ElementType): { readonly integers?: readonly [number, number] } {
  const integers = rangeOf(type);
  return integers === undefined ? {} : { integers };
}

/** What a constant output needs to know: whether no output depends on an input, and the tensor of an input. */
interface Beside {
  readonly isAlone: boolean;
  readonly input: string;
}

function readOutput(name: string, scope: Scope, builder: GraphBuilder, { isAlone, input }: Beside): GraphOutput {
  const value = scope.get(name);
  if (value === undefined) throw new MalformedModelError(`Graph output ${name} is made by no node. Is the file complete?`);
  if (value.kind === 'unknown') throw value.cause;
  if (value.kind === 'constant' && isAlone) {
    throw new UnsupportedOpError(`Graph output ${name} depends on no graph input: there is nothing to prove about it.`);
  }
  const { tensor, shape, omitted, type, labels } = value.kind === 'constant' ? fixed(builder, name, value, input) : isMasked(builder, value) ? settle(builder, value) : value;
  const described = { name, tensor, shape, ...(labels === undefined ? {} : { labels, ...(type === 'string' ? { named: true as const } : {}) }) };
  if (omitted === undefined) return described;
  builder.notes.push(
    `The ${omitted.op} (${omitted.node}) at the end is left out: the proof covers output ${name} as the scores before it, which have the same order.`,
  );
  return { ...described, omitted: { op: omitted.op, axes: omitted.axes } };
}

/** A constant beside computed outputs: a tensor that is the same for every input. */
function fixed(builder: GraphBuilder, output: string, { data, shape, type }: Constant, input: string): Activation {
  builder.notes.push(`Output ${output} is the same for every input.`);
  const [name, spread, tensor] = [`${output}/fixed`, `${output}/fixed/spread`, output].map((wanted) => builder.unique(wanted));
  const common = { name, source: 'Constant', shape };
  builder.add({ ...common, op: 'move', inputs: [input], output: spread, index: new Int32Array(data.length), constants: new Float64Array() });
  const integers = rangeOf(type);
  builder.add({ ...common, op: 'affine', inputs: [spread], output: tensor, scale: new Float64Array(data.length), shift: data, ...(integers && { integers }) });
  return { kind: 'activation', tensor, shape, type };
}

/** Whether a softmax was left out whose scores hold a mask: they are no numbers that could be proved in its place. */
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
