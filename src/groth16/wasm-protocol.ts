/** What `wasm.ts` and its threads (`wasm-worker.ts`) say to each other. */
import type { WasmCall, WasmFailure, WasmThread } from './wasm-module.js';

/** An argument of a request: a number, bytes or a text, or the path of a file whose name and bytes are two arguments. */
export type WasmRequestValue = number | string | Uint8Array | { readonly path: string };

/** A call to make. */
export interface WasmRequest {
  readonly id: number;
  readonly call: WasmCall | 'close_key';
  readonly values: readonly WasmRequestValue[];
  /** Where the key goes that the call makes. */
  readonly target?: string;
}

/** Requests whose stop is told apart at one time. */
export const STOP_FLAGS = 255;
export const stopFlag = (id: number): number => 1 + (id % STOP_FLAGS);

/** What a thread is started with. */
export type WasmWorkerData = { readonly control: Int32Array } & (
  | {
      readonly module: object;
      /** The module with threads, and how many. */
      readonly pool?: { readonly module: object; readonly threads: number };
    }
  | { readonly thread: WasmThread }
);

/** What a thread asks of whoever started it: threads of its pool; the answer; and what such a thread says when it waits. */
export interface WasmThreadsWanted {
  readonly threads: readonly WasmThread[];
}
export interface WasmThreadsReady {
  readonly ready: boolean;
}

/** What the thread says: a stage, or how a call ended. */
export type WasmReply =
  | { readonly id: number; readonly share: number; readonly stage: string }
  | ((WasmResult | { readonly failure: WasmFailure }) & { readonly id: number; readonly memoryBytes: number });

/** What a call gave. */
export interface WasmResult {
  readonly value: unknown;
}
