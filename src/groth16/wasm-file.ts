import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the Rust prover is as a WebAssembly module: the plain one, and the one with threads if it is there. */
export interface WasmFiles {
  readonly path: string;
  readonly withThreads?: string;
}

/** The modules, or why there is none. */
export function findWasmModule(): WasmFiles | { readonly reason: string } {
  const at = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const path = at('native/zkinfer.wasm');
  // A package has the latter where it is for browsers.
  const withThreads = ['native/zkinfer-threads.wasm', 'dist/web/zkinfer-threads.wasm'].map(at).find(existsSync);
  if (existsSync(path)) return { path, ...(withThreads === undefined ? {} : { withThreads }) };
  return {
    reason:
      'the WebAssembly prover is not built; `npm run build:wasm` builds it where a Rust toolchain for ' +
      'wasm32-unknown-unknown is installed',
  };
}
