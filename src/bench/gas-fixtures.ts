/**
 * Builds to measure transactions of: real models with real proofs, given as folders or compiled from `fixtures/` here.
 */
import { join } from 'node:path';
import type { Groth16Backend } from '../groth16/types.js';
import { rowsInRun } from '../integer/batch.js';
import { middleInputs } from '../integer/encode.js';
import { joinSamples } from '../workflow/batch-input.js';
import { writeBuild } from '../workflow/build-folder.js';
import { buildFiles, compileOnnx, type CompileOptions } from '../workflow/compile.js';
import { readFixture } from '../workflow/fixture.js';
import { openProver } from '../workflow/prove.js';
import { setupBuild } from '../workflow/setup.js';
import { readVerificationKey } from '../workflow/verify.js';
import type { GasSubject } from './gas-attest.js';

export interface OpenSubject extends GasSubject {
  close(): Promise<void>;
}

/** What a proof of a fixture is of, where it is more or less than one inference's output. */
export type FixtureProof = Pick<CompileOptions, 'batch' | 'classOnly' | 'scores'>;

/** Compiles `fixtures/<name>` into `folder`, with development keys. */
export async function buildFixture(
  name: string,
  folder: string,
  backend: Groth16Backend,
  proof: FixtureProof = {},
): Promise<string> {
  const { onnx, calibration } = await readFixture(name);
  const compiled = await compileOnnx(onnx, { name, calibration, ...proof });
  const build = join(folder, [name, proof.batch, proof.classOnly && 'class'].filter(Boolean).join('-'));
  await writeBuild(build, compiled.manifest, buildFiles(compiled));
  await setupBuild(build, backend, { force: true });
  return build;
}

/**
 * The build in `folder` as a subject: proofs of the input in the middle of the declared range, each with a salt of its
 * own.
 */
export async function openSubject(folder: string, backend: Groth16Backend): Promise<OpenSubject> {
  const prover = await openProver(folder, backend);
  const { inputs } = prover.model;
  const rows = new Array<Float64Array[]>(rowsInRun(prover.model)).fill(middleInputs(inputs));
  const input = joinSamples(rows, { inputs, batch: rows.length });
  return {
    manifest: prover.manifest,
    key: await readVerificationKey(folder),
    prove: (context) => prover.prove(input, { context }),
    close: () => prover.close(),
  };
}
