import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OutputError, writeAtomic } from '../../src/atomic-file.js';
import {
  addToBuild,
  BuildFolderError,
  hashFile,
  KeysExistError,
  readManifest,
  sweepUnfinished,
  writeBuild,
  writeManifest,
} from '../../src/workflow/build-folder.js';
import { BuildMismatchError } from '../../src/workflow/errors.js';
import { buildName } from '../../src/workflow/build-name.js';
import { writeVerifier } from '../../src/workflow/contract.js';
import { openProver, openWitness } from '../../src/workflow/prove.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { sha256 } from '../../src/workflow/hash.js';
import { backend, temporaryFolder, toyBuild } from './support/folders.js';
import { toyModel } from './support/toy.js';

describe('a build folder', () => {
  it('holds the files its manifest names, each with its hash, and no others', async () => {
    const folder = await toyBuild();
    const manifest = await readManifest(folder);
    const names = [
      'circuit.plan',
      'circuit.r1cs',
      'circuit.sym',
      'integer-model.json',
      'proving.zkey',
      'verification_key.json',
    ];
    assert.deepEqual(Object.keys(manifest.files).sort(), names);
    assert.deepEqual(readdirSync(folder).sort(), [...names, 'manifest.json'].sort());
    for (const name of names) assert.equal(await hashFile(path.join(folder, name)), manifest.files[name]);
    assert.equal(manifest.circuitHash, manifest.files['circuit.r1cs']);
    assert.deepEqual(manifest.keys, { kind: 'development', backend: backend().name });
  });

  it("with a damaged, cut, swapped or missing file is refused, with the file's name and the remedy", async () => {
    const load = (folder: string): Promise<unknown> => openWitness(folder);
    const prove = async (folder: string): Promise<void> => (await openProver(folder, backend())).close();
    const setup = (folder: string): Promise<unknown> => setupBuild(folder, backend());
    const flip = (at: string): void => {
      const bytes = readFileSync(at);
      bytes[Math.floor(bytes.length / 2)] ^= 1;
      writeFileSync(at, bytes);
    };
    const cases: [string, (at: string) => void, (folder: string) => Promise<unknown>, RegExp][] = [
      ['circuit.plan', flip, load, /circuit\.plan is not the file.*compile the model again/],
      ['circuit.plan', (at) => rmSync(at), load, /circuit\.plan cannot be read; compile the model again/],
      [
        'integer-model.json',
        (at) => writeFileSync(at, readFileSync(at, 'utf8').replace(/\d/, '7')),
        load,
        /integer-model\.json is not the file/,
      ],
      ['proving.zkey', flip, prove, /proving\.zkey is not the file.*zkinfer setup/],
      [
        'proving.zkey',
        (at) => rmSync(at),
        prove,
        /proving\.zkey cannot be read; make the keys again: zkinfer setup .* --force/,
      ],
      [
        'circuit.r1cs',
        (at) => copyFileSync(path.join(path.dirname(at), 'circuit.plan'), at),
        setup,
        /circuit\.r1cs is not the file/,
      ],
      [
        'verification_key.json',
        (at) => writeFileSync(at, '{}'),
        readVerificationKey,
        /verification_key\.json is not the file.*zkinfer setup/,
      ],
      ['verification_key.json', flip, writeVerifier, /verification_key\.json is not the file/],
      [
        'manifest.json',
        (at) => writeFileSync(at, readFileSync(at).subarray(0, 200)),
        load,
        /manifest\.json is damaged/,
      ],
      [
        'manifest.json',
        (at) => writeFileSync(at, readFileSync(at, 'utf8').replace('"version": 1', '"version": 99')),
        setup,
        /damaged or of another version/,
      ],
      ['manifest.json', (at) => rmSync(at), setup, /holds no build.*zkinfer compile/],
    ];
    for (const [name, spoil, use, wanted] of cases) {
      const folder = await toyBuild();
      spoil(path.join(folder, name));
      await assert.rejects(
        use(folder),
        (error: Error) => error instanceof BuildFolderError && wanted.test(error.message),
        name,
      );
    }
  });

  it('of a large circuit holds no constraint system: setup makes it again, checks it, and leaves nothing of it', async () => {
    const folder = await toyBuild();
    const own = { 'circuit.circom': () => ['printed'] };
    const whole = await compileOnnx(toyModel(), { name: 'toy' });
    await writeBuild(folder, whole.manifest, { ...buildFiles(whole), ...own });
    const compiled = await compileOnnx(toyModel(), { name: 'toy', r1cs: false });
    await writeBuild(folder, compiled.manifest, buildFiles(compiled), { dropKeys: true });
    const names = ['circuit.plan', 'integer-model.json', 'manifest.json', 'proving.zkey', 'verification_key.json'];
    assert.deepEqual(readdirSync(folder).sort(), names);
    const { manifest } = await setupBuild(folder, backend(), { force: true });
    assert.deepEqual(readdirSync(folder).sort(), names);
    assert.deepEqual(
      Object.keys(manifest.files).sort(),
      names.filter((name) => name !== 'manifest.json'),
    );
    const prover = await openProver(folder, backend());
    const { proof, publicSignals } = await prover.prove([Float64Array.of(0.5, 0.5)]);
    await prover.close();
    assert.ok((await verifyProof(folder, backend(), { proof, publicSignals })).valid);

    await writeManifest(folder, { ...manifest, circuitHash: `0x${'1'.repeat(64)}` });
    await assert.rejects(setupBuild(folder, backend(), { force: true }), BuildMismatchError);
    assert.deepEqual(readdirSync(folder).sort(), names);
  });

  it('keeps its keys when the same circuit is compiled anew', async () => {
    const folder = await toyBuild();
    await writeVerifier(folder);
    const before = await readManifest(folder);
    const { keys: _, ...fresh } = before;
    await writeBuild(folder, { ...fresh, files: {} }, { 'circuit.plan': () => ['x'] });
    const after = await readManifest(folder);
    assert.deepEqual(after.keys, before.keys);
    for (const name of ['proving.zkey', 'verification_key.json']) {
      assert.equal(after.files[name], before.files[name]);
      assert.equal(await hashFile(path.join(folder, name)), before.files[name]);
    }
    assert.ok(!readdirSync(folder).includes('Verifier.sol'));
  });

  it('drops keys of another circuit, but those of a ceremony only when that is asked for', async () => {
    const folder = await toyBuild();
    const manifest = await readManifest(folder);
    const other = { ...manifest, keys: undefined, circuitHash: `0x${'12'.repeat(32)}`, files: {} };
    await addToBuild(folder, { keys: { kind: 'ptau', backend: 'native', ptauHash: `0x${'34'.repeat(32)}` } }, {});
    await assert.rejects(writeBuild(folder, other, {}), KeysExistError);
    assert.ok(
      readdirSync(folder).includes('proving.zkey') && (await readManifest(folder)).circuitHash === manifest.circuitHash,
    );
    await writeBuild(folder, other, {}, { dropKeys: true });
    assert.ok(!readdirSync(folder).includes('proving.zkey'));
  });

  it('is named after its model in whatever script', () => {
    assert.equal(buildName('/nets/数字识别.onnx'), '数字识别');
    assert.equal(buildName('/nets/сеть/model.onnx'), 'сеть');
    assert.equal(buildName('/nets/Ångström nét.onnx'), 'Ångström-nét');
    assert.notEqual(buildName('/nets/モデル.onnx'), buildName('/nets/模型.onnx'));
    assert.equal(buildName('/nets/😀.onnx'), '😀');
    assert.notEqual(buildName('/nets/🚀.onnx'), buildName('/nets/👩‍🚀.onnx'));
    assert.equal(buildName('/nets/...onnx'), 'model');
    assert.equal(buildName('/nets/aux.onnx'), 'model-aux');
    // As the documents have it: no folder is named, so none can give a name.
    assert.equal(buildName('model.onnx'), 'model');
    assert.equal(buildName('./network.onnx'), 'network');
    assert.equal(buildName('nets/tabular/model.onnx'), 'tabular');
    assert.ok(Buffer.byteLength(buildName(`/nets/${'ä'.repeat(300)}.onnx`)) <= 120);
  });

  it('of another ONNX file with development keys is not replaced, and that of the same file in an earlier state is', async () => {
    const folder = await toyBuild();
    const manifest = await readManifest(folder);
    const { keys: _, ...fresh } = manifest;
    const at = (number: string): string => `0x${number.repeat(32)}`;
    const other = { ...fresh, modelHash: at('78'), circuitHash: at('56'), files: {} };
    const refused = (error: Error): boolean =>
      error instanceof KeysExistError && /another model \(toy, .*--out.*--drop-keys/.test(error.message);
    await assert.rejects(writeBuild(folder, other, {}), refused);
    await assert.rejects(writeBuild(folder, other, {}, { modelPath: '/elsewhere/toy.onnx' }), refused);
    assert.deepEqual(await readManifest(folder), manifest);
    assert.ok(readdirSync(folder).includes('proving.zkey'));
    // The same file, trained further.
    const keyed = await toyBuild();
    const modelPath = path.join(keyed, '..', 'toy.onnx');
    await writeBuild(keyed, { ...fresh, files: {} }, {}, { modelPath });
    await addToBuild(keyed, { keys: manifest.keys }, { 'proving.zkey': () => ['a key'] });
    assert.equal((await writeBuild(keyed, other, {}, { modelPath })).keys, undefined);
    await writeBuild(folder, other, {}, { dropKeys: true });
    assert.ok(!readdirSync(folder).includes('proving.zkey'));
  });

  it("takes the place of no file of the user's in a folder that is no build, and goes on where a killed run stopped", async () => {
    const build = await toyBuild();
    const manifest = await readManifest(build);
    const files = {
      'integer-model.json': () => [readFileSync(path.join(build, 'integer-model.json'))],
      'circuit.sym': () => ['names'],
    };
    for (const name of [
      'circuit.sym',
      'manifest.json',
      'proving.zkey',
      'verification_key.json',
      'Verifier.sol',
      'integer-model.json',
    ]) {
      const folder = temporaryFolder();
      writeFileSync(path.join(folder, name), '{"name": "mine"}');
      writeFileSync(path.join(folder, 'notes.txt'), 'mine too');
      await assert.rejects(
        writeBuild(folder, { ...manifest, files: {} }, files),
        (error: Error) => error instanceof BuildFolderError && error.message.includes(`(${name})`),
        name,
      );
      assert.deepEqual(
        [readdirSync(folder).sort(), readFileSync(path.join(folder, name), 'utf8')],
        [[name, 'notes.txt'].sort(), '{"name": "mine"}'],
      );
    }
    const killed = temporaryFolder();
    for (const name of ['integer-model.json', 'circuit.r1cs', 'circuit.sym'])
      copyFileSync(path.join(build, name), path.join(killed, name));
    await writeBuild(killed, { ...manifest, keys: undefined, files: {} }, files);
    assert.equal(readFileSync(path.join(killed, 'circuit.sym'), 'utf8'), 'names');
    // Keys beside a manifest that cannot be read: nobody knows whose they are.
    writeFileSync(
      path.join(build, 'manifest.json'),
      readFileSync(path.join(build, 'manifest.json'), 'utf8').replace('"version": 1', '"version": 99'),
    );
    await assert.rejects(writeBuild(build, { ...manifest, files: {} }, files), KeysExistError);
    await writeBuild(build, { ...manifest, keys: undefined, files: {} }, files, { dropKeys: true });
    assert.ok(!readdirSync(build).includes('proving.zkey'));
  });

  it('loses its keys and contract when another circuit is compiled', async () => {
    const folder = await toyBuild();
    await writeVerifier(folder);
    const manifest = await readManifest(folder);
    const { keys: _, ...fresh } = manifest;
    await writeBuild(
      folder,
      { ...fresh, circuitHash: `0x${'56'.repeat(32)}`, files: {} },
      { 'circuit.plan': () => ['x'] },
    );
    assert.equal((await readManifest(folder)).keys, undefined);
    for (const name of ['proving.zkey', 'verification_key.json', 'Verifier.sol'])
      assert.ok(!readdirSync(folder).includes(name), name);
  });

  it('loses its contract when it gets other keys', async () => {
    const folder = await toyBuild();
    await writeVerifier(folder);
    assert.ok((await readManifest(folder)).files['Verifier.sol']);
    await assert.rejects(setupBuild(folder, backend()), KeysExistError);
    assert.ok((await readManifest(folder)).files['Verifier.sol']);
    await setupBuild(folder, backend(), { force: true });
    assert.equal((await readManifest(folder)).files['Verifier.sol'], undefined);
    assert.ok(!readdirSync(folder).includes('Verifier.sol'));
  });

  it('keeps the old file when writing the new one fails half-way', async () => {
    const folder = temporaryFolder();
    const at = path.join(folder, 'file');
    await writeAtomic(at, ['old']);
    const failing = function* (): Generator<string> {
      yield 'new';
      throw new Error('out of ideas');
    };
    await assert.rejects(writeAtomic(at, failing()), /out of ideas/);
    assert.equal(readFileSync(at, 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['file']);
  });

  it('writes text and bytes in order and hashes what it wrote', async () => {
    const at = path.join(temporaryFolder(), 'file');
    const pieces = ['é', Uint8Array.of(1, 2), 'x'.repeat(3_000_000), Uint8Array.of(3), 'end'];
    assert.equal(await writeAtomic(at, pieces), sha256(pieces));
    assert.equal(await hashFile(at), sha256(pieces));
    assert.deepEqual(readFileSync(at), Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))));
  });

  it('names what cannot be written', async () => {
    await assert.rejects(writeAtomic(path.join(temporaryFolder(), 'no', 'file'), ['x']), OutputError);
  });

  it('sweeps the unfinished files of processes that are gone, and only those', async () => {
    const folder = await toyBuild();
    // No process has this number: it is above every system's limit.
    const dead = 2 ** 30;
    const leftovers = [
      `proving.zkey.tmp-${dead}`,
      `circuit.plan.tmp-${dead}-0a1b2c3d`,
      'proving.zkey.tmp-0a1b2c3d4e5f',
    ];
    const kept = [`manifest.json.tmp-${process.pid}-0a1b2c3d`, 'notes.tmp.txt'];
    for (const name of [...leftovers, ...kept]) writeFileSync(path.join(folder, name), 'half');
    await sweepUnfinished(folder);
    const names = readdirSync(folder);
    for (const name of leftovers) assert.ok(!names.includes(name), name);
    for (const name of kept) assert.ok(names.includes(name), name);
    await addToBuild(folder, {}, { 'extra.txt': () => ['x'] });
    assert.ok((await readManifest(folder)).files['extra.txt']);
  });
});
