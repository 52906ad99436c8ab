/** Reading logs of many blocks. */
import { isError } from 'ethers';

/**
 * What `read` finds in blocks `from` to `to`, both included, in order. It is asked for at most `largest` blocks at a
 * time. RPCs limit the blocks or the results of one call, each with an error text of its own; so where a call fails with
 * an error that ethers has no class for, half as many blocks are asked for, down to one. @throws that error where one
 * block alone fails
 */
export async function readBlockRanges<T>(
  from: number,
  to: number,
  largest: number,
  read: (first: number, last: number) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  let range = largest;
  for (let first = from; first <= to;) {
    const last = Math.min(to, first + range - 1);
    try {
      for (const one of await read(first, last)) found.push(one);
      first = last + 1;
    } catch (error) {
      if (!isError(error, 'UNKNOWN_ERROR') || first === last) throw error;
      range = Math.max(1, Math.floor((last - first + 1) / 2));
    }
  }
  return found;
}
