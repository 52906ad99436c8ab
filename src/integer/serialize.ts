/**
 * Integer models as files of a build and back. `integer-model.json` is the model; typed arrays in it are objects that
 * name their type, so that reading restores exactly what was written. Arrays of many elements stand in `weights.bin`,
 * one after the other, each from a multiple of eight bytes on, and the JSON says where: in decimal digits a hundred
 * million weights exceed the longest string there can be.
 */
import { LARGE } from '../tensor/weights.js';
import { isBatchSize, MOST_ROWS } from './batch.js';
import { IntegerModelFormatError } from './errors.js';
import type { IntegerModel, IntegerOp, TensorId } from './integer-model.js';

const FORMAT = 'zkinfer-integer-model';
/** All arrays in the JSON. */
const VERSION = 2;
/** With `weights.bin` beside it. */
const VERSION_WITH_WEIGHTS = 3;

const TYPES = { f64: Float64Array, u32: Uint32Array, i32: Int32Array, i16: Int16Array, i8: Int8Array } as const;
type TypeName = keyof typeof TYPES;
type TypedArray = InstanceType<(typeof TYPES)[TypeName]>;

/** An integer model as the files that hold it. */
interface StoredModel {
  readonly json: string;
  /** Contents of `weights.bin` in pieces; undefined where the model has no large array. */
  readonly weights?: readonly Uint8Array[];
}

export function storeIntegerModel(model: IntegerModel): StoredModel {
  const ops = model.ops.map(withoutBounds);
  const arrays: string[] = [];
  const weights: Uint8Array[] = [];
  const places = new Map<TypedArray, number>();
  let size = 0;
  const placeOf = (array: TypedArray): number => {
    const known = places.get(array);
    if (known !== undefined) return known;
    const offset = size;
    places.set(array, offset);
    size += 8 * Math.ceil(array.byteLength / 8);
    weights.push(bytesOf(array), new Uint8Array(size - offset - array.byteLength));
    return offset;
  };
  const text = JSON.stringify({ model: { ...model, ops } }, (_, value: unknown) => {
    const type = typeOf(value);
    if (type === undefined) return value;
    const array = value as TypedArray;
    if (array.length >= LARGE) return { type, offset: placeOf(array), length: array.length };
    return { type, data: arrays.push(numbersToJson(array)) - 1 };
  });
  // Element by element through JSON.stringify, thousands of numbers take long. No text of a model can look like the
  // place of an array: in a string, quotes are escaped.
  const place = /{"type":"(f64|u32|i32|i16|i8)","data":(\d+)}/g;
  const rest = text
    .slice(1)
    .replace(place, (_, type: string, index: string) => `{"type":"${type}","data":[${arrays[Number(index)]}]}`);
  const version = weights.length === 0 ? VERSION : VERSION_WITH_WEIGHTS;
  const json = `{"format":"${FORMAT}","version":${version},${rest}`;
  return weights.length === 0 ? { json } : { json, weights };
}

function typeOf(value: unknown): TypeName | undefined {
  for (const [type, constructor] of Object.entries(TYPES)) if (value instanceof constructor) return type as TypeName;
  return undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function numbersToJson(values: TypedArray): string {
  return values.every(Number.isFinite)
    ? values.join(',')
    : Array.from(values, (value) => JSON.stringify(value)).join(',');
}

/** Bounds follow from the rest: a file holds none, and what a stranger's file says of them is not believed. */
function withoutBounds({ bounds: _, ...op }: IntegerOp): IntegerOp {
  return op;
}

/**
 * `weights`: what `weights.bin` holds, where there is one; large arrays are views of it. @throws
 * IntegerModelFormatError
 */
export function restoreIntegerModel(json: string, weights?: Uint8Array): IntegerModel {
  let parsed: unknown;
  try {
    parsed = restored(JSON.parse(json), weights === undefined ? undefined : aligned(weights));
  } catch (cause) {
    if (cause instanceof IntegerModelFormatError) throw cause;
    throw new IntegerModelFormatError('the integer model is not valid JSON; compile the model again', { cause });
  }
  const wrapper = parsed as { format?: unknown; version?: unknown; model?: IntegerModel } | null;
  const { inputs, ops, outputs } = wrapper?.model ?? {};
  const whole = [inputs, ops, outputs].every(Array.isArray);
  const known = wrapper?.version === VERSION || wrapper?.version === VERSION_WITH_WEIGHTS;
  if (wrapper?.format !== FORMAT || !known || !wrapper.model || !whole) {
    const versions = `${VERSION} or ${VERSION_WITH_WEIGHTS}`;
    throw new IntegerModelFormatError(
      `this is not an integer model of version ${versions}; compile the model again with this version`,
    );
  }
  requireOrdered(wrapper.model);
  requireBatch(wrapper.model.batch);
  return { ...wrapper.model, ops: wrapper.model.ops.map(withoutBounds) };
}

/** Typed arrays need aligned memory, which a slice of a pooled buffer may not be. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

/** The same value with its typed arrays. */
function restored(value: unknown, weights: Uint8Array | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isEncodedArray(value)) return TYPES[value.type].from(value.data);
  if (isPlace(value)) return viewOf(value, weights);
  if (Array.isArray(value)) return value.map((part) => restored(part, weights));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, restored(part, weights)]));
}

function viewOf({ type, offset, length }: Place, weights: Uint8Array | undefined): TypedArray {
  const constructor = TYPES[type];
  if (weights === undefined) {
    throw new IntegerModelFormatError(
      'the integer model has weights in another file, weights.bin, which is not there; compile the model again',
    );
  }
  const isNatural = (one: unknown): boolean => Number.isSafeInteger(one) && (one as number) >= 0;
  if (
    !isNatural(offset) ||
    !isNatural(length) ||
    offset + length * constructor.BYTES_PER_ELEMENT > weights.length ||
    offset % 8 !== 0
  ) {
    throw new IntegerModelFormatError(
      `weights.bin has ${weights.length} bytes, and the integer model looks for ${length} numbers at ${offset}; compile the model again`,
    );
  }
  return new constructor(weights.buffer as ArrayBuffer, weights.byteOffset + offset, length);
}

/**
 * A file may come from anybody: each tensor is made once, before it is read.
 * @throws IntegerModelFormatError
 */
function requireOrdered({ inputs, ops, outputs }: IntegerModel): void {
  const made = new Set<TensorId>();
  const make = (tensor: TensorId): void => {
    if (made.has(tensor))
      throw new IntegerModelFormatError(`the integer model makes tensor ${tensor} twice; compile the model again`);
    made.add(tensor);
  };
  const read = (tensor: TensorId): void => {
    if (made.has(tensor)) return;
    throw new IntegerModelFormatError(
      `the integer model reads tensor ${tensor} before it is made; compile the model again`,
    );
  };
  for (const input of inputs) make(input.tensor);
  for (const op of ops) {
    op.inputs.forEach(read);
    make(op.output);
  }
  for (const output of outputs) read(output.tensor);
}

/** @throws IntegerModelFormatError */
function requireBatch(batch: unknown): void {
  if (batch === undefined || isBatchSize(batch)) return;
  throw new IntegerModelFormatError(
    `the integer model names a batch that is not of 1 to ${MOST_ROWS} rows; compile the model again`,
  );
}

function isEncodedArray(value: unknown): value is { type: keyof typeof TYPES; data: number[] } {
  const candidate = value as { type?: unknown; data?: unknown } | null;
  return (
    typeof candidate === 'object' &&
    typeof candidate?.type === 'string' &&
    candidate.type in TYPES &&
    Array.isArray(candidate.data)
  );
}

/** Where an array stands in `weights.bin`: bytes from its start, and elements. */
interface Place {
  readonly type: TypeName;
  readonly offset: number;
  readonly length: number;
}

function isPlace(value: object): value is Place {
  const { type } = value as Partial<Place>;
  return typeof type === 'string' && type in TYPES && 'offset' in value;
}
