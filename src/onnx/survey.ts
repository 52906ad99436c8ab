/**
 * What a model consists of and which parts of it can be proved, for `zkinfer inspect`: goes on where a build would
 * stop.
 */
import { ZkinferError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import { buildGraph, valueOfInput } from './build.js';
import { GraphBuilder } from './builder.js';
import { functionOf } from './local-functions.js';
import { isKnownOperator } from './lower.js';
import { lowerInput, lowerIntoScope, reachableNodes, type Scope, type Unknown } from './lower-model.js';
import type { ElementType, OnnxModel, OnnxNode } from './model.js';
import type { Activation, Value } from './values.js';

export interface SurveyedTensor {
  readonly name: string;
  readonly type: ElementType;
  /** Missing where it could not be worked out. */
  readonly shape?: Shape;
}

export interface SurveyedNode {
  readonly name: string;
  /** Operator, with its domain where that is not the default one. */
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Shape of the first output, where it could be worked out. */
  readonly shape?: Shape;
  /** The node can be proved, as far as can be told when its inputs' shapes are unknown. */
  readonly supported: boolean;
  /** Why not, or what could not be checked. */
  readonly why?: string;
}

export interface ModelSurvey {
  readonly producer: string;
  readonly opset: number;
  readonly inputs: readonly SurveyedTensor[];
  readonly outputs: readonly SurveyedTensor[];
  /** Nodes that the outputs depend on, in order. */
  readonly nodes: readonly SurveyedNode[];
  /** Everything that keeps the model from being built, each a full sentence; empty when `buildGraph` succeeds. */
  readonly unsupported: readonly string[];
}

/** Never throws on a decoded model. */
export function surveyModel(model: OnnxModel): ModelSurvey {
  const builder = new GraphBuilder(undefined, new Set(model.outputs.map(({ name }) => name)));
  const scope: Scope = new Map(model.initializers);
  const unsupported: string[] = [];
  for (const info of model.inputs) {
    const value = attempt(() => lowerInput(model, info, builder));
    if (value.kind === 'unknown') unsupported.push(value.cause.message);
    scope.set(info.name, value.kind === 'unknown' ? value : attempt(() => valueOfInput(info, value)));
  }
  const nodes = reachableNodes(model).map((node) => {
    const surveyed = surveyNode(node, model, scope, builder);
    if (!surveyed.supported && surveyed.why !== undefined) unsupported.push(surveyed.why);
    return surveyed;
  });
  for (const { name } of model.outputs) {
    const value = scope.get(name);
    if (value === undefined) unsupported.push(`Graph output ${name} is made by no node.`);
    if (value?.kind === 'unknown') unsupported.push(value.cause.message);
  }
  if (unsupported.length === 0) {
    const why = whyNotBuilt(model);
    if (why !== undefined) unsupported.push(why);
  }
  return {
    producer: model.producer,
    opset: model.opset,
    inputs: model.inputs.map(({ name, type }) => ({ name, type, shape: shapeOf(scope, name) })),
    outputs: model.outputs.map(({ name, type }) => ({ name, type, shape: shapeOf(scope, name) })),
    nodes,
    unsupported: [...new Set(unsupported)],
  };
}

/** What only the complete network shows. */
function whyNotBuilt(model: OnnxModel): string | undefined {
  try {
    buildGraph(model);
    return undefined;
  } catch (error) {
    if (error instanceof ZkinferError) return error.message;
    throw error;
  }
}

function attempt<V extends Value>(make: () => V): V | Unknown {
  try {
    return make();
  } catch (error) {
    if (error instanceof ZkinferError) return { kind: 'unknown', cause: error };
    throw error;
  }
}

function shapeOf(scope: Scope, name: string): Shape | undefined {
  const value = scope.get(name);
  return value === undefined || value.kind === 'unknown' ? undefined : value.shape;
}

function surveyNode(node: OnnxNode, model: OnnxModel, scope: Scope, builder: GraphBuilder): SurveyedNode {
  const described = {
    name: node.name,
    op: node.domain === '' ? node.op : `${node.domain}.${node.op}`,
    inputs: node.inputs,
    outputs: node.outputs,
  };
  const unknown = node.inputs.find((name) => scope.get(name)?.kind === 'unknown');
  try {
    const outputs = lowerIntoScope(node, model, scope, builder);
    return { ...described, shape: outputs[0]?.shape, supported: true };
  } catch (error) {
    if (!(error instanceof ZkinferError)) throw error;
    for (const name of node.outputs) {
      if (name !== '' && !scope.has(name))
        scope.set(name, standIn(model, name, builder) ?? { kind: 'unknown', cause: error });
    }
    const known = unknown !== undefined && (isKnownOperator(node) || functionOf(node, model) !== undefined);
    return {
      ...described,
      shape: shapeOf(scope, node.outputs[0]),
      supported: known,
      why: known ? `Not checked: the shape of ${unknown} is not known.` : error.message,
    };
  }
}

/** A tensor that cannot be computed, by what the file says of it, so that the nodes after it can be checked. */
function standIn(model: OnnxModel, name: string, builder: GraphBuilder): Activation | undefined {
  const info = model.valueInfo.get(name);
  if (info === undefined) return undefined;
  const value = attempt(() => lowerInput(model, info, builder));
  return value.kind === 'unknown' ? undefined : value;
}
