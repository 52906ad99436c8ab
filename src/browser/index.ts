/**
 * `zkinfer/browser`: proofs where the data is. A build that `zkinfer export-web` wrote is opened by its address; witness,
 * proof and checks are made in a worker, which holds the key, so that the page's thread stays free.
 *
 *     import { openBuild } from 'zkinfer/browser';
 *
 *     const build = await openBuild('/builds/digits/');
 *     const [scores] = await build.run([pixels]);
 *     const { proof, publicSignals } = await build.prove({ input: [pixels], onProgress: (share, stage) => ... });
 *     const { valid } = await build.verify({ proof, publicSignals });
 *     build.close();
 *
 * `openBuild` ends when the model can run; the key goes on loading (`build.ready`), and `prove` waits for it. All errors
 * are the classes of `zkinfer/errors`; an abort rejects with the signal's reason.
 */
import { UsageError } from '../errors.js';
import { refusal } from '../groth16/wasm-module.js';
import type { ContributionRecord, KeyRecord } from '../groth16/ceremony.js';
import { NativeError } from '../groth16/binding.js';
import type { OnProgress, Proof } from '../groth16/types.js';
import type { Manifest, PortRole } from '../manifest.js';
import type { OutputReport } from '../workflow/outputs.js';
import { compileInWorker, type WorkerCompileRequest } from './compile.js';
import type { BuildInMemory } from './compile-protocol.js';
import { fromMessage } from './errors.js';
import { platform, type WorkerHandle } from './platform.js';
import {
  STOPS,
  stopOf,
  type BrowserProof,
  type BytesOrUrl,
  type CacheChoice,
  type CallName,
  type Calls,
  type Input,
  type KeyReport,
  type ModuleChoice,
  type Reply,
  type CallRequest,
  type Start,
  type StartThread,
  type ThreadsReady,
  type WantThreads,
} from './protocol.js';

export { ZkinferError, UsageError } from '../errors.js';
export { CeremonyError, type ContributionRecord, type KeyRecord } from '../groth16/ceremony.js';
export { NativeError } from '../groth16/binding.js';
export type { OnProgress, Proof } from '../groth16/types.js';
export type { Manifest } from '../manifest.js';
export { InputRangeError, InputShapeError } from '../integer/errors.js';
export { BuildFolderError, BuildMismatchError, WebBuildError } from '../workflow/errors.js';
export type { OutputReport } from '../workflow/outputs.js';
export type { BuildInMemory } from './compile-protocol.js';
export type { WorkerCompileRequest } from './compile.js';
export type { BrowserProof, BytesOrUrl, CacheChoice, Input, KeyReport, ProofStages } from './protocol.js';

/** Where worker and modules are: beside this file, in the bundle that `scripts/build-browser.mjs` makes. */
declare const ZKINFER_WORKER: () => WorkerHandle;
declare const ZKINFER_THREAD: () => WorkerHandle;
declare const ZKINFER_MODULE: URL;
declare const ZKINFER_THREADS_MODULE: URL;

/** What all calls take. */
export interface WorkOptions {
  /** A share done in [0, 1], and what is being done. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** How a prover is run. */
export interface ProverOptions {
  /** Threads of the prover; one where the page is not cross-origin isolated. Default `auto`: the cores, 8 at most. */
  readonly threads?: number | 'auto';
}

export interface OpenOptions extends WorkOptions, ProverOptions {
  /** Where the key is kept for the next time. Default `opfs`: the browser's own storage, where it has room. */
  readonly cache?: CacheChoice;
  /** SHA-256 of `web.json` in hex with 0x, as `export-web` prints it: another build at this address is then refused. */
  readonly sha256?: string;
}

export interface ProveRequest extends WorkOptions {
  /** One flat array for each input of the model, in the model's own units. */
  readonly input: Input;
  /** A field element that binds the proof, as a contract computes it. Default 0: for anybody. */
  readonly context?: bigint;
  /** Where commitments were made before. Default: fresh ones. */
  readonly salts?: Readonly<Partial<Record<PortRole, string>>>;
}

export interface BrowserBuild {
  readonly manifest: Manifest;
  /** Bytes of the proving key. */
  readonly keyBytes: number;
  /** Ends when the key is here, checked and ready; rejects where it is refused, and with it every `prove`. */
  readonly ready: Promise<KeyReport>;
  /** Threads that proofs are made with. */
  readonly threads: number;
  /** What the model says of an input: the integer model's outputs, which a proof would be of. */
  run(input: Input, options?: WorkOptions): Promise<readonly OutputReport[]>;
  /** A proof, checked under the build's key before it is given. @throws InputShapeError, InputRangeError, BuildMismatchError */
  prove(request: ProveRequest): Promise<BrowserProof>;
  /** Whether a proof is one of this build, as the library's `verifyProof`. @throws ProofFormatError */
  verify(proof: {
    readonly proof: Proof;
    readonly publicSignals: readonly string[];
  }): Promise<{ readonly valid: boolean; readonly reason?: string; readonly outputs?: readonly OutputReport[] }>;
  /** Ends the worker, and gives its memory back. */
  close(): void;
}

/**
 * Opens a build by the address of its folder, or one that was compiled in the page. @throws WebBuildError where what the server gives is none; the classes of
 * the build's parts where they are damaged
 */
export async function openBuild(place: string | URL | BuildInMemory, options: OpenOptions = {}): Promise<BrowserBuild> {
  const { onProgress, signal, cache = 'opfs', sha256 } = options;
  const where: Omit<Calls['open']['given'], 'sha256'> =
    typeof place === 'string' || place instanceof URL
      ? { url: new URL(String(place).replace(/\/?$/, '/'), platform.location.href).href, cache }
      : { url: IN_MEMORY, cache: 'none', build: inMemory(place) };
  const threads = threadsOf(options);
  let client = new WorkerClient(threads);
  const open = (index: string | undefined, work: WorkOptions): Promise<Calls['open']['gives']> =>
    client.call('open', { ...where, sha256: index }, { ...work, lasting: true });
  let opened: Calls['open']['gives'];
  try {
    opened = await open(sha256, { onProgress, signal });
  } catch (error) {
    client.close();
    throw error;
  }
  const { sha256: index, ...parts } = opened;
  let closed = false;
  /** Follows the worker that there is, and not one that was ended for another. */
  let follow!: (opening: Promise<unknown>) => void;
  const ready = new Promise<KeyReport>((resolve, reject) => {
    follow = (opening) => {
      const own = client;
      opening
        .then(() => own.call('ready', null, {}))
        .then(resolve, (error: Error) => {
          if (own === client) reject(error);
        });
    };
  });
  ready.catch(() => undefined);
  let usable: Promise<unknown> = Promise.resolve();
  follow(usable);
  /**
   * Where nothing is shared, a worker hears of an abort only by being ended; the next one takes the key from storage. The
   * build is the same to the byte: what the page was told of it, such as what is private, holds for every later proof.
   */
  const restart = (): void => {
    if (closed) return;
    const old = client;
    client = new WorkerClient(threads);
    old.close();
    usable = open(index, {});
    follow(usable);
  };
  const call = async <Name extends CallName>(name: Name, given: Calls[Name]['given'], work: WorkOptions) => {
    if (closed) throw new UsageError('the build is closed');
    await usable;
    return await client.call(name, given, work, restart);
  };
  return {
    ...parts,
    ready,
    run: (input, work = {}) => call('run', { input }, work),
    prove: ({ input, context = 0n, salts, ...work }) => call('prove', { input, context, salts }, work),
    verify: ({ proof, publicSignals }) => call('verify', { proof, publicSignals }, {}),
    close() {
      closed = true;
      client.close();
    },
  };
}

/** Where a build in memory is said to be, in errors. */
const IN_MEMORY = 'zkinfer-memory://build/';

/** What of a build is opened. @throws UsageError where it has no keys */
function inMemory({ manifest, files, poseidon }: BuildInMemory): Calls['open']['given']['build'] {
  if (manifest.keys === undefined)
    throw new UsageError('the build has no keys; compile the model with keys, or have them made by the command line');
  const needed = Array.from(files).filter(([name]) => name !== 'circuit.r1cs' && name !== 'circuit.sym');
  return { manifest, files: new Map(needed), poseidon };
}

export interface PageCompileRequest extends WorkerCompileRequest, ProverOptions {
  /** Whether development keys are made. Default true. */
  readonly keys?: boolean;
}

/**
 * Compiles a model in a worker: the same files, byte for byte, as `zkinfer compile` writes. Then it makes development
 * keys, whose secrets this browser had: whoever has them forges proofs, and nobody else can know that they are gone.
 * `openBuild` takes the build; its `files` are a build folder. @throws the classes of `zkinfer compile`; UsageError where
 * the circuit is too large for keys in a browser; WebBuildError where the compiler cannot be had
 */
export async function compile({ keys = true, threads, ...request }: PageCompileRequest): Promise<BuildInMemory> {
  const wanted = threadsOf({ threads });
  const build = await compileInWorker(request);
  if (!keys) return build;
  const circuit = build.files.get('circuit.r1cs');
  if (circuit === undefined)
    throw new UsageError(
      `${build.manifest.circuit.constraints} constraints are too many for keys made in a browser; compile it with keys: false, or by the command line`,
    );
  const { onProgress, signal } = request;
  const { manifest } = build;
  const made = await once('setup', { manifest, circuit }, { onProgress, signal, threads: wanted });
  return { ...build, manifest: made.manifest, files: new Map([...build.files, ...made.files]) };
}

export interface ContributeRequest extends WorkOptions, ProverOptions {
  /** The last key of a ceremony, finished or not. */
  readonly key: BytesOrUrl;
  /** Who contributes; the first 64 characters are kept in the key. */
  readonly name?: string;
  /** Mixed with the system's randomness; may be empty. It is neither kept nor shown. */
  readonly entropy?: Uint8Array;
}

/**
 * Contributes to a ceremony's key, as `zkinfer ceremony contribute` and `snarkjs zkey contribute` do. Bytes that are given
 * stay the caller's. @throws CeremonyError, NativeError where the key is none that can be contributed to
 */
export function contribute({
  key,
  name,
  entropy = new Uint8Array(),
  ...options
}: ContributeRequest): Promise<{ readonly key: Uint8Array; readonly contribution: ContributionRecord }> {
  return once('contribute', { key: absolute(key), name, entropy }, options);
}

export interface VerifyKeyRequest extends WorkOptions, ProverOptions {
  readonly key: BytesOrUrl;
  /** The circuit (`.r1cs`). */
  readonly circuit: BytesOrUrl;
  /** The prepared powers of tau (`.ptau`) that the key was made from. */
  readonly powers: BytesOrUrl;
  /** False where the powers are known by their hash. Default true: every point is checked. */
  readonly checkPowers?: boolean;
}

/** Checks a ceremony's key against circuit and powers of tau; its transcript. @throws CeremonyError, NativeError */
export function verifyKey({
  key,
  circuit,
  powers,
  checkPowers = true,
  ...options
}: VerifyKeyRequest): Promise<KeyRecord> {
  return once(
    'verifyKey',
    { key: absolute(key), circuit: absolute(circuit), powers: absolute(powers), checkPowers },
    options,
  );
}

/** What a key says of itself: its sizes and its transcript, unchecked. @throws NativeError */
export function inspectKey({ key, ...options }: { readonly key: BytesOrUrl } & WorkOptions): Promise<KeyRecord> {
  return once('inspectKey', { key: absolute(key) }, { ...options, threads: 1 });
}

const absolute = (given: BytesOrUrl): BytesOrUrl =>
  typeof given === 'string' ? new URL(given, platform.location.href).href : given;

/** One call in a worker of its own. */
async function once<Name extends CallName>(
  name: Name,
  given: Calls[Name]['given'],
  options: WorkOptions & ProverOptions,
): Promise<Calls[Name]['gives']> {
  const client = new WorkerClient(threadsOf(options));
  try {
    return await client.call(name, given, options);
  } finally {
    client.close();
  }
}

/** More threads than this gain little, and each takes a core from the page's neighbours. */
const MOST_AUTO_THREADS = 8;
const MOST_THREADS = 64;

/** @throws UsageError */
function threadsOf({ threads = 'auto' }: ProverOptions): number {
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new UsageError(`threads is ${threads}; give a number from 1 to ${MOST_THREADS}, or 'auto'`);
  if (platform.crossOriginIsolated !== true) return 1;
  return threads === 'auto' ? Math.min(platform.navigator.hardwareConcurrency ?? 1, MOST_AUTO_THREADS) : threads;
}

interface Waiting {
  readonly onProgress?: OnProgress;
  readonly lasting: boolean;
  settle(reply: Exclude<Reply, { readonly stage: string }> | Error): void;
}

/** A worker that answers, the threads of its pool, and who waits for it. */
class WorkerClient {
  readonly #worker: WorkerHandle;
  readonly #pool: WorkerHandle[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** See `ModuleChoice`; only where the page is isolated. */
  readonly #control: Int32Array | undefined;
  /** Threads of the pool that do not run yet. */
  #starting = 0;
  #next = 0;
  #ended: Error | undefined;

  constructor(threads: number) {
    if (platform.crossOriginIsolated === true) this.#control = new Int32Array(new SharedArrayBuffer(4 * (1 + STOPS)));
    this.#worker = ZKINFER_WORKER();
    this.#worker.onmessage = ({ data }) => {
      const message = data as Reply | WantThreads;
      if ('threads' in message) this.#runThreads(message);
      else this.#hear(message);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault?.();
      const why = event.message ?? 'its program cannot be loaded';
      const { file, section, reason, message } = refusal('INTERNAL', '', `the prover's worker stopped: ${why}`);
      this.#end(new NativeError('INTERNAL', message, file, section, reason));
    };
    const start: ModuleChoice = {
      plain: ZKINFER_MODULE.href,
      withThreads: ZKINFER_THREADS_MODULE.href,
      threads,
      control: this.#control,
    };
    this.#worker.postMessage({ start } satisfies Start);
    if (threads > 1) for (let k = 0; k < threads; k += 1) this.#pool.push(this.#startThread());
    this.#starting = this.#pool.length;
  }

  /**
   * The page starts the threads, since not every browser lets a worker start others, and before the module is there, so
   * that their program loads meanwhile. Their stages come here directly.
   */
  #startThread(): WorkerHandle {
    const worker = ZKINFER_THREAD();
    worker.onmessage = ({ data }) => {
      const message = data as Reply | ThreadsReady;
      if (!('ready' in message)) this.#hear(message);
      else if (--this.#starting === 0) this.#worker.postMessage({ ready: true } satisfies ThreadsReady);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      if (this.#starting > 0) return this.#dropThreads();
      // A pool that lost a thread may wait for it for ever.
      this.#worker.onerror?.(event);
      this.close();
    };
    return worker;
  }

  #runThreads({ threads }: WantThreads): void {
    if (threads.length !== this.#pool.length) return this.#dropThreads();
    for (const [k, thread] of threads.entries())
      this.#pool[k].postMessage({ thread, control: this.#control as Int32Array } satisfies StartThread);
  }

  /** The worker goes on without. */
  #dropThreads(): void {
    for (const worker of this.#pool.splice(0)) worker.terminate();
    this.#worker.postMessage({ ready: false } satisfies ThreadsReady);
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ('stage' in reply) return waiting.onProgress?.(reply.share, reply.stage);
    if (!waiting.lasting) this.#waiting.delete(reply.id);
    waiting.settle(reply);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { settle } of this.#waiting.values()) settle(this.#ended);
    this.#waiting.clear();
  }

  /**
   * `lasting`: its progress is heard after its answer, too. `stuck`: called where an abort could not reach the worker, which
   * may still be busy.
   */
  call<Name extends CallName>(
    name: Name,
    given: Calls[Name]['given'],
    { onProgress, signal, lasting = false }: WorkOptions & { readonly lasting?: boolean },
    stuck: () => void = () => this.close(),
  ): Promise<Calls[Name]['gives']> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    const control = this.#control;
    if (control !== undefined) Atomics.store(control, stopOf(id), 0);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(id);
        if (control === undefined) stuck();
        else Atomics.store(control, stopOf(id), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.set(id, {
        onProgress,
        lasting,
        settle(reply) {
          signal?.removeEventListener('abort', abort);
          if (reply instanceof Error) reject(reply);
          else if ('error' in reply) reject(fromMessage(reply.error));
          else resolve(reply.gives as Calls[Name]['gives']);
        },
      });
      this.#worker.postMessage({ id, call: name, given } satisfies CallRequest<Name>);
    });
  }

  close(): void {
    this.#end(new UsageError('the build was closed before the work was done'));
    for (const worker of [this.#worker, ...this.#pool]) worker.terminate();
  }
}
