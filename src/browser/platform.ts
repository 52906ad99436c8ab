/**
 * The parts of the browser's platform that are used here. TypeScript knows them only with the browser's types, which would
 * let every other room use them.
 */

/** A worker, as whoever started it sees it. */
export interface WorkerHandle {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  terminate(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
}

export interface FileHandle {
  getFile(): Promise<StoredFile>;
  createSyncAccessHandle(): Promise<AccessHandle>;
}

interface StoredFile {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Writes to a file in place. */
export interface AccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

export interface FolderHandle {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<FolderHandle>;
  getFileHandle(name: string, options: { readonly create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

interface Platform {
  readonly crossOriginIsolated?: boolean;
  readonly Worker: new (url: URL | string, options: { readonly type: 'module'; readonly name: string }) => WorkerHandle;
  readonly location: { readonly href: string };
  readonly navigator: {
    readonly hardwareConcurrency?: number;
    /** Gigabytes, in steps; not every browser says it. */
    readonly deviceMemory?: number;
    readonly storage?: { getDirectory?(): Promise<FolderHandle> };
  };
  readonly crypto: { readonly subtle?: { digest(name: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> } };
  readonly DecompressionStream: new (format: 'gzip') => never;
  readonly WebAssembly: {
    compileStreaming?(response: Promise<Response>): Promise<object>;
    compile(bytes: ArrayBuffer): Promise<object>;
  };
}

export const platform = globalThis as unknown as Platform;

/** The scope of a worker. */
export interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}
