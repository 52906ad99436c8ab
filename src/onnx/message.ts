/**
 * A message by its descriptor, field after field: what protobufjs decodes and turns into an object, without the program
 * text that it makes and evaluates for every type, which a page's content security policy forbids.
 */
import protobuf from 'protobufjs';

type Scalar = 'int32' | 'int64' | 'uint64' | 'float' | 'double' | 'string' | 'bytes';
type Message = Record<string, unknown>;

interface KnownField {
  readonly name: string;
  readonly isRepeated: boolean;
  /** Whether a value that is 0 or empty is told from none, as among the fields of which a message has one. */
  readonly hasPresence: boolean;
  readonly kind: Scalar | KnownType;
}

interface KnownType {
  readonly fields: ReadonlyMap<number, KnownField>;
  /** Groups of fields of which a message has one, by the name under which it is told which. */
  readonly oneofs: readonly { readonly name: string; readonly fields: readonly string[] }[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** How a value is read, in which wire type it comes, and how many in one length are. */
interface Reading {
  readonly wire: number;
  readonly one: (reader: protobuf.Reader) => unknown;
  readonly packed?: (reader: protobuf.Reader, list: unknown[]) => void;
}

const SCALARS: Readonly<Record<Scalar, Reading>> = {
  int32: { wire: VARINT, one: (reader) => reader.int32(), packed: (reader, list) => reader.int32s(list as number[]) },
  int64: { wire: VARINT, one: (reader) => reader.int64(), packed: (reader, list) => reader.int64s(list as number[]) },
  uint64: {
    wire: VARINT,
    one: (reader) => reader.uint64(),
    packed: (reader, list) => reader.uint64s(list as number[]),
  },
  float: { wire: FIXED32, one: (reader) => reader.float(), packed: (reader, list) => reader.floats(list as number[]) },
  double: {
    wire: FIXED64,
    one: (reader) => reader.double(),
    packed: (reader, list) => reader.doubles(list as number[]),
  },
  string: { wire: LENGTH, one: (reader) => reader.stringVerify() },
  bytes: { wire: LENGTH, one: (reader) => reader.bytes() },
};

/** Messages within messages at most, as in protobufjs. */
const MOST_DEPTH = 100;

/**
 * Fields by name; those that are absent, or 0 or empty, are left out. Of a field that comes twice the last is
 * taken, and messages are merged. @throws Error where the bytes are no such message
 */
export function decodeMessage(type: protobuf.Type, bytes: Uint8Array): object {
  // A view of its own: of a Buffer the reader would give parts that are Buffers.
  const reader = protobuf.Reader.create(bytes);
  return read(known(type), reader, reader.len, 0, {});
}

const types = new Map<protobuf.Type, KnownType>();

/** The part of a descriptor that reading needs; made once. */
function known(type: protobuf.Type): KnownType {
  const before = types.get(type);
  if (before !== undefined) return before;
  const fields = new Map<number, KnownField>();
  const made: KnownType = {
    fields,
    oneofs: type.oneofsArray.map(({ name, fieldsArray }) => ({ name, fields: fieldsArray.map((field) => field.name) })),
  };
  types.set(type, made);
  for (const field of type.fieldsArray) {
    const { id, name, repeated, partOf, type: scalar, resolvedType } = field.resolve();
    const kind = resolvedType === null ? (scalar as Scalar) : known(resolvedType as protobuf.Type);
    fields.set(id, { name, isRepeated: repeated, hasPresence: partOf !== null, kind });
  }
  return made;
}

function read(type: KnownType, reader: protobuf.Reader, end: number, depth: number, message: Message): Message {
  if (depth > MOST_DEPTH) throw new RangeError('messages are nested too deeply');
  const outer = reader.len;
  if (end > outer) throw new RangeError('a message is longer than what holds it');
  reader.len = end;
  while (reader.pos < end) {
    const tag = reader.tag();
    const [id, wire] = [tag >>> 3, tag & 7];
    const field = type.fields.get(id);
    if (field === undefined || !readField(field, reader, wire, depth, message)) reader.skipType(wire, depth, id);
  }
  if (reader.pos !== end) throw new RangeError('a message ends within a field');
  reader.len = outer;
  for (const { name, fields } of type.oneofs) {
    const given = fields.filter((one) => message[one] !== undefined).pop();
    if (given !== undefined) message[name] = given;
  }
  return message;
}

/** Reads a field's value; false, and nothing read, where it comes in another wire type than the field has. */
function readField(
  { name, isRepeated, hasPresence, kind }: KnownField,
  reader: protobuf.Reader,
  wire: number,
  depth: number,
  message: Message,
): boolean {
  if (typeof kind === 'object') {
    if (wire !== LENGTH) return false;
    const end = reader.size() + reader.pos;
    const merged = isRepeated ? {} : ((message[name] as Message | undefined) ?? {});
    const value = read(kind, reader, end, depth + 1, merged);
    if (isRepeated) listIn(message, name).push(value);
    else message[name] = value;
    return true;
  }
  const scalar = SCALARS[kind];
  if (isRepeated && wire === LENGTH && scalar.packed !== undefined) {
    scalar.packed(reader, listIn(message, name));
    return true;
  }
  if (wire !== scalar.wire) return false;
  const value = scalar.one(reader);
  if (isRepeated) listIn(message, name).push(value);
  else if (hasPresence || !isZero(value)) message[name] = value;
  else delete message[name];
  return true;
}

/** 0, but not -0; a text or bytes without length. */
function isZero(value: unknown): boolean {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length === 0;
  return Object.is(typeof value === 'object' ? Number(value) : value, 0);
}

const listIn = (message: Message, name: string): unknown[] => (message[name] ??= []) as unknown[];
