/**
 * A whole ceremony by commands: from powers of tau over contributions made with both tools to an accepted transaction.
 */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as snarkjs from 'snarkjs';
import { UnfinishedKeyError } from '../../src/groth16/finished-key.js';
import { loadNative } from '../../src/groth16/native.js';
import type { Proof, VerificationKey } from '../../src/groth16/types.js';
import { serveModels } from '../../src/operator/served-models.js';
import { openWorkbench } from '../../src/operator/workbench.js';
import { registerBuild } from '../../src/workflow/contract.js';
import { proofToJson } from '../../src/workflow/proof-file.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { verifyProof } from '../../src/workflow/verify.js';
import { hashFile, readManifest, writeManifest } from '../../src/workflow/build-folder.js';
import { fails, zkinfer, zkinferJson } from '../cli/support/zkinfer.js';
import { backend, temporaryFolder } from '../workflow/support/folders.js';
import { inputJson, toyModel } from '../workflow/support/toy.js';

interface Transcript {
  readonly contributions: readonly { readonly hash: string; readonly name?: string; readonly kind: string }[];
}

const FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** Where a section's bytes begin in an iden3 file. */
function startOf(file: Buffer, wanted: number): number {
  let place = 12;
  while (file.readUInt32LE(place) !== wanted) place += 12 + Number(file.readBigUInt64LE(place + 4));
  return place + 12;
}

describe('a ceremony, by commands', function () {
  let folder: string;
  let build: string;
  let ptau: string;
  const at = (name: string): string => path.join(folder, name);
  const hashes: string[] = [];

  before(async function () {
    const native = loadNative();
    if ('reason' in native) {
      console.log(`      skipped: ${native.reason}`);
      this.skip();
    }
    folder = temporaryFolder();
    build = at('build');
    writeFileSync(at('model.onnx'), toyModel());
    writeFileSync(at('input.json'), inputJson([0.5, -0.25]));
    // A public input and no commitment: a circuit so small that snarkjs makes the powers of tau for it in seconds.
    await zkinferJson(['compile', at('model.onnx'), '--input-visibility', 'public', '--out', build]);
    const { circuit } = JSON.parse(readFileSync(path.join(build, 'manifest.json'), 'utf8')) as {
      circuit: { domainSize: number };
    };
    const curve = await snarkjs.curves.getCurveFromName('bn128');
    await snarkjs.powersOfTau.newAccumulator(curve, Math.log2(circuit.domainSize), at('0.ptau'));
    await snarkjs.powersOfTau.contribute(at('0.ptau'), at('1.ptau'), 'test', 'entropy of a test');
    ptau = at('prepared.ptau');
    await snarkjs.powersOfTau.preparePhase2(at('1.ptau'), ptau);
  });
  after(() => (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate());

  it('setup --ptau leaves an unfinished key, which nothing uses', async () => {
    const result = await zkinferJson(['setup', build, '--ptau', ptau]);
    assert.equal(result.unfinished, true);
    assert.ok(existsSync(path.join(build, 'unfinished.zkey')) && !existsSync(path.join(build, 'proving.zkey')));
    await fails(
      ['prove', build, '--input', at('input.json')],
      'BuildFolderError',
      /has no proving\.zkey.*setup .*--import/,
    );
    await fails(['solidity', build], 'BuildFolderError', /has no verification_key\.json/);
    await fails(
      ['setup', build, '--ptau', ptau, '--import', path.join(build, 'unfinished.zkey')],
      'CeremonyError',
      /nobody has contributed/,
    );
  });

  it('an unfinished key that others may have, or that somebody contributed to in its place, is not replaced unasked', async () => {
    const unfinished = path.join(build, 'unfinished.zkey');
    const before = readFileSync(unfinished);
    await zkinferJson(['setup', build, '--ptau', ptau]);
    assert.ok(readFileSync(unfinished).equals(before), 'the same circuit and powers give the same key');
    await snarkjs.powersOfTau.contribute(at('0.ptau'), at('2.ptau'), 'test', 'other entropy of a test');
    await snarkjs.powersOfTau.preparePhase2(at('2.ptau'), at('other.ptau'));
    await fails(
      ['setup', build, '--ptau', at('other.ptau')],
      'KeysExistError',
      /powers of tau with the SHA-256.*--force/,
    );
    await fails(['setup', build, '--ptau', ptau, '--contribute'], 'KeysExistError', /waits for contributions.*--force/);
    await zkinferJson(['ceremony', 'contribute', unfinished, unfinished, '--force']);
    await fails(['setup', build, '--ptau', ptau], 'KeysExistError', /somebody may have contributed.*--force/);
    writeFileSync(unfinished, before);
    // Development keys may serve meanwhile.
    const meanwhile = path.join(temporaryFolder(), 'build');
    cpSync(build, meanwhile, { recursive: true });
    await zkinferJson(['setup', meanwhile]);
    assert.ok(readFileSync(path.join(meanwhile, 'unfinished.zkey')).equals(before));
    assert.equal((await readManifest(meanwhile)).keys?.kind, 'development');
    await fails(['setup', meanwhile], 'KeysExistError', /development keys already.*--force/);
  });

  it('a key whose secrets are public is refused by every command, whatever hashes its folder has', async () => {
    const hostile = path.join(temporaryFolder(), 'build');
    cpSync(build, hostile, { recursive: true });
    const key = (await snarkjs.zKey.exportVerificationKey(path.join(build, 'unfinished.zkey'))) as VerificationKey;
    copyFileSync(path.join(build, 'unfinished.zkey'), path.join(hostile, 'proving.zkey'));
    writeFileSync(path.join(hostile, 'verification_key.json'), JSON.stringify(key));
    const { unfinishedKey: _, ...manifest } = await readManifest(build);
    const { 'unfinished.zkey': zkey, ...files } = manifest.files;
    const vk = await hashFile(path.join(hostile, 'verification_key.json'));
    await writeManifest(hostile, {
      ...manifest,
      keys: { kind: 'ptau', backend: 'native' },
      files: { ...files, 'proving.zkey': zkey, 'verification_key.json': vk },
    });
    // A = alpha, B = beta, C = -(IC_0 + sum of s_i IC_i) for signals of 0.
    const [x, y] = key.IC[0];
    const proof: Proof = {
      pi_a: key.vk_alpha_1 as Proof['pi_a'],
      pi_b: key.vk_beta_2 as unknown as Proof['pi_b'],
      pi_c: [x, String(FIELD - BigInt(y)), '1'],
      protocol: 'groth16',
      curve: 'bn128',
    };
    const publicSignals = new Array<string>(key.nPublic).fill('0');
    assert.equal(await snarkjs.groth16.verify(key, publicSignals, proof), true, 'snarkjs itself accepts the forgery');
    writeFileSync(at('forged.json'), proofToJson({ proof, publicSignals }));
    for (const prover of ['native', 'snarkjs']) {
      await fails(
        ['verify', hostile, '--proof', at('forged.json'), '--backend', prover],
        'UnfinishedKeyError',
        /anybody can forge/,
      );
      await fails(
        ['prove', hostile, '--input', at('input.json'), '--backend', prover],
        'UnfinishedKeyError',
        /anybody can forge/,
      );
    }
    for (const command of ['solidity', 'deploy', 'register'])
      await fails([command, hostile], 'UnfinishedKeyError', /anybody can forge/);
    await fails(['submit', hostile, '--proof', at('forged.json')], 'UnfinishedKeyError', /anybody can forge/);
    await assert.rejects(verifyProof(hostile, backend(), { proof, publicSignals }), UnfinishedKeyError);
    await assert.rejects(registerBuild(hostile, {}), UnfinishedKeyError);
    await assert.rejects(serveModels({} as never, [hostile]), UnfinishedKeyError);
    await assert.rejects(openWorkbench([hostile], backend()), UnfinishedKeyError);
    const { sound } = await zkinferJson<{ sound: boolean }>(['audit', hostile], 1);
    assert.equal(sound, false);
    assert.ok(!readdirSync(hostile).includes('Verifier.sol'));
  });

  it('contributions by zkinfer and by snarkjs, in turn, and a beacon', async () => {
    // A beacon alone is no contribution: its secret follows from its value.
    await fails(
      [
        'ceremony',
        'beacon',
        path.join(build, 'unfinished.zkey'),
        at('no.zkey'),
        '--hash',
        'abcd',
        '--iterations-exp',
        '10',
      ],
      'CeremonyError',
      /nobody has contributed/,
    );
    const first = await zkinferJson<{ hash: string }>([
      'ceremony',
      'contribute',
      path.join(build, 'unfinished.zkey'),
      at('1.zkey'),
      '--name',
      'Ada',
    ]);
    const second = Buffer.from(
      await snarkjs.zKey.contribute(at('1.zkey'), at('2.zkey'), 'Ben', 'entropy of Ben'),
    ).toString('hex');
    const third = await zkinferJson<{ hash: string }>([
      'ceremony',
      'contribute',
      at('2.zkey'),
      at('3.zkey'),
      '--name',
      'Cleo',
      '--entropy-file',
      at('model.onnx'),
    ]);
    const beacon = await zkinferJson<{ hash: string }>([
      'ceremony',
      'beacon',
      at('3.zkey'),
      at('final.zkey'),
      '--hash',
      '0xabcdef0123',
      '--iterations-exp',
      '10',
      '--name',
      'block',
    ]);
    hashes.push(first.hash, second, third.hash, beacon.hash);
    const refused = await zkinfer(['ceremony', 'contribute', at('2.zkey'), at('3.zkey')]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /exists/);
  });

  it('both tools verify the key, and the transcript names circuit, powers and every contributor', async () => {
    assert.equal(await snarkjs.zKey.verifyFromR1cs(path.join(build, 'circuit.r1cs'), ptau, at('final.zkey')), true);
    const verify = ['ceremony', 'verify', at('final.zkey'), '--build', build, '--ptau', ptau];
    const verified = await zkinferJson<
      Transcript & { valid: boolean; modelHash: string; ptauPower: number; sha256: Record<string, string> }
    >(verify);
    assert.equal(verified.valid, true);
    const { modelHash, circuit } = await readManifest(build);
    assert.equal(verified.modelHash, modelHash);
    assert.equal(verified.ptauPower, Math.log2(circuit.domainSize));
    assert.deepEqual(
      await zkinferJson([...verify, '--backend', 'snarkjs']),
      verified,
      'snarkjs alone gives the same transcript',
    );
    const { stdout, status } = await zkinfer(verify);
    assert.equal(status, 0);
    for (const fact of [
      modelHash,
      verified.sha256.circuit,
      verified.sha256.ptau,
      `up to 2^${verified.ptauPower}`,
      'Ada',
      'Ben',
      'Cleo',
      'block',
    ])
      assert.ok(stdout.includes(fact), fact);
    const [firstHash] = hashes;
    assert.ok(
      stdout.includes(firstHash.slice(0, 32).replace(/(.{8})(?=.)/g, '$1 ')),
      'hashes stand in words, as snarkjs prints them',
    );
    assert.deepEqual(
      verified.contributions.map(({ hash }) => hash),
      hashes,
    );
    assert.deepEqual(
      verified.contributions.map(({ name }) => name),
      ['Ada', 'Ben', 'Cleo', 'block'],
    );
    assert.ok(['circuit', 'ptau', 'key'].every((what) => /^0x[0-9a-f]{64}$/.test(verified.sha256[what])));
    const transcript = await zkinferJson<Transcript>(['ceremony', 'transcript', at('final.zkey')]);
    assert.deepEqual(transcript.contributions, verified.contributions);
  });

  it('an altered key, and powers of tau other than the known ones, are refused at import', async () => {
    const altered = readFileSync(at('final.zkey'));
    altered[altered.length >> 1] ^= 1;
    writeFileSync(at('altered.zkey'), altered);
    const { status } = await zkinfer(['setup', build, '--ptau', ptau, '--import', at('altered.zkey')]);
    assert.equal(status, 1);
    await fails(
      ['setup', build, '--ptau', ptau, '--ptau-hash', '00'.repeat(32), '--import', at('final.zkey')],
      'PowersOfTauError',
      /another file/,
    );
    const refused = async (key: string, wanted: RegExp, powers = ptau): Promise<void> => {
      for (const prover of ['native', 'snarkjs']) {
        const { status: ended, stderr } = await zkinfer([
          'setup',
          build,
          '--ptau',
          powers,
          '--import',
          key,
          '--backend',
          prover,
        ]);
        assert.equal(ended, 1, stderr);
        assert.match(stderr, wanted);
        assert.doesNotMatch(stderr, /\.tmp-/, 'the error names the file that the user gave');
      }
    };
    // The second contribution's proof of its secret, altered: the others still hold.
    const tampered = readFileSync(at('final.zkey'));
    tampered[startOf(tampered, 10) + 68 + 472 + 64] ^= 1;
    writeFileSync(at('tampered.zkey'), tampered);
    await refused(at('tampered.zkey'), /tampered\.zkey/);
    await refused(at('final.zkey'), /not.* of this circuit and these powers of tau/, at('other.ptau'));
    const foreign = at('foreign');
    await zkinferJson([
      'compile',
      at('model.onnx'),
      '--input-visibility',
      'public',
      '--activation-bits',
      '7',
      '--out',
      foreign,
    ]);
    await zkinferJson(['setup', foreign, '--ptau', ptau]);
    await zkinferJson(['ceremony', 'contribute', path.join(foreign, 'unfinished.zkey'), at('foreign.zkey')]);
    await refused(at('foreign.zkey'), /foreign\.zkey.*(circuit|powers)/);
    await snarkjs.zKey.beacon(path.join(build, 'unfinished.zkey'), at('beacon.zkey'), 'block', 'abcdef', 10);
    await refused(at('beacon.zkey'), /every contribution to this key is a beacon/);
    assert.ok(!existsSync(path.join(build, 'proving.zkey')));
    assert.deepEqual(
      readdirSync(build).filter((name) => name.includes('.tmp-')),
      [],
    );
  });

  it('setup --import takes the key with its transcript, and nothing replaces it unasked', async () => {
    const result = await zkinferJson<Transcript & { kind: string }>([
      'setup',
      build,
      '--ptau',
      ptau,
      '--import',
      at('final.zkey'),
    ]);
    assert.equal(result.kind, 'ptau');
    assert.deepEqual(
      result.contributions.map(({ hash }) => hash),
      hashes,
    );
    assert.ok(readFileSync(path.join(build, 'proving.zkey')).equals(readFileSync(at('final.zkey'))));
    assert.ok(!existsSync(path.join(build, 'unfinished.zkey')));
    const { keys, unfinishedKey } = await readManifest(build);
    assert.equal(unfinishedKey, undefined);
    assert.deepEqual(keys?.checked, { key: 'circuit and powers of tau', powers: 'points' });
    assert.deepEqual(
      keys?.contributions?.map(({ name, kind, beacon }) => [name, kind, beacon]),
      [
        ['Ada', 'contribution', undefined],
        ['Ben', 'contribution', undefined],
        ['Cleo', 'contribution', undefined],
        ['block', 'beacon', 'abcdef0123'],
      ],
    );
    await fails(['setup', build], 'KeysExistError', /4 contribution\(s\) made.*--force/);
    await fails(['setup', build, '--ptau', ptau, '--import', at('final.zkey')], 'KeysExistError', /--force/);
    await assert.rejects(setupBuild(build, backend()), { code: 'KEYS_EXIST' });
    // Where its files are lost, no error advises what would replace the ceremony's key by another one.
    const damaged = path.join(temporaryFolder(), 'build');
    cpSync(build, damaged, { recursive: true });
    writeFileSync(path.join(damaged, 'proving.zkey'), 'damaged');
    await fails(
      ['prove', damaged, '--input', at('input.json')],
      'BuildFolderError',
      /setup \S+ --ptau FILE --import KEY\.zkey --force$/,
    );
    await zkinferJson(['setup', damaged, '--ptau', ptau, '--import', at('final.zkey'), '--force']);
    assert.ok(readFileSync(path.join(damaged, 'proving.zkey')).equals(readFileSync(at('final.zkey'))));
  });

  it('run uses the keys of a ceremony for the same circuit', async () => {
    const copy = path.join(temporaryFolder(), 'build');
    cpSync(build, copy, { recursive: true });
    const options = ['--input', at('input.json'), '--input-visibility', 'public', '--out', copy];
    const { circuitHash } = await readManifest(build);
    await zkinferJson(['run', at('model.onnx'), ...options, '--input-range=-1,1']);
    const after = await readManifest(copy);
    assert.equal(after.circuitHash, circuitHash);
    assert.equal(after.keys?.contributions?.length, 4);
    assert.ok(readFileSync(path.join(copy, 'proving.zkey')).equals(readFileSync(at('final.zkey'))));
  });

  it('the proof made with it is accepted off chain, by snarkjs, and by the contract', async () => {
    const { publicSignals } = await zkinferJson<{ publicSignals: string[] }>([
      'prove',
      build,
      '--input',
      at('input.json'),
    ]);
    assert.equal((await zkinferJson(['verify', build])).valid, true);
    const key = JSON.parse(readFileSync(path.join(build, 'verification_key.json'), 'utf8')) as object;
    const proof = JSON.parse(readFileSync(path.join(build, 'proof.json'), 'utf8')) as object;
    assert.equal(await snarkjs.groth16.verify(key, publicSignals, proof), true);
    await zkinferJson(['deploy', build]);
    assert.equal((await zkinferJson(['submit', build])).accepted, true);
  });

  it('setup --contribute makes a key in one go, and says what one contribution is worth', async () => {
    const other = at('other');
    await zkinferJson(['compile', at('model.onnx'), '--input-visibility', 'public', '--out', other]);
    const result = await zkinferJson<Transcript & { warning: string }>([
      'setup',
      other,
      '--ptau',
      ptau,
      '--contribute',
      '--name',
      'Ada',
    ]);
    assert.equal(result.contributions.length, 1);
    assert.ok(!existsSync(path.join(other, 'unfinished.zkey')));
    const { status, stderr } = await zkinfer(['setup', other, '--name', 'Ada']);
    assert.equal(status, 2, stderr);
    assert.match(result.warning, /could have kept its secret/);
    assert.equal(
      await snarkjs.zKey.verifyFromR1cs(path.join(other, 'circuit.r1cs'), ptau, path.join(other, 'proving.zkey')),
      true,
    );
  });
});
