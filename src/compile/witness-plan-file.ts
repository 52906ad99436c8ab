/**
 * A witness plan as bytes and back: `circuit.plan` of a build. Layout, little-endian: the magic `zkip`, a version, the
 * length of a JSON header; the header (counts, gadgets, big rows, array lengths), padded to 8 bytes; then the arrays in
 * the order of `ARRAYS`, each padded to 8 bytes. Weights of layers that are not written out stand in the integer model;
 * the header says which of its ops they are.
 */
import { z } from 'zod';
import { WitnessPlanFormatError } from './errors.js';
import type { IntegerOp } from '../integer/integer-model.js';
import { sizeOf } from '../tensor/shape.js';
import { hasRoom } from './copies.js';
import type { BigRow, LinearBlock, WitnessPlan } from './witness-plan.js';

export { WitnessPlanFormatError } from './errors.js';

const MAGIC = 0x70696b7a;
/** Written where every layer is written out; a plan with layers that are not has another version. */
const VERSION = 2;
const VERSION_WITH_LAYERS = 3;
/** The plan of a batch: behind its arrays stands the plan of one copy, to the end. */
const VERSION_WITH_COPIES = 4;

const ARRAYS = [
  ['gadget', Int32Array],
  ['outputWire', Uint32Array],
  ['innerWire', Uint32Array],
  ['operandOffsets', Uint32Array],
  ['termOffsets', Uint32Array],
  ['wires', Uint32Array],
  ['coefficients', Float64Array],
  ['constants', Float64Array],
  ['resultOffsets', Uint32Array],
  ['resultWires', Uint32Array],
  ['resultCoefficients', Float64Array],
  ['resultConstants', Float64Array],
] as const;

const count = z.number().int().nonnegative();
const whole = z.string().regex(/^-?\d+$/);
const headerSchema = z.object({
  counts: z.object({ wireCount: count, publicOutputCount: count, publicInputCount: count, privateInputCount: count }),
  gadgets: z.array(
    z.object({
      spec: z.object({ template: z.string(), parameters: z.array(z.union([z.number(), z.array(z.number())])) }),
      signals: z.array(z.string()),
      outputCount: count,
      inputCount: count,
    }),
  ),
  big: z.array(z.object({ operand: count, wires: z.array(count), coefficients: z.array(whole), constant: whole })),
  linear: z
    .array(z.object({ step: count, position: count, firstOperand: count, operandCount: count, first: count, count }))
    .optional(),
  lengths: z.array(count).length(ARRAYS.length),
  copies: count.optional(),
});
type Header = z.infer<typeof headerSchema>;

const padded = (length: number): number => Math.ceil(length / 8) * 8;

export function encodeWitnessPlan(plan: WitnessPlan): Uint8Array {
  const { wireCount, publicOutputCount, publicInputCount, privateInputCount, gadgets } = plan;
  const header = {
    counts: { wireCount, publicOutputCount, publicInputCount, privateInputCount },
    gadgets,
    big: Array.from(plan.big, ([operand, row]) => ({
      operand,
      wires: row.wires,
      coefficients: row.coefficients.map(String),
      constant: String(row.constant),
    })),
    ...(plan.linear.length === 0 ? {} : { linear: plan.linear.map(({ op: _, ...block }) => block) }),
    lengths: ARRAYS.map(([name]) => plan[name].length),
    ...(plan.copies === undefined ? {} : { copies: plan.copies.count }),
  };
  const body = plan.copies === undefined ? new Uint8Array() : encodeWitnessPlan(plan.copies.body);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 16 + padded(text.length);
  const size = ARRAYS.reduce((sum, [name]) => sum + padded(plan[name].byteLength), start);
  const bytes = new Uint8Array(size + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, versionOf(plan), true);
  view.setUint32(8, text.length, true);
  bytes.set(text, 16);
  let at = start;
  for (const [name] of ARRAYS) {
    const array = plan[name];
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  bytes.set(body, at);
  return bytes;
}

function versionOf({ copies, linear }: WitnessPlan): number {
  if (copies !== undefined) return VERSION_WITH_COPIES;
  return linear.length === 0 ? VERSION : VERSION_WITH_LAYERS;
}

/**
 * `ops`: those of the integer model of the same build, which have the weights of layers that are not written out.
 * @throws WitnessPlanFormatError
 */
export function decodeWitnessPlan(input: Uint8Array, ops: readonly IntegerOp[] = []): WitnessPlan {
  return decodePlan(input, ops, true);
}

function decodePlan(input: Uint8Array, ops: readonly IntegerOp[], mayHaveCopies: boolean): WitnessPlan {
  // Typed arrays need aligned memory, which a slice of a pooled buffer may not be.
  const bytes = input.byteOffset % 8 === 0 ? input : new Uint8Array(input);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes.length < 16 || view.getUint32(0, true) !== MAGIC ? undefined : view.getUint32(4, true);
  const known = [VERSION, VERSION_WITH_LAYERS, ...(mayHaveCopies ? [VERSION_WITH_COPIES] : [])];
  if (version === undefined || !known.includes(version)) {
    throw new WitnessPlanFormatError(
      `this is not a witness plan of version ${known.slice(0, -1).join(', ')} or ${known.at(-1)}; compile the model again`,
    );
  }
  const header = readHeader(bytes, view.getUint32(8, true));
  let at = bytes.byteOffset + 16 + padded(view.getUint32(8, true));
  const end = bytes.byteOffset + bytes.length;
  const arrays = ARRAYS.map(([name, constructor], k) => {
    const length = header.lengths[k];
    if (at + length * constructor.BYTES_PER_ELEMENT > end) {
      throw new WitnessPlanFormatError(`the witness plan is truncated in '${name}'; compile the model again`);
    }
    const array = new constructor(bytes.buffer as ArrayBuffer, at, length);
    at += padded(array.byteLength);
    return [name, array];
  });
  const big = new Map<number, BigRow>(
    header.big.map(({ operand, wires, coefficients, constant }) => [
      operand,
      { wires, coefficients: coefficients.map(BigInt), constant: BigInt(constant) },
    ]),
  );
  const linear = readLinear(header, ops);
  const slotCount = linear.reduce((sum, block) => sum + block.count, 0);
  const copies =
    version === VERSION_WITH_COPIES
      ? { count: header.copies ?? 0, body: decodePlan(bytes.subarray(at - bytes.byteOffset), ops, false) }
      : undefined;
  const plan = {
    ...header.counts,
    slotCount,
    linear,
    gadgets: header.gadgets,
    big,
    ...(Object.fromEntries(arrays) as Pick<WitnessPlan, (typeof ARRAYS)[number][0]>),
    ...(copies === undefined ? {} : { copies }),
  };
  requireRoom(plan);
  return plan;
}

/** @throws WitnessPlanFormatError where the wires of a plan's copies are not among its own */
function requireRoom(plan: WitnessPlan): void {
  if (plan.copies === undefined || (plan.copies.count > 0 && hasRoom(plan, plan.copies))) return;
  throw new WitnessPlanFormatError(
    'the witness plan of a batch has other wires than its copies need; compile the model again',
  );
}

/** Layers that are not written out, each with its op, which must be one that has as many elements as the plan says. */
function readLinear({ linear = [], counts }: Header, ops: readonly IntegerOp[]): LinearBlock[] {
  let next = counts.wireCount;
  return linear.map((block) => {
    const op = ops[block.position];
    if (op === undefined || (op.kind !== 'dense' && op.kind !== 'conv')) {
      throw new WitnessPlanFormatError(
        `the witness plan takes op ${block.position} of the integer model for a linear layer; compile the model again`,
      );
    }
    const inputSize = op.kind === 'dense' ? op.rows * op.inFeatures : sizeOf(op.inputShape);
    if (sizeOf(op.shape) !== block.count || inputSize !== block.operandCount || block.first !== next) {
      throw new WitnessPlanFormatError(
        `the witness plan is of another integer model (layer '${op.layer}'); compile the model again`,
      );
    }
    next += block.count;
    return { ...block, op };
  });
}

function readHeader(bytes: Uint8Array, length: number): Header {
  try {
    return headerSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(16, 16 + length))),
    );
  } catch (cause) {
    throw new WitnessPlanFormatError('the header of the witness plan is damaged; compile the model again', { cause });
  }
}
