/**
 * The WebAssembly module `native/zkinfer.wasm` (`native/wasm/src` says how it is called): bytes in, values out, on the
 * calling thread. Runs in browsers and in Node.
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
  readonly memory: { readonly buffer: ArrayBuffer };
  buffer(length: number): number;
  buffer_start(number: number): number;
  text_start(): number;
  text_length(): number;
  output_start(): number;
  output_length(): number;
  output_free(): void;
  close_key(handle: number): void;
};

/** The parts of the platform's WebAssembly that are used here; TypeScript knows them only with a browser's types. */
declare const WebAssembly: {
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
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
}

/** An instance of a compiled module. */
export function instantiateWasm(module: object): WasmModule {
  let stage: OnWasmStage | undefined;
  const memory = (start: number, length: number): Uint8Array =>
    new Uint8Array(exports.memory.buffer, start >>> 0, length >>> 0);
  const text = (start: number, length: number): string => new TextDecoder().decode(memory(start, length));
  const host = {
    fill_random(start: number, length: number): number {
      const target = memory(start, length);
      for (let at = 0; at < target.length; at += MOST_RANDOM) {
        globalThis.crypto.getRandomValues(target.subarray(at, at + MOST_RANDOM));
      }
      return 0;
    },
    on_stage: (share: number, start: number, length: number): number =>
      stage?.(share, text(start, length)) === true ? 1 : 0,
  };
  const exports = new WebAssembly.Instance(module, { host }).exports as Exports;

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
    memoryBytes: () => exports.memory.buffer.byteLength,
  };
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
