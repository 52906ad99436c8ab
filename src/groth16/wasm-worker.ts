/**
 * The thread that runs the WebAssembly module for `wasm.ts`: one call after the other; or, with a `thread`, one of the
 * threads that calls are spread over. Files are read straight into the
 * module's memory and written here, so that keys cross no border between threads.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { OutputError, writeAtomic } from '../atomic-file.js';
import {
  instantiateWasm,
  refusal,
  runWasmThread,
  sharedMemory,
  type WasmArgument,
  type WasmBytes,
  type WasmFailure,
  type WasmModule,
} from './wasm-module.js';
import {
  stopFlag,
  type WasmReply,
  type WasmRequest,
  type WasmRequestValue,
  type WasmResult,
  type WasmThreadsReady,
  type WasmThreadsWanted,
  type WasmWorkerData,
} from './wasm-protocol.js';

/** As `native/src/control.rs` says it. */
const CANCELLED = refusal('CANCELLED', '', 'cancelled by the caller');

const given = workerData as WasmWorkerData;
/** Shared with all threads of the module: the number of the request that is being answered, then whether each is to stop. */
const { control } = given;
const port = parentPort!;
let threadsReady: ((ready: boolean) => void) | undefined;

if ('thread' in given) {
  // It does not return, and hears no message.
  runWasmThread(
    given.thread,
    () => port.postMessage({ ready: true } satisfies WasmThreadsReady),
    (share, stage) => progress(Atomics.load(control, 0), share, stage),
  );
} else {
  const module = start(given.module, given.pool);
  // One call after the other: the module holds what the last one gave until it is taken.
  let before: Promise<unknown> = module;
  port.on('message', (message: WasmRequest | WasmThreadsReady) => {
    if ('ready' in message) return threadsReady?.(message.ready);
    before = before.then(async () => reply(await module, message, await answer(await module, message)));
  });
}

/** Over a pool of threads where it can be started, else the plain module. */
async function start(plain: object, pool: { readonly module: object; readonly threads: number } | undefined) {
  try {
    if (pool !== undefined) {
      const pooled = instantiateWasm(pool.module, sharedMemory());
      const ready = new Promise<boolean>((resolve) => (threadsReady = resolve));
      port.postMessage({ threads: pooled.threads(pool.threads) } satisfies WasmThreadsWanted);
      if ((await ready) && pooled.startPool(pool.threads)) return pooled;
    }
  } catch {
    // A machine without the memory for it: the plain module does the same work.
  }
  return instantiateWasm(plain);
}

/** Says how far a request is; true where the caller wants it to stop. */
function progress(id: number, share: number, stage: string): boolean {
  port.postMessage({ id, share, stage } satisfies WasmReply);
  return isStopped(id);
}

function isStopped(id: number): boolean {
  return Atomics.load(control, stopFlag(id)) !== 0;
}

function reply(module: WasmModule, { id }: WasmRequest, result: WasmResult | { readonly failure: WasmFailure }): void {
  port.postMessage({ id, memoryBytes: module.memoryBytes(), ...result } satisfies WasmReply);
}

async function answer(
  module: WasmModule,
  { id, call, values, target }: WasmRequest,
): Promise<WasmResult | { readonly failure: WasmFailure }> {
  if (call === 'close_key') {
    module.closeKey(values[0] as number);
    return { value: null };
  }
  const opened: number[] = [];
  Atomics.store(control, 0, id);
  try {
    const answered = module.call(
      call,
      values.flatMap((value) => argumentsOf(value, opened)),
      (share, stage) => progress(id, share, stage),
    );
    if ('failure' in answered) return { failure: answered.failure };
    if (target !== undefined && answered.output !== undefined) {
      if (isStopped(id)) return { failure: CANCELLED };
      await writeAtomic(target, [answered.output]);
    }
    return { value: answered.value };
  } catch (error) {
    return { failure: failureOf(error) };
  } finally {
    opened.forEach(closeSync);
  }
}

/** A file gives two arguments: its name, for errors, and its bytes. */
function argumentsOf(value: WasmRequestValue, opened: number[]): (WasmArgument | number)[] {
  if (typeof value !== 'object' || value instanceof Uint8Array) return [value];
  const { path } = value;
  // Opening a pipe would otherwise wait for somebody to write to it.
  const file = refusing(path, () => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  opened.push(file);
  const stats = fstatSync(file);
  if (!stats.isFile()) throw new FileRefused(path, 'is not a regular file');
  const bytes: WasmBytes = {
    length: stats.size,
    writeTo(target) {
      let at = 0;
      while (at < target.length) {
        const read = refusing(path, () => readSync(file, target, at, Math.min(target.length - at, 1 << 28), at));
        if (read === 0) throw new FileRefused(path, 'cannot be read: it became shorter');
        at += read;
      }
    },
  };
  return [path, bytes];
}

class FileRefused extends Error {
  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(`${file}: ${reason}`);
  }
}

function refusing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new FileRefused(path, `cannot be read: ${(error as Error).message}`);
  }
}

function failureOf(error: unknown): WasmFailure {
  if (error instanceof FileRefused) return refusal('FILE_IO', error.file, error.reason);
  const { message } = error as Error;
  if (error instanceof OutputError) return refusal('FILE_IO', '', message);
  return refusal('INTERNAL', '', `internal error in the WebAssembly prover (please report it): ${message}`);
}
