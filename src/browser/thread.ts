/**
 * A worker that is a thread of the prover's pool. It has a program of its own, since every thread loads and evaluates it
 * before the first proof; `index.ts` is its one caller.
 */
import { runWasmThread } from '../groth16/wasm-module.js';
import type { WorkerScope } from './platform.js';
import { stopOf, type Reply, type StartThread, type ThreadsReady } from './protocol.js';

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const { thread, control } = data as StartThread;
  runWasmThread(
    thread,
    () => scope.postMessage({ ready: true } satisfies ThreadsReady),
    (share, stage) => {
      const id = Atomics.load(control, 0);
      scope.postMessage({ id, share, stage } satisfies Reply);
      return Atomics.load(control, stopOf(id)) !== 0;
    },
  );
};
