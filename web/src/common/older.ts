/** Logs read backwards from the newest block, a window at a time: nobody wants a chain's whole history unasked. */

/** Blocks of one window. The reading itself asks for smaller ranges where an RPC wants that. */
const WINDOW_BLOCKS = 50_000;

export interface Window {
  readonly first: number;
  readonly last: number;
}

/** Windows from block `newest` down to `oldest`, both included; the newest first. */
export function* windowsBackwards(newest: number, oldest: number): Generator<Window> {
  for (let last = newest; last >= oldest; last -= WINDOW_BLOCKS)
    yield { first: Math.max(oldest, last - WINDOW_BLOCKS + 1), last };
}

/** `work` on every item, some at a time, in order. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = 6): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += atOnce)
    results.push(...(await Promise.all(items.slice(i, i + atOnce).map(work))));
  return results;
}
