/** A model's public signals without a model, for measurements and tests of what depends on them alone. */
import { createHash } from 'node:crypto';
import type { VerifierManifest } from '../solidity/index.js';

/**
 * The part of a manifest that a verifier is made from: [output words, input commitment, context], from the right as
 * many as `signals` has room for. `elements` outputs of `bits` bits share the words as evenly as a model's would.
 */
export function signalLayout(
  name: string,
  signals: number,
  elements = Math.max(0, signals - 2),
  bits = 253,
): VerifierManifest {
  const words = Math.max(0, signals - 2);
  const packing = { offset: 0, bits, perWord: Math.max(1, Math.ceil(elements / Math.max(1, words))), words };
  const tensor = { scale: 1, range: [0, 2 ** Math.min(bits, 53) - 1] as [number, number] };
  const hash = (text: string) => `0x${createHash('sha256').update(text).digest('hex')}`;
  return {
    name,
    modelHash: hash(`${name} model`),
    circuitHash: hash(`${name} circuit`),
    inputs: [{ ...tensor, name: 'input', shape: [1, 4], packing: { offset: 0, bits: 8, perWord: 4, words: 1 } }],
    outputs: [{ ...tensor, name: 'output', shape: [1, elements], packing, scores: false }],
    publicSignals: [
      ...Array.from({ length: words }, (_, word) => ({ kind: 'output' as const, tensor: 0, word })),
      ...(signals >= 2 ? [{ kind: 'inputCommitment' as const }] : []),
      { kind: 'context' as const },
    ],
  };
}
