import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compile,
  createInference,
  createProver,
  inspect,
  openBuild,
  openCommitments,
  setup,
  submit,
  verifierContract,
  verify,
  deploy,
  type CompiledBuild,
  type Keys,
} from '../../src/index.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { backend, temporaryFolder } from '../workflow/support/folders.js';
import { toyModel } from '../workflow/support/toy.js';

const onnx = toyModel();
const input = [Float64Array.of(0.5, -0.25)];

describe("the library's verbs", function () {
  let build: CompiledBuild;
  let keys: Keys;
  before(async () => {
    build = await compile({ onnx, name: 'toy' });
    keys = await setup({ build, backend: backend() });
  });

  it('prove with builds and keys that are values, before anything is saved', async () => {
    assert.equal(build.folder, undefined);
    assert.equal(keys.kind, 'development');
    const prover = await createProver({ build, keys, backend: backend() });
    const { proof, publicSignals, outputs, salts } = await prover.prove({ input, context: 7n });
    await prover.close();
    const asked = { build, keys, backend: backend(), proof };
    assert.equal((await verify({ ...asked, publicSignals })).valid, true);
    const changed = publicSignals.map((signal, i) => (i === 0 ? String(BigInt(signal) + 1n) : signal));
    assert.equal((await verify({ ...asked, publicSignals: changed })).valid, false);
    const inference = await createInference({ build });
    // A context that is none is the caller's fault, not the build's, which may be used on.
    for (const context of [-1n, FIELD_MODULUS, 7, '7'] as bigint[])
      assert.throws(() => inference.infer({ input, context }), { name: 'InputFormatError', message: /context/ });
    // The same witness without a key, and what its commitment is of.
    const again = inference.infer({ input, context: 7n, salts });
    assert.deepEqual(again.publicSignals, publicSignals);
    assert.deepEqual(again.outputs, outputs);
    const opened = await openCommitments({ build, publicSignals, opening: { salts }, input });
    assert.equal(opened.input, true);
    const { source, contract } = await verifierContract({ build, keys });
    assert.match(source, new RegExp(`contract ${contract} `));
  });

  it('save a build and its keys where the command line finds them, and open them again', async () => {
    const folder = join(temporaryFolder(), 'saved');
    const kept = await compile({ onnx, name: 'toy' });
    await kept.save(folder);
    await keys.save(folder);
    assert.equal(kept.folder, folder);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('.tmp-')),
      [],
    );
    const opened = await openBuild(folder);
    assert.equal(opened.manifest.circuitHash, kept.manifest.circuitHash);
    assert.equal(opened.manifest.keys?.kind, 'development');
    const prover = await createProver({ build: opened, backend: backend() });
    const { proof, publicSignals } = await prover.prove({ input });
    await prover.close();
    // The saved keys are the same ones.
    assert.equal((await verify({ build, keys, backend: backend(), proof, publicSignals })).valid, true);
    await assert.rejects(keys.save(folder), { name: 'KeysExistError' });
    await assert.rejects(setup({ build: opened, backend: backend() }), { name: 'KeysExistError' });
    await assert.rejects(opened.save(temporaryFolder()), { name: 'UsageError' });
  });

  it('refuse keys of another circuit, and builds that are none', async () => {
    const other = await compile({ onnx, name: 'toy', outputVisibility: 'hashed' });
    await assert.rejects(createProver({ build: other, keys, backend: backend() }), { name: 'KeyMismatchError' });
    const folder = join(temporaryFolder(), 'other');
    await other.save(folder);
    await assert.rejects(keys.save(folder), { name: 'KeyMismatchError' });
    assert.equal(existsSync(join(folder, 'proving.zkey')), false);
    await assert.rejects(openBuild(temporaryFolder()), { name: 'BuildFolderError' });
    await assert.rejects(setup({ build: { ...build } }), /neither `compile` nor `openBuild` gave this/);
  });

  it('refuse keys that lie beside another build of the same circuit, whose scales and name would be taken', async () => {
    const named = await compile({ onnx, name: 'other' });
    assert.equal(named.manifest.circuitHash, build.manifest.circuitHash);
    const hashed = await compile({ onnx, name: 'toy', outputVisibility: 'hashed' });
    for (const other of [named, hashed]) {
      await assert.rejects(verifierContract({ build: other, keys }), { name: 'KeyMismatchError' });
      await assert.rejects(createProver({ build: other, keys, backend: backend() }), { name: 'KeyMismatchError' });
    }
    const folder = join(temporaryFolder(), 'named');
    await named.save(folder);
    await keys.save(folder);
    const { source, contract } = await verifierContract({ build: named });
    assert.match(source, new RegExp(`contract ${contract} `));
  });

  it('make keys for one build one after the other, so that none is half of another', async () => {
    const twice = await compile({ onnx, name: 'toy' });
    for (let round = 0; round < 3; round += 1) {
      const made = await Promise.all([1, 2].map(() => setup({ build: twice, backend: backend(), force: true })));
      const prover = await createProver({ build: twice, backend: backend() });
      const { proof, publicSignals } = await prover.prove({ input });
      await prover.close();
      const asked = { build: twice, backend: backend(), proof, publicSignals };
      for (const one of made) assert.equal((await verify({ ...asked, keys: one })).valid, true);
    }
    const unforced = [1, 2].map(() => setup({ build: twice, backend: backend() }));
    for (const one of unforced) await assert.rejects(one, { name: 'KeysExistError' });
    const fresh = await compile({ onnx, name: 'toy' });
    const both = await Promise.allSettled([1, 2].map(() => setup({ build: fresh, backend: backend() })));
    assert.deepEqual(both.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : one.status)).sort(), [
      'KeysExistError',
      'fulfilled',
    ]);
  });

  it('notice that the folder of a build holds another one now', async () => {
    const folder = join(temporaryFolder(), 'build');
    const first = await compile({ onnx, name: 'toy' });
    await first.save(folder);
    const opened = await openBuild(folder);
    const other = await compile({ onnx: toyModel({ turned: true }), name: 'toy' });
    await other.save(folder);
    for (const gone of [first, opened])
      await assert.rejects(createInference({ build: gone }), { name: 'BuildMismatchError' });
    assert.deepEqual((await createInference({ build: other })).manifest.modelHash, other.manifest.modelHash);
    await first.save(folder);
    assert.equal((await createInference({ build: opened })).manifest.modelHash, first.manifest.modelHash);
  });

  it('take no build to a chain that would forget it', async () => {
    await assert.rejects(deploy({ build }), /save it first/);
    await assert.rejects(submit({ build, proof: { proof: {} as never, publicSignals: [] } }), /save it first/);
  });

  it('tell what is in a model', async () => {
    const { supported, constraints } = await inspect({ onnx, name: 'toy' });
    assert.equal(supported, true);
    assert.equal(constraints, build.manifest.circuit.constraints);
  });

  it('leave nothing in the temporary folder when the process ends', async () => {
    const { spawnSync } = await import('node:child_process');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('zkinfer-build-'));
    const program = `
      const { createInference, compile } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)});
      const build = await compile({ onnx: Buffer.from('${Buffer.from(onnx).toString('base64')}', 'base64'), name: 'toy' });
      await createInference({ build });`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('zkinfer-build-'));
    assert.deepEqual(
      after.filter((name) => !before.includes(name)),
      [],
    );
  });
});
