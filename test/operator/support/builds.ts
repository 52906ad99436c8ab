/**
 * Builds of the fixture models with development keys, made once for a machine: their contracts need solc for seconds.
 */
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../../src/cache.js';
import { chooseBackend } from '../../../src/groth16/backends.js';
import { buildGraph, decodeModel } from '../../../src/onnx/index.js';
import { readManifest, writeBuild } from '../../../src/workflow/build-folder.js';
import { verifierSource, writeVerifier } from '../../../src/workflow/contract.js';
import { buildFiles, type CompileOptions, compileOnnx } from '../../../src/workflow/compile.js';
import { parseInput, parseSamples, type Sample } from '../../../src/workflow/input-json.js';
import { setupBuild } from '../../../src/workflow/setup.js';
import { openWitness } from '../../../src/workflow/prove.js';
import { readVerificationKey } from '../../../src/workflow/verify.js';
import { fixtureFile, type Fixture } from '../../fixtures-compiled.js';

export interface FixtureBuild {
  readonly folder: string;
  /** An input the model was not trained on. */
  readonly input: Sample;
}

const made = new Map<string, Promise<FixtureBuild>>();

type Seen = Pick<CompileOptions, 'inputVisibility' | 'outputVisibility'>;

export function fixtureBuild(name: Fixture, seen: Seen = {}): Promise<FixtureBuild> {
  const key = `${name} ${seen.inputVisibility} ${seen.outputVisibility}`;
  const known = made.get(key) ?? make(name, seen);
  made.set(key, known);
  return known;
}

async function make(name: Fixture, seen: Seen): Promise<FixtureBuild> {
  const onnx = await readFile(fixtureFile(name, 'model.onnx'));
  const { inputs } = buildGraph(decodeModel(onnx));
  const input = parseInput(await readFile(fixtureFile(name, 'input.json'), 'utf8'), inputs, 'input.json');
  const calibration = parseSamples(
    await readFile(fixtureFile(name, 'calibration.json'), 'utf8'),
    inputs,
    'calibration.json',
  );
  const compiled = await compileOnnx(onnx, { name, calibration, ...seen });
  const folder = join(cacheFolder(), 'test-builds', `${name}-${compiled.manifest.circuitHash.slice(2, 18)}`);
  const usable = await Promise.all([
    readManifest(folder),
    readVerificationKey(folder),
    openWitness(folder),
    verifierSource(folder),
  ]).then(
    ([manifest]) =>
      manifest.files['Verifier.sol'] !== undefined && manifest.circuitHash === compiled.manifest.circuitHash,
    () => false,
  );
  if (usable) return { folder, input };
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  await writeBuild(fresh, compiled.manifest, buildFiles(compiled));
  await setupBuild(
    fresh,
    chooseBackend('auto', () => undefined),
  );
  await writeVerifier(fresh);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return { folder, input };
}
