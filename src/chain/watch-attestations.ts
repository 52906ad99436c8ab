/** Attestations as they are made, until somebody has seen enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attestation, type AttestationFilter, listAttestations } from './attestations.js';
import type { Rpc } from './rpc.js';

const POLL_MS = 1_000;

/**
 * Yields attestations as their blocks reach `confirmations`, from `fromBlock` on, until `signal` is aborted. Each block
 * is read once, so a chain reorganised deeper than `confirmations` can yield what is gone again.
 */
export async function* watchAttestations(
  rpc: Rpc,
  contract: string,
  filter: AttestationFilter,
  options: { readonly fromBlock: number; readonly confirmations?: number; readonly signal?: AbortSignal },
): AsyncGenerator<Attestation> {
  const { confirmations = 1, signal } = options;
  let next = options.fromBlock;
  while (!signal?.aborted) {
    const last = (await rpc.provider.getBlockNumber()) - confirmations + 1;
    if (last >= next) {
      yield* await listAttestations(rpc, contract, filter, next, last);
      next = last + 1;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
