/**
 * Backend `snarkjs`: the ecosystem's JavaScript prover, where the native one is not available and as its cross-check. Keys come from
 * a powers-of-tau file, or, for development, from one made here with the system's randomness.
 *
 * The traps: snarkjs's worker threads keep Node alive until the curve is terminated, and one curve serves all callers of the
 * process, so it is ended when the last of them is done, and its threads do not count while nobody waits for them; and a key straight from `newZKey` has delta = 1, with which anybody
 * forges proofs, so a contribution always follows.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { ZkinferError } from '../errors.js';
import { FormatError } from '../r1cs/format-error.js';
import { checkCounts } from '../r1cs/r1cs-file.js';
import { readSectionSizes, readSectionStart } from '../r1cs/section-file.js';
import { encodeWtns } from '../r1cs/witness.js';
import { BASE_FIELD, isCanonical, isCanonicalKey, withoutInfiniteB } from './canonical.js';
import { CeremonyError, type VerifyKeyOptions } from './ceremony.js';
import { G2_GENERATOR_X, requireFinishedKey, unfinished } from './finished-key.js';
import type { Groth16Backend, ImportedKey, KeyShape, LoadedKey, Proof, ProveOptions, ProveResult, SetupOptions, VerificationKey } from './types.js';

/** snarkjs refused: a file that does not fit the circuit, a witness of another circuit, a malformed proof. */
export class SnarkjsError extends ZkinferError {
  readonly code = 'SNARKJS';
}

/** Loaded when used: it takes longer to load than the native prover takes for a small proof. */
const snarkjs = () => import('snarkjs');

/** Above this power of two, making powers of tau with snarkjs takes minutes. */
const FAST_POWER = 12;

export const snarkjsBackend: Groth16Backend = {
  name: 'snarkjs',
  setup: (r1csPath, zkeyPath, options = {}) => withCurve(() => setup(r1csPath, zkeyPath, options)),
  importKey: (zkeyPath, options) => withCurve(() => importKey(zkeyPath, options)),
  loadKey,
  async verify(key, publicSignals, proof) {
    if (!isCanonicalKey(key)) {
      throw new SnarkjsError(
        'the verification key has a point that is not affine (z = 1, decimal coordinates below q), or not one IC point more than signals',
      );
    }
    requireFinishedKey(key);
    // snarkjs takes 0 for signals that are not there.
    if (publicSignals.length !== key.nPublic) {
      throw new SnarkjsError(`${publicSignals.length} public signals, the verification key is for ${key.nPublic}`);
    }
    if (!isCanonical(proof, publicSignals)) return false;
    const equivalent = withoutInfiniteB(proof, key.vk_gamma_2);
    if (equivalent === undefined) return false;
    return await withCurve(() => named('verify', async () => (await snarkjs()).groth16.verify(key, publicSignals, equivalent)));
  },
};

async function setup(r1csPath: string, zkeyPath: string, { ptau, checkPowers = true, onProgress, signal }: SetupOptions): Promise<VerificationKey> {
  const { curves, powersOfTau, zKey } = await snarkjs();
  const power = await circuitPower(r1csPath);
  if (ptau !== undefined) await checkPtau(ptau, power);
  const folder = await mkdtemp(path.join(tmpdir(), 'zkinfer-setup-'));
  const temporary = `${zkeyPath}.tmp-${randomBytes(6).toString('hex')}`;
  const logger = abortable(undefined);
  const step = <T>(share: number, stage: string, work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    onProgress?.(share, stage);
    return named(stage, work);
  };
  try {
    let tau = ptau;
    if (tau === undefined) {
      const curve = await curves.getCurveFromName('bn128');
      const [empty, contributed] = [path.join(folder, 'empty.ptau'), path.join(folder, 'contributed.ptau')];
      tau = path.join(folder, 'prepared.ptau');
      const title = `powers of tau 2^${power}${power > FAST_POWER ? `, minutes with snarkjs beyond 2^${FAST_POWER}` : ''}`;
      await step(0, title, () => powersOfTau.newAccumulator(curve, power, empty, logger));
      await step(0.02, title, () => powersOfTau.contribute(empty, contributed, 'development', entropy(), logger));
      await step(0.1, title, () => powersOfTau.preparePhase2(contributed, tau!, abortable(signal)));
    }
    if (ptau !== undefined && checkPowers) await step(0, 'powers of tau', () => verifyPowers(ptau, signal));
    const initial = path.join(folder, 'initial.zkey');
    const refusal = await step(0.7, 'proving key', () => zKey.newZKey(r1csPath, tau!, initial, logger));
    if (refusal === -1) throw new SnarkjsError(`snarkjs refused to make a key for ${r1csPath}: ${logger.errors.join('; ')}`);
    // A ceremony's first key is left to its contributors; a development key has one contribution, from here.
    if (ptau !== undefined) await copyFile(initial, temporary);
    else await step(0.9, 'contribution', () => zKey.contribute(initial, temporary, 'development', entropy(), logger));
    const key = await step(0.98, 'verification key', () => zKey.exportVerificationKey(temporary));
    await rename(temporary, zkeyPath);
    onProgress?.(1, 'done');
    return key as VerificationKey;
  } finally {
    await Promise.all([rm(folder, { recursive: true, force: true }), rm(temporary, { force: true })]);
  }
}

/** As snarkjs does it: minutes, and the proofs of who contributed to the powers as well. @throws CeremonyError */
async function verifyPowers(ptau: string, signal: AbortSignal | undefined): Promise<void> {
  const logger = abortable(signal);
  const sound = await (await snarkjs()).powersOfTau.verify(ptau, logger);
  if (!sound) throw new CeremonyError(`${ptau}: snarkjs finds the powers of tau invalid: ${logger.errors.join('; ')}`);
}

async function importKey(zkeyPath: string, { r1cs, ptau, checkPowers = true, onProgress, signal }: VerifyKeyOptions): Promise<ImportedKey> {
  const { zKey } = await snarkjs();
  const logger = abortable(signal);
  if (checkPowers) {
    onProgress?.(0, 'powers of tau');
    await named('powers of tau', () => verifyPowers(ptau, signal));
  }
  await readShape(zkeyPath);
  onProgress?.(0.3, 'checking the key');
  const valid = await named('verify', () => zKey.verifyFromR1cs(r1cs, ptau, zkeyPath, logger));
  if (!valid) throw new CeremonyError(`${zkeyPath}: snarkjs finds that it is not a key of this circuit and these powers of tau: ${logger.errors.join('; ')}`);
  return { key: (await named('verification key', () => zKey.exportVerificationKey(zkeyPath))) as VerificationKey };
}

async function loadKey(zkeyPath: string): Promise<LoadedKey> {
  const shape = await readShape(zkeyPath);
  const data = await readFile(zkeyPath);
  const release = holdCurve();
  return {
    shape,
    async prove(witness: Uint8Array, { onProgress, signal }: ProveOptions = {}): Promise<ProveResult> {
      signal?.throwIfAborted();
      onProgress?.(0, 'proof');
      const { proof, publicSignals } = await named('prove', () =>
        working(async () => (await snarkjs()).groth16.prove({ type: 'mem', data }, { type: 'mem', data: encodeWtns(witness) }, abortable(signal))),
      );
      onProgress?.(1, 'done');
      return { proof: proof as Proof, publicSignals };
    },
    close: release,
  };
}

/**
 * Section 2 of a `.zkey`: the primes, the counts, then alpha1, beta1, beta2, gamma2, delta1, delta2.
 * @throws UnfinishedKeyError where nobody contributed to the key
 */
async function readShape(zkeyPath: string): Promise<KeyShape> {
  const header = await readSectionStart(zkeyPath, 'zkey', 2, HEADER_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const shape = { wires: view.getUint32(72, true), publicSignals: view.getUint32(76, true), domainSize: view.getUint32(80, true) };
  await checkSizes(zkeyPath, shape);
  const gamma = header.subarray(GAMMA_AT, GAMMA_AT + ABSCISSA_BYTES);
  const delta = header.subarray(DELTA_AT, DELTA_AT + ABSCISSA_BYTES);
  // Points with one abscissa are equal or opposite.
  if (Buffer.from(gamma).equals(delta) || GENERATOR_ABSCISSA.equals(delta)) throw unfinished(zkeyPath);
  return shape;
}

/** The abscissa of G2's generator as a `.zkey` holds it: times 2^256 modulo q, little-endian. */
const GENERATOR_ABSCISSA = Buffer.concat(
  G2_GENERATOR_X.map((part) => {
    const montgomery = (BigInt(part) << 256n) % BASE_FIELD;
    return Buffer.from(montgomery.toString(16).padStart(64, '0'), 'hex').reverse();
  }),
);

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
      throw new FormatError(`${zkeyPath}: section ${section} has ${found ?? 'no'} bytes, and the header's counts imply ${bytes}`);
    }
  }
}

const HEADER_BYTES = 660;
const GAMMA_AT = 84 + 64 + 64 + 128;
const DELTA_AT = GAMMA_AT + 128 + 64;
const ABSCISSA_BYTES = 64;

/** Whether a witness satisfies a `.r1cs` file, by snarkjs: an independent check of what is made here. */
export function checkWitness(r1csPath: string, witness: Uint8Array): Promise<boolean> {
  return withCurve(() => named('check', async () => (await snarkjs()).wtns.check(r1csPath, { type: 'mem', data: encodeWtns(witness) }, abortable(undefined))));
}

/** Power of two of the evaluation domain: snarkjs adds a row for each public signal and for the constant. */
async function circuitPower(r1csPath: string): Promise<number> {
  const header = await readSectionStart(r1csPath, 'r1cs', 1, 64);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const sizes = await readSectionSizes(r1csPath, 'r1cs');
  const bytes = { constraints: sizes.get(2) ?? 0, labels: sizes.get(3) ?? 0, file: (await stat(r1csPath)).size };
  checkCounts({ wires: view.getUint32(36, true), constraints: view.getUint32(60, true) }, bytes);
  const rows = view.getUint32(60, true) + view.getUint32(40, true) + view.getUint32(44, true) + 1;
  return Math.max(1, Math.ceil(Math.log2(rows)));
}

async function checkPtau(file: string, needed: number): Promise<void> {
  const header = await readSectionStart(file, 'ptau', 1, 44);
  const power = new DataView(header.buffer, header.byteOffset, header.byteLength).getUint32(36, true);
  if (power < needed) {
    throw new SnarkjsError(`${file} holds powers of tau for 2^${power} constraints, the circuit needs 2^${needed}: take a larger file`);
  }
  await readSectionStart(file, 'ptau', 12, 64).catch((cause: unknown) => {
    throw new SnarkjsError(`${file} is not prepared for phase 2: run \`snarkjs powersoftau prepare phase2\` on it`, { cause });
  });
}

function entropy(): string {
  return randomBytes(64).toString('hex');
}

/**
 * A logger that keeps error messages, and ends the work it is given to once `signal` is aborted: for work in memory, and for the one
 * step that takes minutes, because snarkjs then leaves its files open. Other steps are left after they end.
 */
function abortable(signal: AbortSignal | undefined): { errors: string[] } & Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void> {
  const errors: string[] = [];
  const check = (): void => signal?.throwIfAborted();
  return { errors, debug: check, info: check, warn: check, error: (message) => void errors.push(message) };
}

async function named<T>(stage: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ZkinferError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
    throw new SnarkjsError(`snarkjs failed (${stage}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

let users = 0;

/** Keeps snarkjs's curve until the returned function is called; the last one ends its threads. */
function holdCurve(): () => Promise<void> {
  users++;
  let held = true;
  return async () => {
    if (!held) return;
    held = false;
    if (--users > 0) return;
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } | null }).curve_bn128?.terminate();
  };
}

/** web-worker, which ffjavascript takes, keeps Node's own thread under this name. */
const NODE_THREAD = Symbol.for('worker');

let atWork = 0;

/**
 * Work that the curve's threads do. They keep Node alive until it is done, and not after it: a program that keeps a key loaded, and
 * forgets to close it, still ends.
 */
async function working<T>(work: () => Promise<T>): Promise<T> {
  atWork += 1;
  keepAlive(true);
  try {
    return await work();
  } finally {
    atWork -= 1;
    if (atWork === 0) keepAlive(false);
  }
}

function keepAlive(alive: boolean): void {
  type Threads = { readonly curve_bn128?: { readonly tm?: { readonly workers?: readonly { readonly [NODE_THREAD]?: Worker }[] } } | null };
  for (const worker of (globalThis as Threads).curve_bn128?.tm?.workers ?? []) {
    if (alive) worker[NODE_THREAD]?.ref();
    else worker[NODE_THREAD]?.unref();
  }
}

async function withCurve<T>(work: () => Promise<T>): Promise<T> {
  const release = holdCurve();
  try {
    return await working(work);
  } finally {
    await release();
  }
}
