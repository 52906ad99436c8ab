/**
 * Runs a program of the WebAssembly System Interface (WASI preview 1) on files in memory, in Node and in browsers. It has
 * what circom asks for: arguments, files of one folder, standard output. Clock and random numbers give zeros, so that
 * equal files make equal files.
 */

/** A program, compiled. */
export type WasiProgram = object;

export interface WasiRun {
  readonly status: number;
  /** What it wrote to standard output and standard error. */
  readonly printed: string;
  /** The files of its folder at the end, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Errors as WASI numbers them. */
const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const EXISTS = 20;
const INVALID = 28;
const ABSENT = 44;
const FOLDER = 3;
const CREATE = 1;
const AS_FOLDER = 2;
const EXCLUSIVE = 4;
const TRUNCATE = 8;
const TYPE_FOLDER = 3;
const TYPE_FILE = 4;
const STAT_BYTES = 64;
/** Bytes of output that are kept: a program that prints without end must not take all memory. */
const MOST_PRINTED = 1 << 20;

/** The parts of the platform's WebAssembly that are used here; TypeScript knows them only with a browser's types. */
declare const WebAssembly: {
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _start(): void;
}

class Exit extends Error {
  constructor(readonly status: number) {
    super(`exit ${status}`);
  }
}

/** A file that grows as it is written. */
class MemoryFile {
  #bytes: Uint8Array;

  constructor(
    bytes: Uint8Array,
    public length = bytes.length,
  ) {
    this.#bytes = bytes;
  }

  get contents(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Bytes that were given are never written to: what is written goes to a copy. */
  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (this.#isGiven || end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.length, 4096));
      grown.set(this.contents);
      this.#bytes = grown;
      this.#isGiven = false;
    }
    this.#bytes.set(bytes, at);
    this.length = Math.max(this.length, end);
  }

  #isGiven = true;
}

interface OpenFile {
  readonly file: MemoryFile | undefined;
  position: number;
}

/** @throws what the program stops with where it does not end by itself, such as a trap or no memory */
export function runWasi(
  program: WasiProgram,
  args: readonly string[],
  sources: ReadonlyMap<string, Uint8Array | string>,
): WasiRun {
  const encoder = new TextEncoder();
  const files = new Map(
    Array.from(sources, ([path, text]) => [
      normal(path),
      new MemoryFile(typeof text === 'string' ? encoder.encode(text) : text),
    ]),
  );
  const folders = new Set(['']);
  for (const path of files.keys()) addParents(path);
  const open = new Map<number, OpenFile>();
  let nextDescriptor = FOLDER + 1;
  const printed: Uint8Array[] = [];
  let printedBytes = 0;

  function addParents(path: string): void {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
  }

  let memory: Exports['memory'];
  const view = (): DataView => new DataView(memory.buffer);
  const bytesAt = (start: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, start >>> 0, length >>> 0);
  const pathAt = (start: number, length: number): string =>
    normal(new TextDecoder().decode(bytesAt(start, length).slice()));
  const put = (at: number, value: number): number => {
    view().setUint32(at >>> 0, value, true);
    return SUCCESS;
  };
  const putLong = (at: number, value: number): number => {
    view().setBigUint64(at >>> 0, BigInt(value), true);
    return SUCCESS;
  };
  const putStat = (at: number, type: number, size: number): number => {
    bytesAt(at, STAT_BYTES).fill(0);
    view().setUint8((at >>> 0) + 16, type);
    putLong(at + 24, 1);
    return putLong(at + 32, size);
  };
  /** The parts of memory that a list of buffers names. */
  const buffers = (list: number, count: number): Uint8Array[] =>
    Array.from({ length: count >>> 0 }, (_, i) => {
      const at = (list >>> 0) + 8 * i;
      return bytesAt(view().getUint32(at, true), view().getUint32(at + 4, true));
    });
  const texts = args.map((arg) => encoder.encode(`${arg}\0`));

  const host = {
    args_sizes_get(count: number, bytes: number): number {
      put(count, texts.length);
      return put(
        bytes,
        texts.reduce((sum, { length }) => sum + length, 0),
      );
    },
    args_get(list: number, start: number): number {
      let at = start;
      texts.forEach((text, i) => {
        put(list + 4 * i, at);
        bytesAt(at, text.length).set(text);
        at += text.length;
      });
      return SUCCESS;
    },
    environ_sizes_get(count: number, bytes: number): number {
      put(count, 0);
      return put(bytes, 0);
    },
    environ_get: (): number => SUCCESS,
    clock_time_get: (_clock: number, _precision: bigint, at: number): number => putLong(at, 0),
    random_get(start: number, length: number): number {
      bytesAt(start, length).fill(0);
      return SUCCESS;
    },
    fd_prestat_get(descriptor: number, at: number): number {
      if (descriptor !== FOLDER) return BAD_DESCRIPTOR;
      put(at, 0);
      return put(at + 4, 1);
    },
    fd_prestat_dir_name(descriptor: number, start: number): number {
      if (descriptor !== FOLDER) return BAD_DESCRIPTOR;
      bytesAt(start, 1).set(encoder.encode('.'));
      return SUCCESS;
    },
    fd_write(descriptor: number, list: number, count: number, written: number): number {
      const own = open.get(descriptor);
      if (descriptor !== 1 && descriptor !== 2 && own?.file === undefined) return BAD_DESCRIPTOR;
      let total = 0;
      for (const bytes of buffers(list, count)) {
        total += bytes.length;
        if (own?.file === undefined) {
          const kept = bytes.slice(0, Math.max(0, MOST_PRINTED - printedBytes));
          printed.push(kept);
          printedBytes += kept.length;
        } else {
          own.file.write(own.position, bytes);
          own.position += bytes.length;
        }
      }
      return put(written, total);
    },
    fd_read(descriptor: number, list: number, count: number, taken: number): number {
      const own = open.get(descriptor);
      if (own?.file === undefined) return BAD_DESCRIPTOR;
      let total = 0;
      for (const target of buffers(list, count)) {
        const part = own.file.contents.subarray(own.position, own.position + target.length);
        target.set(part);
        own.position += part.length;
        total += part.length;
      }
      return put(taken, total);
    },
    fd_seek(descriptor: number, offset: bigint, whence: number, at: number): number {
      const own = open.get(descriptor);
      if (own?.file === undefined) return BAD_DESCRIPTOR;
      const position = Number(offset) + [0, own.position, own.file.length][whence];
      // Not a number where `whence` is none of the three.
      if (!(position >= 0)) return INVALID;
      own.position = position;
      return putLong(at, position);
    },
    fd_close: (descriptor: number): number => (open.delete(descriptor) ? SUCCESS : BAD_DESCRIPTOR),
    fd_filestat_get(descriptor: number, at: number): number {
      if (descriptor <= 2) return putStat(at, 0, 0);
      const own = open.get(descriptor);
      if (own === undefined && descriptor !== FOLDER) return BAD_DESCRIPTOR;
      return putStat(at, own?.file === undefined ? TYPE_FOLDER : TYPE_FILE, own?.file?.length ?? 0);
    },
    fd_readdir: (_descriptor: number, _start: number, _length: number, _cookie: bigint, used: number): number =>
      put(used, 0),
    path_open(
      _folder: number,
      _follow: number,
      start: number,
      length: number,
      flags: number,
      _rights: bigint,
      _inherited: bigint,
      _status: number,
      opened: number,
    ): number {
      const path = pathAt(start, length);
      let file = files.get(path);
      if (file === undefined && folders.has(path)) {
        if ((flags & CREATE) !== 0) return INVALID;
      } else if (file === undefined) {
        if ((flags & CREATE) === 0 || (flags & AS_FOLDER) !== 0) return ABSENT;
        files.set(path, (file = new MemoryFile(new Uint8Array())));
      } else if ((flags & EXCLUSIVE) !== 0) return EXISTS;
      else if ((flags & AS_FOLDER) !== 0) return INVALID;
      else if ((flags & TRUNCATE) !== 0) file.length = 0;
      open.set(nextDescriptor, { file, position: 0 });
      return put(opened, nextDescriptor++);
    },
    path_filestat_get(_folder: number, _follow: number, start: number, length: number, at: number): number {
      const path = pathAt(start, length);
      const file = files.get(path);
      if (file !== undefined) return putStat(at, TYPE_FILE, file.length);
      return folders.has(path) ? putStat(at, TYPE_FOLDER, 0) : ABSENT;
    },
    path_create_directory(_folder: number, start: number, length: number): number {
      const path = pathAt(start, length);
      if (folders.has(path) || files.has(path)) return EXISTS;
      folders.add(path);
      return SUCCESS;
    },
    path_remove_directory(_folder: number, start: number, length: number): number {
      return folders.delete(pathAt(start, length)) ? SUCCESS : ABSENT;
    },
    path_unlink_file(_folder: number, start: number, length: number): number {
      return files.delete(pathAt(start, length)) ? SUCCESS : ABSENT;
    },
    proc_exit(status: number): never {
      throw new Exit(status);
    },
  };

  const exports = new WebAssembly.Instance(program, { wasi_snapshot_preview1: host }).exports as Exports;
  ({ memory } = exports);
  let status = 0;
  try {
    exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) throw new ProgramStopped((error as Error).message, textOf(printed), { cause: error });
    ({ status } = error);
  }
  return {
    status,
    printed: textOf(printed),
    files: new Map(Array.from(files, ([path, file]) => [path, file.contents])),
  };
}

/** A program that did not end by itself; what it printed before. */
export class ProgramStopped extends Error {
  constructor(
    message: string,
    readonly printed: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join('');
}

/** A path without `.` and `..`, below the program's folder: `./a//b/../c` is `a/c`. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
