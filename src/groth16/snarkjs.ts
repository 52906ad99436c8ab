/**
 * Backend `snarkjs`: the ecosystem's JavaScript prover, where the native one is not available and as its cross-check. Keys come from
 * a powers-of-tau file, or, for development, from one made here with the system's randomness.
 *
 * The traps: snarkjs's worker threads keep Node alive until the curve is terminated, and one curve serves all callers of the
 * process, so it is ended when the last of them is done; and a key straight from `newZKey` has delta = 1, with which anybody
 * forges proofs, so a contribution always follows.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ZkinferError } from '../errors.js';
import { readSectionStart } from '../r1cs/section-file.js';
import { encodeWtns } from '../r1cs/witness.js';
import type { Groth16Backend, LoadedKey, Proof, ProveOptions, ProveResult, SetupOptions, VerificationKey } from './types.js';

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
  loadKey,
  verify: (key, publicSignals, proof) => withCurve(() => named('verify', async () => (await snarkjs()).groth16.verify(key, publicSignals, proof))),
};

async function setup(r1csPath: string, zkeyPath: string, { ptau, onProgress, signal }: SetupOptions): Promise<VerificationKey> {
  const { curves, powersOfTau, zKey } = await snarkjs();
  const power = await circuitPower(r1csPath);
  if (ptau !== undefined) await checkPtau(ptau, power);
  const folder = await mkdtemp(path.join(tmpdir(), 'zkinfer-setup-'));
  const unfinished = `${zkeyPath}.tmp-${randomBytes(6).toString('hex')}`;
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
    const initial = path.join(folder, 'initial.zkey');
    const refusal = await step(0.7, 'proving key', () => zKey.newZKey(r1csPath, tau!, initial, logger));
    if (refusal === -1) throw new SnarkjsError(`snarkjs refused to make a key for ${r1csPath}: ${logger.errors.join('; ')}`);
    await step(0.9, 'contribution', () => zKey.contribute(initial, unfinished, 'development', entropy(), logger));
    const key = await step(0.98, 'verification key', () => zKey.exportVerificationKey(unfinished));
    await rename(unfinished, zkeyPath);
    onProgress?.(1, 'done');
    return key as VerificationKey;
  } finally {
    await Promise.all([rm(folder, { recursive: true, force: true }), rm(unfinished, { force: true })]);
  }
}

async function loadKey(zkeyPath: string): Promise<LoadedKey> {
  await readSectionStart(zkeyPath, 'zkey', 2, 100);
  const data = await readFile(zkeyPath);
  const release = holdCurve();
  return {
    async prove(witness: Uint8Array, { onProgress, signal }: ProveOptions = {}): Promise<ProveResult> {
      signal?.throwIfAborted();
      onProgress?.(0, 'proof');
      const { groth16 } = await snarkjs();
      const { proof, publicSignals } = await named('prove', () =>
        groth16.prove({ type: 'mem', data }, { type: 'mem', data: encodeWtns(witness) }, abortable(signal)),
      );
      onProgress?.(1, 'done');
      return { proof: proof as Proof, publicSignals };
    },
    close: release,
  };
}

/** Whether a witness satisfies a `.r1cs` file, by snarkjs: an independent check of what is made here. */
export function checkWitness(r1csPath: string, witness: Uint8Array): Promise<boolean> {
  return withCurve(() => named('check', async () => (await snarkjs()).wtns.check(r1csPath, { type: 'mem', data: encodeWtns(witness) }, abortable(undefined))));
}

/** Power of two of the evaluation domain: snarkjs adds a row for each public signal and for the constant. */
async function circuitPower(r1csPath: string): Promise<number> {
  const header = await readSectionStart(r1csPath, 'r1cs', 1, 64);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
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

async function withCurve<T>(work: () => Promise<T>): Promise<T> {
  const release = holdCurve();
  try {
    return await work();
  } finally {
    await release();
  }
}
