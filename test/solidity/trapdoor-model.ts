/**
 * `trapdoor.sol` for the ledger's forge tests: a verifier from the project's own template for a key whose setup secrets
 * are known, and those secrets, so that the tests can make real Groth16 proofs for any output, operator and request
 * (Groth 2016, section 3.2: the simulator solves the verification equation for C). Secrets are hashes of their names:
 * the file is the same every time.
 */
import { createHash } from 'node:crypto';
import { buildBn128 } from 'ffjavascript';
import { signalLayout } from '../../src/bench/signal-layout.js';
import type { VerificationKey } from '../../src/groth16/types.js';
import { renderVerifier } from '../../src/solidity/index.js';

const SIGNALS = 3;

/** Files for `verifier-contracts/test/generated`, by name. */
export async function trapdoorModel(): Promise<Record<string, string>> {
  const { Fr, G1, G2 } = await buildBn128(true);
  const secret = (name: string) =>
    Fr.e(BigInt(`0x${createHash('sha256').update(`zkinfer ledger test ${name}`).digest('hex')}`));
  const strings = (value: unknown): unknown => (Array.isArray(value) ? value.map(strings) : String(value));
  const g1 = (s: Uint8Array) => strings(G1.toObject(G1.toAffine(G1.timesFr(G1.g, s)))) as VerificationKey['vk_alpha_1'];
  const g2 = (s: Uint8Array) => strings(G2.toObject(G2.toAffine(G2.timesFr(G2.g, s)))) as VerificationKey['vk_beta_2'];
  const hex = (s: Uint8Array) => `0x${Fr.toObject(s).toString(16).padStart(64, '0')}`;

  const [alpha, beta, gamma, delta] = ['alpha', 'beta', 'gamma', 'delta'].map(secret);
  const ic = Array.from({ length: SIGNALS + 1 }, (_, i) => secret(`ic ${i}`));
  const key: VerificationKey = {
    protocol: 'groth16',
    curve: 'bn128',
    nPublic: SIGNALS,
    vk_alpha_1: g1(alpha),
    vk_beta_2: g2(beta),
    vk_gamma_2: g2(gamma),
    vk_delta_2: g2(delta),
    IC: ic.map((s) => g1(Fr.div(s, gamma))),
  };
  const verifier = renderVerifier(key, signalLayout('trapdoor', SIGNALS, 10, 24), { contractName: 'TrapdoorVerifier' });
  return {
    'trapdoor.sol': `${verifier}
/// @title What only a setup whose secrets leaked would know of the key above.
library TrapdoorSecrets {
    uint256 internal constant ALPHA_BETA = ${hex(Fr.mul(alpha, beta))};
    uint256 internal constant DELTA_INVERSE = ${hex(Fr.div(Fr.e(1n), delta))};
${ic.map((s, i) => `    uint256 internal constant IC${i} = ${hex(s)};`).join('\n')}
}
`,
  };
}
