/** How a command that runs until it is told to stop ends. */
import { setTimeout as sleep } from 'node:timers/promises';

/** As shells count: 128 and the signal's number. */
export const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs until a signal, then ends in an orderly way, with exit code 0. A second signal, or a stop that takes longer than
 * `patienceSeconds`, ends the process at once, with the code that shells expect. That is safe: files are written under
 * another name and renamed, and half a line at a journal's end is dropped when it is read.
 */
export async function untilStopped(
  done: Promise<void>,
  stop: () => Promise<void>,
  patienceSeconds: number,
): Promise<void> {
  const keepAlive = setInterval(() => undefined, 60_000);
  let asked: keyof typeof SIGNAL_STATUS | undefined;
  let stopping: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => (stopping = resolve));
  const onSignal = (signal: keyof typeof SIGNAL_STATUS): void => {
    if (asked !== undefined) process.exit(SIGNAL_STATUS[signal]);
    asked = signal;
    stopping();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await Promise.race([done, signalled]);
    const late = sleep(1000 * patienceSeconds, 'late', { ref: false });
    if ((await Promise.race([stop(), late])) === 'late') process.exit(asked === undefined ? 1 : SIGNAL_STATUS[asked]);
  } finally {
    clearInterval(keepAlive);
  }
}
