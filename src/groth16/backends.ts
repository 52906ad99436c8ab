/** Which prover runs: `native` where its binding loads, otherwise `snarkjs`, with a notice that says why. */
import { UsageError } from '../errors.js';
import { loadNative } from './native.js';
import { snarkjsBackend } from './snarkjs.js';
import type { Groth16Backend } from './types.js';

export type BackendChoice = Groth16Backend['name'] | 'auto';

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
