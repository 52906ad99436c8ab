/**
 * A witness plan as bytes and back: `circuit.plan` of a build. Layout, little-endian: the magic `zkip`, a version, the
 * length of a JSON header; the header (counts, gadgets, big rows, array lengths), padded to 8 bytes; then the arrays in
 * the order of `ARRAYS`, each padded to 8 bytes.
 */
import { ZkinferError } from '../errors.js';
import type { BigRow, Program, ProgramGadget } from './program.js';

/** A stored witness plan cannot be read back. */
export class ProgramFormatError extends ZkinferError {
  readonly code = 'PROGRAM_FORMAT';
}

const MAGIC = 0x70696b7a;
const VERSION = 1;

const ARRAYS = [
  ['gadget', Int32Array],
  ['outputWire', Uint32Array],
  ['innerWire', Uint32Array],
  ['operandOffsets', Uint32Array],
  ['termOffsets', Uint32Array],
  ['wires', Uint32Array],
  ['coefficients', Float64Array],
  ['constants', Float64Array],
] as const;

interface Header {
  readonly counts: Pick<Program, 'wireCount' | 'publicOutputCount' | 'publicInputCount' | 'privateInputCount'>;
  readonly gadgets: readonly ProgramGadget[];
  readonly big: readonly { operand: number; wires: readonly number[]; coefficients: readonly string[]; constant: string }[];
  readonly lengths: readonly number[];
}

const padded = (length: number): number => Math.ceil(length / 8) * 8;

export function encodeProgram(program: Program): Uint8Array {
  const { wireCount, publicOutputCount, publicInputCount, privateInputCount, gadgets } = program;
  const header: Header = {
    counts: { wireCount, publicOutputCount, publicInputCount, privateInputCount },
    gadgets,
    big: Array.from(program.big, ([operand, row]) => ({
      operand,
      wires: row.wires,
      coefficients: row.coefficients.map(String),
      constant: String(row.constant),
    })),
    lengths: ARRAYS.map(([name]) => program[name].length),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 16 + padded(text.length);
  const size = ARRAYS.reduce((sum, [name]) => sum + padded(program[name].byteLength), start);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, text.length, true);
  bytes.set(text, 16);
  let at = start;
  for (const [name] of ARRAYS) {
    const array = program[name];
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  return bytes;
}

/** @throws ProgramFormatError */
export function decodeProgram(input: Uint8Array): Program {
  // Typed arrays need aligned memory, which a slice of a pooled buffer may not be.
  const bytes = input.byteOffset % 8 === 0 ? input : input.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 16 || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION) {
    throw new ProgramFormatError(`this is not a witness plan of version ${VERSION}; compile the model again`);
  }
  const header = readHeader(bytes, view.getUint32(8, true));
  let at = bytes.byteOffset + 16 + padded(view.getUint32(8, true));
  const end = bytes.byteOffset + bytes.length;
  const arrays = ARRAYS.map(([name, constructor], k) => {
    const length = header.lengths[k];
    if (!Number.isSafeInteger(length) || length < 0 || at + length * constructor.BYTES_PER_ELEMENT > end) {
      throw new ProgramFormatError(`the witness plan is truncated in '${name}'; compile the model again`);
    }
    const array = new constructor(bytes.buffer as ArrayBuffer, at, length);
    at += padded(array.byteLength);
    return [name, array];
  });
  const big = new Map<number, BigRow>(
    header.big.map(({ operand, wires, coefficients, constant }) => [operand, { wires, coefficients: coefficients.map(BigInt), constant: BigInt(constant) }]),
  );
  return { ...header.counts, gadgets: header.gadgets, big, ...(Object.fromEntries(arrays) as Pick<Program, (typeof ARRAYS)[number][0]>) };
}

function readHeader(bytes: Uint8Array, length: number): Header {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(16, 16 + length))) as Header;
  } catch (cause) {
    throw new ProgramFormatError('the header of the witness plan is damaged; compile the model again', { cause });
  }
}
