/**
 * Weights that stand in files beside the model (ONNX's "external data": exporters write it above two gigabytes, and on
 * request): a copy of the model with the weights in it, so that everything after this sees one file. Entries are
 * untrusted: who reads the files decides which may be read.
 */
import { concatBytes } from '../r1cs/sections.js';
import { MalformedModelError } from './errors.js';
import { field, fields, type Field } from './wire.js';

/** Where a tensor's bytes are. */
export interface ExternalData {
  /** As the model names the file. */
  readonly location: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes; undefined: all that follow. */
  readonly length: number | undefined;
}

type Message = 'graph' | 'node' | 'attribute' | 'tensor';

/** Numbers of the fields of each message in which tensors may stand. */
const PARTS: Readonly<Record<'model' | Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph' },
  tensor: {},
};
/** Fields of TensorProto: what it is, and where its bytes are. */
const DIMS = 1;
const DATA_TYPE = 2;
const NAME = 8;
const RAW_DATA = 9;
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
/** The value of DATA_LOCATION that makes a tensor external; with any other, its entries say nothing. */
const EXTERNAL = 1;
/** Graphs in graphs; files have one or two. */
const DEEPEST = 32;

/**
 * The model with every external tensor's bytes in it; the same bytes where it has none, or is no model, which decoding
 * then says.
 * @throws MalformedModelError for an entry that says no place
 */
export function withExternalData(bytes: Uint8Array, read: (place: ExternalData) => Uint8Array): Uint8Array {
  return edited(bytes, 'model', read, 0) ?? bytes;
}

/** The message with its data, or undefined where it has no external tensor. */
function edited(
  message: Uint8Array,
  kind: 'model' | Message,
  read: (place: ExternalData) => Uint8Array,
  depth: number,
): Uint8Array | undefined {
  if (depth > DEEPEST * 3) return undefined;
  let parts: Field[];
  try {
    parts = fields(message);
  } catch {
    return undefined;
  }
  if (kind === 'tensor') return editedTensor(parts, read);
  let changed = false;
  const pieces = parts.map(({ number, whole, content }) => {
    const inner = PARTS[kind][number];
    const copy = inner === undefined ? undefined : edited(content, inner, read, depth + 1);
    changed ||= copy !== undefined;
    return copy === undefined ? whole : field(number, copy);
  });
  return changed ? concatBytes(pieces) : undefined;
}

function editedTensor(parts: readonly Field[], read: (place: ExternalData) => Uint8Array): Uint8Array | undefined {
  const locations = parts.filter(({ number }) => number === DATA_LOCATION);
  if (locations[locations.length - 1]?.value !== EXTERNAL) return undefined;
  // Data of its own, which an external tensor may have too, is not what onnxruntime reads.
  const own = parts.filter(({ number }) => [DIMS, DATA_TYPE, NAME].includes(number)).map(({ whole }) => whole);
  return concatBytes([...own, field(RAW_DATA, read(placeOf(parts.filter(({ number }) => number === EXTERNAL_DATA))))]);
}

function placeOf(entries: readonly Field[]): ExternalData {
  const text = (part: Field | undefined): string => new TextDecoder().decode(part?.content);
  const values = new Map(
    entries.map(({ content }) => {
      const parts = entryFields(content);
      return [text(parts.find(({ number }) => number === 1)), text(parts.find(({ number }) => number === 2))] as const;
    }),
  );
  const whole = (key: string): number | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    if (!/^\d{1,15}$/.test(value))
      throw new MalformedModelError(`A tensor's external data has the ${key} '${value}', which is no number of bytes.`);
    return Number(value);
  };
  const location = values.get('location') ?? '';
  if (location === '') throw new MalformedModelError("A tensor's external data names no file.");
  return { location, offset: whole('offset') ?? 0, length: whole('length') };
}

function entryFields(content: Uint8Array): Field[] {
  try {
    return fields(content);
  } catch (cause) {
    throw new MalformedModelError("A tensor's external data does not decode. Is the file complete?", { cause });
  }
}
