/** A build whose key waits for contributions, small enough that snarkjs makes the powers of tau in seconds. */
import path from 'node:path';
import * as snarkjs from 'snarkjs';
import { writeBuild } from '../../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../../src/workflow/compile.js';
import { setupBuild } from '../../../src/workflow/setup.js';
import { backend, temporaryFolder } from '../../workflow/support/folders.js';
import { toyModel } from '../../workflow/support/toy.js';

export interface OpenCeremony {
  readonly key: string;
  readonly circuit: string;
  readonly powers: string;
  /** Path of another file beside them. */
  at(name: string): string;
}

/** Files of a ceremony that nobody has contributed to yet. */
export async function openCeremony(): Promise<OpenCeremony> {
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  // A public input needs no commitment, whose hash is most of a small circuit.
  const compiled = await compileOnnx(toyModel(), { name: 'toy', inputVisibility: 'public' });
  await writeBuild(folder, compiled.manifest, buildFiles(compiled));
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  await snarkjs.powersOfTau.newAccumulator(curve, Math.log2(compiled.manifest.circuit.domainSize), at('0.ptau'));
  await snarkjs.powersOfTau.contribute(at('0.ptau'), at('1.ptau'), 'test', 'entropy of a test');
  const powers = at('powers.ptau');
  await snarkjs.powersOfTau.preparePhase2(at('1.ptau'), powers);
  await setupBuild(folder, backend(), { ptau: powers });
  return { key: at('unfinished.zkey'), circuit: at('circuit.r1cs'), powers, at };
}
