/**
 * The thread that runs the WebAssembly module for `wasm.ts`: one call after the other. Files are read straight into the
 * module's memory and written here, so that keys cross no border between threads.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { OutputError, writeAtomic } from '../atomic-file.js';
import {
  instantiateWasm,
  refusal,
  type WasmArgument,
  type WasmBytes,
  type WasmCall,
  type WasmFailure,
} from './wasm-module.js';

/** An argument of a request: a number, bytes or a text, or the path of a file whose name and bytes are two arguments. */
export type WasmRequestValue = number | string | Uint8Array | { readonly path: string };

/** A call to make. */
export interface WasmRequest {
  readonly id: number;
  readonly call: WasmCall | 'close_key';
  readonly values: readonly WasmRequestValue[];
  /** Where the key goes that the call makes. */
  readonly target?: string;
  /** Not 0 where the caller wants it to stop. */
  readonly stop: Int32Array;
}

/** What the thread says: a stage, or how a call ended. */
export type WasmReply =
  | { readonly id: number; readonly share: number; readonly stage: string }
  | ((WasmResult | { readonly failure: WasmFailure }) & { readonly id: number; readonly memoryBytes: number });

/** What a call gave. */
interface WasmResult {
  readonly value: unknown;
}

/** As `native/src/control.rs` says it. */
const CANCELLED = refusal('CANCELLED', '', 'cancelled by the caller');

const module = instantiateWasm((workerData as { readonly module: object }).module);
const port = parentPort!;

port.on('message', (request: WasmRequest) => void answer(request).then((result) => reply(request, result)));

function reply({ id }: WasmRequest, result: WasmResult | { readonly failure: WasmFailure }): void {
  port.postMessage({ id, memoryBytes: module.memoryBytes(), ...result } satisfies WasmReply);
}

async function answer({
  id,
  call,
  values,
  target,
  stop,
}: WasmRequest): Promise<WasmResult | { readonly failure: WasmFailure }> {
  if (call === 'close_key') {
    module.closeKey(values[0] as number);
    return { value: null };
  }
  const opened: number[] = [];
  try {
    const answered = module.call(
      call,
      values.flatMap((value) => argumentsOf(value, opened)),
      (share, stage) => {
        port.postMessage({ id, share, stage } satisfies WasmReply);
        return Atomics.load(stop, 0) !== 0;
      },
    );
    if ('failure' in answered) return { failure: answered.failure };
    if (target !== undefined && answered.output !== undefined) {
      if (Atomics.load(stop, 0) !== 0) return { failure: CANCELLED };
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
