/**
 * The WebAssembly module `native/zkinfer.wasm` (`native/wasm/src` says how it is called): bytes in, values out, on the
 * calling thread; the module with threads spreads it over a pool of workers that share its memory. Runs in browsers and in Node.
 *
 * The traps: memory grows while a call runs, which detaches every view of it; and a panic ends the module, after which
 * no call may be made.
 */

/** What a call may say on its way; `true` stops it. */
export type OnWasmStage = (share: number, stage: string) => boolean;

/** WasmBytes that are written straight into the module's memory, from wherever they come. */
export interface WasmBytes {
  readonly length: number;
  writeTo(target: Uint8Array): void;
}

/** Room in the module's memory that is filled piece by piece, and then handed over as the argument of one call. */
export interface WasmRoom {
  readonly room: number;
  /** Copies bytes to a place in it. */
  write(at: number, bytes: Uint8Array): void;
}

/** An argument: a text, bytes in memory, bytes from elsewhere, or room that was filled. */
export type WasmArgument = string | Uint8Array | WasmBytes | WasmRoom;

/** What a call gave: its value, and the key that it made if it makes one. */
export type WasmAnswer = { readonly value: unknown; readonly output?: Uint8Array } | { readonly failure: WasmFailure };

/** A refusal, with the properties that the addon's errors have. */
export interface WasmFailure {
  readonly code: string;
  readonly file: string;
  readonly section: string;
  readonly reason: string;
  readonly message: string;
}

/** Calls of the module by name; every argument is a buffer, but those of `NUMBERS`. */
export type WasmCall =
  | 'load_key'
  | 'prove'
  | 'verify'
  | 'verify_batch'
  | 'check_key'
  | 'verification_key'
  | 'inspect_key'
  | 'setup'
  | 'setup_from_powers'
  | 'contribute'
  | 'apply_beacon'
  | 'verify_key'
  | 'check_powers';

type Exports = Record<WasmCall, (...values: number[]) => number> & {
  /** The module with threads takes its memory from outside. */
  readonly memory?: WasmMemory;
  buffer(length: number): number;
  buffer_start(number: number): number;
  text_start(): number;
  text_length(): number;
  output_start(): number;
  output_length(): number;
  output_free(): void;
  close_key(handle: number): void;
};

/** What the module with threads has besides (`native/wasm/src/threads.rs`). */
interface ThreadExports {
  thread_stack(): number;
  thread_local_room(size: number, align: number): number;
  thread_main(): void;
  start_pool(count: number): number;
  __wasm_init_tls(room: number): void;
  readonly __stack_pointer: { value: number };
  readonly __tls_size: { readonly value: number };
  readonly __tls_align: { readonly value: number };
}

/** A module's memory. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What an instance needs that becomes a thread of another instance's pool. All of it can be posted to a worker. */
export interface WasmThread {
  readonly module: object;
  readonly memory: object;
  /** Upper end of its stack, and its thread-local memory. */
  readonly stack: number;
  readonly room: number;
}

/** The parts of the platform's WebAssembly that are used here; TypeScript knows them only with a browser's types. */
declare const WebAssembly: {
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
};

/** `crypto.getRandomValues` gives no more at a time. */
const MOST_RANDOM = 65_536;
const NO_BUFFER = 0xffff_ffff;

export interface WasmModule {
  /** Makes a call. `onStage` hears its stages. */
  call(name: WasmCall, values: readonly (WasmArgument | number)[], onStage?: OnWasmStage): WasmAnswer;
  closeKey(handle: number): void;
  /** Room for so many bytes; undefined where the memory has none. */
  room(length: number): WasmRoom | undefined;
  /** Bytes of memory that it holds; never fewer than before. */
  memoryBytes(): number;
  /** What so many threads need, of an instance over shared memory. @throws where there is no memory for them */
  threads(count: number): WasmThread[];
  /** Makes so many waiting threads the pool that calls are spread over; false where that cannot be. */
  startPool(count: number): boolean;
}

/** Pages of shared memory at the start, as the module has them, and at most: 4 GB, or 1 GB where so much is not given. */
const FIRST_PAGES = 64;
const MOST_PAGES = [65_536, 16_384];

/** An instance of a compiled module: the plain one, or with `shared` the one with threads. */
export function instantiateWasm(module: object, shared?: object): WasmModule {
  let stage: OnWasmStage | undefined;
  const { exports, view, text } = instanceOf(module, (share, name) => stage?.(share, name) === true, shared);
  const memory = view;

  const place = (argument: WasmArgument): number => {
    if (typeof argument === 'object' && 'room' in argument) return argument.room;
    const bytes = typeof argument === 'string' ? new TextEncoder().encode(argument) : argument;
    const buffer = exports.buffer(bytes.length) >>> 0;
    if (buffer === NO_BUFFER) throw new NoMemory(bytes.length);
    const target = memory(exports.buffer_start(buffer), bytes.length);
    if (bytes instanceof Uint8Array) target.set(bytes);
    else bytes.writeTo(target);
    return buffer;
  };

  return {
    call(name, values, onStage) {
      stage = onStage;
      try {
        const numbers = values.map((value) => (typeof value === 'number' ? value : place(value)));
        const status = exports[name](...numbers);
        const value = JSON.parse(text(exports.text_start(), exports.text_length())) as unknown;
        if (status !== 0) return { failure: value as WasmFailure };
        const length = exports.output_length() >>> 0;
        if (length === 0) return { value };
        const output = memory(exports.output_start(), length).slice();
        exports.output_free();
        return { value, output };
      } catch (error) {
        if (error instanceof NoMemory) return { failure: error.failure };
        throw error;
      } finally {
        stage = undefined;
      }
    },
    closeKey: (handle) => exports.close_key(handle),
    room(length) {
      const buffer = exports.buffer(length) >>> 0;
      if (buffer === NO_BUFFER) return undefined;
      return {
        room: buffer,
        write: (at, bytes) => memory(exports.buffer_start(buffer), length).set(bytes, at),
      };
    },
    memoryBytes: () => view(0).byteLength,
    threads(count) {
      const { thread_stack, thread_local_room, __tls_size, __tls_align } = exports as unknown as ThreadExports;
      return Array.from({ length: count }, () => {
        const [stack, own] = [thread_stack() >>> 0, thread_local_room(__tls_size.value, __tls_align.value) >>> 0];
        if (stack === 0 || own === 0) throw new NoMemory(0);
        return { module, memory: shared as object, stack, room: own };
      });
    },
    startPool: (count) => (exports as unknown as ThreadExports).start_pool(count) === 0,
  };
}

/** Memory that instances share. @throws RangeError where the platform has not so much */
export function sharedMemory(): object {
  const [most, less] = MOST_PAGES;
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: most, shared: true });
  } catch {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: less, shared: true });
  }
}

/** Becomes a thread of a pool, and does not return. `ready` is called before; `onStage` hears the stages that begin here. */
export function runWasmThread(
  { module, memory, stack, room }: WasmThread,
  ready: () => void,
  onStage: OnWasmStage,
): void {
  const own = instanceOf(module, onStage, memory).exports as unknown as ThreadExports;
  own.__stack_pointer.value = stack;
  own.__wasm_init_tls(room);
  ready();
  own.thread_main();
}

interface Instance {
  readonly exports: Exports;
  /** Bytes of its memory. */
  view(start: number, length?: number): Uint8Array;
  text(start: number, length: number): string;
}

function instanceOf(module: object, onStage: OnWasmStage, shared: object | undefined): Instance {
  const view = (start: number, length?: number): Uint8Array =>
    new Uint8Array(memory.buffer, start >>> 0, length === undefined ? undefined : length >>> 0);
  // Neither random bytes nor texts go to and from shared memory directly.
  const text = (start: number, length: number): string => new TextDecoder().decode(view(start, length).slice());
  const host = {
    fill_random(start: number, length: number): number {
      const target = view(start, length);
      const bytes = new Uint8Array(Math.min(MOST_RANDOM, target.length));
      for (let at = 0; at < target.length; at += MOST_RANDOM) {
        const part = bytes.subarray(0, Math.min(MOST_RANDOM, target.length - at));
        target.set(globalThis.crypto.getRandomValues(part), at);
      }
      bytes.fill(0);
      return 0;
    },
    on_stage: (share: number, start: number, length: number): number => (onStage(share, text(start, length)) ? 1 : 0),
  };
  const exports = new WebAssembly.Instance(module, { host, env: { memory: shared } }).exports as Exports;
  const memory = (shared ?? exports.memory) as WasmMemory;
  return { exports, view, text };
}

/** A refusal that does not come from the module. */
export function refusal(code: string, file: string, reason: string): WasmFailure {
  return { code, file, section: '', reason, message: file === '' ? reason : `${file}: ${reason}` };
}

/** The module has no room for an argument: linear memory ends at 4 GB. */
class NoMemory extends Error {
  readonly failure: WasmFailure;

  constructor(length: number) {
    super();
    this.failure = refusal(
      'NO_MEMORY',
      '',
      `no room for ${length} bytes in the memory of the WebAssembly prover, which ends at 4 GB; take the native prover`,
    );
  }
}
