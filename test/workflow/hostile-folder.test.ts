/** A build folder that somebody else made, all its hashes sound, and its parts not what they say. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { KeyMismatchError } from '../../src/groth16/key-mismatch.js';
import { loadNative } from '../../src/groth16/native.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import type { VerificationKey } from '../../src/groth16/types.js';
import { type Manifest } from '../../src/manifest.js';
import { serveModels } from '../../src/operator/served-models.js';
import { auditBuild } from '../../src/workflow/audit.js';
import { addToBuild, hashFile, readManifest, writeBuild, writeManifest } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { deployBuild, writeVerifier } from '../../src/workflow/contract.js';
import { openProver, openWitness } from '../../src/workflow/prove.js';
import { BuildMismatchError } from '../../src/workflow/public-signals.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import { backend, temporaryFolder, toyBuild } from './support/folders.js';
import { toyModel } from './support/toy.js';

const INPUT = [Float64Array.of(0.5, -0.25)];

describe('a build folder from somebody else', () => {
  /** The toy model with a public input, and keys. */
  let open: string;

  before(async () => {
    open = path.join(temporaryFolder(), 'open');
    const compiled = await compileOnnx(toyModel(), { name: 'toy', inputVisibility: 'public' });
    await writeBuild(open, compiled.manifest, buildFiles(compiled));
    await setupBuild(open, backend());
  });

  /** Puts files of another build in, and makes the manifest's hashes fit. */
  async function exchange(
    folder: string,
    from: string,
    names: readonly string[],
    change: Partial<Manifest> = {},
  ): Promise<void> {
    for (const name of names) copyFileSync(path.join(from, name), path.join(folder, name));
    const manifest = await readManifest(folder);
    const files = { ...manifest.files };
    for (const name of names) files[name] = await hashFile(path.join(folder, name));
    await writeManifest(folder, { ...manifest, ...change, files });
  }

  const infer = async (folder: string): Promise<unknown> => {
    const prover = await openProver(folder, backend());
    try {
      return await prover.prove(INPUT);
    } finally {
      await prover.close();
    }
  };

  it('whose key is of another circuit is refused, by either backend', async () => {
    const folder = await toyBuild();
    await exchange(folder, open, ['proving.zkey', 'verification_key.json']);
    const native = loadNative();
    for (const prover of ['backend' in native ? [native.backend] : [], snarkjsBackend].flat()) {
      await assert.rejects(
        openProver(folder, prover),
        (error: Error) =>
          error instanceof BuildMismatchError && /the proving key is for a circuit with/.test(error.message),
        prover.name,
      );
    }
  });

  it("whose verification key is another's is refused by prover, verify, deploy, solidity and operator, wherever it differs", async () => {
    const key = async (folder: string): Promise<VerificationKey> =>
      JSON.parse(readFileSync(path.join(folder, 'verification_key.json'), 'utf8')) as VerificationKey;
    const own = await key(await toyBuild());
    const other = await key(open);
    const swapped: [VerificationKey, RegExp][] = [
      [
        { ...own, nPublic: own.nPublic + 1, IC: [...own.IC, own.IC[0]] },
        /it is for 4 public signals, the proving key for 3/,
      ],
      [other, /its alpha is another/],
      [{ ...own, vk_alpha_1: other.vk_alpha_1 }, /its alpha is another/],
      [{ ...own, vk_beta_2: other.vk_beta_2 }, /its beta is another/],
      [{ ...own, vk_gamma_2: other.vk_beta_2 }, /its gamma is another/],
      [{ ...own, vk_delta_2: other.vk_delta_2 }, /its delta is another/],
      [{ ...own, IC: [...own.IC.slice(0, -1), own.IC[0]] }, /its point IC\[\d+\] is another/],
    ];
    for (const [written, why] of swapped) {
      const folder = await toyBuild();
      await addToBuild(folder, {}, { 'verification_key.json': () => [JSON.stringify(written)] });
      const refused = (error: Error): boolean =>
        (error as KeyMismatchError).code === 'KEY_MISMATCH' &&
        why.test(error.message) &&
        error.message.includes('zkinfer setup');
      const proof = { proof: {} as never, publicSignals: [] };
      const uses = [
        () => openProver(folder, backend()),
        () => verifyProof(folder, backend(), proof),
        () => deployBuild(folder, {}),
        () => writeVerifier(folder),
        () => serveModels({} as never, [folder]),
      ];
      for (const [i, use] of uses.entries()) await assert.rejects(use(), refused, `use ${i}, ${String(why)}`);
      // Whoever has the verification key alone has nothing to compare it with.
      rmSync(path.join(folder, 'proving.zkey'));
      await readVerificationKey(folder);
    }
  });

  it('whose model and plan are of other weights than its key gives no proof', async () => {
    const folder = await toyBuild();
    const other = path.join(temporaryFolder(), 'other');
    const compiled = await compileOnnx(toyModel({ turned: true }), { name: 'toy' });
    await writeBuild(other, compiled.manifest, buildFiles(compiled));
    await exchange(folder, other, ['integer-model.json', 'circuit.plan']);
    await assert.rejects(
      infer(folder),
      (error: Error) =>
        error instanceof BuildMismatchError && /does not verify under the build's key/.test(error.message),
    );
  });

  it('whose circuit publishes the input under the name of an output is refused', async () => {
    const folder = await toyBuild();
    const hidden = await readManifest(folder);
    const { publicSignals, circuit, circuitHash } = await readManifest(open);
    const renamed = publicSignals.map((signal) =>
      signal.kind === 'input' ? { ...signal, kind: 'output' as const } : signal,
    );
    const parts = ['proving.zkey', 'verification_key.json', 'circuit.plan', 'circuit.r1cs'];
    await exchange(folder, open, parts, { publicSignals: renamed, circuit, circuitHash });
    assert.equal(hidden.visibility.input, 'hashed');
    await assert.rejects(infer(folder), BuildMismatchError);
  });

  it('whose circuit publishes the input in the place of its commitment is refused before the proof', async () => {
    // The plan's public wire of the commitment is filled with the first input instead of the hash.
    const folder = await toyBuild();
    const witness = await openWitness(folder);
    const place = witness.manifest.publicSignals.findIndex(({ kind }) => kind === 'inputCommitment');
    const format = await import('../../src/compile/witness-plan-file.js');
    const plan = format.decodeWitnessPlan(new Uint8Array(readFileSync(path.join(folder, 'circuit.plan'))));
    const step = plan.outputWire.findIndex((wire) => wire === 1 + place);
    const gadget = plan.gadget.slice();
    gadget[step] = -1;
    writeFileSync(path.join(folder, 'circuit.plan'), format.encodeWitnessPlan({ ...plan, gadget }));
    await exchange(folder, folder, []);
    const manifest = await readManifest(folder);
    await writeManifest(folder, {
      ...manifest,
      files: { ...manifest.files, 'circuit.plan': await hashFile(path.join(folder, 'circuit.plan')) },
    });
    await assert.rejects(infer(folder), BuildMismatchError);
  });

  it('whose manifest describes other outputs than the model has is refused, by prover and by deploy', async () => {
    const changes: ((manifest: Manifest) => Partial<Manifest>)[] = [
      ({ outputs }) => ({ outputs: outputs.map((output) => ({ ...output, scale: 2 * output.scale })) }),
      ({ outputs }) => ({
        outputs: outputs.map((output) => ({
          ...output,
          packing: { ...output.packing, offset: output.packing.offset + 1 },
        })),
      }),
      ({ outputs }) => ({ outputs: outputs.map((output) => ({ ...output, shape: [...output.shape].reverse() })) }),
      ({ inputs }) => ({ inputs: [...inputs, ...inputs] }),
      // A contract would pack numbers that run into one another.
      ({ outputs }) => ({
        outputs: outputs.map((output) => ({
          ...output,
          range: [output.range[0], 4 * output.range[1]] as [number, number],
        })),
      }),
      ({ inputs }) => ({
        inputs: inputs.map((input) => ({ ...input, range: [2 * input.range[0], input.range[1]] as [number, number] })),
      }),
      ({ inputs }) => ({ inputs: inputs.map((input) => ({ ...input, elementScale: [1, 1] })) }),
      ({ inputs }) => ({
        inputs: inputs.map((input) => ({ ...input, packing: { ...input.packing, offset: input.packing.offset - 1 } })),
      }),
      ({ visibility }) => ({ visibility: { ...visibility, output: 'hashed' as const } }),
    ];
    for (const [i, change] of changes.entries()) {
      const folder = await toyBuild();
      const manifest = await readManifest(folder);
      await writeManifest(folder, { ...manifest, ...change(manifest) });
      await assert.rejects(openWitness(folder), BuildMismatchError, `change ${i}`);
      await assert.rejects(writeVerifier(folder), BuildMismatchError, `change ${i}`);
    }
  });

  it('whose manifest tells of a ceremony that the key does not name is refused, by prover and audit', async () => {
    const folder = await toyBuild();
    const manifest = await readManifest(folder);
    const contributions = [{ kind: 'contribution' as const, hash: 'ab'.repeat(64), name: 'somebody known' }];
    await writeManifest(folder, { ...manifest, keys: { ...manifest.keys!, kind: 'ptau', contributions } });
    await assert.rejects(
      openProver(folder, backend()),
      (error: Error) =>
        error instanceof BuildMismatchError && /names? (no contribution|another|other)/.test(error.message),
    );
    const { findings } = await auditBuild(folder);
    assert.deepEqual(
      findings.filter(({ subject }) => subject === 'ceremony').map(({ verdict }) => verdict),
      ['failed'],
    );
  });

  it('whose Verifier.sol is not what this package writes is neither deployed nor served', async () => {
    const folder = await toyBuild();
    const { source } = await writeVerifier(folder);
    const trusting = source.replace(/function verifyProof[^{]*\{/, (head) => `${head} if (gasleft() > 0) return true;`);
    assert.notEqual(trusting, source);
    await addToBuild(folder, {}, { 'Verifier.sol': () => [trusting] });
    await assert.rejects(deployBuild(folder, {}), BuildMismatchError);
    await assert.rejects(serveModels({} as never, [folder]), BuildMismatchError);
  });
});
