import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import { UnfinishedKeyError } from '../../src/groth16/finished-key.js';
import { loadNative } from '../../src/groth16/native.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import type { LoadedKey, ProofAndSignals, VerificationKey } from '../../src/groth16/types.js';
import { wasmBackend, wasmBackendOver } from '../../src/groth16/wasm.js';
import { findWasmModule } from '../../src/groth16/wasm-file.js';
import { decodeR1cs } from '../../src/r1cs/r1cs-file.js';
import { sourceOf } from '../../src/r1cs/types.js';
import { witnessBytes, witnessOf } from '../../src/r1cs/witness.js';
import { cubic, cubicWires, cubicWitness, squarings } from './support/circuits.js';

describe('WebAssembly backend', () => {
  let wasm: NativeBackend;
  let folder: string;
  let r1cs: string;
  let zkey: string;
  let key: VerificationKey;
  let loaded: LoadedKey;

  before(async function () {
    const found = findWasmModule();
    if ('reason' in found) {
      console.log(`      skipped: ${found.reason}`);
      return this.skip();
    }
    wasm = wasmBackend();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    r1cs = path.join(folder, 'circuit.r1cs');
    zkey = path.join(folder, 'proving.zkey');
    fs.writeFileSync(r1cs, cubic());
    key = await wasm.setup(r1cs, zkey);
    loaded = await wasm.loadKey(zkey);
  });

  after(async () => {
    await loaded?.close();
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  const code = (expected: string) => (error: unknown) => error instanceof NativeError && error.code === expected;

  it('makes a key, and proofs with it that every verifier accepts', async () => {
    assert.deepEqual(loaded.shape, { wires: 7, publicSignals: 2, domainSize: 8 });
    const [one, two] = [await loaded.prove(cubicWitness(5n, 77n)), await loaded.prove(cubicWitness(5n, 77n))];
    assert.deepEqual(one.publicSignals, ['115', '77']);
    for (const part of ['pi_a', 'pi_b', 'pi_c'] as const) assert.notDeepEqual(one.proof[part], two.proof[part]);
    assert.deepEqual(await wasm.verifyBatch(key, [one, two]), []);
    assert.equal(await wasm.verify(key, one.publicSignals, one.proof), true);
    assert.equal(await snarkjsBackend.verify(key, one.publicSignals, one.proof), true);
    assert.deepEqual(await wasm.verificationKey(zkey), key);
    const native = loadNative();
    if ('backend' in native) assert.equal(await native.backend.verify(key, one.publicSignals, one.proof), true);
  });

  it('makes a key for constraints that are no file yet, and leaves none', async () => {
    const own = path.join(folder, 'rows', 'proving.zkey');
    fs.mkdirSync(path.dirname(own));
    await wasm.setup(sourceOf(decodeR1cs(cubic())), own);
    assert.deepEqual(fs.readdirSync(path.dirname(own)), ['proving.zkey']);
    const rows = await wasm.loadKey(own);
    assert.deepEqual(rows.shape, loaded.shape);
    await rows.close();
  });

  it('refuses forged statements and proofs, and makes no proof of a false one', async () => {
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    assert.equal(await wasm.verify(key, ['115', '78'], proof), false);
    assert.equal(await wasm.verify(key, publicSignals, { ...proof, pi_c: proof.pi_a }), false);
    assert.equal(await wasm.verify(key, publicSignals, { ...proof, pi_c: ['1', '1', '1'] }), false);
    const wires = cubicWires(5n, 77n);
    wires[4] += 1n;
    const forged = await loaded.prove(witnessBytes(witnessOf(wires)));
    assert.equal(await wasm.verify(key, forged.publicSignals, forged.proof), false);
    assert.deepEqual(await wasm.verifyBatch(key, [{ publicSignals, proof }, forged]), [1]);
  });

  it('refuses damaged keys, circuits and witnesses as the addon does', async () => {
    const sound = fs.readFileSync(zkey);
    const damaged = path.join(folder, 'damaged.zkey');
    const refuses = async (bytes: Uint8Array, expected: string, text: RegExp): Promise<void> => {
      fs.writeFileSync(damaged, bytes);
      await assert.rejects(wasm.loadKey(damaged), (error: NativeError) => {
        assert.ok(error instanceof NativeError, String(error));
        assert.deepEqual([error.code, error.file], [expected, damaged], error.message);
        assert.match(error.message, text);
        return true;
      });
    };
    await refuses(new Uint8Array(), 'FILE_TRUNCATED', /left/);
    await refuses(sound.subarray(0, sound.length / 2), 'FILE_TRUNCATED', /left/);
    await refuses(cubic(), 'FILE_WRONG_MAGIC', /zkey/);
    const point = Buffer.from(sound);
    point.fill(1, sound.indexOf(Buffer.from([7, 0, 0, 0])) + 40, sound.indexOf(Buffer.from([7, 0, 0, 0])) + 44);
    await refuses(point, 'FILE_INVALID_POINT', /not on the curve/);
    await assert.rejects(wasm.loadKey(path.join(folder, 'missing.zkey')), code('FILE_IO'));
    await assert.rejects(wasm.loadKey(folder), code('FILE_IO'));
    await assert.rejects(wasm.setup(zkey, path.join(folder, 'never.zkey')), code('FILE_WRONG_MAGIC'));
    await assert.rejects(wasm.setup(r1cs, path.join(folder, 'nowhere', 'never.zkey')), code('FILE_IO'));
    await assert.rejects(loaded.prove(cubicWitness(5n, 77n).slice(0, 6 * 32)), code('WITNESS_LENGTH'));
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    assert.equal(await wasm.verify(key, publicSignals, proof), true);
  });

  it('takes a key through a ceremony that snarkjs verifies', async function () {
    const { curves, powersOfTau, zKey } = await import('snarkjs');
    const file = (name: string): string => path.join(folder, name);
    await powersOfTau.newAccumulator(await curves.getCurveFromName('bn128'), 3, file('empty.ptau'));
    await powersOfTau.contribute(file('empty.ptau'), file('raw.ptau'), 'test', 'test');
    await powersOfTau.preparePhase2(file('raw.ptau'), file('ready.ptau'));
    await wasm.setup(r1cs, file('0.zkey'), { ptau: file('ready.ptau') });
    await assert.rejects(wasm.loadKey(file('0.zkey')), UnfinishedKeyError);
    const made = await wasm.ceremony.contribute(file('0.zkey'), file('1.zkey'), { name: 'Ada' });
    await wasm.ceremony.applyBeacon(file('1.zkey'), file('2.zkey'), { value: new Uint8Array([7]), iterationsExp: 10 });
    const record = await wasm.ceremony.verifyKey(file('2.zkey'), { r1cs, ptau: file('ready.ptau') });
    assert.deepEqual([record.contributions[0].hash, record.contributions[0].name], [made.hash, 'Ada']);
    assert.deepEqual(await wasm.ceremony.inspectKey(file('2.zkey')), record);
    assert.equal(await zKey.verifyFromR1cs(r1cs, file('ready.ptau'), file('2.zkey')), true);
    await assert.rejects(
      wasm.ceremony.verifyKey(zkey, { r1cs, ptau: file('ready.ptau') }),
      (error: { code?: string }) => error.code === 'CEREMONY' || error.code === 'KEY_UNFINISHED',
    );
    await (await curves.getCurveFromName('bn128')).terminate();
  });

  it('leaves the event loop free, and stops when its signal is aborted', async () => {
    const big = path.join(folder, 'squarings.r1cs');
    const target = path.join(folder, 'cancelled.zkey');
    fs.writeFileSync(big, squarings(11));
    const controller = new AbortController();
    const run = wasm.setup(big, target, { signal: controller.signal, onProgress: () => controller.abort() });
    await assert.rejects(run, { name: 'AbortError' });
    assert.equal(fs.existsSync(target), false);
  });

  it('spreads its work over threads that do not keep a process alive', async function () {
    const found = findWasmModule();
    if (!('withThreads' in found)) {
      console.log('      skipped: the module with threads is not built');
      return this.skip();
    }
    const program = fileURLToPath(new URL('./support/wasm-exit-process.ts', import.meta.url));
    const target = path.join(folder, 'spread.zkey');
    // A process that does not end by itself is killed, and rejects.
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, r1cs, target], {
      timeout: 60_000,
    });
    const made = JSON.parse(stdout) as { key: VerificationKey; workers: number } & ProofAndSignals;
    // One that calls the module, and two of its pool.
    assert.equal(made.workers, 3);
    assert.equal(await snarkjsBackend.verify(made.key, made.publicSignals, made.proof), true);
    assert.equal(await wasmBackendOver(1).verify(made.key, made.publicSignals, made.proof), true);
    assert.equal(await wasm.verify(made.key, ['116', '77'], made.proof), false);
  });

  it('stops over one thread and over several, before and during a call', async () => {
    const big = path.join(folder, 'stopped.r1cs');
    const target = path.join(folder, 'stopped.zkey');
    fs.writeFileSync(big, squarings(11));
    for (const threads of [1, 2]) {
      const backend = wasmBackendOver(threads);
      const during = new AbortController();
      const run = backend.setup(big, target, { signal: during.signal, onProgress: () => during.abort() });
      await assert.rejects(run, { name: 'AbortError' });
      await assert.rejects(backend.setup(big, target, { signal: AbortSignal.abort() }), { name: 'AbortError' });
      assert.equal(fs.existsSync(target), false);
      assert.ok(await backend.setup(r1cs, target), 'the next call is not stopped');
      fs.rmSync(target);
    }
  });

  it('refuses to prove with a closed key', async () => {
    const closed = await wasm.loadKey(zkey);
    const last = closed.prove(cubicWitness(1n, 1n));
    await closed.close();
    await assert.rejects(closed.prove(cubicWitness(1n, 1n)), code('KEY_CLOSED'));
    assert.equal((await last).publicSignals[1], '1');
  });
});
