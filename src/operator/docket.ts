/**
 * What is remembered of requests between looks: which were touched by events, when each is due, what failed. All of it
 * can be forgotten; what an operator owes stands in the journal.
 *
 * The trap: the journal may only record blocks whose events were all dealt with, so an entry keeps the block of its
 * oldest event until that one is.
 */
import type { ChainClock } from './clock.js';
import type { CheckedProof } from './checked-proof.js';
import type { Computed } from './jobs.js';
import type { Outcome } from './outcome.js';

/** Blocks after which a request that waits is looked at again, in case an event was missed. */
const LOOK_AGAIN_BLOCKS = 30;
/** Longest pause before a failed step is tried again. */
export const MAX_RETRY_MS = 15_000;
/** Reasons to decline that pass by themselves, and after how many seconds to look again. */
const PASSING: Readonly<Record<string, number>> = {
  busy: 1,
  'not enough free stake': 5,
  'many inputs of this asker': 5,
};

export interface Proved extends CheckedProof {
  readonly seconds: number;
}

export interface DocketEntry {
  readonly id: bigint;
  /** Block of the oldest event not yet dealt with; undefined when it is. */
  pending?: number;
  /** How many events touched it: an event that arrives while the request is handled needs another turn. */
  touches: number;
  uri?: string;
  /** Why it was put off; its events count as not dealt with, and it is due again at `until`. */
  deferred?: string;
  readonly computed: Map<string, Promise<Computed | undefined>>;
  readonly proved: Map<string, Promise<Proved>>;
  /** The input's document while the request is handled, by the request's terms. */
  document?: { readonly terms: string; readonly text: Promise<string> };
  /** Being proved before it is promised; counts against the capacity like a promised request. */
  working: boolean;
  /**
   * Whether this operator owes an answer on the chain: it is not given up while one is possible. Undefined until the
   * request was read.
   */
  mine?: boolean;
  proofAttempts: number;
  /** Chain time before which nothing is to do. */
  until: number;
  /** Block at which to look again in any case. */
  lookAt: number;
  busy: boolean;
  failures: number;
  /** Wall clock before which a failed step is not tried again. */
  retryAt: number;
  /** Block from which a duty that came to its end is closed; undefined while there is something to do. */
  settledAt?: number;
  /** Promised by this operator, now or before. */
  taken?: boolean;
  /** Hash of another's answer that was computed again. */
  checked?: string;
}

export class Docket {
  private readonly entries = new Map<bigint, DocketEntry>();
  private workingCount = 0;

  /** `wall`: milliseconds since 1970. */
  constructor(
    private readonly clock: ChainClock,
    private readonly wall: () => number = Date.now,
  ) {}

  /** The request's entry, made where there is none. */
  entry(id: bigint): DocketEntry {
    let entry = this.entries.get(id);
    if (entry === undefined) {
      entry = {
        id,
        computed: new Map(),
        proved: new Map(),
        touches: 0,
        working: false,
        proofAttempts: 0,
        until: 0,
        lookAt: 0,
        busy: false,
        failures: 0,
        retryAt: 0,
      };
      this.entries.set(id, entry);
    }
    return entry;
  }

  find(id: bigint): DocketEntry | undefined {
    return this.entries.get(id);
  }

  all(): Iterable<DocketEntry> {
    return this.entries.values();
  }

  /** Requests being proved without being promised yet. */
  get working(): number {
    return this.workingCount;
  }

  setWorking(entry: DocketEntry, is: boolean): void {
    if (entry.working !== is) this.workingCount += is ? 1 : -1;
    entry.working = is;
  }

  /** Has a request looked at because of an event in `block`. */
  touch(id: bigint, block: number): void {
    const entry = this.entry(id);
    entry.touches += 1;
    entry.pending = Math.min(entry.pending ?? block, block);
    entry.until = entry.lookAt = 0;
    entry.deferred = undefined;
    entry.settledAt = undefined;
    // A step that failed before may succeed now.
    entry.failures = 0;
  }

  /** `full`: no capacity is left, so requests that wait for capacity are not due. */
  isDue({ busy, retryAt, deferred, pending, until, lookAt, settledAt }: DocketEntry, full: boolean): boolean {
    if (busy || this.wall() < retryAt || (full && deferred === 'busy')) return false;
    const { head } = this.clock;
    return (
      (pending !== undefined && deferred === undefined) ||
      this.clock.now() >= until ||
      head >= lookAt ||
      head >= (settledAt ?? Infinity)
    );
  }

  /** The block up to which everything is dealt with, where events were read up to `scanned`. */
  dealtWith(scanned: number): number {
    let behind = scanned;
    for (const { pending } of this.entries.values()) if (pending !== undefined) behind = Math.min(behind, pending - 1);
    return behind;
  }

  /**
   * After a step that succeeded. `touches`: as it began; what an event told since is looked at in the next turn,
   * whatever the outcome.
   */
  succeeded(entry: DocketEntry, outcome: Outcome, touches: number): void {
    entry.failures = 0;
    entry.retryAt = 0;
    entry.lookAt = this.clock.head + LOOK_AGAIN_BLOCKS;
    if (entry.touches !== touches) {
      entry.until = 0;
      return;
    }
    this.apply(entry, outcome);
    if (entry.deferred === undefined) entry.pending = undefined;
  }

  /** After a step that failed: at once again where another was only faster, else after a while that doubles. */
  failed(entry: DocketEntry, race: boolean): void {
    entry.retryAt = race ? 0 : this.wall() + Math.min(MAX_RETRY_MS, 200 * 2 ** entry.failures);
  }

  apply(entry: DocketEntry, outcome: Outcome): void {
    switch (outcome.next) {
      case 'again':
        entry.until = 0;
        return;
      case 'wait':
        entry.until = outcome.until;
        return;
      case 'decline': {
        const seconds = PASSING[outcome.reason];
        entry.deferred = seconds === undefined ? undefined : outcome.reason;
        entry.until = seconds === undefined ? Infinity : this.clock.now() + seconds;
        if (seconds === undefined) entry.pending = undefined;
        return;
      }
    }
  }

  /** Drops a finished request; a later event would make a new entry for it. */
  forget(entry: DocketEntry): void {
    if (entry.until === Infinity && entry.pending === undefined) this.entries.delete(entry.id);
  }
}
