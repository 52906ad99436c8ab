/**
 * The domain of a commitment: a field element that says what is committed to. It is the capacity element of the first Poseidon block, so
 * that the same words and salt are another commitment as an output than as an input, on another grid, in another shape or number.
 *
 * The trap: the domain must be a constant of the circuit. As a private input it would be the prover's choice.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { IntegerInput, IntegerModel } from '../quantize/integer-model.js';
import type { PackingPlan } from './packing.js';

/** Which side of the circuit a commitment is of. */
export type CommitmentSide = 'input' | 'output';

const TAG = 'zkinfer commitment v2';

/** The domains of a model's commitments, by side: below 2^248, hence field elements. */
export function commitmentDomains(model: Pick<IntegerModel, 'inputs' | 'outputs'>, outputPackings: readonly PackingPlan[]): Record<CommitmentSide, bigint> {
  return {
    input: domainOf('input', model.inputs.map(describeInput)),
    output: domainOf(
      'output',
      model.outputs.map(({ shape, scale }, k) => ({ shape, offset: outputPackings[k].offset, bits: outputPackings[k].bits, scale: [exact(scale)] })),
    ),
  };
}

function describeInput({ shape, bits, scale, low }: IntegerInput): object {
  return { shape, bits, scale: Array.from(scale, exact), low: Array.from(low) };
}

/** A double in its eight bytes: decimal text of two programs may differ. */
function exact(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

function domainOf(side: CommitmentSide, tensors: readonly object[]): bigint {
  const digest = sha256(utf8ToBytes(JSON.stringify([TAG, side, tensors.length, tensors])));
  return BigInt(`0x${bytesToHex(digest.subarray(0, 31))}`);
}
