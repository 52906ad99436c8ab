/**
 * Contexts: the public signal that binds a proof to one use, as `InferenceContext.sol` computes it. A prover needs no
 * chain for it, only its number, the address of the contract that will take the proof, and the account that will bring
 * it.
 *
 * The trap: a context is a hash. Nothing of what it binds can be read back from it, so who has to know keeps the
 * binding beside the proof, and believes it only where it hashes to the context.
 */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ContextError } from './errors.js';
import { keccak, wordHex } from './key.js';

export { ContextError } from './errors.js';

/** What a proof is made for. Addresses are 0x and 40 hexadecimal digits, in any case. */
export interface ContextBinding {
  /** EIP-155's number of the chain. */
  readonly chainId: number | bigint;
  /** The contract that takes the proof: attestations, market, a contract of yours. */
  readonly contract: string;
  /** The account that the proof is made for: its sender, a request's operator, a policy's beneficiary. */
  readonly account: string;
  /**
   * Tells the account's proofs for the contract apart: a counter, a request's number, a hash; below 2^256, default 0.
   */
  readonly nonce?: number | bigint;
}

const DOMAIN = keccak(utf8ToBytes('zkinfer context v1'));

/**
 * The context of a proof for this use: 253 bits of keccak256(abi.encode(domain, chainId, contract, account, nonce)),
 * below the scalar field's order. @throws ContextError
 */
export function contextFor({ chainId, contract, account, nonce = 0n }: ContextBinding): bigint {
  const words = [
    word(chainId, 'chain id'),
    address(contract, 'contract'),
    address(account, 'account'),
    word(nonce, 'nonce'),
  ];
  return BigInt(keccak(hexToBytes(DOMAIN.slice(2) + words.map(wordHex).join('')))) >> 3n;
}

/** The nonce under which an agent's proof is made for `ProofValidator`: keccak256(abi.encode(agentId, nonce)). */
export function agentNonce(agentId: bigint, nonce: bigint): bigint {
  return BigInt(keccak(hexToBytes(wordHex(word(agentId, 'agent')) + wordHex(word(nonce, 'nonce')))));
}

function word(value: number | bigint, what: string): bigint {
  const exact = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value) : -1n;
  if (exact < 0n || exact >= 1n << 256n)
    throw new ContextError(`A context's ${what} is a whole number below 2^256; ${value} is none.`);
  return exact;
}

function address(text: string, what: string): bigint {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text))
    throw new ContextError(`A context's ${what} is an address, 0x and 40 hexadecimal digits; ${text} is none.`);
  return BigInt(text);
}
