/** Circuits for provers that read files only. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { writeAtomic } from '../atomic-file.js';
import { r1csChunks } from '../r1cs/r1cs-file.js';
import type { CircuitInput } from './types.js';

/** Gives the path of a circuit to `use`: of its file, or of one beside `place` that is there as long as `use` runs. */
export async function withCircuitFile<T>(
  circuit: CircuitInput,
  place: string,
  use: (r1cs: string) => Promise<T>,
): Promise<T> {
  if (typeof circuit === 'string') return await use(circuit);
  const temporary = `${place}.r1cs.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeAtomic(temporary, r1csChunks(circuit, { reuse: true }));
    return await use(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
