/** A proof as text; `proof-file.ts` reads it back. */
import type { Proof } from '../groth16/types.js';
import type { ContextBinding } from '../solidity/context.js';

/** What a proof was made for, as `prove` keeps it in `proof.json`. */
export type ProofBinding = Required<Readonly<ContextBinding>>;

export interface ProofFile {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
  /** What the proof's context is said to be made of; nothing is believed that does not hash to it (`boundTo`). */
  readonly binding?: ProofBinding;
}

export function proofToJson({ proof, publicSignals, binding }: ProofFile): string {
  return `${JSON.stringify({ ...proof, publicSignals, ...(binding ? { context: bindingToJson(binding) } : {}) }, null, 1)}\n`;
}

/** A binding as JSON holds it: numbers in decimal, as a nonce may have 256 bits. */
function bindingToJson({ chainId, contract, account, nonce }: ProofBinding): Record<string, string> {
  return { chainId: String(chainId), contract, account, nonce: String(nonce) };
}
