/**
 * Whether the points of a `.zkey` are in their groups, looked at before snarkjs multiplies them with a witness
 * (`native/src/groups.rs` says why, and why the second group takes several random combinations).
 */
import { randomBytes } from 'node:crypto';
import { FormatError } from '../r1cs/format-error.js';
import { readSection } from './section-file.js';
import { firstOffCurve, firstOffTwist, HEADER } from './key-record.js';
import { snarkjs } from './snarkjs-calls.js';

/**
 * Random combinations, of weights below 2^13: a point outside the group of order r goes unseen with probability 2^-65.
 */
const TRIALS = 5;
const WEIGHT_BITS = 13;
const G2_BYTES = 128;

/** Sections with points, by what they hold. */
const G1_SECTIONS = [
  [3, 'IC'],
  [5, 'points A'],
  [6, 'points B in G1'],
  [8, 'points C'],
  [9, 'points H'],
] as const;

/** @throws FormatError */
export async function checkKeyPoints(zkeyPath: string): Promise<void> {
  const header = await readSection(zkeyPath, 'zkey', 2, HEADER.end);
  const g1 = [HEADER.alpha1, HEADER.alpha1 + 64, HEADER.delta1].map((at) => header.subarray(at, at + 64));
  requireOnCurve(zkeyPath, 'header', firstOffCurve(Buffer.concat(g1)));
  for (const [section, what] of G1_SECTIONS)
    requireOnCurve(zkeyPath, what, firstOffCurve(await readSection(zkeyPath, 'zkey', section, Infinity)));
  for (const at of [HEADER.beta2, HEADER.gamma2, HEADER.delta2])
    await checkG2(zkeyPath, 'header', header.subarray(at, at + G2_BYTES));
  await checkG2(zkeyPath, 'points B in G2', await readSection(zkeyPath, 'zkey', 7, Infinity));
}

async function checkG2(zkeyPath: string, what: string, points: Uint8Array): Promise<void> {
  requireOnCurve(zkeyPath, what, firstOffTwist(points));
  if (points.length === 0) return;
  const { G2, r } = await (await snarkjs()).curves.getCurveFromName('bn128');
  for (let trial = 0; trial < TRIALS; trial++) {
    const weights = randomBytes((2 * points.length) / G2_BYTES);
    for (let high = 1; high < weights.length; high += 2) weights[high] &= (1 << (WEIGHT_BITS - 8)) - 1;
    if (!G2.isZero(G2.timesScalar(await G2.multiExpAffine(points, weights), r))) {
      throw new FormatError(
        `${zkeyPath}: ${what}: a point is on the curve but not in the group of order r; a proof made with it would give its witness away`,
      );
    }
  }
}

function requireOnCurve(zkeyPath: string, what: string, position: number): void {
  if (position !== -1) {
    throw new FormatError(
      `${zkeyPath}: ${what}: point ${position} is not on the curve; a proof made with it would give its witness away`,
    );
  }
}
