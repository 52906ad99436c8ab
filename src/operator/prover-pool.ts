/**
 * Prover processes, each with every build loaded. One that hangs, dies or fails is replaced and its job given to the
 * next; after a few of them the job has failed.
 *
 * The trap: a stopped process (SIGSTOP, a machine that swaps) sends nothing and does not end; only the clock tells.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../child-environment.js';
import type { BackendChoice } from '../groth16/backends.js';
import { ProverFailedError } from './errors.js';
import type { Job, JobResult } from './jobs.js';

export interface PoolOptions {
  /** Build folders to serve. */
  readonly folders: readonly string[];
  readonly backend: BackendChoice;
  /** False: outputs alone, without keys. */
  readonly proves: boolean;
  /** Processes. One native proof uses every core, so more help only models with short proofs. */
  readonly processes: number;
  /** Milliseconds a job may take before its process is given up. */
  readonly jobTimeoutMs: number;
  /** Called for each process that was replaced, with the reason. */
  readonly onReplaced?: (reason: string) => void;
  /** What a process says about itself. */
  readonly onNotice?: (text: string) => void;
}

export interface ProverPool {
  /** Waits for a free process. @throws ProverFailedError */
  run(job: Job): Promise<JobResult>;
  /** Of the processes that run now. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

const ATTEMPTS = 3;
/** Loading a large key from a cold disk. */
const START_TIMEOUT_MS = 300_000;

interface Message {
  readonly ready?: boolean;
  readonly failed?: string;
  readonly notice?: string;
  readonly id?: string;
  readonly result?: JobResult;
  readonly error?: string;
}

/** Starts the processes and resolves when every one is warm. @throws ProverFailedError */
export async function startProverPool(options: PoolOptions): Promise<ProverPool> {
  const program = fileURLToPath(new URL(`./prover-process${extname(import.meta.url)}`, import.meta.url));
  const argument = JSON.stringify({ folders: options.folders, backend: options.backend, proves: options.proves });
  const running = new Set<ChildProcess>();
  let closed = false;

  async function start(): Promise<ChildProcess> {
    const child = fork(program, [argument], {
      env: childEnvironment(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.on('message', (message: Message) => message.notice !== undefined && options.onNotice?.(message.notice));
    try {
      await answer(child, (message) => (message.ready ? true : undefined), START_TIMEOUT_MS);
      return child;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  const seats: Promise<ChildProcess>[] = Array.from({ length: options.processes }, start);
  const free: number[] = seats.map((_, seat) => seat);
  const waiting: ((seat: number) => void)[] = [];
  const release = (seat: number): void => {
    const next = waiting.shift();
    if (next) next(seat);
    else free.push(seat);
  };
  const close = async (): Promise<void> => {
    closed = true;
    const gone = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(gone);
  };
  try {
    await Promise.all(seats);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async run(job) {
      const seat = free.shift() ?? (await new Promise<number>((resolve) => waiting.push(resolve)));
      try {
        let reason = '';
        for (let attempt = 0; attempt < ATTEMPTS && !closed; attempt++) {
          try {
            const child = await seats[seat];
            child.send(job);
            return await answer(
              child,
              (message) => (message.id === job.id ? message.result : undefined),
              options.jobTimeoutMs,
              job.id,
            );
          } catch (error) {
            reason = error instanceof Error ? error.message : String(error);
            if (closed) break;
            options.onReplaced?.(reason);
            const old = await seats[seat].catch(() => undefined);
            old?.kill('SIGKILL');
            seats[seat] = start();
            // Handled where it is awaited, which may be by the next job.
            seats[seat].catch(() => undefined);
          }
        }
        throw new ProverFailedError(
          `the job ${job.id} was given to ${ATTEMPTS} prover processes and none finished it: ${reason}`,
        );
      } finally {
        release(seat);
      }
    },
    get pids() {
      return [...running].map((child) => child.pid!).filter((pid) => pid !== undefined);
    },
    close,
  };
}

/** The first message that `pick` takes; rejects on the process's end, its error, or the timeout. */
function answer<T>(
  child: ChildProcess,
  pick: (message: Message) => T | undefined,
  timeoutMs: number,
  id?: string,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      act();
    };
    const fail = (why: string): void => settle(() => reject(new ProverFailedError(why)));
    const onMessage = (message: Message): void => {
      if (message.failed !== undefined) return fail(`the prover did not start: ${message.failed}`);
      if (message.error !== undefined && message.id === id) return fail(message.error);
      const picked = pick(message);
      if (picked !== undefined) settle(() => resolve(picked));
    };
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`the prover process ended with ${signal ?? `code ${code}`}`);
    const onError = (error: Error): void => fail(error.message);
    const timer = setTimeout(() => fail(`no result after ${timeoutMs} ms`), timeoutMs);
    if (child.exitCode !== null || child.signalCode !== null) return onExit(child.exitCode, child.signalCode);
    child.on('message', onMessage).once('exit', onExit).once('error', onError);
  });
}
