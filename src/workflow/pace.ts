/**
 * How `compile` runs its long work: with pauses, in which the terminal is drawn and signals are heard. Without them a
 * large model keeps the event loop for minutes, and Ctrl-C does nothing.
 */
import { setImmediate } from 'node:timers/promises';
import { InterruptedError } from '../errors.js';
import type { Pace } from '../stepwise.js';

/** Milliseconds of work between two pauses. */
const BETWEEN = 100;

/**
 * Calls `onShare` at each pause. Work that is ended by the signal rejects with InterruptedError, at its next pause; what
 * takes less than a tenth of a second makes none.
 */
export function paced(onShare: (share: number) => void = () => undefined, signal?: AbortSignal): Pace {
  let last = performance.now();
  return async (work) => {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (performance.now() - last < BETWEEN) continue;
      onShare(step.value);
      await setImmediate();
      if (signal?.aborted) throw new InterruptedError('stopped before the work was done');
      last = performance.now();
    }
  };
}
