/** Whom a proof is bound to: what its context says of the account that may use it. */
import type { Manifest } from '../manifest.js';
import { ZkinferError } from '../errors.js';
import { decodeContext, signalCalldata } from '../solidity/index.js';

/** A proof is bound to another account than the one that would send it. */
export class ContextMismatchError extends ZkinferError {
  readonly code = 'CONTEXT_MISMATCH';
}

/** An account in lower case; `anybody` where the context is zero; `number` where it is a number that is no account's address. */
export type BoundTo = { readonly kind: 'account'; readonly account: string } | { readonly kind: 'anybody' } | { readonly kind: 'number'; readonly context: bigint };

/** Numbers below are meant as numbers: the chance of an account with such an address is 2^-96. */
const LEAST_ADDRESS = 1n << 64n;

/** What a context says. */
export function boundTo(context: bigint): BoundTo {
  if (context === 0n) return { kind: 'anybody' };
  if (context >= 1n << 224n) return { kind: 'number', context };
  const { user } = decodeContext(context);
  return BigInt(user) >= LEAST_ADDRESS ? { kind: 'account', account: user } : { kind: 'number', context };
}

/** The context among a proof's public signals. @throws PublicSignalsError */
export function contextOf(manifest: Pick<Manifest, 'publicSignals'>, publicSignals: readonly string[]): bigint {
  return signalCalldata(manifest, publicSignals).context;
}

/** Whether contracts that ask for the caller's own proof take one with this context from `account`. */
export function isUsableBy(context: bigint, account: string): boolean {
  const bound = boundTo(context);
  return bound.kind === 'account' && bound.account === account.toLowerCase();
}
