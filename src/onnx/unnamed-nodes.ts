/**
 * A model's bytes without the names that several of its nodes share. ONNX lets a node go without a name, and exporters repeat them;
 * onnxruntime refuses a file with two nodes of one name. Nothing is computed by a node's name.
 *
 * The trap: the schema here names a part of ONNX alone, so that a model decoded and encoded again is another. The bytes are rewritten
 * where they stand (protobuf's wire format: https://protobuf.dev/programming-guides/encoding/), and everything else is copied.
 */
import { concatBytes } from '../r1cs/sections.js';

/** Fields on the way to a node's name: ModelProto.graph, GraphProto.node, NodeProto.name. */
const GRAPH = 7;
const NODE = 1;
const NAME = 3;

/** The same bytes where no name is repeated. `names`: of the model's nodes, in order. */
export function withoutRepeatedNames(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of names) (seen.has(name) ? repeated : seen).add(name);
  if (repeated.size === 0) return bytes;
  const isRepeated = (name: Uint8Array): boolean => repeated.has(new TextDecoder().decode(name));
  const node = (content: Uint8Array): Uint8Array => rewrite(content, NAME, (name) => (isRepeated(name) ? undefined : name));
  const graph = (content: Uint8Array): Uint8Array => rewrite(content, NODE, node);
  return rewrite(bytes, GRAPH, graph);
}

/** A message with each field of this number, which holds bytes, replaced or left out. */
function rewrite(message: Uint8Array, number: number, change: (content: Uint8Array) => Uint8Array | undefined): Uint8Array {
  const pieces: Uint8Array[] = [];
  let copied = 0;
  let at = 0;
  while (at < message.length) {
    const start = at;
    const [tag, afterTag] = readVarint(message, at);
    const content = contentOf(message, tag % 8, afterTag);
    at = content.end;
    if (tag % 8 !== BYTES || Math.floor(tag / 8) !== number) continue;
    const changed = change(message.subarray(content.start, content.end));
    pieces.push(message.subarray(copied, start));
    if (changed !== undefined) pieces.push(varint(tag), varint(changed.length), changed);
    copied = at;
  }
  return concatBytes([...pieces, message.subarray(copied)]);
}

/** Wire types; the two for groups are long gone. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function contentOf(message: Uint8Array, type: number, at: number): { readonly start: number; readonly end: number } {
  if (type === VARINT) return { start: at, end: readVarint(message, at)[1] };
  if (type === FIXED64) return { start: at, end: at + 8 };
  if (type === FIXED32) return { start: at, end: at + 4 };
  if (type !== BYTES) throw new RangeError(`protobuf has no wire type ${type}`);
  const [length, start] = readVarint(message, at);
  if (start + length > message.length) throw new RangeError('a protobuf field is longer than its message');
  return { start, end: start + length };
}

/** The number and the position after it; of numbers beyond 2^53, which no length or tag is, about the number. */
function readVarint(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let k = 0; k < 10; k += 1) {
    if (at + k >= bytes.length) break;
    value += (bytes[at + k] & 127) * 2 ** (7 * k);
    if (bytes[at + k] < 128) return [value, at + k + 1];
  }
  throw new RangeError('a protobuf number does not end');
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Uint8Array.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
