/** Whom a proof is bound to, and for which contract: what is kept beside it, where that hashes to its context. */
import type { Manifest } from '../manifest.js';
import { contextFor, signalCalldata } from '../solidity/index.js';
import type { ProofBinding } from './proof-json.js';

export type { ProofBinding } from './proof-json.js';

/** `anybody` where the context is zero; `number` where it is known for nothing else. */
export type BoundTo =
  | ({ readonly kind: 'account' } & ProofBinding)
  | { readonly kind: 'anybody' }
  | { readonly kind: 'number'; readonly context: bigint };

/** What a context says. `binding`: what somebody says it was made of, believed only where it is true. */
export function boundTo(context: bigint, binding?: ProofBinding): BoundTo {
  if (context === 0n) return { kind: 'anybody' };
  return binding !== undefined && contextFor(binding) === context
    ? { kind: 'account', ...binding }
    : { kind: 'number', context };
}

/** The context among a proof's public signals. @throws PublicSignalsError */
export function contextOf(manifest: Pick<Manifest, 'publicSignals'>, publicSignals: readonly string[]): bigint {
  return signalCalldata(manifest, publicSignals).context;
}

/** Whether a proof is made for this account on this chain, and, where one is named, for this contract. */
export function isUsableBy(
  bound: BoundTo,
  use: { readonly chainId: number; readonly account: string; readonly contract?: string },
): boolean {
  if (bound.kind !== 'account' || Number(bound.chainId) !== use.chainId) return false;
  const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  return same(bound.account, use.account) && (use.contract === undefined || same(bound.contract, use.contract));
}
