/**
 * The domain of a commitment: a field element that says what is committed to. It is the capacity element of the first
 * Poseidon block, so that the same words and salt are another commitment as an output than as an input, on another
 * grid, in another shape or number.
 *
 * The trap: the domain must be a constant of the circuit. As a private input it would be the prover's choice.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PortRole } from '../manifest.js';

const TAG = 'zkinfer commitment v2';

/**
 * The domain of a commitment to a port whose tensors lie on these grids (`PortTensor.grid`): below 2^248, hence a field
 * element.
 */
export function commitmentDomain(role: PortRole, grids: readonly object[]): bigint {
  const digest = sha256(utf8ToBytes(JSON.stringify([TAG, role, grids.length, grids])));
  return BigInt(`0x${bytesToHex(digest.subarray(0, 31))}`);
}

/** A double in its eight bytes: decimal text of two programs may differ. */
export function exact(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}
