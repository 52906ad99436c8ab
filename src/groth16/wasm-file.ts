import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of the Rust prover as a WebAssembly module, or why there is none. */
export function findWasmModule(): { readonly path: string } | { readonly reason: string } {
  const path = fileURLToPath(new URL('../../native/zkinfer.wasm', import.meta.url));
  if (existsSync(path)) return { path };
  return {
    reason:
      'the WebAssembly prover is not built; `npm run build:wasm` builds it where a Rust toolchain for ' +
      'wasm32-unknown-unknown is installed',
  };
}
