import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as snarkjs from 'snarkjs';

import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import type { VerificationKey } from '../../src/groth16/types.js';
import { cubic, cubicWitness, squarings } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';
import { powersOfOne } from './support/powers.js';

type Curve = Awaited<ReturnType<typeof snarkjs.curves.getCurveFromName>>;

describe('native setup from powers of tau', () => {
  let native: NativeBackend;
  let folder: string;
  let curve: Curve;
  let r1cs: string;
  let unprepared: string;
  let ptau: string;

  before(async function () {
    native = nativeOrSkip(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    const file = (name: string): string => path.join(folder, name);
    [r1cs, unprepared, ptau] = ['circuit.r1cs', 'unprepared.ptau', 'prepared.ptau'].map(file);
    fs.writeFileSync(r1cs, cubic());
    curve = await snarkjs.curves.getCurveFromName('bn128');
    await snarkjs.powersOfTau.newAccumulator(curve, 4, file('first.ptau'));
    await snarkjs.powersOfTau.contribute(file('first.ptau'), unprepared, 'test', 'entropy of a test');
    await snarkjs.powersOfTau.preparePhase2(unprepared, ptau);
  });

  after(async () => {
    await curve?.terminate();
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  it('writes the same key as snarkjs, byte for byte', async () => {
    const [mine, theirs] = ['mine.zkey', 'theirs.zkey'].map((name) => path.join(folder, name));
    await native.setup(r1cs, mine, { ptau });
    await snarkjs.zKey.newZKey(r1cs, ptau, theirs);
    assert.ok(fs.readFileSync(mine).equals(fs.readFileSync(theirs)));
  });

  // From 2^15 on snarkjs hashes a difference with bytes behind the powers, which are no point.
  it("writes snarkjs's key where the file has no power more than a domain of 2^15 needs", async () => {
    const [large, powers, mine, theirs] = ['large.r1cs', 'one.ptau', 'mine.zkey', 'theirs.zkey'].map((name) =>
      path.join(folder, name),
    );
    fs.writeFileSync(large, squarings(15));
    fs.writeFileSync(powers, powersOfOne(15, fs.readFileSync(ptau)));
    await native.setup(large, mine, { ptau: powers, checkPowers: false });
    await snarkjs.zKey.newZKey(large, powers, theirs);
    assert.ok(fs.readFileSync(mine).equals(fs.readFileSync(theirs)));
  });

  it('makes a key that snarkjs verifies, contributes to, and whose proofs then verify', async () => {
    const [initial, final] = ['initial.zkey', 'final.zkey'].map((name) => path.join(folder, name));
    const atSetup = await native.setup(r1cs, initial, { ptau });
    assert.equal(await snarkjs.zKey.verifyFromR1cs(r1cs, ptau, initial), true);
    await snarkjs.zKey.contribute(initial, final, 'test', 'more entropy of a test');
    assert.equal(await snarkjs.zKey.verifyFromR1cs(r1cs, ptau, final), true);

    const key: VerificationKey = await native.verificationKey(final);
    assert.notDeepEqual(key.vk_delta_2, atSetup.vk_delta_2);
    const loaded = await native.loadKey(final);
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    await loaded.close();
    assert.equal(await native.verify(key, publicSignals, proof), true);
    assert.equal(await snarkjs.groth16.verify(key, publicSignals, proof), true);
  });

  it('says that a file is not prepared for phase 2, or has too few powers', async () => {
    const target = path.join(folder, 'never.zkey');
    const refused = (run: Promise<unknown>, file: string, text: RegExp): Promise<void> =>
      assert.rejects(
        run,
        (error: NativeError) => error.code === 'FILE_NOT_PREPARED' && error.file === file && text.test(error.message),
      );
    await refused(native.setup(r1cs, target, { ptau: unprepared }), unprepared, /prepare phase2/);
    const large = path.join(folder, 'large.r1cs');
    fs.writeFileSync(large, squarings(6));
    await refused(native.setup(large, target, { ptau }), ptau, /needs powers of tau for 2\^6, the file has 2\^4/);
    assert.equal(fs.existsSync(target), false);
  });
});
