/**
 * Messages as the fields they are made of, so that a copy of a file can be edited while what this package does not
 * decode stays in it (Protocol Buffers' encoding page: a message is a sequence of tagged fields).
 */
import protobuf from 'protobufjs';
import { concatBytes } from '../r1cs/sections.js';

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** The field with its tag. */
  readonly whole: Uint8Array;
  /** What is in it, where it has a length. */
  readonly content: Uint8Array;
  /** The number that it is, where it is a varint of 32 bits or less; else 0. */
  readonly value: number;
}

/** Wire types. */
const VARINT = 0;
const LENGTH = 2;

/**
 * The fields of a message, in order. @throws RangeError where the bytes end too early, Error where they are no message
 */
export function fields(message: Uint8Array): Field[] {
  const reader = protobuf.Reader.create(message);
  const found: Field[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const wireType = tag & 7;
    const content = wireType === LENGTH ? reader.bytes() : new Uint8Array();
    const value = wireType === VARINT ? reader.int32() : 0;
    if (wireType !== LENGTH && wireType !== VARINT) reader.skipType(wireType);
    found.push({ number: tag >>> 3, whole: message.subarray(start, reader.pos), content, value });
  }
  return found;
}

/** A field with a length. */
export function field(number: number, content: Uint8Array): Uint8Array {
  return Uint8Array.from(
    protobuf.Writer.create()
      .uint32(((number << 3) | LENGTH) >>> 0)
      .bytes(content)
      .finish(),
  );
}

/** A field that is a number, of 32 bits. */
export function numberField(number: number, value: number): Uint8Array {
  return Uint8Array.from(
    protobuf.Writer.create()
      .uint32(((number << 3) | VARINT) >>> 0)
      .uint32(value)
      .finish(),
  );
}

/** A message with every field of this number, which has a length, replaced; left out where `change` gives undefined. */
export function rewritten(
  message: Uint8Array,
  number: number,
  change: (content: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  return concatBytes(
    fields(message).map(({ number: own, whole, content }) => {
      if (own !== number) return whole;
      const changed = change(content);
      return changed === undefined ? new Uint8Array() : changed === content ? whole : field(number, changed);
    }),
  );
}
