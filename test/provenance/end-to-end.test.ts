import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFixture } from '../../src/bench/gas-fixtures.js';
import {
  developmentSigner,
  NotDeployedError,
  readDeployment,
  registerModel,
  RevertedError,
} from '../../src/chain/index.js';
import { UsageError } from '../../src/errors.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import {
  RegisteredModelError,
  CheckpointError,
  type Contributor,
  drawLineageText,
  readLineage,
  recordContent,
  signContent,
  SignatureError,
  verifyContent,
} from '../../src/provenance/index.js';
import { compileCached, contextFor } from '../../src/solidity/index.js';
import { linkModelVersion } from '../../src/provenance/ledger.js';
import { readArtifact } from '../../src/provenance/read-ledger.js';
import { readCheckpoints } from '../../src/provenance/record-content.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { compileVerifier, deployBuild, registerBuild, submitProof, withSender } from '../../src/workflow/contract.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import { proofBinding } from '../../src/workflow/proof-binding.js';
import { openProver } from '../../src/workflow/prove.js';
import { fails, zkinfer, zkinferJson } from '../cli/support/zkinfer.js';

describe('a trained model from its data to its attestation', () => {
  const EPOCHS = 12;
  let folder: string;
  let build: string;
  let attestation: string;
  const ids: Record<string, string> = {};
  const path = (...names: string[]) => join(folder, ...names);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-provenance-'));
    const backend = chooseBackend('auto', () => undefined);
    build = await buildFixture('tabular', folder, backend);
    await deployBuild(build, {});
    await registerBuild(build, {});
    const prover = await openProver(build, backend);
    const { input_data: rows } = JSON.parse(
      await readFile(new URL('../../fixtures/tabular/input.json', import.meta.url), 'utf8'),
    ) as { input_data: number[][] };
    const binding = (await proofBinding(build, { account: developmentSigner().address, nonce: 1n }))!;
    const proved = await prover.prove(
      rows.map((row) => Float64Array.from(row.flat())),
      { context: contextFor(binding) },
    );
    await prover.close();
    attestation = (await submitProof(build, { ...proved, binding }, {})).attestation!.id;

    const fixture = new URL('../../fixtures/tabular/', import.meta.url);
    await mkdir(path('data', 'parts'), { recursive: true });
    await cp(new URL('calibration.json', fixture), path('data', 'parts', 'calibration.json'));
    await cp(new URL('input.json', fixture), path('data', 'input.json'));
    await writeFile(path('run.yaml'), 'epochs: 12\nseed: 7\n');
    await mkdir(path('checkpoints'));
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      await mkdir(path('checkpoints', `epoch-${epoch}`));
      await writeFile(path('checkpoints', `epoch-${epoch}`, 'weights.bin'), Buffer.alloc(1_000, epoch));
      await writeFile(path('checkpoints', `epoch-${epoch}`, 'optimizer.bin'), Buffer.alloc(500, epoch));
    }
    await cp(new URL('model.onnx', fixture), path('model.onnx'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is recorded step by step, once each, with the signature of a contributor who is elsewhere', async () => {
    const curator = developmentSigner(3);
    const contributors: Contributor[] = [
      { account: developmentSigner().address, weight: 1 },
      { account: curator.address, weight: 3 },
    ];
    const options = { kind: 'data-set' as const, licence: 'CC-BY-4.0', contributors };
    await assert.rejects(recordContent(build, path('data'), options), SignatureError);
    const before = process.env.ZKINFER_PRIVATE_KEY;
    process.env.ZKINFER_PRIVATE_KEY = curator.privateKey;
    const { signature, artifactId } = await signContent(build, path('data'), options).finally(() => {
      if (before === undefined) delete process.env.ZKINFER_PRIVATE_KEY;
      else process.env.ZKINFER_PRIVATE_KEY = before;
    });
    const data = await recordContent(build, path('data'), { ...options, signatures: [signature] });
    assert.equal(data.artifactId, artifactId);
    ids.data = data.artifactId;
    ids.run = (
      await recordContent(build, path('run.yaml'), { kind: 'training-run', parents: [ids.data], parentsBps: 2_000 })
    ).artifactId;
    const batch = await recordContent(build, path('checkpoints'), {
      kind: 'checkpoint-batch',
      parents: [ids.run],
      parentsBps: 10_000,
    });
    assert.deepEqual([batch.checkpoints, batch.files, batch.bytes], [EPOCHS, 2 * EPOCHS, 1_500 * EPOCHS]);
    ids.batch = batch.artifactId;
    assert.equal(
      (
        await recordContent(build, path('checkpoints'), {
          kind: 'checkpoint-batch',
          parents: [ids.run],
          parentsBps: 10_000,
        })
      ).alreadyRecorded,
      true,
    );
  });

  it('is linked to its registered model through a checkpoint shown to be in the batch', async () => {
    const options = {
      kind: 'model-version' as const,
      parents: [ids.batch],
      parentsBps: 5_000,
      licence: 'MIT',
      model: 'own' as const,
    };
    await assert.rejects(recordContent(build, path('model.onnx'), options), UsageError);
    await assert.rejects(recordContent(build, path('model.onnx'), { ...options, step: 99n }), CheckpointError);
    await assert.rejects(
      recordContent(build, path('model.onnx'), { ...options, step: 12n, modelVersion: 9 }),
      (error: Error) => error instanceof RevertedError && error.errorName === 'ModelVersionNotFound',
    );
    // Another file is not recorded as the registered model; nor is a folder without the registered file.
    await writeFile(path('other.onnx'), 'another network');
    await assert.rejects(recordContent(build, path('other.onnx'), { ...options, step: 12n }), RegisteredModelError);
    await assert.rejects(recordContent(build, path('data'), { ...options, step: 12n }), RegisteredModelError);
    const { artifactId, link } = await recordContent(build, path('model.onnx'), { ...options, step: 12n });
    ids.model = artifactId;
    assert.match(link!.transaction!, /^0x/);
    assert.equal((await recordContent(build, path('model.onnx'), { ...options, step: 12n })).link!.transaction, null);
    await assert.rejects(
      recordContent(build, path('model.onnx'), { ...options, step: 11n }),
      (error: Error) => error instanceof RevertedError && error.errorName === 'ArtifactAlreadyLinked',
    );
  });

  it('leads from the attestation back to the data set, in text and in SVG', async () => {
    const lineage = await readLineage(build, { attestation });
    assert.deepEqual(
      lineage.artifacts.map(({ id }) => id),
      [ids.data, ids.run, ids.batch, ids.model],
    );
    assert.equal(lineage.attestation?.id, attestation);
    assert.match(
      drawLineageText(lineage),
      /^attestation .*\n└─ model 1, version 1 .*\n {3}└─ model version .*\n {6}└─ checkpoints .*used: .*\n {9}└─ training run .*\n {12}└─ data set .*CC-BY-4\.0/,
    );
    const svg = path('lineage.svg');
    const { stdout, status, stderr } = await zkinfer([
      'provenance',
      'lineage',
      '--attestation',
      attestation,
      '--build',
      build,
      '--svg',
      svg,
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${drawLineageText(lineage)}\ndrawn in ${svg}\n`);
    assert.equal((await readFile(svg, 'utf8')).match(/<g>/g)?.length, 6);
  });

  it('is verified by its files, and the first of them that differs is named', async () => {
    for (const [name, id] of [
      ['data', ids.data],
      ['run.yaml', ids.run],
      ['checkpoints', ids.batch],
      ['model.onnx', ids.model],
    ]) {
      assert.equal((await verifyContent(build, path(name), { artifact: id })).matches, true, name);
    }
    assert.equal((await verifyContent(build, path('model.onnx'), { model: 1n, modelVersion: 1 })).matches, true);
    assert.equal(
      (await verifyContent(build, path('checkpoints', 'epoch-5'), { artifact: ids.batch, step: 5n })).matches,
      true,
    );
    assert.equal(
      (await verifyContent(build, path('checkpoints', 'epoch-5'), { artifact: ids.batch, step: 6n })).difference?.path,
      'optimizer.bin',
    );
    await appendFile(path('data', 'parts', 'calibration.json'), ' ');
    await writeFile(path('checkpoints', 'epoch-7', 'weights.bin'), 'tampered');
    const changed = await zkinferJson(
      ['provenance', 'verify', path('data'), '--artifact', ids.data, '--build', build],
      1,
    );
    assert.deepEqual(
      [changed.matches, (changed.difference as { path: string }).path],
      [false, 'parts/calibration.json'],
    );
    assert.equal(
      (await verifyContent(build, path('checkpoints'), { artifact: ids.batch })).difference?.path,
      'epoch-7/weights.bin',
    );
    await rm(path('checkpoints', 'epoch-3'), { recursive: true });
    assert.deepEqual(
      { ...(await verifyContent(build, path('checkpoints'), { artifact: ids.batch })).difference, recorded: '' },
      { path: 'epoch-3', how: 'missing', recorded: '' },
    );
    const elsewhere = await verifyContent(build, path('data'), { artifact: ids.data, store: path('empty') });
    assert.equal(elsewhere.matches, false);
    assert.match(elsewhere.note ?? '', /does not have/);
  });

  it('is found whole in the store, whose bytes are hashed again', async () => {
    for (const artifact of Object.values(ids))
      assert.ok((await verifyContent(build, undefined, { artifact })).stored!.blocks > 0);
  });

  it('is not confirmed by another ONNX file that its owner linked it to', async () => {
    // Registered once more, and linked past this package's commands: the ledger takes its owner's word.
    const [registry, ledger] = await withSender(build, {}, async ({ rpc }) => {
      const { registry: one, provenance } = await readDeployment(build, rpc);
      return [one!.address, provenance!.address];
    });
    const { artifactId: other } = await recordContent(build, path('other.onnx'), {
      kind: 'model-version',
      parents: [ids.batch],
      parentsBps: 5_000,
    });
    await withSender(build, {}, async (sender, chain) => {
      const { attestations, verifier } = await readDeployment(build, chain.rpc);
      assert.ok(attestations && verifier);
      const [manifest, key] = [await readManifest(build), await readVerificationKey(build)];
      const { modelId } = await registerModel(sender, registry, {
        manifest,
        key,
        verifier: verifier.address,
        artifact: await compileVerifier(build, compileCached),
        uri: 'linked to another file',
      });
      const inclusion = (await readCheckpoints(build, await readArtifact(sender.rpc, ledger, ids.batch))).prove(12n);
      await linkModelVersion(sender, ledger, {
        modelId,
        version: 1,
        artifactId: other,
        checkpointId: ids.batch,
        inclusion,
      });
      await chain.save();
      assert.equal(modelId, 2n);
    });
    for (const named of [{ artifact: other }, { model: 2n, modelVersion: 1 }]) {
      const found = await verifyContent(build, path('other.onnx'), named);
      assert.deepEqual(
        [found.local === found.recorded, found.registered?.matches, found.matches],
        [true, false, false],
      );
      assert.equal((await verifyContent(build, undefined, named)).matches, false);
    }
    const { status, stdout } = await zkinfer([
      'provenance',
      'verify',
      path('other.onnx'),
      '--model',
      '2',
      '--model-version',
      '1',
      '--build',
      build,
    ]);
    assert.equal(status, 1);
    assert.match(stdout, /DIFFERENT: it is not the ONNX file registered as version 1 of model 2/);
    const lineage = await readLineage(build, { model: 2n, modelVersion: 1 });
    assert.equal(lineage.model?.isRegisteredFile, false);
    assert.match(drawLineageText(lineage), /ANOTHER FILE/);
    assert.equal((await readLineage(build, { model: 1n, modelVersion: 1 })).model?.isRegisteredFile, true);
    assert.equal((await verifyContent(build, undefined, { artifact: ids.model })).registered?.matches, true);
  });

  it('ends with exit code 1 or 2 and a named error when something is wrong', async () => {
    await assert.rejects(verifyContent(path('no-such-build'), path('data'), { artifact: ids.data }), NotDeployedError);
    await fails(
      ['provenance', 'lineage', '--artifact', `0x${'1'.repeat(64)}`, '--build', build],
      'ArtifactNotFoundError',
      /not on record/,
    );
    const cases: [string[], RegExp][] = [
      [['provenance', 'record', path('data')], /--kind <kind>' not specified/],
      [['provenance', 'record', path('data'), '--kind', 'weights'], /Allowed choices are data-set/],
      [['provenance', 'verify', path('data'), '--artifact', '0x12'], /32 bytes in hex/],
      [['provenance', 'lineage', '--build', build], /one of --attestation, --model and --artifact/],
    ];
    await Promise.all(
      cases.map(async ([args, wanted]) => {
        const { status, stderr } = await zkinfer(args);
        assert.equal(status, 2, stderr);
        assert.match(stderr, wanted);
      }),
    );
  });

  it('is explained by --help', async () => {
    await Promise.all(
      ['record', 'verify', 'lineage'].map(async (command) => {
        const { status, stdout } = await zkinfer(['provenance', command, '--help']);
        assert.equal(status, 0);
        assert.match(stdout, /--json/);
      }),
    );
  });
});
