/**
 * What a `.zkey` says of itself: its sizes, who contributed, and whether its secrets are public, read without the
 * native code (snarkjs `src/zkey_utils.js`). Nothing but the form is checked, and what shows that anybody could forge
 * under the key.
 *
 * The traps: counts are the file's own claims and are held against its sections; points are Montgomery, little-endian,
 * while a contribution's hash is of big-endian numbers, the second coefficient of a G2 coordinate first.
 */
import { createHash } from 'node:crypto';
import { FormatError } from '../r1cs/format-error.js';
import { readSection, readSectionSizes, readSectionStart } from './section-file.js';
import { BASE_FIELD } from './canonical.js';
import type { ContributionRecord, KeyRecord } from './ceremony.js';
import {
  G2_GENERATOR_X,
  hasKeptSecret,
  requireSecretContribution,
  unfinished,
  unfinishedPowers,
  type DeltaStep,
} from './finished-key.js';
import { KeyMismatchError } from './key-mismatch.js';
import type { KeyShape, VerificationKey } from './types.js';

/** Section 2: the primes, the counts, then alpha1, beta1, beta2, gamma2, delta1, delta2. */
export const HEADER = {
  alpha1: 84,
  beta2: 84 + 2 * 64,
  gamma2: 84 + 2 * 64 + 128,
  delta1: 84 + 2 * 64 + 2 * 128,
  delta2: 84 + 3 * 64 + 2 * 128,
  end: 660,
};
/** Bytes of the contributions at most: there are some 500 for each, and nobody waits for more than some thousands. */
const MOST_RECORD_BYTES = 16 << 20;
const R_INVERSE = inverse(2n ** 256n % BASE_FIELD);

/** The header's counts and points. */
export interface KeyHeader {
  readonly shape: KeyShape;
  /** Points as the file holds them. */
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** Why anybody could forge under the key, as far as its header shows. */
  readonly weakness?: Error;
}

/** Reads and checks the counts. Throws FormatError. */
export async function readKeyHeader(zkeyPath: string): Promise<KeyHeader> {
  const header = await readSectionStart(zkeyPath, 'zkey', 2, HEADER.end);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const shape = {
    wires: view.getUint32(72, true),
    publicSignals: view.getUint32(76, true),
    domainSize: view.getUint32(80, true),
  };
  await checkSizes(zkeyPath, shape);
  for (const [at, bytes] of [
    [HEADER.alpha1, 64],
    [HEADER.alpha1 + 64, 64],
    [HEADER.beta2, 128],
    [HEADER.gamma2, 128],
    [HEADER.delta1, 64],
    [HEADER.delta2, 128],
  ]) {
    // With delta = 0 nothing blinds a proof.
    if (header.subarray(at, at + bytes).every((byte) => byte === 0))
      throw new FormatError(`${zkeyPath}: alpha, beta, gamma or delta is the point at infinity`);
  }
  const abscissa = (at: number, bytes: number): Buffer => Buffer.from(header.subarray(at, at + bytes));
  const [alpha, beta, gamma, delta] = [
    abscissa(HEADER.alpha1, 32),
    ...[HEADER.beta2, HEADER.gamma2, HEADER.delta2].map((at) => abscissa(at, 64)),
  ];
  // Points with one abscissa are equal or opposite.
  const isPublic = (point: Buffer): boolean => point.equals(gamma) || point.equals(G2_ABSCISSA);
  const weakness = isPublic(delta)
    ? unfinished(zkeyPath)
    : isPublic(beta) || alpha.equals(G1_ABSCISSA)
      ? unfinishedPowers(zkeyPath)
      : undefined;
  return {
    shape,
    delta1: header.slice(HEADER.delta1, HEADER.delta1 + 64),
    delta2: header.slice(HEADER.delta2, HEADER.delta2 + 128),
    ...(weakness === undefined ? {} : { weakness }),
  };
}

/**
 * Refuses a verification key that is not the proving key's, by the points that both files hold; of a `.zkey` of any
 * size only these are read. `names`: both as the user knows them, and what helps. @throws KeyMismatchError,
 * UnfinishedKeyError, FormatError
 */
export async function requireSameKey(
  zkeyPath: string,
  key: VerificationKey,
  names: { readonly key: string; readonly remedy: string },
): Promise<void> {
  const refuse = (what: string): never => {
    throw new KeyMismatchError(
      `${names.key} is not the key of ${zkeyPath}: ${what}. One of the two was exchanged, and proofs of the one mean nothing under the other; ${names.remedy}`,
    );
  };
  // Only the proving key shows whether all contributions were beacons.
  const shape = await requireFinishedZkey(zkeyPath);
  if (key.nPublic !== shape.publicSignals)
    return refuse(`it is for ${key.nPublic} public signals, the proving key for ${shape.publicSignals}`);
  const header = await readSectionStart(zkeyPath, 'zkey', 2, HEADER.end);
  const points = [
    ['alpha', key.vk_alpha_1, g1(header, HEADER.alpha1)],
    ['beta', key.vk_beta_2, g2(header, HEADER.beta2)],
    ['gamma', key.vk_gamma_2, g2(header, HEADER.gamma2)],
    ['delta', key.vk_delta_2, g2(header, HEADER.delta2)],
  ] as const;
  for (const [name, ours, theirs] of points) if (!samePoint(ours, theirs)) return refuse(`its ${name} is another`);
  const ic = await readSection(zkeyPath, 'zkey', 3, 64 * (shape.publicSignals + 1));
  const differing = key.IC.findIndex((point, i) => !samePoint(point, g1(ic, 64 * i)));
  if (differing >= 0) return refuse(`its point IC[${differing}] is another`);
}

/** A point as `verification_key.json` has it: projective, in decimal. */
function g1(bytes: Uint8Array, at: number): string[] {
  const [x, y] = [coordinate(bytes, at), coordinate(bytes, at + 32)];
  return x === 0n && y === 0n ? ['0', '1', '0'] : [String(x), String(y), '1'];
}

function g2(bytes: Uint8Array, at: number): string[][] {
  const [x0, x1, y0, y1] = [0, 32, 64, 96].map((offset) => String(coordinate(bytes, at + offset)));
  return [
    [x0, x1],
    [y0, y1],
    ['1', '0'],
  ];
}

/** Leading zeros do not make another number. */
function samePoint(
  one: readonly (string | readonly string[])[],
  other: readonly (string | readonly string[])[],
): boolean {
  const [a, b] = [one.flat(), other.flat()];
  return a.length === b.length && a.every((text, i) => BigInt(text) === BigInt(b[i]));
}

/** 32 bytes of a coordinate, out of Montgomery form. */
function coordinate(bytes: Uint8Array, at: number): bigint {
  return (littleEndian(bytes.subarray(at, at + 32)) * R_INVERSE) % BASE_FIELD;
}

/** One contribution, and the delta that it left. */
export interface ReadContribution extends ContributionRecord, DeltaStep {
  /** As the file holds it. */
  readonly deltaAfter: Uint8Array;
}

/** Section 10. Throws FormatError. */
export async function readContributions(
  zkeyPath: string,
): Promise<{ readonly circuitHash: string; readonly contributions: readonly ReadContribution[] }> {
  const reader = new Reader(zkeyPath, await readSection(zkeyPath, 'zkey', 10, MOST_RECORD_BYTES));
  const circuitHash = hex(reader.take(64));
  const count = reader.u32();
  const contributions: ReadContribution[] = [];
  for (let i = 0; i < count; i++) contributions.push(readContribution(reader));
  if (reader.left > 0) throw reader.malformed(`${reader.left} bytes follow the last contribution`);
  return { circuitHash, contributions };
}

/** The finished key's shape. @throws UnfinishedKeyError where anybody could forge under the key */
export async function requireFinishedZkey(zkeyPath: string): Promise<KeyShape> {
  const { shape, delta1, weakness } = await readKeyHeader(zkeyPath);
  if (weakness !== undefined) throw weakness;
  // Keys of other tools may have no such section.
  if (!(await readSectionSizes(zkeyPath, 'zkey')).has(10)) return shape;
  const { contributions } = await readContributions(zkeyPath);
  requireSecretContribution(contributions, zkeyPath);
  const last = contributions.at(-1);
  if (last !== undefined && !Buffer.from(last.deltaAfter).equals(delta1)) {
    throw new FormatError(
      `${zkeyPath}: the key's delta is not the one that its last contribution left: key or record was altered`,
    );
  }
  return shape;
}

/** Throws FormatError. */
export async function readKeyRecord(zkeyPath: string): Promise<KeyRecord> {
  const { shape, delta1, weakness } = await readKeyHeader(zkeyPath);
  const { circuitHash, contributions } = await readContributions(zkeyPath);
  const last = contributions.at(-1);
  const sound = last === undefined || (hasKeptSecret(contributions) && Buffer.from(last.deltaAfter).equals(delta1));
  return {
    ...shape,
    finished: weakness === undefined && sound,
    circuitHash,
    contributions: contributions.map(({ deltaAfter, deltaAbscissa, ...record }) => record),
  };
}

function readContribution(reader: Reader): ReadContribution {
  const points = reader.take(3 * 64 + 128);
  const transcript = reader.take(64);
  const kind = reader.u32();
  const parameters = new Reader(reader.file, reader.take(reader.u32()));
  const found: { name?: string; iterationsExp?: number; beacon?: string } = {};
  let last = 0;
  while (parameters.left > 0) {
    const tag = parameters.byte();
    if (tag <= last || tag > 3)
      throw reader.malformed('a contribution has parameters that are unknown or not in order');
    last = tag;
    if (tag === 1)
      found.name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(parameters.take(parameters.byte()));
    else if (tag === 2) found.iterationsExp = parameters.byte();
    else found.beacon = hex(parameters.take(parameters.byte()));
  }
  if (kind > 1) throw reader.malformed(`a contribution is of kind ${kind}`);
  if (kind === 1 && (found.beacon === undefined || found.iterationsExp === undefined))
    throw reader.malformed('a beacon has no value or no number of iterations');
  const hash = createHash('blake2b512');
  for (const at of [0, 64, 128]) hash.update(number(points, at)).update(number(points, at + 32));
  for (const at of [192, 256]) hash.update(number(points, at + 32)).update(number(points, at));
  hash.update(transcript);
  const { name, iterationsExp, beacon } = found;
  return {
    kind: kind === 0 ? 'contribution' : 'beacon',
    hash: hash.digest('hex'),
    ...(name === undefined ? {} : { name }),
    ...(kind === 0 ? {} : { beacon, iterationsExp }),
    deltaAfter: points.slice(0, 64),
    deltaAbscissa: littleEndian(number(points, 0).reverse()),
  };
}

/** 32 bytes of a coordinate as the hash takes them: out of Montgomery form, big-endian. */
function number(points: Uint8Array, at: number): Buffer {
  return bigEndian(coordinate(points, at));
}

/**
 * Whether bytes are points of G1's curve with canonical coordinates, or infinity: the position of the first that is
 * not, or -1.
 */
export function firstOffCurve(points: Uint8Array): number {
  const r = 2n ** 256n % BASE_FIELD;
  const r3 = (r * r * r) % BASE_FIELD;
  for (let at = 0; at < points.length; at += 64) {
    const [x, y] = [littleEndian(points.subarray(at, at + 32)), littleEndian(points.subarray(at + 32, at + 64))];
    if (x === 0n && y === 0n) continue;
    // y^2 = x^3 + 3 with x R for x and y R for y, times R^3.
    if (x >= BASE_FIELD || y >= BASE_FIELD || (y * y * r - x * x * x - 3n * r3) % BASE_FIELD !== 0n) return at / 64;
  }
  return -1;
}

/** As `firstOffCurve`, for points of G2's curve, of whatever order: y^2 = x^3 + 3 / (9 + u), u^2 = -1. */
export function firstOffTwist(points: Uint8Array): number {
  const r = 2n ** 256n % BASE_FIELD;
  const r3 = (r * r * r) % BASE_FIELD;
  // 3 / (9 + u) = 3 (9 - u) / 82.
  const b = (3n * inverse(82n) * r3) % BASE_FIELD;
  for (let at = 0; at < points.length; at += 128) {
    const [x0, x1, y0, y1] = [0, 32, 64, 96].map((part) => littleEndian(points.subarray(at + part, at + part + 32)));
    if (x0 === 0n && x1 === 0n && y0 === 0n && y1 === 0n) continue;
    // (x0 + x1 u)^3 and (y0 + y1 u)^2, as above.
    const real = (y0 * y0 - y1 * y1) * r - (x0 * x0 * x0 - 3n * x0 * x1 * x1) - 9n * b;
    const imaginary = 2n * y0 * y1 * r - (3n * x0 * x0 * x1 - x1 * x1 * x1) + b;
    if (
      [x0, x1, y0, y1].some((part) => part >= BASE_FIELD) ||
      real % BASE_FIELD !== 0n ||
      imaginary % BASE_FIELD !== 0n
    )
      return at / 128;
  }
  return -1;
}

/** snarkjs takes as much memory as the header says: its counts are held against the sections. Throws FormatError. */
async function checkSizes(zkeyPath: string, { wires, publicSignals, domainSize }: KeyShape): Promise<void> {
  const sizes = await readSectionSizes(zkeyPath, 'zkey');
  const expected = [
    [3, 64 * (publicSignals + 1)],
    [5, 64 * wires],
    [6, 64 * wires],
    [7, 128 * wires],
    [8, 64 * (wires - publicSignals - 1)],
    [9, 64 * domainSize],
  ];
  for (const [section, bytes] of expected) {
    const found = sizes.get(section);
    if (found !== bytes) {
      throw new FormatError(
        `${zkeyPath}: section ${section} has ${found ?? 'no'} bytes, and the header's counts imply ${bytes}`,
      );
    }
  }
}

/** Abscissas of the generators as a `.zkey` holds them: times 2^256 modulo q, little-endian. */
const G2_ABSCISSA = Buffer.concat(G2_GENERATOR_X.map((part) => montgomery(BigInt(part))));
const G1_ABSCISSA = montgomery(1n);

function montgomery(value: bigint): Buffer {
  return bigEndian((value << 256n) % BASE_FIELD).reverse();
}

function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** By Fermat. */
function inverse(value: bigint): bigint {
  let result = 1n;
  for (
    let base = value, exponent = BASE_FIELD - 2n;
    exponent > 0n;
    exponent >>= 1n, base = (base * base) % BASE_FIELD
  ) {
    if (exponent & 1n) result = (result * base) % BASE_FIELD;
  }
  return result;
}

/** A cursor that does not read past the end. */
class Reader {
  private at = 0;

  constructor(
    readonly file: string,
    private readonly bytes: Uint8Array,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw this.malformed(`${count} more bytes are expected and ${this.left} are left`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  byte(): number {
    return this.take(1)[0];
  }

  u32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  malformed(what: string): FormatError {
    return new FormatError(`${this.file}: its record of contributions is damaged: ${what}`);
  }
}
