/** What helps where a build's keys are missing, damaged or for something else. */
import type { Manifest } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';

/**
 * How a build comes by keys that are missing, damaged or for something else: never by a command that drops those of a
 * ceremony.
 */
export function keysRemedy(folder: string, manifest: Pick<Manifest, 'keys' | 'unfinishedKey' | 'proofSystem'>): string {
  const { keys, unfinishedKey } = manifest;
  if (keys?.kind === 'ptau') {
    return `they were made by a ceremony: take its last key again: zkinfer setup ${folder} --ptau FILE --import KEY.zkey --force`;
  }
  if (keys !== undefined) return `make the keys again: zkinfer setup ${folder} --force`;
  if (unfinishedKey !== undefined) {
    return `${proofSystemOf(manifest).files.unfinishedKey} waits for contributions (zkinfer ceremony contribute); take the last key with: zkinfer setup ${folder} --ptau FILE --import KEY.zkey`;
  }
  return `make the keys with: zkinfer setup ${folder} (a key that a ceremony made is taken with --ptau FILE --import KEY.zkey)`;
}
