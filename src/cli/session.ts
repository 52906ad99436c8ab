/**
 * How every command runs: progress on a terminal, one JSON document on standard output with `--json`, errors on
 * standard error, and the exit code: 0 on success, 2 for wrong use, 130 or 143 where a signal ended it, 1 otherwise.
 */
import type { OnProgress } from '../groth16/types.js';
import { InterruptedError, UsageError, ZkinferError } from '../errors.js';
import { message, oneLine, printable, safeJson } from './terminal.js';
import { SIGNAL_STATUS } from './until-stopped.js';

export interface CommonOptions {
  readonly json?: boolean;
  /** Where people read the result; default standard output, unless a result itself goes there. */
  readonly printTo?: NodeJS.WritableStream;
}

/** Something the user asked for did not hold (a proof is invalid): reported as a result, exit code 1. */
export interface CommandOutcome<T> {
  readonly result: T;
  readonly ok: boolean;
}

export interface Session {
  /** True where progress may be drawn. */
  readonly interactive: boolean;
  /** Ends the work in an orderly way on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Runs one piece of long work under a title; `update` shows where it stands. */
  stage<T>(title: string, work: (update: (text: string) => void) => Promise<T>): Promise<T>;
  /** A notice for people, on standard error. */
  notice(text: string): void;
}

/** Shows how far a setup or a proof is: the share done, and its stage. */
export function showingShare(update: (text: string) => void): OnProgress {
  return (share, stage) => update(`${stage} ${Math.round(100 * share)} %`);
}

/** A command's work that is one stage: its result, which cannot fail to hold. */
export async function oneStage<T>(session: Session, title: string, work: () => Promise<T>): Promise<CommandOutcome<T>> {
  return { result: await session.stage(title, work), ok: true };
}

/** Milliseconds that work which cannot be cancelled may go on. */
const LAST_MOMENTS = 2000;

/** Runs a command's work and prints its result: as JSON, or as `print` puts it. */
export async function execute<T>(
  options: CommonOptions,
  work: (session: Session) => Promise<CommandOutcome<T>>,
  print: (result: T) => string,
): Promise<void> {
  const controller = new AbortController();
  let status: number | undefined;
  const interrupt = (signal: keyof typeof SIGNAL_STATUS): void => {
    if (status !== undefined) process.exit(status);
    status = SIGNAL_STATUS[signal];
    controller.abort();
    process.stderr.write('\nInterrupted; stopping.\n');
    // Do not wait for work that cannot be cancelled. Files are written under a temporary name and renamed, so exiting
    // here leaves no partial file.
    setTimeout(() => process.exit(status), LAST_MOMENTS).unref();
  };
  // Not `once`: packages that clean up after themselves kill the process with the signal where nobody listens to it any
  // more.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const session = openSession(options, controller.signal);
  try {
    const { result, ok } = await work(session);
    const out = options.printTo ?? process.stdout;
    out.write(options.json ? `${toJson(result)}\n` : `${printable(print(result))}\n`);
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    report(status === undefined ? error : new InterruptedError('stopped before the work was done'), options);
    if (status !== undefined) process.exitCode = status;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Prints an error and sets the exit code. */
export function report(error: unknown, options: CommonOptions): void {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  const { name, text, stack } = describeError(error);
  if (options.json) reportAsJson(error);
  process.stderr.write(stack === undefined ? `${name}: ${message(text)}\n` : `${message(stack)}\n`);
}

/** Prints an error as `--json` has it. */
export function reportAsJson(error: unknown): void {
  const { code, name, text } = describeError(error);
  process.stdout.write(`${toJson({ error: { code, name, message: text } })}\n`);
}

interface ErrorDescription {
  readonly code: string;
  readonly name: string;
  readonly text: string;
  /** Only of what is a fault of this package. */
  readonly stack?: string;
}

/** An error as the user is told of it; those of the system and of ethers have no stack that would help. */
function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { code: 'INTERNAL', name: 'Error', text: String(error) };
  const { message: text } = error;
  if (error instanceof ZkinferError) return { code: error.code, name: error.name, text };
  const { code, syscall, shortMessage } = error as NodeJS.ErrnoException & { readonly shortMessage?: string };
  if (typeof code === 'string' && typeof syscall === 'string') return { code: 'SYSTEM', name: 'SystemError', text };
  if (typeof code === 'string' && typeof shortMessage === 'string')
    return { code: 'CHAIN', name: 'ChainError', text: shortMessage };
  return {
    code: 'INTERNAL',
    name: error.name,
    text,
    stack: `${error.stack ?? text}\nThis is a fault of zkinfer; please report it with the command.`,
  };
}

function openSession(options: CommonOptions, signal: AbortSignal): Session {
  const interactive = process.stdout.isTTY === true && !options.json;
  return {
    interactive,
    signal,
    notice: (text) => process.stderr.write(`${printable(text)}\n`),
    async stage<T>(title: string, work: (update: (text: string) => void) => Promise<T>): Promise<T> {
      if (!interactive) return await work(() => undefined);
      const { Listr } = await import('listr2');
      let result: T | undefined;
      const task = {
        title: oneLine(title),
        task: async (_: unknown, shown: { output: string }): Promise<void> => {
          result = await work((text) => (shown.output = oneLine(text)));
        },
      };
      await new Listr([task], {
        renderer: 'default',
        registerSignalListeners: false,
        rendererOptions: { timer: { condition: true, field: (ms) => `${(ms / 1000).toFixed(1)} s` } },
      }).run();
      return result as T;
    },
  };
}

/** JSON with bigints as decimal strings. */
function toJson(value: unknown): string {
  const plain = (_: string, entry: unknown): unknown =>
    typeof entry === 'bigint' ? String(entry) : ArrayBuffer.isView(entry) ? Array.from(entry as Float64Array) : entry;
  return safeJson(JSON.stringify(value, plain, 2));
}
