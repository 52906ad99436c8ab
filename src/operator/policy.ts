/** Whether a request is worth its work: price and capacity. */
import { ZeroAddress } from 'ethers';
import type { MarketRequest } from '../ledger/index.js';

export interface Policy {
  /** Least gain in wei, after gas at the current price, for fees in ether. */
  readonly minProfit: bigint;
  /** Least operator's part of a fee in each other token that is accepted; by address with checksum. */
  readonly tokens: ReadonlyMap<string, bigint>;
  /** Most that one request may put at risk, in wei. */
  readonly maxBond: bigint;
  /** Requests at work at a time. */
  readonly capacity: number;
}

export interface Load {
  /** Requests at work now. */
  readonly open: number;
  /** Jobs before this one. */
  readonly queued: number;
  /** Of a proof, as measured. */
  readonly secondsPerProof: number;
  /** Of the chain, as measured. */
  readonly secondsPerBlock: number;
  readonly gasPrice: bigint;
  /** Locked part included. */
  readonly stake: bigint;
  readonly freeStake: bigint;
}

/**
 * Gas of all of the operator's transactions for a request, for models with few outputs. Rounded up from `npm run gas`.
 */
const GAS = { direct: 420_000n, proved: 500_000n, optimistic: 260_000n };

/** Why the request is not worth taking; undefined if it is. `direct`: answered without being taken. */
export function whyDecline(request: MarketRequest, direct: boolean, policy: Policy, load: Load): string | undefined {
  // Nothing is at risk where the first transaction is the proved answer.
  if (!direct && (request.bond > policy.maxBond || request.bond > load.stake)) return 'bond too large';
  if (load.open >= policy.capacity) return 'busy';
  const share = (request.fee * BigInt(request.operatorBps)) / 10_000n;
  const gas = request.mode === 'optimistic' ? GAS.optimistic : direct ? GAS.direct : GAS.proved;
  if (request.token === ZeroAddress) {
    if (share - gas * load.gasPrice < policy.minProfit) return 'pays too little';
  } else {
    const least = policy.tokens.get(request.token);
    if (least === undefined) return 'token not accepted';
    if (share < least) return 'pays too little';
  }
  if (!direct && load.freeStake < request.bond) return 'not enough free stake';
  // Taking and answering need a block each, and one may be missed. An optimistic answer waits for no proof.
  const work = request.mode === 'optimistic' ? 0 : (load.queued + 1) * load.secondsPerProof;
  return !direct && work + 2 * load.secondsPerBlock > request.window ? 'window too short' : undefined;
}
