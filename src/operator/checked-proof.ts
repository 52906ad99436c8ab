/**
 * A proof is verified on this machine before it is sent: a queue is other people's memory, and a proving machine can be
 * wrong. What is sent is encoded here from what was verified, for the request at hand.
 */
import type { Groth16Backend } from '../groth16/types.js';
import { inferenceCalldata, PublicSignalsError } from '../solidity/index.js';
import { ProofInvalidError } from './errors.js';
import type { Computed } from './jobs.js';
import type { ServedModel } from './served-models.js';

/** Words of the output and the proof as the market takes them, hex. */
export interface CheckedProof {
  readonly output: string;
  readonly proof: string;
}

/** @throws ProofInvalidError */
export async function checkProofOfAnswer(
  verify: Groth16Backend['verify'],
  { key, manifest }: Pick<ServedModel, 'key' | 'manifest'>,
  { proved }: Pick<Computed, 'proved'>,
  expected: { readonly inputCommitment: string; readonly context: bigint },
): Promise<CheckedProof> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new ProofInvalidError(
      `a prover gave ${what}; it is not sent. See that nobody else writes to the queue, and that all machines have the same build`,
      { cause },
    );
  };
  if (proved === undefined) return refuse('no proof');
  const { proof, publicSignals } = proved;
  let call: ReturnType<typeof inferenceCalldata>;
  let valid: boolean;
  try {
    call = inferenceCalldata(key, manifest, proof, publicSignals);
    valid = await verify(key, publicSignals, proof);
  } catch (cause) {
    return refuse(
      cause instanceof PublicSignalsError ? "another circuit's public signals" : 'what is no proof at all',
      cause,
    );
  }
  if (!valid) return refuse('a proof that does not verify');
  if (call.context !== expected.context) return refuse('a proof for another operator or request');
  if (call.inputCommitment !== expected.inputCommitment) return refuse('a proof of another input');
  return { output: call.output, proof: call.proof };
}
