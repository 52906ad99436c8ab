/**
 * TensorProto → values. A tensor's elements stand either in `raw_data` (little-endian) or in the typed field of its
 * element type; 8- and 16-bit types, half floats included, share `int32_data`, where half floats are bit patterns.
 */
import { sizeOf } from '../tensor/shape.js';
import { checkShape } from './builder.js';
import { MalformedModelError, UnsupportedTensorError } from './errors.js';
import { ELEMENT_TYPES, type Constant, type ElementType } from './model.js';
import type { Int64, TensorMessage } from './schema.js';

const EXTERNAL = 1;
/** Whether this machine keeps numbers as ONNX files do. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function elementType(code: number | undefined): ElementType {
  return ELEMENT_TYPES[code ?? 0] ?? 'undefined';
}

export function toNumber(value: Int64 | undefined): number {
  return value === undefined ? 0 : typeof value === 'number' ? value : value.toNumber();
}

/**
 * `where` names the tensor in errors. Throws MalformedModelError, or UnsupportedTensorError for strings and the like.
 */
export function readTensor(message: TensorMessage, where: string): Constant {
  const type = elementType(message.dataType);
  if (message.dataLocation === EXTERNAL) {
    throw new UnsupportedTensorError(
      `Tensor ${where} keeps its data in another file. Read the model with readOnnxFile, which takes in the files beside it, or save it as one file (onnx.save_model with save_as_external_data=False).`,
    );
  }
  if (type === 'string') return readStrings(message, where);
  const format = FORMATS[type];
  if (format === undefined) {
    throw new UnsupportedTensorError(
      `Tensor ${where} has element type ${typeName(message.dataType)}, which cannot be used here.`,
    );
  }
  const shape = readShape(message, where);
  const size = sizeOf(shape);
  if (size === 0) checkShape(shape, `Tensor ${where}`); // others are no larger than the file
  const raw = message.rawData !== undefined && message.rawData.length > 0 ? message.rawData : undefined;
  const stored = raw === undefined ? format.typed(message).length : raw.length / format.bytes;
  if (stored !== size) {
    throw new MalformedModelError(
      `Tensor ${where} of shape [${shape.join(', ')}] and type ${type} holds ${stored} elements instead of ${size}.`,
    );
  }
  const data = new Float64Array(size);
  if (raw === undefined) {
    const values = format.typed(message);
    const { range } = format;
    const outside =
      range === undefined
        ? undefined
        : values.find((value) => toNumber(value) < range[0] || toNumber(value) > range[1]);
    if (outside !== undefined)
      throw new MalformedModelError(`Tensor ${where} holds ${toNumber(outside)}, which its type ${type} cannot.`);
    for (let i = 0; i < size; i++)
      data[i] = format.decode === undefined ? toNumber(values[i]) : format.decode(toNumber(values[i]));
  } else if (type === 'float' && LITTLE_ENDIAN) {
    // By far the most weights are these, and the loop below takes ten times as long.
    const aligned = raw.byteOffset % 4 === 0 ? raw : new Uint8Array(raw);
    data.set(new Float32Array(aligned.buffer, aligned.byteOffset, size));
  } else {
    const bytes = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < size; i++) data[i] = format.read(bytes, i * format.bytes);
  }
  return { kind: 'constant', type, shape, data };
}

function readShape(message: TensorMessage, where: string): number[] {
  const shape = (message.dims ?? []).map(toNumber);
  if (shape.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0)) {
    throw new MalformedModelError(`Tensor ${where} has the impossible shape [${shape.join(', ')}].`);
  }
  return shape;
}

/** Each different string is a label, and each element its position among the labels. */
function readStrings(message: TensorMessage, where: string): Constant {
  const shape = readShape(message, where);
  const strings = (message.stringData ?? []).map((bytes) => new TextDecoder().decode(bytes));
  if (strings.length !== sizeOf(shape)) {
    throw new MalformedModelError(
      `Tensor ${where} of shape [${shape.join(', ')}] and type string holds ${strings.length} elements instead of ${sizeOf(shape)}.`,
    );
  }
  const positions = new Map<string, number>();
  const data = Float64Array.from(strings, (text) => {
    if (!positions.has(text)) positions.set(text, positions.size);
    return positions.get(text) as number;
  });
  return { kind: 'constant', type: 'string', shape, data, labels: [...positions.keys()] };
}

function typeName(code: number | undefined): string {
  return ELEMENT_TYPES[code ?? 0] ?? `number ${code}`;
}

interface Format {
  readonly bytes: number;
  readonly read: (bytes: DataView, at: number) => number;
  readonly typed: (message: TensorMessage) => readonly Int64[];
  /** Meaning of an element of the typed field, where it is not the value itself. */
  readonly decode?: (stored: number) => number;
  /** Of an integer type that is stored in a wider field: its least and greatest number, beyond which readers differ. */
  readonly range?: readonly [number, number];
}

const int32 = (message: TensorMessage): readonly number[] => message.int32Data ?? [];
const uint64 = (message: TensorMessage): readonly Int64[] => message.uint64Data ?? [];

const FORMATS: Partial<Record<ElementType, Format>> = {
  float: { bytes: 4, read: (b, at) => b.getFloat32(at, true), typed: (m) => m.floatData ?? [] },
  double: { bytes: 8, read: (b, at) => b.getFloat64(at, true), typed: (m) => m.doubleData ?? [] },
  float16: { bytes: 2, read: (b, at) => float16(b.getUint16(at, true)), typed: int32, decode: float16 },
  bfloat16: { bytes: 2, read: (b, at) => bfloat16(b.getUint16(at, true)), typed: int32, decode: bfloat16 },
  int8: { bytes: 1, read: (b, at) => b.getInt8(at), typed: int32, range: [-128, 127] },
  uint8: { bytes: 1, read: (b, at) => b.getUint8(at), typed: int32, range: [0, 255] },
  bool: { bytes: 1, read: (b, at) => Number(b.getUint8(at) !== 0), typed: int32, range: [0, 1] },
  int16: { bytes: 2, read: (b, at) => b.getInt16(at, true), typed: int32, range: [-32768, 32767] },
  uint16: { bytes: 2, read: (b, at) => b.getUint16(at, true), typed: int32, range: [0, 65535] },
  int32: { bytes: 4, read: (b, at) => b.getInt32(at, true), typed: int32 },
  uint32: { bytes: 4, read: (b, at) => b.getUint32(at, true), typed: uint64, range: [0, 2 ** 32 - 1] },
  int64: { bytes: 8, read: (b, at) => Number(b.getBigInt64(at, true)), typed: (m) => m.int64Data ?? [] },
  uint64: { bytes: 8, read: (b, at) => Number(b.getBigUint64(at, true)), typed: uint64 },
};

/** IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of an IEEE 754 binary32. */
function bfloat16(bits: number): number {
  return new Float32Array(new Uint32Array([(bits & 0xffff) << 16]).buffer)[0];
}
