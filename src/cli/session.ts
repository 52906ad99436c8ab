/**
 * How every command runs: progress on a terminal, one JSON document on standard output with `--json`, errors on standard
 * error, and the exit code: 0 on success, 2 for wrong use, 1 otherwise.
 */
import { UsageError, ZkinferError } from '../errors.js';

export interface CommonOptions {
  readonly json?: boolean;
}

/** Something the user asked for did not hold (a proof is invalid): reported as a result, exit code 1. */
export interface Outcome<T> {
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

/** Runs a command's work and prints its result: as JSON, or as `print` puts it. */
export async function execute<T>(options: CommonOptions, work: (session: Session) => Promise<Outcome<T>>, print: (result: T) => string): Promise<void> {
  const controller = new AbortController();
  const interrupt = (): void => {
    controller.abort();
    process.stderr.write('\nInterrupted; stopping.\n');
    // Work that cannot be cancelled must not keep the user waiting; nothing half-written bears a final name.
    setTimeout(() => process.exit(1), 2000).unref();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const session = openSession(options, controller.signal);
  try {
    const { result, ok } = await work(session);
    process.stdout.write(options.json ? `${toJson(result)}\n` : `${print(result)}\n`);
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    report(error, options);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Prints an error and sets the exit code. */
export function report(error: unknown, options: CommonOptions): void {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  const named = error instanceof ZkinferError;
  const message = error instanceof Error ? error.message : String(error);
  if (options.json) process.stdout.write(`${toJson({ error: { code: named ? error.code : 'INTERNAL', name: error instanceof Error ? error.name : 'Error', message } })}\n`);
  process.stderr.write(named ? `${error.name}: ${message}\n` : `${error instanceof Error ? (error.stack ?? message) : message}\n`);
}

function openSession(options: CommonOptions, signal: AbortSignal): Session {
  const interactive = process.stdout.isTTY === true && !options.json;
  return {
    interactive,
    signal,
    notice: (text) => process.stderr.write(`${text}\n`),
    async stage<T>(title: string, work: (update: (text: string) => void) => Promise<T>): Promise<T> {
      if (!interactive) return await work(() => undefined);
      const { Listr } = await import('listr2');
      let result: T | undefined;
      const task = {
        title,
        task: async (_: unknown, shown: { output: string }): Promise<void> => {
          result = await work((text) => (shown.output = text));
        },
      };
      await new Listr([task], { renderer: 'default', registerSignalListeners: false, rendererOptions: { timer: { condition: true, field: (ms) => `${(ms / 1000).toFixed(1)} s` } } }).run();
      return result as T;
    },
  };
}

/** JSON with bigints as decimal strings. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'bigint' ? String(entry) : ArrayBuffer.isView(entry) ? Array.from(entry as Float64Array) : entry), 2);
}
