/**
 * Which prover runs: `native` where its addon loads, otherwise `wasm` where its module is built, otherwise `snarkjs`, with a
 * notice that says why.
 */
import { UsageError } from '../errors.js';
import { loadNative } from './native.js';
import type { Ceremony } from './ceremony.js';
import type { Groth16Backend } from './types.js';
import { findWasmModule } from './wasm-file.js';

export type BackendChoice = Groth16Backend['name'] | 'auto';

/** A backend whose code is loaded when something is asked of it. */
function loadedLater(name: Groth16Backend['name'], load: () => Promise<Groth16Backend>): Groth16Backend {
  const ceremony = async (): Promise<Ceremony> => (await load()).ceremony;
  return {
    name,
    setup: async (...args) => (await load()).setup(...args),
    importKey: async (...args) => (await load()).importKey(...args),
    loadKey: async (...args) => (await load()).loadKey(...args),
    verify: async (...args) => (await load()).verify(...args),
    ceremony: {
      contribute: async (...args) => (await ceremony()).contribute(...args),
      applyBeacon: async (...args) => (await ceremony()).applyBeacon(...args),
      verifyKey: async (...args) => (await ceremony()).verifyKey(...args),
      checkPowers: async (...args) => (await ceremony()).checkPowers(...args),
      inspectKey: async (...args) => (await ceremony()).inspectKey(...args),
    },
  };
}

const snarkjsBackend = loadedLater('snarkjs', async () => (await import('./snarkjs.js')).snarkjsBackend);
const wasmBackend = loadedLater('wasm', async () => (await import('./wasm.js')).wasmBackend());

/** A backend, or why it cannot be had. */
type Found = { readonly backend: Groth16Backend } | { readonly reason: string };

function findWasm(): Found {
  const found = findWasmModule();
  return 'reason' in found ? found : { backend: wasmBackend };
}

/**
 * The backend for `choice`. With `auto`, `notice` hears why the native one is not used, if it is not. `rust` finds the
 * bindings of the Rust prover.
 * Throws UsageError if the one that is asked for cannot be had.
 */
export function chooseBackend(
  choice: BackendChoice,
  notice: (text: string) => void,
  rust: { readonly native: () => Found; readonly wasm: () => Found } = { native: loadNative, wasm: findWasm },
): Groth16Backend {
  if (choice === 'snarkjs') return snarkjsBackend;
  const native = choice === 'wasm' ? undefined : rust.native();
  if (native !== undefined && 'backend' in native) return native.backend;
  if (choice === 'native') throw new UsageError(native!.reason);
  const wasm = rust.wasm();
  if ('backend' in wasm) {
    if (native !== undefined) notice(`Taking the WebAssembly prover, which is slower: ${native.reason}.`);
    return wasm.backend;
  }
  if (choice === 'wasm') throw new UsageError(wasm.reason);
  notice(`Taking snarkjs, which is much slower: ${native!.reason}; ${wasm.reason}.`);
  return snarkjsBackend;
}
