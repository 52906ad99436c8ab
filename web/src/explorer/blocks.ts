/** When blocks were made. */
import type { Rpc } from '../../../src/chain/rpc.js';

/** Reads each block once. */
export function blockTimes(rpc: Rpc): (block: number) => Promise<string> {
  const known = new Map<number, Promise<string>>();
  const read = async (block: number): Promise<string> => {
    const found = await rpc.provider.getBlock(block);
    return found === null ? '' : timeText(found.timestamp);
  };
  return (block) => {
    const time = known.get(block) ?? read(block);
    known.set(block, time);
    return time;
  };
}

/** Seconds since 1970 in the reader's own time; nothing where they are no time. */
export function timeText(timestamp: number): string {
  const date = new Date(1000 * timestamp);
  return Number.isNaN(date.getTime())
    ? ''
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
