/** A whole ceremony by commands: from powers of tau over contributions made with both tools to an accepted transaction. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as snarkjs from 'snarkjs';
import { loadNative } from '../../src/groth16/native.js';
import { fails, zkinfer, zkinferJson } from '../cli/support/zkinfer.js';
import { temporaryFolder } from '../workflow/support/folders.js';
import { inputJson, toyModel } from '../workflow/support/toy.js';

interface Transcript {
  readonly contributions: readonly { readonly hash: string; readonly name?: string; readonly kind: string }[];
}

describe('a ceremony, by commands', function () {
  this.timeout(600_000);
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
    const { circuit } = JSON.parse(readFileSync(path.join(build, 'manifest.json'), 'utf8')) as { circuit: { domainSize: number } };
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
    await fails(['prove', build, '--input', at('input.json')], 'BuildFolderError', /has no proving\.zkey.*setup .*--import/);
    await fails(['solidity', build], 'BuildFolderError', /has no verification_key\.json/);
    await fails(['setup', build, '--ptau', ptau, '--import', path.join(build, 'unfinished.zkey')], 'CeremonyError', /nobody has contributed/);
  });

  it('contributions by zkinfer and by snarkjs, in turn, and a beacon', async () => {
    const first = await zkinferJson<{ hash: string }>(['ceremony', 'contribute', path.join(build, 'unfinished.zkey'), at('1.zkey'), '--name', 'Ada']);
    const second = Buffer.from(await snarkjs.zKey.contribute(at('1.zkey'), at('2.zkey'), 'Ben', 'entropy of Ben')).toString('hex');
    const third = await zkinferJson<{ hash: string }>(['ceremony', 'contribute', at('2.zkey'), at('3.zkey'), '--name', 'Cleo', '--entropy-file', at('model.onnx')]);
    const beacon = await zkinferJson<{ hash: string }>(['ceremony', 'beacon', at('3.zkey'), at('final.zkey'), '--hash', '0xabcdef0123', '--iterations-exp', '10', '--name', 'block']);
    hashes.push(first.hash, second, third.hash, beacon.hash);
    const refused = await zkinfer(['ceremony', 'contribute', at('2.zkey'), at('3.zkey')]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /exists/);
  });

  it('both tools verify the key, and the transcript names circuit, powers and every contributor', async () => {
    assert.equal(await snarkjs.zKey.verifyFromR1cs(path.join(build, 'circuit.r1cs'), ptau, at('final.zkey')), true);
    const verified = await zkinferJson<Transcript & { valid: boolean; sha256: Record<string, string> }>(
      ['ceremony', 'verify', at('final.zkey'), '--build', build, '--ptau', ptau],
    );
    assert.equal(verified.valid, true);
    assert.deepEqual(verified.contributions.map(({ hash }) => hash), hashes);
    assert.deepEqual(verified.contributions.map(({ name }) => name), ['Ada', 'Ben', 'Cleo', 'block']);
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
    await fails(['setup', build, '--ptau', ptau, '--ptau-hash', '00'.repeat(32), '--import', at('final.zkey')], 'PowersOfTauError', /another file/);
    assert.ok(!existsSync(path.join(build, 'proving.zkey')));
  });

  it('setup --import takes the key with its transcript, and nothing replaces it unasked', async () => {
    const result = await zkinferJson<Transcript & { kind: string }>(['setup', build, '--ptau', ptau, '--import', at('final.zkey')]);
    assert.equal(result.kind, 'ptau');
    assert.deepEqual(result.contributions.map(({ hash }) => hash), hashes);
    assert.ok(readFileSync(path.join(build, 'proving.zkey')).equals(readFileSync(at('final.zkey'))));
    assert.ok(!existsSync(path.join(build, 'unfinished.zkey')));
    await fails(['setup', build], 'KeysExistError', /--force/);
  });

  it('the proof made with it is accepted off chain, by snarkjs, and by the contract', async () => {
    const { publicSignals } = await zkinferJson<{ publicSignals: string[] }>(['prove', build, '--input', at('input.json')]);
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
    const result = await zkinferJson<Transcript & { warning: string }>(['setup', other, '--ptau', ptau, '--contribute', '--name', 'Ada']);
    assert.equal(result.contributions.length, 1);
    assert.match(result.warning, /could have kept its secret/);
    assert.equal(await snarkjs.zKey.verifyFromR1cs(path.join(other, 'circuit.r1cs'), ptau, path.join(other, 'proving.zkey')), true);
  });
});
