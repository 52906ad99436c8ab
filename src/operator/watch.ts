/**
 * Reads the events of new blocks, and of the last few before them once more, and has the requests looked at that they
 * touch. A reorganization needs nothing else: an event whose block is gone touches its request again, and what to do is
 * asked of the contract.
 */
import type { Logger } from 'pino';
import type { ChainClock } from './clock.js';
import type { Docket } from './docket.js';
import type { MarketPort } from './market-port.js';
import type { Metrics } from './metrics.js';

export interface WatchOptions {
  readonly market: Pick<MarketPort, 'newest' | 'events'>;
  readonly clock: ChainClock;
  readonly docket: Docket;
  readonly metrics: Pick<Metrics, 'head'>;
  readonly log: Logger;
  /** First block that can hold an event. */
  readonly fromBlock: number;
  /** Blocks that must include or follow an event before it counts; 1: the block itself. */
  readonly confirmations: number;
  /** Deepest reorganization that is survived, in blocks. */
  readonly reorgDepth: number;
}

export class Watch {
  /** Events of the blocks that are read again in every look, each marked once. */
  private readonly seen = new Map<string, { readonly id: bigint; readonly block: number }>();

  /** `scanned`: the block up to which events were read. */
  constructor(
    private readonly options: WatchOptions,
    public scanned: number,
  ) {}

  /** Reads new blocks and marks the requests that their events touch. False where the node had no block to tell. */
  async look(): Promise<boolean> {
    const { market, clock, docket, metrics, log, fromBlock, confirmations, reorgDepth } = this.options;
    const newest = await market.newest();
    if (newest === undefined) return false;
    if (clock.observe(newest)) metrics.head.set(newest.number);
    const last = newest.number - confirmations + 1;
    // A reorganization can end with a lower head; what is above it was never there.
    this.scanned = Math.min(this.scanned, last);
    const first = Math.max(fromBlock, this.scanned - reorgDepth + 1);
    if (last < first) return true;
    const present = new Set<string>();
    for (const { requestId: id, name, args, blockNumber: block, blockHash, transaction } of await market.events(
      first,
      last,
    )) {
      const key = `${blockHash} ${transaction} ${name} ${id}`;
      present.add(key);
      if (this.seen.has(key)) continue;
      this.seen.set(key, { id, block });
      docket.touch(id, block);
      if (name === 'Asked') {
        docket.entry(id).uri = args.inputUri as string;
        log.debug({ request: String(id) }, 'seen');
      }
    }
    for (const [key, { id, block }] of this.seen) {
      // Its block is gone: what it said may no longer hold, and nothing else would tell.
      if (block >= first && !present.has(key)) docket.touch(id, Math.min(block, last));
      if (block < first || !present.has(key)) this.seen.delete(key);
    }
    this.scanned = last;
    return true;
  }
}
