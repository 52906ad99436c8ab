/**
 * Backend `snarkjs`: the ecosystem's JavaScript prover, where the native one is not available and as its cross-check.
 * Keys come from a powers-of-tau file, or, for development, from one made here with the system's randomness.
 *
 * The trap: a key straight from `newZKey` has delta = 1, with which anybody forges proofs, so a contribution always
 * follows.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeWtns } from '../r1cs/witness.js';
import { isCanonicalProof, isCanonicalKey, withoutInfiniteB } from './canonical.js';
import type { VerifyKeyOptions } from './ceremony.js';
import { requireFinishedKey } from './finished-key.js';
import { checkKeyPoints } from './key-points.js';
import { requireFinishedZkey } from './key-record.js';
import { abortable, entropy, holdCurve, named, snarkjs, SnarkjsError, withCurve, working } from './snarkjs-calls.js';
import { withCircuitFile } from './circuit-file.js';
import { checkPtau, circuitPower, snarkjsCeremony, verifyPowers } from './snarkjs-ceremony.js';
import {
  CURVE,
  type Groth16Backend,
  type ImportedKey,
  type LoadedKey,
  type LoadKeyOptions,
  type Proof,
  type ProveOptions,
  type ProofAndSignals,
  type KeySetupOptions,
  type VerificationKey,
} from './types.js';

/** Above this power of two, making powers of tau with snarkjs takes minutes. */
const FAST_POWER = 12;

export const snarkjsBackend: Groth16Backend = {
  name: 'snarkjs',
  setup: (circuit, zkeyPath, options = {}) =>
    withCurve(() => withCircuitFile(circuit, zkeyPath, (r1cs) => setup(r1cs, zkeyPath, options))),
  importKey: (zkeyPath, options) => withCurve(() => importKey(zkeyPath, options)),
  loadKey,
  ceremony: snarkjsCeremony,
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
    if (!isCanonicalProof(proof, publicSignals)) return false;
    const equivalent = withoutInfiniteB(proof, key.vk_gamma_2);
    if (equivalent === undefined) return false;
    return await withCurve(() =>
      named('verify', async () => (await snarkjs()).groth16.verify(key, publicSignals, equivalent)),
    );
  },
};

async function setup(
  r1csPath: string,
  zkeyPath: string,
  { ptau, checkPowers = true, onProgress, signal }: KeySetupOptions,
): Promise<VerificationKey> {
  const { curves, powersOfTau, zKey } = await snarkjs();
  const power = await circuitPower(r1csPath);
  if (ptau !== undefined) await checkPtau(ptau, power);
  const folder = await mkdtemp(path.join(tmpdir(), 'zkinfer-setup-'));
  const temporary = `${zkeyPath}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  const logger = abortable(undefined);
  const step = <T>(share: number, stage: string, work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    onProgress?.(share, stage);
    return named(stage, work);
  };
  try {
    let tau = ptau;
    if (tau === undefined) {
      const curve = await curves.getCurveFromName(CURVE);
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
    if (refusal === -1)
      throw new SnarkjsError(`snarkjs refused to make a key for ${r1csPath}: ${logger.errors.join('; ')}`);
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

async function importKey(zkeyPath: string, options: VerifyKeyOptions): Promise<ImportedKey> {
  const record = await snarkjsCeremony.verifyKey(zkeyPath, options);
  const { zKey } = await snarkjs();
  return {
    key: (await named('verification key', () => zKey.exportVerificationKey(zkeyPath))) as VerificationKey,
    record,
  };
}

async function loadKey(zkeyPath: string, { pointsChecked = false }: LoadKeyOptions = {}): Promise<LoadedKey> {
  const shape = await requireFinishedZkey(zkeyPath);
  if (!pointsChecked) await withCurve(() => checkKeyPoints(zkeyPath));
  const data = await readFile(zkeyPath);
  const release = holdCurve();
  return {
    shape,
    async prove(witness: Uint8Array, { onProgress, signal }: ProveOptions = {}): Promise<ProofAndSignals> {
      signal?.throwIfAborted();
      onProgress?.(0, 'proof');
      const { proof, publicSignals } = await named('prove', () =>
        working(async () =>
          (await snarkjs()).groth16.prove(
            { type: 'mem', data },
            { type: 'mem', data: encodeWtns(witness) },
            abortable(signal),
          ),
        ),
      );
      onProgress?.(1, 'done');
      return { proof: proof as Proof, publicSignals };
    },
    close: release,
  };
}

/** Whether a witness satisfies a `.r1cs` file, by snarkjs: an independent check of what is made here. */
export function checkWitness(r1csPath: string, witness: Uint8Array): Promise<boolean> {
  return withCurve(() =>
    named('check', async () =>
      (await snarkjs()).wtns.check(r1csPath, { type: 'mem', data: encodeWtns(witness) }, abortable(undefined)),
    ),
  );
}

export { SnarkjsError } from './snarkjs-calls.js';
