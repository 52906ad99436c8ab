/** SHA-256, of gigabytes by a thread of its own, since what is hashed takes as long to make as to hash. */
import { createHash } from 'node:crypto';
import { on } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { atOnce, withoutStop, type Pace, type Stepwise } from '../stepwise.js';

/** SHA-256 of pieces laid end to end, in hex with 0x. */
export function sha256(pieces: Iterable<Uint8Array | string>): string {
  return atOnce(hashing(pieces, Infinity));
}

/** The share done is of about so many bytes. */
function* hashing(pieces: Iterable<Uint8Array | string>, bytes: number): Stepwise<string> {
  const hash = createHash('sha256');
  let done = 0;
  for (const piece of pieces) {
    hash.update(piece);
    done += piece.length;
    yield done / bytes;
  }
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

/** Nothing to do but to say how far other work is. */
function* atShare(share: number): Stepwise<void> {
  yield share;
}

/**
 * As `sha256`, of about so many bytes, at the caller's pace; large ones are hashed by a thread. A piece may be
 * overwritten once the next one is asked for.
 */
export async function sha256Of(pieces: Iterable<Uint8Array>, bytes: number, pace: Pace = withoutStop): Promise<string> {
  if (bytes <= SMALL || availableParallelism() === 1) return await pace(hashing(pieces, bytes));
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
    let done = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += SLOT_BYTES) {
        const slot = free.pop() ?? ((await heard()) as number);
        const part = piece.subarray(at, at + SLOT_BYTES);
        new Uint8Array(slots[slot]).set(part);
        worker.postMessage({ slot, length: part.length });
      }
      done += piece.length;
      await pace(atShare(done / bytes));
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
