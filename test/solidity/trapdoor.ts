/**
 * Valid Groth16 keys and proofs without a circuit: whoever knows the setup's secrets can solve the equation for C. That
 * makes keys with any number of public signals, and proofs for any signals, in milliseconds. Groth 2016, section 3.2
 * (simulator).
 */
import { type Curve, buildBn128 } from 'ffjavascript';
import type { Proof, VerificationKey } from '../../src/groth16/types.js';

export interface Trapdoor {
  readonly key: VerificationKey;
  /** A fresh proof for these signals, or for random ones; with one of its points at infinity, if one is named. */
  prove(signals?: readonly bigint[], infinite?: 'a' | 'b' | 'c'): { proof: Proof; publicSignals: string[] };
}

let curve: Curve | undefined;

/** A key for `n` public signals whose secrets are known. */
export async function trapdoor(n: number): Promise<Trapdoor> {
  curve ??= await buildBn128(true);
  const { Fr, G1, G2 } = curve;
  const [alpha, beta, gamma, delta] = [Fr.random(), Fr.random(), Fr.random(), Fr.random()];
  const ic = Array.from({ length: n + 1 }, () => Fr.random());
  const g1 = (s: Uint8Array) => strings(G1.toObject(G1.toAffine(G1.timesFr(G1.g, s)))) as [string, string, string];
  const g2 = (s: Uint8Array) =>
    strings(G2.toObject(G2.toAffine(G2.timesFr(G2.g, s)))) as [[string, string], [string, string], [string, string]];
  const key: VerificationKey = {
    protocol: 'groth16',
    curve: 'bn128',
    nPublic: n,
    vk_alpha_1: g1(alpha),
    vk_beta_2: g2(beta),
    vk_gamma_2: g2(gamma),
    vk_delta_2: g2(delta),
    IC: ic.map((s) => g1(Fr.div(s, gamma))),
  };
  return {
    key,
    prove(signals = Array.from({ length: n }, () => Fr.toObject(Fr.random())), infinite) {
      const sum = signals.reduce((total, s, j) => Fr.add(total, Fr.mul(Fr.e(s), ic[j + 1])), ic[0]);
      const a = infinite === 'a' ? Fr.e(0n) : Fr.random();
      const b =
        infinite === 'b' ? Fr.e(0n) : infinite === 'c' ? Fr.div(Fr.add(Fr.mul(alpha, beta), sum), a) : Fr.random();
      const c = Fr.div(Fr.sub(Fr.sub(Fr.mul(a, b), Fr.mul(alpha, beta)), sum), delta);
      return {
        proof: { pi_a: g1(a), pi_b: g2(b), pi_c: g1(c), protocol: 'groth16', curve: 'bn128' },
        publicSignals: signals.map(String),
      };
    },
  };
}

function strings(value: unknown): unknown {
  return Array.isArray(value) ? value.map(strings) : String(value);
}
