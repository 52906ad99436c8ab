/** SHA-256, of gigabytes by a thread of its own, since what is hashed takes as long to make as to hash. */
import { createHash } from 'node:crypto';
import { on } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** SHA-256 of pieces laid end to end, in hex with 0x. */
export function sha256(pieces: Iterable<Uint8Array | string>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return `0x${hash.digest('hex')}`;
}

/** Bytes up to which starting a thread is not worth it. */
const SMALL = 2 ** 26;
const SLOT_BYTES = 2 ** 22;
const SLOTS = 4;

/** The thread's program: hashes what stands in a slot of shared memory, says so, and at the end gives the digest. */
const WORKER = `
const { createHash } = require('node:crypto');
const { parentPort, workerData } = require('node:worker_threads');
const hash = createHash('sha256');
parentPort.on('message', ({ slot, length }) => {
  if (slot === undefined) return parentPort.postMessage(hash.digest('hex'));
  hash.update(new Uint8Array(workerData[slot], 0, length));
  parentPort.postMessage(slot);
});`;

/**
 * As `sha256`, of about so many bytes; while a thread hashes large ones the event loop turns. A piece may be
 * overwritten once the next one is asked for.
 */
export async function sha256Of(pieces: Iterable<Uint8Array>, bytes: number): Promise<string> {
  if (bytes <= SMALL || availableParallelism() === 1) return sha256(pieces);
  const slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES));
  const worker = new Worker(WORKER, { eval: true, workerData: slots });
  const replies = on(worker, 'message', { close: ['exit'] });
  const heard = async (): Promise<number | string> => {
    const { value, done } = (await replies.next()) as IteratorResult<[number | string]>;
    if (done === true) throw new Error('the thread that hashes has ended');
    return value[0];
  };
  try {
    const free = [...slots.keys()];
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += SLOT_BYTES) {
        const slot = free.pop() ?? ((await heard()) as number);
        const part = piece.subarray(at, at + SLOT_BYTES);
        new Uint8Array(slots[slot]).set(part);
        worker.postMessage({ slot, length: part.length });
      }
    }
    worker.postMessage({});
    for (;;) {
      const digest = await heard();
      if (typeof digest === 'string') return `0x${digest}`;
    }
  } finally {
    await worker.terminate();
  }
}
