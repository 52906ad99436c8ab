/** Which prover runs: `native` where its binding loads, otherwise `snarkjs`, with a notice that says why. */
import { UsageError } from '../errors.js';
import { loadNative } from './native.js';
import type { Ceremony } from './ceremony.js';
import type { Groth16Backend } from './types.js';

export type BackendChoice = Groth16Backend['name'] | 'auto';

const snarkjs = async (): Promise<Groth16Backend> => (await import('./snarkjs.js')).snarkjsBackend;
const ceremony = async (): Promise<Ceremony> => (await snarkjs()).ceremony;

/** snarkjs's backend, loaded when something is asked of it. */
const snarkjsBackend: Groth16Backend = {
  name: 'snarkjs',
  setup: async (...args) => (await snarkjs()).setup(...args),
  importKey: async (...args) => (await snarkjs()).importKey(...args),
  loadKey: async (...args) => (await snarkjs()).loadKey(...args),
  verify: async (...args) => (await snarkjs()).verify(...args),
  ceremony: {
    contribute: async (...args) => (await ceremony()).contribute(...args),
    applyBeacon: async (...args) => (await ceremony()).applyBeacon(...args),
    verifyKey: async (...args) => (await ceremony()).verifyKey(...args),
    checkPowers: async (...args) => (await ceremony()).checkPowers(...args),
    inspectKey: async (...args) => (await ceremony()).inspectKey(...args),
  },
};

/**
 * The backend for `choice`. With `auto`, `notice` hears why the native one is not used, if it is not.
 * Throws UsageError if `native` is asked for and cannot be had.
 */
export function chooseBackend(choice: BackendChoice, notice: (text: string) => void): Groth16Backend {
  if (choice === 'snarkjs') return snarkjsBackend;
  const native = loadNative();
  if ('backend' in native) return native.backend;
  if (choice === 'native') throw new UsageError(native.reason);
  notice(`Taking snarkjs, which is much slower: ${native.reason}.`);
  return snarkjsBackend;
}
