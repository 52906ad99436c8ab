/** A forged claim for demonstrations and tests: a valid proof with another output in its public signals. */
import type { Manifest } from '../manifest.js';
import { packIntegers } from '../compile/packing.js';
import type { OutputReport } from './outputs.js';
import type { ProofFile } from './proof-json.js';

/** The same proof, claiming that the first output's elements are each one place further on: another class wins. */
export function forgeOutput(
  file: ProofFile,
  manifest: Pick<Manifest, 'outputs' | 'publicSignals'>,
  output: OutputReport,
): ProofFile {
  const { packing } = manifest.outputs[0];
  const { integers } = output;
  const rotated = integers.map((_, i) => integers[(i + integers.length - 1) % integers.length]);
  // A constant vector does not change when rotated; change its first element then.
  const claimed = rotated.every((value, i) => value === integers[i])
    ? integers.map((value, i) => (i === 0 ? value ^ 1 : value))
    : rotated;
  const words = packIntegers(claimed, packing);
  const publicSignals = file.publicSignals.map((signal, i) => {
    const { kind, tensor, word } = manifest.publicSignals[i];
    return kind === 'output' && tensor === 0 ? String(words[word as number]) : signal;
  });
  return { proof: file.proof, publicSignals };
}
