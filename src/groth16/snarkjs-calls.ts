/**
 * How snarkjs is called: its errors get their class, its curve is kept while somebody uses it, its messages go to a
 * logger.
 *
 * The traps: snarkjs's worker threads keep Node alive until the curve is terminated, and one curve serves all callers
 * of the process, so it is ended when the last of them is done, and its threads do not count while nobody waits for
 * them; and some of its findings are printed by `console.log`, which would end up in a command's output.
 */
import { randomBytes } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { ZkinferError } from '../errors.js';
import { closingFiles } from './snarkjs-files.js';

/** snarkjs refused: a file that does not fit the circuit, a witness of another circuit, a malformed proof. */
export class SnarkjsError extends ZkinferError {
  readonly code = 'SNARKJS';
}

/** Loaded when used: it takes longer to load than the native prover takes for a small proof. */
export const snarkjs = () => import('snarkjs');

/** 64 bytes of the system's randomness, as text: snarkjs asks the terminal where it is given none. */
export function entropy(): string {
  return randomBytes(64).toString('hex');
}

/** Runs one of snarkjs's checks; gives what it found wrong, by its logger or by `console.log`, beside its answer. */
export async function heard<T>(
  logger: { readonly errors: readonly string[] },
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly findings: string }> {
  const printed: string[] = [];
  const { log } = console;
  console.log = (...parts: unknown[]) => void printed.push(parts.map(String).join(' ').trim());
  try {
    const answer = await work();
    return { answer, findings: [...printed, ...logger.errors].join('; ') || 'it does not say why' };
  } finally {
    console.log = log;
  }
}

/**
 * A logger that keeps error messages, and ends the work it is given to once `signal` is aborted: for work in memory,
 * and for the one step that takes minutes, because snarkjs then leaves its files open. Other steps are left after they
 * end.
 */
export function abortable(
  signal: AbortSignal | undefined,
): { errors: string[] } & Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void> {
  const errors: string[] = [];
  const check = (): void => signal?.throwIfAborted();
  return { errors, debug: check, info: check, warn: check, error: (message) => void errors.push(message) };
}

export async function named<T>(stage: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ZkinferError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
    throw new SnarkjsError(`snarkjs failed (${stage}): ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

let users = 0;

/** Keeps snarkjs's curve until the returned function is called; the last one ends its threads. */
export function holdCurve(): () => Promise<void> {
  users++;
  let held = true;
  return async () => {
    if (!held) return;
    held = false;
    if (--users > 0) return;
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } | null }).curve_bn128?.terminate();
  };
}

/** web-worker, which ffjavascript takes, keeps Node's own thread under this name. */
const NODE_THREAD = Symbol.for('worker');

let atWork = 0;

/**
 * Work that the curve's threads do. They keep Node alive until it is done, and not after it: a program that keeps a key
 * loaded, and forgets to close it, still ends.
 */
export async function working<T>(work: () => Promise<T>): Promise<T> {
  atWork += 1;
  keepAlive(true);
  try {
    return await work();
  } finally {
    atWork -= 1;
    if (atWork === 0) keepAlive(false);
  }
}

function keepAlive(alive: boolean): void {
  type Threads = {
    readonly curve_bn128?: {
      readonly tm?: { readonly workers?: readonly { readonly [NODE_THREAD]?: Worker }[] };
    } | null;
  };
  for (const worker of (globalThis as Threads).curve_bn128?.tm?.workers ?? []) {
    if (alive) worker[NODE_THREAD]?.ref();
    else worker[NODE_THREAD]?.unref();
  }
}

export async function withCurve<T>(work: () => Promise<T>): Promise<T> {
  const release = holdCurve();
  try {
    return await working(() => closingFiles(work));
  } finally {
    await release();
  }
}
