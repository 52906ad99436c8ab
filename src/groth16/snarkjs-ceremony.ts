/**
 * A ceremony's steps by snarkjs, where the native code is not built: the same files, the same checks, minutes instead
 * of seconds.
 *
 * The traps: snarkjs multiplies whatever points it is given by the contributor's secret, and points of other curves
 * give it away (see `native/src/phase2/contribute.rs`), so every such point is checked before; it takes no notice of a
 * circuit hash that is another one; and its strings with entropy cannot be wiped.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFailure } from '../atomic-file.js';
import { checkCounts } from '../r1cs/r1cs-file.js';
import { readSection, readSectionSizes, readSectionStart } from './section-file.js';
import {
  CeremonyError,
  type BeaconOptions,
  type Ceremony,
  type CeremonyOptions,
  type ContributeOptions,
  type ContributionRecord,
  type KeyRecord,
  type VerifyKeyOptions,
} from './ceremony.js';
import { domainPower } from './domain.js';
import { withCircuitFile } from './circuit-file.js';
import { G1_GENERATOR_X, requireSecretContribution } from './finished-key.js';
import { firstOffCurve, readContributions, readKeyHeader, readKeyRecord } from './key-record.js';
import { abortable, entropy, heard, named, snarkjs, SnarkjsError, withCurve } from './snarkjs-calls.js';

export const snarkjsCeremony: Ceremony = {
  contribute: (oldKey, newKey, options = {}) => withCurve(() => contribute(oldKey, newKey, options)),
  applyBeacon: (oldKey, newKey, options) => withCurve(() => applyBeacon(oldKey, newKey, options)),
  verifyKey: (zkey, options) =>
    withCurve(() => withCircuitFile(options.r1cs, zkey, (r1cs) => verifyKey(zkey, { ...options, r1cs }))),
  checkPowers: (ptau, options = {}) =>
    withCurve(async () => {
      await named('powers of tau', () => verifyPowers(ptau, options.signal));
      return await powerOf(ptau);
    }),
  inspectKey: readKeyRecord,
};

async function contribute(
  oldKey: string,
  newKey: string,
  { name = '', entropy: given, ...options }: ContributeOptions,
): Promise<ContributionRecord> {
  const mixed = `${entropy()}${given === undefined ? '' : Buffer.from(given).toString('hex')}`;
  return await apply(oldKey, newKey, options, 'contribution', async (target) => {
    const { zKey } = await snarkjs();
    await zKey.contribute(oldKey, target, name, mixed, abortable(options.signal));
  });
}

async function applyBeacon(
  oldKey: string,
  newKey: string,
  { name = '', value, iterationsExp, ...options }: BeaconOptions,
): Promise<ContributionRecord> {
  if (value.length < 1 || value.length > 255)
    throw new CeremonyError(`a beacon has 1 to 255 bytes, not ${value.length}`);
  if (!Number.isInteger(iterationsExp) || iterationsExp < 10 || iterationsExp > 63) {
    throw new CeremonyError(`the exponent of the iterations is 10 to 63, not ${iterationsExp}`);
  }
  const { contributions } = await readContributions(oldKey);
  if (!contributions.some(({ kind }) => kind === 'contribution')) {
    throw new CeremonyError(
      `${oldKey}: nobody has contributed to it yet, and a beacon's secret is public: people contribute first, the beacon comes last`,
    );
  }
  return await apply(oldKey, newKey, options, 'beacon', async (target) => {
    const { zKey } = await snarkjs();
    const logger = abortable(options.signal);
    const made = await zKey.beacon(oldKey, target, name, Buffer.from(value).toString('hex'), iterationsExp, logger);
    if (made === false)
      throw new CeremonyError(`${oldKey}: snarkjs does not apply the beacon: ${logger.errors.join('; ')}`);
  });
}

/** Checks the old key, lets snarkjs write the new one under a temporary name, and gives it its name. */
async function apply(
  oldKey: string,
  newKey: string,
  { onProgress, signal }: CeremonyOptions,
  stage: string,
  work: (target: string) => Promise<void>,
): Promise<ContributionRecord> {
  signal?.throwIfAborted();
  onProgress?.(0, 'reading the key');
  await checkContributable(oldKey);
  const temporary = `${newKey}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  // Not all of snarkjs's work can be stopped: where the process ends before it, nothing may be left.
  const clean = (): void => rmSync(temporary, { force: true });
  process.once('exit', clean);
  try {
    // snarkjs's own error for a folder that is not there leaves its files open.
    await open(temporary, 'wx')
      .then((file) => file.close())
      .catch((error: unknown) => {
        throw writeFailure(newKey, error);
      });
    signal?.throwIfAborted();
    onProgress?.(0.1, stage);
    await named(stage, () => work(temporary));
    const { contributions } = await readKeyRecord(temporary);
    const file = await open(temporary, 'r+');
    await file.sync().finally(() => file.close());
    signal?.throwIfAborted();
    await rename(temporary, newKey).catch((error: unknown) => {
      throw writeFailure(newKey, error);
    });
    onProgress?.(1, 'done');
    return contributions[contributions.length - 1];
  } finally {
    process.off('exit', clean);
    clean();
  }
}

/**
 * Every point that a secret will be multiplied with is of its group, and delta is the one that the last contribution
 * left.
 */
async function checkContributable(zkey: string): Promise<void> {
  const { delta1, delta2 } = await readKeyHeader(zkey);
  const { contributions } = await readContributions(zkey);
  const { G1, G2, r, pairingEq } = await curve();
  const last = contributions.at(-1)?.deltaAfter;
  // The generator is in Jacobian coordinates, its z behind x and y.
  if (last === undefined && !Buffer.from(delta1).equals(G1.g.subarray(0, 64))) {
    throw new CeremonyError(
      `${zkey}: it names no contribution and its delta is not 1: a development key, or an altered one, to which no contribution can ever be ` +
        'verified; contribute to a key made from powers of tau (zkinfer setup --ptau)',
    );
  }
  if (last !== undefined && !Buffer.from(delta1).equals(last)) {
    throw new CeremonyError(`${zkey}: its delta is not the one that its last contribution left: the key was altered`);
  }
  if (
    firstOffCurve(delta1) !== -1 ||
    !G2.isValid(delta2) ||
    !G2.isZero(G2.timesScalar(delta2, r)) ||
    !(await pairingEq(delta1, G2.g, G1.neg(G1.g), delta2))
  ) {
    throw new CeremonyError(`${zkey}: its deltas in G1 and G2 are not the same number: the key was altered`);
  }
  const { size } = await stat(zkey);
  for (const [section, what] of [
    [8, 'points C'],
    [9, 'points H'],
  ] as const) {
    const position = firstOffCurve(await readSection(zkey, 'zkey', section, size));
    if (position !== -1)
      throw new CeremonyError(
        `${zkey}: ${what}: point ${position} is not on the curve; a contribution to it would give its secret away`,
      );
  }
}

/** 2^40 rounds of SHA-256 take a day or more; a file must not keep a verifier busy for years. */
const LONGEST_BEACON = 40;

/** Makes the key before any contribution again, and has snarkjs compare the two. */
async function verifyKey(
  zkey: string,
  { r1cs, ptau, checkPowers = true, onProgress, signal }: VerifyKeyOptions & { readonly r1cs: string },
): Promise<KeyRecord> {
  await checkPtau(ptau, await circuitPower(r1cs));
  const record = await readKeyRecord(zkey);
  if (record.contributions.length === 0)
    throw new CeremonyError(`${zkey}: nobody has contributed to it: delta is 1, and anybody could forge proofs`);
  const { contributions } = await readContributions(zkey);
  requireSecretContribution(contributions, zkey);
  contributions.forEach(({ kind, deltaAbscissa, iterationsExp }, i) => {
    // snarkjs takes both; a contribution of 1 or -1 is nobody's secret.
    if (deltaAbscissa === (contributions[i - 1]?.deltaAbscissa ?? BigInt(G1_GENERATOR_X)))
      throw new CeremonyError(`${zkey}: contribution ${i + 1}: its secret is 1 or -1`);
    if (kind === 'beacon' && iterationsExp! > LONGEST_BEACON)
      throw new CeremonyError(`${zkey}: contribution ${i + 1}: its beacon would take more than a day to check`);
  });
  const { weakness } = await readKeyHeader(zkey);
  if (weakness !== undefined) throw weakness;
  if (checkPowers) {
    onProgress?.(0, 'powers of tau');
    await named('powers of tau', () => verifyPowers(ptau, signal));
  }
  const { zKey } = await snarkjs();
  const folder = await mkdtemp(path.join(tmpdir(), 'zkinfer-verify-'));
  const initial = path.join(folder, 'initial.zkey');
  const logger = abortable(signal);
  const refuse = (findings: string): never => {
    throw new CeremonyError(
      `${zkey}: snarkjs finds that it is not a key of this circuit and these powers of tau: ${findings}`,
    );
  };
  try {
    signal?.throwIfAborted();
    onProgress?.(0.3, 'the key before any contribution');
    const made = await named('proving key', () => heard(logger, () => zKey.newZKey(r1cs, ptau, initial, logger)));
    if (made.answer === -1) refuse(made.findings);
    signal?.throwIfAborted();
    onProgress?.(0.6, 'checking the key');
    if ((await readKeyRecord(initial)).circuitHash !== record.circuitHash) refuse('its circuit hash is another');
    const { answer, findings } = await named('verify', () =>
      heard(logger, () => zKey.verifyFromInit(initial, ptau, zkey, logger)),
    );
    if (!answer) refuse(findings);
    onProgress?.(1, 'done');
    return record;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As snarkjs does it: minutes, and the proofs of who contributed to the powers as well. @throws CeremonyError */
export async function verifyPowers(ptau: string, signal: AbortSignal | undefined): Promise<void> {
  const logger = abortable(signal);
  const { powersOfTau } = await snarkjs();
  const { answer, findings } = await heard(logger, () => powersOfTau.verify(ptau, logger));
  if (!answer) throw new CeremonyError(`${ptau}: snarkjs finds the powers of tau invalid: ${findings}`);
}

/** The power of two of the largest domain that a `.ptau` serves, as its header says. */
export async function powerOf(ptau: string): Promise<number> {
  const header = await readSectionStart(ptau, 'ptau', 1, 44);
  return new DataView(header.buffer, header.byteOffset, header.byteLength).getUint32(36, true);
}

/** Power of two of the evaluation domain: snarkjs adds a row for each public signal and for the constant. */
export async function circuitPower(r1csPath: string): Promise<number> {
  const header = await readSectionStart(r1csPath, 'r1cs', 1, 64);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const sizes = await readSectionSizes(r1csPath, 'r1cs');
  const bytes = { constraints: sizes.get(2) ?? 0, labels: sizes.get(3) ?? 0, file: (await stat(r1csPath)).size };
  checkCounts({ wires: view.getUint32(36, true), constraints: view.getUint32(60, true) }, bytes);
  return domainPower({
    constraints: view.getUint32(60, true),
    publicSignals: view.getUint32(40, true) + view.getUint32(44, true),
  });
}

export async function checkPtau(file: string, needed: number): Promise<void> {
  const power = await powerOf(file);
  if (power < needed) {
    throw new SnarkjsError(
      `${file} holds powers of tau for 2^${power} constraints, the circuit needs 2^${needed}: take a larger file`,
    );
  }
  await readSectionStart(file, 'ptau', 12, 64).catch((cause: unknown) => {
    throw new SnarkjsError(`${file} is not prepared for phase 2: run \`snarkjs powersoftau prepare phase2\` on it`, {
      cause,
    });
  });
}

async function curve() {
  const { G1, G2, r, ...all } = await (await snarkjs()).curves.getCurveFromName('bn128');
  return { G1, G2, r, pairingEq: all.pairingEq.bind(all) };
}
