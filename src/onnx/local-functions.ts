/**
 * Functions that a model defines beside its graph (ModelProto.functions): a node that calls one stands for the
 * function's nodes, with the call's inputs and attributes put in. A function hides an operator of its name, as in
 * ONNX's own inliner.
 */
import { MalformedModelError } from './errors.js';
import type { Attribute, OnnxFunction, OnnxModel, OnnxNode } from './model.js';
import type { Value } from './values.js';

/** The function that a node calls, if it calls one. */
export function functionOf(
  { op, domain, overload = '' }: OnnxNode,
  { functions }: Pick<OnnxModel, 'functions'>,
): OnnxFunction | undefined {
  return functions.find((made) => made.name === op && made.domain === domain && made.overload === overload);
}

/** The body of a call. */
export interface CalledFunction {
  /** Values of the inputs by their names in the body; those left out are not among them. */
  readonly given: ReadonlyMap<string, Value>;
  /** With the call's attributes in place; an input that was left out is an empty name. */
  readonly nodes: readonly OnnxNode[];
  readonly outputs: readonly { readonly name: string }[];
  readonly opsets: ReadonlyMap<string, number>;
}

/** @throws MalformedModelError where the call gives more than the function takes, or asks for more than it makes */
export function expandFunction(
  { name, inputs, outputs, attributes, nodes, opsets }: OnnxFunction,
  caller: OnnxNode,
  values: readonly (Value | undefined)[],
): CalledFunction {
  const refuse = (what: string): MalformedModelError =>
    new MalformedModelError(`Node ${caller.name} calls the function ${name}: ${what}.`);
  if (values.length > inputs.length)
    throw refuse(`it gives ${values.length} inputs, and the function has ${inputs.length}`);
  if (caller.outputs.length > outputs.length)
    throw refuse(`it asks for ${caller.outputs.length} outputs, and the function has ${outputs.length}`);
  for (const given of caller.attributes.keys())
    if (!attributes.has(given)) throw refuse(`it gives the attribute ${given}, which the function does not have`);
  const bound = new Map([...attributes, ...caller.attributes]);
  const absent = new Set(inputs.filter((_, i) => values[i] === undefined));
  return {
    given: new Map(
      inputs.flatMap((input, i): [string, Value][] => (values[i] === undefined ? [] : [[input, values[i]]])),
    ),
    nodes: nodes.map((node) => inPlace(node, caller.name, bound, absent)),
    // Only what is asked for is computed.
    outputs: outputs.slice(0, caller.outputs.length).map((output) => ({ name: output })),
    opsets,
  };
}

/** A node of the body as the call makes it; so are those of its sub-graphs. */
function inPlace(
  node: OnnxNode,
  caller: string,
  bound: ReadonlyMap<string, Attribute | undefined>,
  absent: ReadonlySet<string>,
): OnnxNode {
  const attributes = new Map<string, Attribute>();
  for (const [key, attribute] of node.attributes) {
    const value = attribute.type === 'reference' ? bound.get(attribute.value) : attribute;
    if (value === undefined) continue;
    const inner = value.type === 'graph' && attribute.type === 'graph';
    attributes.set(
      key,
      inner
        ? {
            type: 'graph',
            value: { ...value.value, nodes: value.value.nodes.map((each) => inPlace(each, caller, bound, absent)) },
          }
        : value,
    );
  }
  return {
    ...node,
    name: `${caller}/${node.name}`,
    attributes,
    inputs: node.inputs.map((input) => (absent.has(input) ? '' : input)),
  };
}
