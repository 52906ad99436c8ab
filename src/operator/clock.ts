/** What an operator knows of the chain's time: its newest block, how fast blocks come, and what gas costs. */

/** A block as the clock is told of it. */
export interface Tick {
  readonly number: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Of the block's base fee, in wei. */
  readonly gasPrice: bigint;
}

/** Longest pause between blocks that is taken for the chain's pace. */
const LONGEST_PACE = 60;

export class ChainClock {
  /** Newest block seen; 0 before the first. */
  head = 0;
  gasPrice = 0n;
  /** Seconds a block, as measured. */
  secondsPerBlock = 2;
  private time = 0;
  private seenAt: number;

  /** `wall`: milliseconds since 1970. */
  constructor(private readonly wall: () => number = Date.now) {
    this.seenAt = wall();
  }

  /**
   * Takes in the newest block, which after a reorganization may be lower than the last. False where it is the one
   * already known.
   */
  observe({ number, timestamp, gasPrice }: Tick): boolean {
    if (number === this.head && timestamp === this.time) return false;
    if (this.head > 0 && number > this.head && timestamp > this.time) {
      const pace = (timestamp - this.time) / (number - this.head);
      this.secondsPerBlock += (Math.min(pace, LONGEST_PACE) - this.secondsPerBlock) / 4;
    }
    [this.head, this.time, this.gasPrice, this.seenAt] = [number, timestamp, gasPrice, this.wall()];
    return true;
  }

  /** The chain's time now: that of the newest block, and what has passed since it was seen. Seconds since 1970. */
  now(): number {
    return this.time + (this.wall() - this.seenAt) / 1000;
  }
}
