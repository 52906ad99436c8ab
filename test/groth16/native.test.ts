import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import type { LoadedKey, Proof, VerificationKey } from '../../src/groth16/types.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { witnessBytes, witnessOf } from '../../src/r1cs/witness.js';
import { cubic, cubicWires, cubicWitness, squarings, squaringsWitness } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';

describe('native backend', () => {
  let native: NativeBackend;
  let folder: string;
  let r1cs: string;
  let zkey: string;
  let key: VerificationKey;
  let loaded: LoadedKey;

  before(async function () {
    native = nativeOrSkip(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    r1cs = path.join(folder, 'circuit.r1cs');
    zkey = path.join(folder, 'proving.zkey');
    fs.writeFileSync(r1cs, cubic());
    key = await native.setup(r1cs, zkey);
    loaded = await native.loadKey(zkey);
  });

  after(async () => {
    await loaded?.close();
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  it('proves with its own development keys, and snarkjs accepts key and proof', async () => {
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    assert.deepEqual(publicSignals, ['115', '77']);
    assert.equal(await native.verify(key, publicSignals, proof), true);
    assert.equal(await snarkjsBackend.verify(key, publicSignals, proof), true);
  });

  it("accepts the proof that snarkjs makes with native's key", async () => {
    const other = await snarkjsBackend.loadKey(zkey);
    const { proof, publicSignals } = await other.prove(cubicWitness(-3n, 1n));
    await other.close();
    assert.equal(await native.verify(key, publicSignals, proof), true);
  });

  it("proves with the key that snarkjs makes, and writes that key's verification key as snarkjs does", async () => {
    const path_ = path.join(folder, 'snarkjs.zkey');
    const snarkjsKey = await snarkjsBackend.setup(r1cs, path_);
    await native.checkKey(path_);
    assert.deepEqual(await native.verificationKey(path_), snarkjsKey);
    const other = await native.loadKey(path_);
    const { proof, publicSignals } = await other.prove(cubicWitness(9n, 2n));
    await other.close();
    assert.equal(await snarkjsBackend.verify(snarkjsKey, publicSignals, proof), true);
  });

  it('blinds: two proofs of one witness share no point, and both verify', async () => {
    const [one, two] = [await loaded.prove(cubicWitness(5n, 77n)), await loaded.prove(cubicWitness(5n, 77n))];
    for (const part of ['pi_a', 'pi_b', 'pi_c'] as const) assert.notDeepEqual(one.proof[part], two.proof[part]);
    assert.deepEqual(await native.verifyBatch(key, [one, two]), []);
  });

  it('makes no valid proof of a witness that violates a constraint, whichever wire is wrong', async () => {
    for (let wire = 1; wire < 7; wire++) {
      const wires = cubicWires(5n, 77n);
      wires[wire] += 1n;
      const { proof, publicSignals } = await loaded.prove(witnessBytes(witnessOf(wires)));
      assert.equal(await native.verify(key, publicSignals, proof), false, `wire ${wire}`);
    }
  });

  it('proves on as many threads as asked', async () => {
    for (const threads of [1, 3]) {
      const { proof, publicSignals } = await loaded.prove(cubicWitness(2n, 0n), { threads });
      assert.equal(await native.verify(key, publicSignals, proof), true);
    }
  });

  describe('verification', () => {
    let proof: Proof;
    let publicSignals: readonly string[];

    before(async () => {
      ({ proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n)));
    });

    it('refuses other public signals, and a signal written as x + r', async () => {
      assert.equal(await native.verify(key, ['115', '78'], proof), false);
      assert.equal(await native.verify(key, [String(115n + FIELD_MODULUS), '77'], proof), false);
    });

    it('refuses proofs with a point off the curve or a coordinate not below q', async () => {
      const {
        pi_a: [x, y],
      } = proof;
      const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
      const tampered: Proof[] = [
        { ...proof, pi_a: [y, x, '1'] },
        { ...proof, pi_a: [String(BigInt(x) + q), y, '1'] },
        { ...proof, pi_c: proof.pi_a },
        { ...proof, pi_a: [x, String(q - BigInt(y)), '1'] },
      ];
      for (const candidate of tampered) assert.equal(await native.verify(key, publicSignals, candidate), false);
    });

    it('refuses the proof under the key of another setup', async () => {
      const other = await native.setup(r1cs, path.join(folder, 'other.zkey'));
      assert.equal(await native.verify(other, publicSignals, proof), false);
    });

    it('finds the invalid ones of a batch, wherever they are', async () => {
      const good = { publicSignals, proof };
      const wrongSignal = { publicSignals: ['116', '77'], proof };
      const offCurve = { publicSignals, proof: { ...proof, pi_c: ['1', '1', '1'] as const } };
      assert.deepEqual(await native.verifyBatch(key, []), []);
      assert.deepEqual(await native.verifyBatch(key, [good, good, good]), []);
      assert.deepEqual(await native.verifyBatch(key, [good, wrongSignal, good, offCurve]), [1, 3]);
    });

    it('does not let two wrong proofs of a batch cancel', async () => {
      // pi_c + D and pi_c - D: their plain sum would be right.
      const more = await loaded.prove(cubicWitness(5n, 77n));
      const swapped = [
        { publicSignals, proof: { ...proof, pi_c: more.proof.pi_c } },
        { publicSignals, proof: { ...more.proof, pi_c: proof.pi_c } },
      ];
      assert.deepEqual(await native.verifyBatch(key, swapped), [0, 1]);
    });

    it('names what is wrong with arguments of another form', async () => {
      const fails = (run: Promise<unknown>, code: string, text: RegExp): Promise<void> =>
        assert.rejects(
          run,
          (error: NativeError) => error instanceof NativeError && error.code === code && text.test(error.message),
        );
      await fails(native.verify(key, ['115'], proof), 'PUBLIC_SIGNAL_COUNT', /1 public signals, .* for 2/);
      await fails(native.verify(key, ['115', 'x'], proof), 'FILE_MALFORMED', /public signals: .*not decimal/);
      await fails(native.verify({ ...key, IC: key.IC.slice(1) }, publicSignals, proof), 'FILE_MALFORMED', /IC/);
      const offCurve = {
        ...key,
        vk_delta_2: [
          ['1', '0'],
          ['1', '0'],
          ['1', '0'],
        ],
      };
      await fails(native.verify(offCurve, publicSignals, proof), 'FILE_INVALID_POINT', /vk_delta_2.*not on the curve/);
    });
  });

  describe('witnesses from memory', () => {
    const refuses = (witness: Uint8Array, code: string): Promise<void> =>
      assert.rejects(
        loaded.prove(witness),
        (error: NativeError) => error instanceof NativeError && error.code === code,
      );

    it("must have the key's length", async () => {
      await refuses(cubicWitness(5n, 77n).slice(0, 6 * 32), 'WITNESS_LENGTH');
      await refuses(cubicWitness(5n, 77n).slice(0, 100), 'FILE_SECTION_SIZE');
      await refuses(new Uint8Array(), 'FILE_OUT_OF_RANGE');
    });

    it('must begin with one and hold canonical values', async () => {
      const notOne = cubicWitness(5n, 77n);
      notOne[0] = 2;
      await refuses(notOne, 'FILE_OUT_OF_RANGE');
      const tooLarge = cubicWitness(5n, 77n);
      tooLarge.fill(0xff, 3 * 32, 4 * 32);
      await refuses(tooLarge, 'FILE_OUT_OF_RANGE');
    });
  });

  describe('long work', () => {
    const POWER = 12;
    let bigR1cs: string;
    let bigZkey: string;

    before(async () => {
      bigR1cs = path.join(folder, 'squarings.r1cs');
      bigZkey = path.join(folder, 'squarings.zkey');
      fs.writeFileSync(bigR1cs, squarings(POWER));
      await native.setup(bigR1cs, bigZkey);
    });

    it('reports its stages with a rising share', async () => {
      const shares: number[] = [];
      const bigKey = await native.loadKey(bigZkey);
      const verificationKey = await native.verificationKey(bigZkey);
      const { proof, publicSignals } = await bigKey.prove(squaringsWitness(POWER), {
        onProgress: (share) => shares.push(share),
      });
      await bigKey.close();
      assert.equal(await native.verify(verificationKey, publicSignals, proof), true);
      assert.ok(shares.length >= 3, shares.join(', '));
      assert.deepEqual(
        shares,
        [...shares].sort((a, b) => a - b),
      );
    });

    it('leaves the event loop free', async () => {
      let settled = false;
      const work = native.setup(bigR1cs, path.join(folder, 'free.zkey')).finally(() => (settled = true));
      let turns = 0;
      while (!settled) {
        await new Promise((resolve) => setImmediate(resolve));
        turns += 1;
      }
      await work;
      assert.ok(turns > 100, `${turns} turns of the event loop during a setup`);
    });

    it('stops when its signal is aborted, and leaves no file', async () => {
      const target = path.join(folder, 'cancelled.zkey');
      const controller = new AbortController();
      const run = native.setup(bigR1cs, target, { signal: controller.signal, onProgress: () => controller.abort() });
      await assert.rejects(run, { name: 'AbortError' });
      assert.deepEqual(
        fs.readdirSync(folder).filter((name) => name.startsWith('cancelled')),
        [],
      );
      await assert.rejects(native.setup(bigR1cs, target, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    });

    it('stops when the progress callback throws, and passes that error on', async () => {
      const failure = new Error('from the callback');
      const run = native.setup(bigR1cs, path.join(folder, 'thrown.zkey'), {
        onProgress: () => {
          throw failure;
        },
      });
      await assert.rejects(run, failure);
    });

    it('proves several witnesses at once with one key', async () => {
      const inputs = [1n, 2n, 3n, 4n, 5n, 6n];
      const results = await Promise.all(inputs.map((x) => loaded.prove(cubicWitness(x, x))));
      assert.deepEqual(
        results.map(({ publicSignals }) => publicSignals[1]),
        inputs.map(String),
      );
      assert.deepEqual(await native.verifyBatch(key, results), []);
    });
  });

  it('refuses to prove with a closed key', async () => {
    const closed = await native.loadKey(zkey);
    await closed.close();
    await assert.rejects(closed.prove(cubicWitness(1n, 1n)), (error: NativeError) => error.code === 'KEY_CLOSED');
  });
});
