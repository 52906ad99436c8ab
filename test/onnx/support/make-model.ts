/** Writes small ONNX files, from the same schema that the decoder reads. */
import { ELEMENT_TYPES, type ElementType } from '../../../src/onnx/model.js';
import { ModelProto, type AttributeMessage, type TensorMessage } from '../../../src/onnx/schema.js';

export type AttributeSpec = AttributeMessage | number | string | readonly number[];

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly name?: string;
  readonly domain?: string;
}

export interface InputSpec {
  readonly dims: readonly (number | string | undefined)[];
  readonly type?: ElementType;
}

export interface ModelSpec {
  readonly opset?: number;
  /** Versions of other operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly irVersion?: number;
  readonly inputs: Readonly<Record<string, readonly (number | string | undefined)[] | InputSpec>>;
  readonly outputs: readonly string[] | Readonly<Record<string, ElementType>>;
  /** Written into the file for readers that need them. */
  readonly outputShapes?: Readonly<Record<string, readonly number[]>>;
  readonly constants?: Readonly<Record<string, TensorMessage>>;
  readonly nodes: readonly NodeSpec[];
}

export function typeCode(type: ElementType): number {
  return ELEMENT_TYPES.indexOf(type);
}

export function floats(dims: readonly number[], data: readonly number[]): TensorMessage {
  return { dims: [...dims], dataType: typeCode('float'), floatData: [...data] };
}

export function int64s(data: readonly number[], dims: readonly number[] = [data.length]): TensorMessage {
  return { dims: [...dims], dataType: typeCode('int64'), int64Data: [...data] };
}

/** A float attribute; a bare number is an integer one. */
export function float(value: number): AttributeMessage {
  return { type: 1, f: value };
}

export function floatList(value: readonly number[]): AttributeMessage {
  return { type: 6, floats: [...value] };
}

export function tensor(value: TensorMessage): AttributeMessage {
  return { type: 4, t: value };
}

function attribute(name: string, spec: AttributeSpec): AttributeMessage {
  if (typeof spec === 'number') return { name, type: 2, i: spec };
  if (typeof spec === 'string') return { name, type: 3, s: new TextEncoder().encode(spec) };
  if (Array.isArray(spec)) return { name, type: 7, ints: [...spec] };
  return { ...(spec as AttributeMessage), name };
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: NodeSpec['attributes'] = {},
  name?: string,
): NodeSpec {
  return { op, inputs, outputs, attributes, name };
}

export function makeModel(spec: ModelSpec): Uint8Array {
  const opset = spec.opset ?? 17;
  const outputs = Array.isArray(spec.outputs)
    ? (spec.outputs as readonly string[]).map((name): [string, ElementType] => [name, 'float'])
    : Object.entries(spec.outputs as Readonly<Record<string, ElementType>>);
  const message = {
    irVersion: spec.irVersion ?? (opset > 20 ? 10 : 8),
    producerName: 'test',
    opsetImport: [
      { domain: '', version: opset },
      ...Object.entries(spec.domains ?? {}).map(([domain, version]) => ({ domain, version })),
    ],
    graph: {
      name: 'test',
      node: spec.nodes.map(({ op, inputs, outputs: makes, attributes, name, domain }) => ({
        opType: op,
        input: [...inputs],
        output: [...makes],
        name: name ?? '',
        domain: domain ?? '',
        attribute: Object.entries(attributes ?? {}).map(([key, value]) => attribute(key, value)),
      })),
      initializer: Object.entries(spec.constants ?? {}).map(([name, value]) => ({ ...value, name })),
      input: Object.entries(spec.inputs).map(([name, given]) => {
        const { dims, type } = 'dims' in given ? given : { dims: given, type: undefined };
        return {
          name,
          type: {
            tensorType: {
              elemType: typeCode(type ?? 'float'),
              shape: {
                dim: dims.map((dim) =>
                  typeof dim === 'number' ? { dimValue: dim } : typeof dim === 'string' ? { dimParam: dim } : {},
                ),
              },
            },
          },
        };
      }),
      output: outputs.map(([name, type]) => {
        const dims = spec.outputShapes?.[name];
        const shape = dims === undefined ? undefined : { dim: dims.map((dimValue) => ({ dimValue })) };
        return { name, type: { tensorType: { elemType: typeCode(type), shape } } };
      }),
    },
  };
  // A copy: the encoder's result lies in a buffer that it shares with its next results.
  return Uint8Array.from(ModelProto.encode(ModelProto.fromObject(message)).finish());
}
