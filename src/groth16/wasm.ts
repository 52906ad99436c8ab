/**
 * Backend `wasm`: the Rust prover as a WebAssembly module, where its addon cannot be had. It runs off the event loop, over as
 * many threads as there are cores; each loaded key has threads and a memory of its own, which `close` gives back.
 *
 * The traps: memory of a module never shrinks, so that threads whose memory grew are ended after their work; a module that
 * failed inside (`INTERNAL`) is ended too, with the keys in it; and threads of a pool wait inside the module, where they hear
 * nothing, so that they must not keep the process alive.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { UsageError } from '../errors.js';
import {
  backendOver,
  type Binding,
  type BindingCancellation,
  type BindingCircuit,
  type BindingKey,
  type NativeBackend,
} from './binding.js';
import type { Ceremony } from './ceremony.js';
import { withCircuitFile } from './circuit-file.js';
import type { OnProgress } from './types.js';
import { findWasmModule } from './wasm-file.js';
import { refusal, type WasmFailure } from './wasm-module.js';
import type { WasmThread } from './wasm-module.js';
import {
  STOP_FLAGS,
  stopFlag,
  type WasmReply,
  type WasmRequest,
  type WasmRequestValue,
  type WasmThreadsReady,
  type WasmThreadsWanted,
  type WasmWorkerData,
} from './wasm-protocol.js';

let loaded: NativeBackend | undefined;

/** More threads than this gain little. */
const MOST_THREADS = 8;

/** The backend, made once a process; the module is compiled when it is first used. @throws UsageError without one */
export function wasmBackend(): NativeBackend {
  return (loaded ??= wasmBackendOver(Math.min(availableParallelism(), MOST_THREADS)));
}

/** The backend over so many threads; one where the module with threads is not there. @throws UsageError without a module */
export function wasmBackendOver(threads: number): NativeBackend {
  const found = findWasmModule();
  if ('reason' in found) throw new UsageError(found.reason);
  const compile = (path: string): (() => Promise<object>) => {
    let module: Promise<object> | undefined;
    return () => (module ??= readFile(path).then((bytes) => WebAssembly.compile(bytes)));
  };
  const { path, withThreads } = found;
  const pool = threads > 1 && withThreads !== undefined ? { compiled: compile(withThreads), threads } : undefined;
  return readingFiles(backendOver('wasm', bindingOver(compile(path), pool)));
}

/** The module takes circuits as bytes: constraints that are no file yet are written to a temporary one. */
function readingFiles(backend: NativeBackend): NativeBackend {
  const { setup, ceremony } = backend;
  const verifyKey: Ceremony['verifyKey'] = (zkey, options) =>
    withCircuitFile(options.r1cs, zkey, (r1cs) => ceremony.verifyKey(zkey, { ...options, r1cs }));
  return {
    ...backend,
    setup: (circuit, zkey, options) => withCircuitFile(circuit, zkey, (r1cs) => setup(r1cs, zkey, options)),
    async importKey(zkey, options) {
      const record = await verifyKey(zkey, options);
      return { record, key: await backend.verificationKey(zkey) };
    },
    ceremony: { ...ceremony, verifyKey },
  };
}

/** A circuit's file, as `backendOver` hands it on. */
class CircuitFile implements BindingCircuit {
  constructor(readonly path: string) {}

  push(): never {
    throw new TypeError('the WebAssembly prover takes circuits as files');
  }

  end(): never {
    return this.push();
  }
}

const pathOf = (circuit: BindingCircuit): { readonly path: string } => ({ path: (circuit as CircuitFile).path });

/** The part of the platform's WebAssembly that is used here; TypeScript knows it only with a browser's types. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

/** The caller wants the work to stop, which it does when its next stage begins. */
class Cancellation implements BindingCancellation {
  #isCancelled = false;
  #stop: (() => void) | undefined;

  cancel(): void {
    this.#isCancelled = true;
    this.#stop?.();
  }

  /** What stops the work that is under way; undefined once there is none. */
  attach(stop: (() => void) | undefined): void {
    this.#stop = stop;
    if (this.#isCancelled) stop?.();
  }
}

/** The module with threads, and how many it has. */
interface Pool {
  readonly compiled: () => Promise<object>;
  readonly threads: number;
}

interface Call {
  readonly call: WasmRequest['call'];
  readonly values: readonly WasmRequestValue[];
  readonly target?: string;
  readonly onProgress?: OnProgress;
  readonly cancellation?: BindingCancellation;
}

/** An error with the properties of the addon's. */
function rejection(failure: WasmFailure): Error {
  return Object.assign(new Error(failure.message), failure);
}

/** A thread whose memory grew beyond this is ended after its work. */
const KEPT_BYTES = 64 << 20;

/** Calls that are long enough for several threads; a loaded key has them always. */
const SPREAD: ReadonlySet<Call['call']> = new Set([
  'setup',
  'setup_from_powers',
  'contribute',
  'apply_beacon',
  'check_key',
  'verify_key',
  'check_powers',
]);

/** The thread's program. From sources, which tests run by tsx, a thread has to ask for tsx itself. */
function startWorker(workerData: WasmWorkerData): Worker {
  const options = { workerData };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./wasm-worker.js', import.meta.url), options);
  const source = new URL('./wasm-worker.ts', import.meta.url).href;
  const program = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(source)})));`;
  return new Worker(program, { ...options, eval: true });
}

/** A thread with a module of its own, and the threads that its calls are spread over. */
class Thread {
  readonly #worker: Worker;
  readonly #pool: Worker[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * (1 + STOP_FLAGS)));
  readonly #waiting = new Map<number, { onProgress?: OnProgress; settle(reply: WasmReply | Error): void }>();
  #next = 0;
  /** Why it takes no more calls. */
  #ended: Error | undefined;
  #memoryBytes = 0;

  constructor(
    module: object,
    readonly pool?: { readonly module: object; readonly threads: number },
  ) {
    this.#worker = startWorker({ module, pool, control: this.#control });
    this.#worker.unref();
    this.#worker.on('message', (message: WasmReply | WasmThreadsWanted) => {
      if ('threads' in message) this.#startThreads(message.threads);
      else this.#hear(message);
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('its thread ended')));
  }

  #hear(reply: WasmReply): void {
    const waiting = this.#waiting.get(reply.id);
    if ('stage' in reply) waiting?.onProgress?.(reply.share, reply.stage);
    else waiting?.settle(reply);
  }

  /** Started here, since the thread that asks for them hears nothing while it calls the module. */
  #startThreads(threads: readonly WasmThread[]): void {
    let waiting = threads.length;
    const answer = (ready: boolean): void => this.#worker.postMessage({ ready } satisfies WasmThreadsReady);
    for (const thread of threads) {
      const worker = startWorker({ thread, control: this.#control });
      this.#pool.push(worker);
      worker.on('message', (message: WasmReply | WasmThreadsReady) => {
        if (!('ready' in message)) this.#hear(message);
        else if (--waiting === 0) answer(true);
      });
      const lost = (why: Error): void => {
        if (this.#ended !== undefined) return;
        if (waiting > 0) return answer(false);
        // A pool that lost a thread may wait for it for ever.
        this.#fail(why);
        this.end();
      };
      worker.on('error', lost);
      worker.on('exit', () => lost(new Error('a thread of its pool ended')));
      // Listening for messages would keep the process alive.
      worker.unref();
    }
  }

  #fail({ message }: Error): void {
    this.#ended ??= rejection(refusal('INTERNAL', '', `the WebAssembly prover stopped: ${message}`));
    for (const { settle } of this.#waiting.values()) settle(this.#ended);
  }

  /** Makes a call; rejects with the properties of the addon's errors. */
  run<T>({ call, values, target, onProgress, cancellation }: Call): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    const flag = stopFlag(id);
    Atomics.store(this.#control, flag, 0);
    const own = cancellation instanceof Cancellation ? cancellation : undefined;
    own?.attach(() => Atomics.store(this.#control, flag, 1));
    this.#worker.ref();
    return new Promise<T>((resolve, reject) => {
      const settle = (reply: WasmReply | Error): void => {
        this.#waiting.delete(id);
        own?.attach(undefined);
        if ('memoryBytes' in reply) this.#memoryBytes = reply.memoryBytes;
        if (this.#waiting.size === 0) this.#worker.unref();
        if (reply instanceof Error) reject(reply);
        else if ('failure' in reply) {
          reject(rejection(reply.failure));
          if (reply.failure.code === 'INTERNAL') this.end();
        } else if ('value' in reply) resolve(reply.value as T);
      };
      this.#waiting.set(id, { onProgress, settle });
      this.#worker.postMessage({ id, call, values, target } satisfies WasmRequest);
    });
  }

  /** Whether it is worth keeping for other calls. */
  get isFresh(): boolean {
    return this.#ended === undefined && this.#waiting.size === 0 && this.#memoryBytes <= KEPT_BYTES;
  }

  end(): void {
    this.#fail(new Error('it was ended'));
    for (const worker of [this.#worker, ...this.#pool]) void worker.terminate();
  }
}

function bindingOver(compiled: () => Promise<object>, pool: Pool | undefined): Binding {
  /**
   * Threads without work, with a pool and without: starting one takes longer than a small proof. They do not keep the
   * process alive.
   */
  const idle = new Map<boolean, Thread>();
  const take = async (isPooled = false): Promise<Thread> => {
    const [module, pooled] = await Promise.all([compiled(), isPooled ? pool?.compiled() : undefined]);
    const spread = pooled && { module: pooled, threads: pool!.threads };
    const waiting = idle.get(spread !== undefined);
    idle.delete(spread !== undefined);
    return waiting?.isFresh === true ? waiting : new Thread(module, spread);
  };
  const giveBack = (thread: Thread): void => {
    const isPooled = thread.pool !== undefined;
    if (!idle.has(isPooled) && thread.isFresh) idle.set(isPooled, thread);
    else thread.end();
  };

  /** One call on a thread of its own. */
  const once = async <T>(call: Call): Promise<T> => {
    const thread = await take(SPREAD.has(call.call));
    try {
      return await thread.run<T>(call);
    } finally {
      giveBack(thread);
    }
  };

  return {
    Cancellation,
    Circuit: { fromFile: (path) => new CircuitFile(path), fromRows: () => new CircuitFile('').push() },

    async loadKey(path, checkPoints) {
      const thread = await take(true);
      try {
        const record = await thread.run<LoadedRecord>({ call: 'load_key', values: [{ path }, Number(checkPoints)] });
        return keyOn(thread, record, () => giveBack(thread));
      } catch (error) {
        giveBack(thread);
        throw error;
      }
    },

    setup: (circuit, target, ptau, checkPowers, onProgress, cancellation) =>
      once({
        ...(ptau === undefined
          ? { call: 'setup', values: [pathOf(circuit)] }
          : { call: 'setup_from_powers', values: [pathOf(circuit), { path: ptau }, Number(checkPowers)] }),
        target,
        onProgress,
        cancellation,
      }),
    verify: (...texts) => once({ call: 'verify', values: texts }),
    verifyBatch: (key, signals, proofs) =>
      once({ call: 'verify_batch', values: [key, JSON.stringify(signals), JSON.stringify(proofs)] }),
    checkKey: (path) => once({ call: 'check_key', values: [{ path }] }),
    verificationKey: (path) => once({ call: 'verification_key', values: [{ path }] }),
    inspectKey: (path) => once({ call: 'inspect_key', values: [{ path }] }),
    contribute: (path, target, name, entropy, onProgress, cancellation) =>
      once({ call: 'contribute', values: [{ path }, name ?? '', entropy], target, onProgress, cancellation }),
    applyBeacon: (path, target, name, value, iterationsExp, onProgress, cancellation) =>
      once({
        call: 'apply_beacon',
        values: [{ path }, name ?? '', value, iterationsExp],
        target,
        onProgress,
        cancellation,
      }),
    verifyKey: (zkey, circuit, ptau, checkPowers, onProgress, cancellation) =>
      once({
        call: 'verify_key',
        values: [{ path: zkey }, pathOf(circuit), { path: ptau }, Number(checkPowers)],
        onProgress,
        cancellation,
      }),
    checkPowers: (path, onProgress, cancellation) =>
      once({ call: 'check_powers', values: [{ path }], onProgress, cancellation }),
  };
}

/** What the module says of a key that it loaded. */
interface LoadedRecord {
  readonly handle: number;
  readonly wires: number;
  readonly publicSignals: number;
  readonly domainSize: number;
}

function keyOn(
  thread: Thread,
  { handle, wires, publicSignals, domainSize }: LoadedRecord,
  giveBack: () => void,
): BindingKey {
  let closed = false;
  return {
    wires,
    publicCount: publicSignals,
    domainSize,
    async prove(witness, _threads, onProgress, cancellation) {
      if (closed) throw rejection(refusal('KEY_CLOSED', '', 'the proving key is closed'));
      return await thread.run({ call: 'prove', values: [handle, witness], onProgress, cancellation });
    },
    close() {
      if (closed) return;
      closed = true;
      // Proofs under way are made before: calls are answered in order.
      void thread.run({ call: 'close_key', values: [handle] }).then(giveBack, giveBack);
    },
  };
}
