/**
 * Integer models as JSON text and back: `integer-model.json` of a build. Typed arrays are objects that name their type,
 * so that reading restores exactly what was written.
 */
import { IntegerModelFormatError } from './errors.js';
import type { IntegerModel, IntegerOp, TensorId } from './integer-model.js';

const FORMAT = 'zkinfer-integer-model';
const VERSION = 2;

const TYPES = { f64: Float64Array, u32: Uint32Array, i32: Int32Array } as const;

export function integerModelToJson(model: IntegerModel): string {
  const ops = model.ops.map(withoutBounds);
  const arrays: string[] = [];
  const text = JSON.stringify({ format: FORMAT, version: VERSION, model: { ...model, ops } }, (_, value: unknown) => {
    for (const [type, constructor] of Object.entries(TYPES)) {
      if (value instanceof constructor) return { type, data: arrays.push(numbersToJson(value)) - 1 };
    }
    return value;
  });
  // Element by element through JSON.stringify, millions of weights take seconds. No text of a model can look like the place of
  // an array: in a string, quotes are escaped.
  return text.replace(/{"type":"(f64|u32|i32)","data":(\d+)}/g, (_, type: string, index: string) => `{"type":"${type}","data":[${arrays[Number(index)]}]}`);
}

function numbersToJson(values: Float64Array | Uint32Array | Int32Array): string {
  return values.every(Number.isFinite) ? values.join(',') : Array.from(values, (value) => JSON.stringify(value)).join(',');
}

/** Bounds follow from the rest: a file holds none, and what a stranger's file says of them is not believed. */
function withoutBounds({ bounds: _, ...op }: IntegerOp): IntegerOp {
  return op;
}

/** @throws IntegerModelFormatError */
export function integerModelFromJson(text: string): IntegerModel {
  let parsed: unknown;
  try {
    parsed = restored(JSON.parse(text));
  } catch (cause) {
    throw new IntegerModelFormatError('the integer model is not valid JSON; compile the model again', { cause });
  }
  const wrapper = parsed as { format?: unknown; version?: unknown; model?: IntegerModel } | null;
  const { inputs, ops, outputs } = wrapper?.model ?? {};
  const whole = [inputs, ops, outputs].every(Array.isArray);
  if (wrapper?.format !== FORMAT || wrapper.version !== VERSION || !wrapper.model || !whole) {
    throw new IntegerModelFormatError(`this is not an integer model of version ${VERSION}; compile the model again with this version`);
  }
  requireOrdered(wrapper.model);
  return { ...wrapper.model, ops: wrapper.model.ops.map(withoutBounds) };
}

/** The same value with its typed arrays. */
function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isEncodedArray(value)) return TYPES[value.type].from(value.data);
  if (Array.isArray(value)) return value.map(restored);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, restored(part)]));
}

/**
 * A file may come from anybody: each tensor is made once, before it is read.
 * @throws IntegerModelFormatError
 */
function requireOrdered({ inputs, ops, outputs }: IntegerModel): void {
  const made = new Set<TensorId>();
  const make = (tensor: TensorId): void => {
    if (made.has(tensor)) throw new IntegerModelFormatError(`the integer model makes tensor ${tensor} twice; compile the model again`);
    made.add(tensor);
  };
  const read = (tensor: TensorId): void => {
    if (made.has(tensor)) return;
    throw new IntegerModelFormatError(`the integer model reads tensor ${tensor} before it is made; compile the model again`);
  };
  for (const input of inputs) make(input.tensor);
  for (const op of ops) {
    op.inputs.forEach(read);
    make(op.output);
  }
  for (const output of outputs) read(output.tensor);
}

function isEncodedArray(value: unknown): value is { type: keyof typeof TYPES; data: number[] } {
  const candidate = value as { type?: unknown; data?: unknown } | null;
  return typeof candidate === 'object' && typeof candidate?.type === 'string' && candidate.type in TYPES && Array.isArray(candidate.data);
}
