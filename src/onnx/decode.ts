/**
 * ONNX bytes → {@link OnnxModel}, by the ONNX IR specification. The bytes are untrusted: whatever they hold, the result
 * is a model or a named error. The trap: protobuf has no framing, so a truncated file may decode, and only the checks
 * that follow notice that something is missing.
 */
import { MalformedModelError, UnsupportedOpsetError, UnsupportedTensorError } from './errors.js';
import type { Attribute, Constant, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode, ValueInfo } from './model.js';
import { decodeMessage } from './message.js';
import {
  ModelProto,
  type AttributeMessage,
  type FunctionMessage,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type ValueInfoMessage,
} from './schema.js';
import { elementType, readTensor, toNumber } from './tensor-data.js';
import { fields } from './wire.js';

/** Number of the field ModelProto.graph. */
const GRAPH = 7;

/** Oldest and newest version of the default operator set; of those before 7, see old-opsets.ts. */
export const OLDEST_OPSET = 1;
export const NEWEST_OPSET = 28;

/**
 * Reads an ONNX file.
 * @throws MalformedModelError when the bytes are no complete ONNX model
 * @throws UnsupportedOpsetError outside opset 1 to 28
 * @throws UnsupportedTensorError for external data and for element types without a number in them
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const message = decodeBytes(bytes);
  const graph = message.graph;
  if (graph === undefined) throw new MalformedModelError('The file holds no ONNX graph. Is it an ONNX model?');
  const opsets = readOpsets(message);
  const opset = defaultOpset(opsets, graph);
  if ((graph.sparseInitializer?.length ?? 0) > 0) {
    throw new UnsupportedTensorError('The model stores sparse initializers. Convert them to dense ones.');
  }
  const initializers = readInitializers(graph);
  const inputs = (graph.input ?? [])
    .map((info) => readValueInfo(info, 'A graph input'))
    .filter(({ name }) => !initializers.has(name));
  const outputs = (graph.output ?? []).map((info) => readValueInfo(info, 'A graph output'));
  if (outputs.length === 0) throw new MalformedModelError('The graph has no outputs. Is the file complete?');
  const nodes = (graph.node ?? []).map((node) => readNode(node));
  refuseRepeated(
    'graph inputs',
    inputs.map(({ name }) => name),
  );
  refuseRepeated(
    'graph outputs',
    outputs.map(({ name }) => name),
  );
  refuseMadeTwice(nodes, new Set([...initializers.keys(), ...inputs.map(({ name }) => name)]));
  return {
    irVersion: toNumber(message.irVersion),
    producer: [message.producerName, message.producerVersion].filter(Boolean).join(' '),
    opset,
    opsets,
    nodes,
    initializers,
    inputs,
    outputs,
    functions: (message.functions ?? []).map(readFunction),
    valueInfo: new Map(
      (graph.valueInfo ?? []).map((info) => readValueInfo(info, 'A value_info')).map((info) => [info.name, info]),
    ),
  };
}

function readInitializers(graph: GraphMessage): Map<string, Constant> {
  const initializers = new Map<string, Constant>();
  for (const tensor of graph.initializer ?? []) {
    const name = tensor.name ?? '';
    if (name === '') throw new MalformedModelError('An initializer has no name.');
    if (initializers.has(name)) throw new MalformedModelError(`Two initializers are named ${name}.`);
    initializers.set(name, readTensor(tensor, name));
  }
  return initializers;
}

function readOpsets({ opsetImport }: Pick<ModelMessage, 'opsetImport'>): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of opsetImport ?? []) {
    const known = opsets.get(domainOf(domain));
    if (known !== undefined && known !== toNumber(version)) {
      throw new MalformedModelError(
        `The model names versions ${known} and ${toNumber(version)} of the operator set ${domainOf(domain) || 'ai.onnx'}.`,
      );
    }
    opsets.set(domainOf(domain), toNumber(version));
  }
  return opsets;
}

function readFunction(message: FunctionMessage): OnnxFunction {
  const name = message.name ?? '';
  if (name === '') throw new MalformedModelError('A function of the model has no name.');
  const nodes = (message.node ?? []).map((node) => readNode(node));
  const inputs = message.input ?? [];
  refuseRepeated(`inputs of the function ${name}`, inputs);
  refuseMadeTwice(nodes, new Set(inputs));
  return {
    name,
    domain: domainOf(message.domain),
    overload: message.overload ?? '',
    inputs,
    outputs: message.output ?? [],
    attributes: new Map<string, Attribute | undefined>([
      ...(message.attribute ?? []).map((given): [string, undefined] => [given, undefined]),
      ...(message.attributeProto ?? []).map((given): [string, Attribute] => [
        given.name ?? '',
        readAttribute(given, `${given.name} of function ${name}`, 0),
      ]),
    ]),
    nodes,
    opsets: readOpsets(message),
  };
}

/** Sub-graphs nest no deeper than this: each level is one call here. */
const MAX_DEPTH = 32;

function readSubgraph(graph: GraphMessage, where: string, depth: number): OnnxGraph {
  if (depth > MAX_DEPTH) throw new MalformedModelError(`Sub-graphs nest more than ${MAX_DEPTH} deep at ${where}.`);
  return {
    nodes: (graph.node ?? []).map((node) => readNode(node, depth)),
    initializers: readInitializers(graph),
    inputs: (graph.input ?? []).map((info) => readValueInfo(info, `An input of the sub-graph ${where}`)),
    outputs: (graph.output ?? []).map((info) => readValueInfo(info, `An output of the sub-graph ${where}`)),
  };
}

/** @throws MalformedModelError where a name stands twice */
function refuseRepeated(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw new MalformedModelError(`Two ${what} are named ${name}. Names must be unique: export the model again.`);
    seen.add(name);
  }
}

/**
 * Nodes that nothing reads count too: which of two tensors of one name is meant must not depend on what is pruned.
 * @throws MalformedModelError
 */
function refuseMadeTwice(nodes: readonly OnnxNode[], existing: Set<string>): void {
  for (const { name, op, outputs } of nodes) {
    for (const output of outputs) {
      if (output === '') continue;
      if (existing.has(output))
        throw new MalformedModelError(`Node ${name} (${op}) makes ${output}, which exists already.`);
      existing.add(output);
    }
  }
}

/**
 * The trap: protobufjs takes the last of several graphs, other readers make one of all of them, so such a file has two
 * meanings.
 */
function decodeBytes(bytes: Uint8Array): ModelMessage {
  try {
    if (fields(bytes).filter(({ number }) => number === GRAPH).length > 1) {
      throw new MalformedModelError('The file holds more than one graph. Export the model again.');
    }
    return decodeMessage(ModelProto, bytes) as ModelMessage;
  } catch (cause) {
    if (cause instanceof MalformedModelError) throw cause;
    throw new MalformedModelError('The bytes are no ONNX model: they do not decode as one. Is the file complete?', {
      cause,
    });
  }
}

function domainOf(domain: string | undefined): string {
  return domain === 'ai.onnx' ? '' : (domain ?? '');
}

/** A model of trees alone need not name the default operator set. */
function defaultOpset(opsets: ReadonlyMap<string, number>, graph: GraphMessage): number {
  const version = opsets.get('');
  if (version === undefined) {
    if (opsets.size > 0 && (graph.node ?? []).every(({ domain }) => domainOf(domain) !== '')) return NEWEST_OPSET;
    throw new MalformedModelError('The model names no version of the default operator set (opset_import).');
  }
  if (version < OLDEST_OPSET || version > NEWEST_OPSET) {
    throw new UnsupportedOpsetError(
      `The model uses opset ${version}; opset ${OLDEST_OPSET} to ${NEWEST_OPSET} are supported. Export it again with one of those.`,
    );
  }
  return version;
}

function readNode(message: NodeMessage, depth = 0): OnnxNode {
  const outputs = message.output ?? [];
  const op = message.opType ?? '';
  const name = message.name || outputs.find((output) => output !== '') || '';
  if (op === '') throw new MalformedModelError(`Node ${name || '(nameless)'} has no operator.`);
  if (name === '') throw new MalformedModelError(`A ${op} node has neither a name nor an output.`);
  const domain = domainOf(message.domain);
  const attributes = new Map<string, Attribute>();
  for (const attribute of message.attribute ?? []) {
    if (attributes.has(attribute.name ?? ''))
      throw new MalformedModelError(`Node ${name} (${op}) has two attributes ${attribute.name}.`);
    attributes.set(attribute.name ?? '', readAttribute(attribute, `${attribute.name} of node ${name}`, depth));
  }
  return {
    name,
    op,
    domain,
    inputs: message.input ?? [],
    outputs,
    attributes,
    ...(message.overload ? { overload: message.overload } : {}),
  };
}

/** By the `type` codes of AttributeProto. */
function readAttribute(message: AttributeMessage, where: string, depth: number): Attribute {
  if (message.refAttrName) return { type: 'reference', value: message.refAttrName };
  switch (message.type) {
    case 1:
      return { type: 'float', value: message.f ?? 0 };
    case 2:
      return { type: 'int', value: toNumber(message.i) };
    case 3:
      return { type: 'string', value: text(message.s) };
    case 4:
      if (message.t === undefined)
        throw new MalformedModelError(`Attribute ${where} should hold a tensor and holds none.`);
      return readTensorAttribute(message, where);
    case 6:
      return { type: 'floats', value: message.floats ?? [] };
    case 7:
      return { type: 'ints', value: (message.ints ?? []).map(toNumber) };
    case 8:
      return { type: 'strings', value: (message.strings ?? []).map(text) };
    case 5:
      if (message.g === undefined)
        throw new MalformedModelError(`Attribute ${where} should hold a sub-graph and holds none.`);
      return { type: 'graph', value: readSubgraph(message.g, where, depth + 1) };
    case 10:
      return { type: 'other', value: 'a list of sub-graphs' };
    default:
      return { type: 'other', value: `a value of attribute type ${message.type ?? 0}` };
  }
}

/** A tensor of an unreadable type is no error before an operator asks for it. */
function readTensorAttribute(message: AttributeMessage, where: string): Attribute {
  try {
    return { type: 'tensor', value: readTensor(message.t!, where) };
  } catch (error) {
    if (error instanceof UnsupportedTensorError) return { type: 'other', value: 'a tensor that cannot be read' };
    throw error;
  }
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

function readValueInfo(message: ValueInfoMessage, role: string): ValueInfo {
  const name = message.name ?? '';
  if (name === '') throw new MalformedModelError(`${role} has no name.`);
  const tensor = message.type?.tensorType;
  return {
    name,
    type: elementType(tensor?.elemType),
    dimensions:
      tensor?.shape?.dim?.map(({ value, dimValue, dimParam }) =>
        value === 'dimValue' ? toNumber(dimValue) : dimParam || undefined,
      ) ?? (tensor?.shape === undefined ? undefined : []),
  };
}
