/** Compiling a model in a browser, in a worker that is started for it and ended after it. */
import type { OnProgress } from '../groth16/types.js';
import { refusal } from '../groth16/wasm-module.js';
import { NativeError } from '../groth16/binding.js';
import { fromMessage } from './errors.js';
import { platform, type WorkerHandle } from './platform.js';
import type { CompileAsked, BuildInMemory, CompileReply, PostedOptions } from './compile-protocol.js';

/** Where the worker is: beside this file, in the bundle that `scripts/build-browser.mjs` makes. */
declare const ZKINFER_COMPILER: () => WorkerHandle;

/** How a model is compiled; the options of quantization and visibility are those of `compile` in Node. */
export interface WorkerCompileRequest extends PostedOptions {
  /** The model's file. */
  readonly onnx: Uint8Array;
  /** Address of the folder that `zkinfer export-compiler` wrote. */
  readonly compiler: string | URL;
  /** SHA-256 of its `compiler.json` in hex with 0x: another compiler at this address is then refused. */
  readonly sha256?: string;
  /**
   * Address of onnxruntime-web's `ort.wasm.min.mjs`, which runs as the page's own program does; the compiler's folder has
   * it in `onnxruntime/`. Without it the accuracy report compares with this package's own float evaluator.
   */
  readonly onnxruntime?: string | URL;
  /** A share done in [0, 1] of what is being done. */
  readonly onProgress?: OnProgress;
  /** Ends the work at once, whatever the model does. */
  readonly signal?: AbortSignal;
}

/** A compiled model without keys. */
export async function compileInWorker({
  onnx,
  compiler,
  sha256,
  onnxruntime,
  onProgress,
  signal,
  ...options
}: WorkerCompileRequest): Promise<BuildInMemory> {
  const { href } = platform.location;
  return await askedOf(
    {
      onnx,
      options,
      compiler: new URL(String(compiler).replace(/\/?$/, '/'), href).href,
      sha256,
      onnxruntime: onnxruntime === undefined ? undefined : new URL(String(onnxruntime), href).href,
    },
    onProgress,
    signal,
  );
}

function askedOf(asked: CompileAsked, onProgress?: OnProgress, signal?: AbortSignal): Promise<BuildInMemory> {
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
  const worker = ZKINFER_COMPILER();
  return new Promise<BuildInMemory>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    worker.onmessage = ({ data }) => {
      const reply = data as CompileReply;
      if ('stage' in reply) onProgress?.(reply.share, reply.stage);
      else if ('error' in reply) reject(fromMessage(reply.error));
      else resolve(reply.gives);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      const why = event.message ?? 'its program cannot be loaded';
      const { file, section, reason, message } = refusal('INTERNAL', '', `the compiler's worker stopped: ${why}`);
      reject(new NativeError('INTERNAL', message, file, section, reason));
    };
    worker.postMessage(asked);
  }).finally(() => worker.terminate());
}
