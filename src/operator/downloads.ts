/**
 * Downloads of strangers' inputs, apart from the operator's other work: a slow server holds up those who use it. Each
 * asker has few at a time and askers take turns; who already failed once waits behind those who did not.
 */

export interface Downloads {
  /** Whether there is room for another of this asker. */
  admits(asker: string): boolean;
  /** Waits for its turn. `again`: an earlier attempt failed. */
  run<T>(asker: string, again: boolean, work: () => Promise<T>): Promise<T>;
}

export interface DownloadLimits {
  readonly atOnce: number;
  readonly perAsker: number;
  /** Running and waiting. */
  readonly inAll: number;
  readonly inAllPerAsker: number;
}

export const DOWNLOAD_LIMITS: DownloadLimits = { atOnce: 64, perAsker: 4, inAll: 1_024, inAllPerAsker: 16 };

export function startDownloads({
  atOnce,
  perAsker,
  inAll,
  inAllPerAsker,
}: DownloadLimits = DOWNLOAD_LIMITS): Downloads {
  /** By asker; the one served longest ago comes first. */
  const waiting = { first: new Map<string, (() => void)[]>(), again: new Map<string, (() => void)[]>() };
  const running = new Map<string, number>();
  const held = new Map<string, number>();
  let total = 0;
  let all = 0;
  const count = (of: Map<string, number>, asker: string, change: 1 | -1): void => {
    const next = (of.get(asker) ?? 0) + change;
    if (next === 0) of.delete(asker);
    else of.set(asker, next);
  };

  const runningOf = (asker: string): number => running.get(asker) ?? 0;

  /** Of those who wait, who has the fewest running; of these, who was served longest ago. */
  function nextOf(queues: ReadonlyMap<string, unknown>): string | undefined {
    let next: string | undefined;
    for (const asker of queues.keys())
      if (runningOf(asker) < perAsker && (next === undefined || runningOf(asker) < runningOf(next))) next = asker;
    return next;
  }

  function startNext(): void {
    for (const queues of [waiting.first, waiting.again]) {
      for (let asker = nextOf(queues); asker !== undefined && total < atOnce; asker = nextOf(queues)) {
        const queue = queues.get(asker)!;
        const start = queue.shift()!;
        queues.delete(asker);
        if (queue.length > 0) queues.set(asker, queue);
        total += 1;
        count(running, asker, 1);
        start();
      }
    }
  }

  return {
    admits: (asker) => all < inAll && (held.get(asker) ?? 0) < inAllPerAsker,
    async run(asker, again, work) {
      all += 1;
      count(held, asker, 1);
      await new Promise<void>((resolve) => {
        const queues = again ? waiting.again : waiting.first;
        const queue = queues.get(asker) ?? [];
        queue.push(resolve);
        queues.set(asker, queue);
        startNext();
      });
      try {
        return await work();
      } finally {
        all -= 1;
        total -= 1;
        count(held, asker, -1);
        count(running, asker, -1);
        startNext();
      }
    },
  };
}
