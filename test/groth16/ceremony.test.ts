/** Contributions made here and by snarkjs, in turn: each tool goes on from the other's key and verifies it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as snarkjs from 'snarkjs';
import { CeremonyError } from '../../src/groth16/ceremony.js';
import { OutputError } from '../../src/atomic-file.js';
import { ZkinferError } from '../../src/errors.js';
import { requireFinishedKey, UnfinishedKeyError } from '../../src/groth16/finished-key.js';
import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import { requireSameKey } from '../../src/groth16/key-record.js';
import { holdCurve } from '../../src/groth16/snarkjs-calls.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import type { Proof, VerificationKey } from '../../src/groth16/types.js';
import { keyWords } from '../../src/solidity/index.js';
import { cubic, cubicWitness, squarings } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';

const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

describe('a ceremony', () => {
  let native: NativeBackend;
  let folder: string;
  let r1cs: string;
  let ptau: string;
  const at = (name: string): string => path.join(folder, name);

  before(async function () {
    native = nativeOrSkip(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    [r1cs, ptau] = [at('circuit.r1cs'), at('prepared.ptau')];
    fs.writeFileSync(r1cs, cubic());
    const curve = await snarkjs.curves.getCurveFromName('bn128');
    await snarkjs.powersOfTau.newAccumulator(curve, 4, at('0.ptau'));
    await snarkjs.powersOfTau.contribute(at('0.ptau'), at('1.ptau'), 'test', 'entropy of a test');
    await snarkjs.powersOfTau.preparePhase2(at('1.ptau'), ptau);
    await native.setup(r1cs, at('0.zkey'), { ptau });
  });

  after(async () => {
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  it("goes on from snarkjs's contributions and snarkjs from ours, and both verify the whole", async () => {
    const hashes = [
      (await native.ceremony.contribute(at('0.zkey'), at('1.zkey'), { name: 'ours', entropy: Buffer.from('dice') }))
        .hash,
      Buffer.from(await snarkjs.zKey.contribute(at('1.zkey'), at('2.zkey'), 'theirs', 'entropy')).toString('hex'),
      (await native.ceremony.contribute(at('2.zkey'), at('3.zkey'))).hash,
      (
        await native.ceremony.applyBeacon(at('3.zkey'), at('4.zkey'), {
          name: 'block',
          value: Buffer.from('0102030405', 'hex'),
          iterationsExp: 10,
        })
      ).hash,
    ];
    for (const step of [1, 2, 3, 4]) {
      assert.equal(await snarkjs.zKey.verifyFromR1cs(r1cs, ptau, at(`${step}.zkey`)), true, `snarkjs, step ${step}`);
      const record = await native.ceremony.verifyKey(at(`${step}.zkey`), { r1cs, ptau });
      assert.deepEqual(
        record.contributions.map(({ hash }) => hash),
        hashes.slice(0, step),
      );
      assert.equal(record.finished, true);
    }
    const { contributions } = await native.ceremony.inspectKey(at('4.zkey'));
    assert.deepEqual(
      contributions.map(({ kind, name }) => [kind, name]),
      [
        ['contribution', 'ours'],
        ['contribution', 'theirs'],
        ['contribution', undefined],
        ['beacon', 'block'],
      ],
    );
    const key = await native.verificationKey(at('4.zkey'));
    const loaded = await native.loadKey(at('4.zkey'));
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    await loaded.close();
    assert.equal(await native.verify(key, publicSignals, proof), true);
    assert.equal(await snarkjsBackend.verify(key, publicSignals, proof), true);
  });

  it('gives the key that snarkjs gives for a beacon, byte for byte', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('before.zkey'), { name: 'someone' });
    await native.ceremony.applyBeacon(at('before.zkey'), at('ours.zkey'), {
      name: 'draw',
      value: Buffer.from('c0ffee', 'hex'),
      iterationsExp: 11,
    });
    await snarkjs.zKey.beacon(at('before.zkey'), at('theirs.zkey'), 'draw', 'c0ffee', 11);
    assert.ok(fs.readFileSync(at('ours.zkey')).equals(fs.readFileSync(at('theirs.zkey'))));
  });

  it('shares no secret between two contributions, whatever entropy they were given', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('a.zkey'), { entropy: Buffer.from('the same') });
    await native.ceremony.contribute(at('0.zkey'), at('b.zkey'), { entropy: Buffer.from('the same') });
    assert.notDeepEqual(
      (await native.verificationKey(at('a.zkey'))).vk_delta_2,
      (await native.verificationKey(at('b.zkey'))).vk_delta_2,
    );
  });

  it('gives the key that snarkjs gives for a beacon without a name', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('before.zkey'));
    await native.ceremony.applyBeacon(at('before.zkey'), at('ours.zkey'), {
      name: '',
      value: Buffer.from('c0ffee', 'hex'),
      iterationsExp: 10,
    });
    await snarkjs.zKey.beacon(at('before.zkey'), at('theirs.zkey'), '', 'c0ffee', 10);
    assert.ok(fs.readFileSync(at('ours.zkey')).equals(fs.readFileSync(at('theirs.zkey'))));
  });

  it('contributes to no key with a point of another curve, which would give the secret away', async () => {
    const sound = fs.readFileSync(at('0.zkey'));
    for (const section of [8, 9]) {
      const altered = Buffer.from(sound);
      altered[startOf(altered, section)] ^= 1;
      fs.writeFileSync(at('other-curve.zkey'), altered);
      await assert.rejects(
        native.ceremony.contribute(at('other-curve.zkey'), at('no-contribution.zkey')),
        (error: NativeError) => error.code === 'FILE_INVALID_POINT' && /point 0/.test(error.message),
      );
      await assert.rejects(
        snarkjsBackend.ceremony.contribute(at('other-curve.zkey'), at('no-contribution.zkey')),
        /point 0 is not on the curve/,
      );
      assert.ok(!fs.readdirSync(folder).some((name) => name.startsWith('no-contribution')));
    }
  });

  it('refuses a key of another circuit or other powers, an altered one, and one that nobody contributed to', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('sound.zkey'));
    const refused = (key: string, options = { r1cs, ptau }): Promise<void> =>
      assert.rejects(
        native.ceremony.verifyKey(key, options),
        (error) => error instanceof CeremonyError || error instanceof NativeError,
      );
    fs.writeFileSync(at('other.r1cs'), squarings(2));
    await refused(at('sound.zkey'), { r1cs: at('other.r1cs'), ptau });
    await refused(at('0.zkey'));
    const sound = fs.readFileSync(at('sound.zkey'));
    for (let step = 0; step < 40; step += 1) {
      const altered = Buffer.from(sound);
      // Behind the header's primes, whose damage is another error.
      const place = 140 + Math.floor((step * (sound.length - 141)) / 40);
      altered[place] ^= 1;
      fs.writeFileSync(at('altered.zkey'), altered);
      await refused(at('altered.zkey'));
    }
  });

  it('refuses damaged powers of tau, in whatever section', async () => {
    const sound = fs.readFileSync(ptau);
    assert.equal(await native.ceremony.checkPowers(ptau), 4);
    for (let step = 0; step < 40; step += 1) {
      const altered = Buffer.from(sound);
      const end = sound.length - 1;
      altered[60 + Math.floor((step * (end - 60)) / 40)] ^= 4;
      fs.writeFileSync(at('damaged.ptau'), altered);
      const outcome = await native.setup(r1cs, at('never.zkey'), { ptau: at('damaged.ptau') }).then(
        () => 'taken',
        (error: Error) => error.name,
      );
      // The contributions' record (section 7) is not what a key is made from.
      const view = new DataView(sound.buffer, sound.byteOffset);
      assert.equal(fs.existsSync(at('never.zkey')), outcome === 'taken');
      fs.rmSync(at('never.zkey'), { force: true });
      assert.ok(
        outcome !== 'taken' || inSection(view, 7, 60 + Math.floor((step * (end - 60)) / 40)),
        `byte step ${step}`,
      );
    }
  });

  it('never leaves an unfinished key in use: by either backend, for proofs, verification, export, or a contract', async () => {
    for (const backend of [native, snarkjsBackend]) {
      await assert.rejects(backend.loadKey(at('0.zkey')), UnfinishedKeyError, backend.name);
    }
    await assert.rejects(native.verificationKey(at('0.zkey')), UnfinishedKeyError);
    const key = (await snarkjs.zKey.exportVerificationKey(at('0.zkey'))) as VerificationKey;
    assert.throws(() => requireFinishedKey(key), UnfinishedKeyError);
    assert.throws(() => keyWords(key), UnfinishedKeyError);

    // The forgery that such a key allows: A = alpha, B = beta, C = -(IC_0 + sum of s_i IC_i), here for signals of 0.
    const [x, y] = key.IC[0];
    const proof: Proof = {
      pi_a: key.vk_alpha_1 as Proof['pi_a'],
      pi_b: key.vk_beta_2 as unknown as Proof['pi_b'],
      pi_c: [x, String(q - BigInt(y)), '1'],
      protocol: 'groth16',
      curve: 'bn128',
    };
    const signals = new Array<string>(key.nPublic).fill('0');
    assert.equal(await snarkjs.groth16.verify(key, signals, proof), true, 'snarkjs itself accepts the forgery');
    for (const backend of [native, snarkjsBackend]) {
      await assert.rejects(backend.verify(key, signals, proof), UnfinishedKeyError, backend.name);
      // A delta whose sign was changed, or gamma's after that was changed, is as public.
      const negated = {
        ...key,
        vk_delta_2: [
          key.vk_delta_2[0],
          key.vk_delta_2[1].map((c) => (c === '0' ? c : String(q - BigInt(c)))),
          key.vk_delta_2[2],
        ],
      };
      await assert.rejects(backend.verify(negated, signals, proof), UnfinishedKeyError, backend.name);
    }
  });

  it('takes no beacon for a contribution: its secret follows from a value that the key names', async () => {
    await snarkjs.zKey.beacon(at('0.zkey'), at('beacon.zkey'), 'block', 'abcdef', 10);
    await snarkjs.zKey.beacon(at('beacon.zkey'), at('beacons.zkey'), 'block', '012345', 10);
    for (const key of ['beacon.zkey', 'beacons.zkey'].map(at)) {
      assert.equal(await snarkjs.zKey.verifyFromR1cs(r1cs, ptau, key), true, 'snarkjs takes such a key');
      await assert.rejects(native.verificationKey(key), UnfinishedKeyError);
      // Verification, export, deployment and registration look at a folder's proving key by this.
      const exported = (await snarkjs.zKey.exportVerificationKey(key)) as VerificationKey;
      await assert.rejects(requireSameKey(key, exported, { key: 'the key', remedy: '' }), UnfinishedKeyError);
      for (const backend of [native, snarkjsBackend]) {
        await assert.rejects(backend.loadKey(key), UnfinishedKeyError, backend.name);
        await assert.rejects(backend.importKey(key, { r1cs, ptau }), /beacon/, backend.name);
        assert.equal((await backend.ceremony.inspectKey(key)).finished, false, backend.name);
      }
    }
    for (const { ceremony, name } of [native, snarkjsBackend]) {
      const beacon = { value: Buffer.from('abcdef', 'hex'), iterationsExp: 10 };
      await assert.rejects(
        ceremony.applyBeacon(at('0.zkey'), at('never.zkey'), beacon),
        /nobody has contributed/,
        name,
      );
      assert.ok(!fs.existsSync(at('never.zkey')));
    }
  });

  it('makes no key from powers of tau that nobody contributed to, whoever contributes later', async () => {
    // alpha = beta = tau = 1.
    await snarkjs.powersOfTau.preparePhase2(at('0.ptau'), at('weak.ptau'));
    for (const backend of [native, snarkjsBackend]) {
      await assert.rejects(
        backend.setup(r1cs, at('never.zkey'), { ptau: at('weak.ptau') }),
        CeremonyError,
        backend.name,
      );
    }
    // Where the powers are said to be known by their hash, the key still shows it.
    await native.setup(r1cs, at('weak-0.zkey'), { ptau: at('weak.ptau'), checkPowers: false });
    await native.ceremony.contribute(at('weak-0.zkey'), at('weak.zkey'));
    for (const backend of [native, snarkjsBackend]) {
      await assert.rejects(backend.loadKey(at('weak.zkey')), UnfinishedKeyError, backend.name);
      await assert.rejects(
        backend.importKey(at('weak.zkey'), { r1cs, ptau: at('weak.ptau'), checkPowers: false }),
        UnfinishedKeyError,
        backend.name,
      );
    }
    const key = (await snarkjs.zKey.exportVerificationKey(at('weak.zkey'))) as VerificationKey;
    assert.throws(() => keyWords(key), UnfinishedKeyError);

    // The forgery that such a key allows: A = alpha + IC_0 + sum of s_i IC_i, B = gamma = beta, C = 0; here for signals
    // of 0.
    const sum = key.IC[0][2] === '0' ? key.vk_alpha_1 : addAffine(key.vk_alpha_1, key.IC[0]);
    const proof: Proof = {
      pi_a: [String(sum[0]), String(sum[1]), '1'],
      pi_b: key.vk_gamma_2 as unknown as Proof['pi_b'],
      pi_c: ['0', '1', '0'],
      protocol: 'groth16',
      curve: 'bn128',
    };
    const signals = new Array<string>(key.nPublic).fill('0');
    assert.equal(await snarkjs.groth16.verify(key, signals, proof), true, 'snarkjs itself accepts the forgery');
    for (const backend of [native, snarkjsBackend])
      await assert.rejects(backend.verify(key, signals, proof), UnfinishedKeyError, backend.name);
  });

  it('takes no verification key with alpha at infinity, under which A = the public sum, B = gamma is a proof', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('alpha.zkey'));
    const key = { ...(await native.verificationKey(at('alpha.zkey'))), vk_alpha_1: ['0', '1', '0'] };
    const signals = new Array<string>(key.nPublic).fill('0');
    const proof = {
      pi_a: key.IC[0],
      pi_b: key.vk_gamma_2,
      pi_c: ['0', '1', '0'],
      protocol: 'groth16',
      curve: 'bn128',
    } as unknown as Proof;
    assert.equal(await snarkjs.groth16.verify(key, signals, proof), true, 'snarkjs itself accepts the forgery');
    for (const backend of [native, snarkjsBackend])
      await assert.rejects(backend.verify(key, signals, proof), backend.name);
    assert.throws(() => keyWords(key), /vk_alpha_1/);
  });

  it('is held by snarkjs alone, too, with the same files, records and refusals', async () => {
    const other = snarkjsBackend.ceremony;
    const steps: [number, number][] = [];
    const onProgress = (share: number): void => void steps.push([share, 0]);
    const first = await other.contribute(at('0.zkey'), at('s1.zkey'), {
      name: 'Ada',
      entropy: Buffer.from('dice'),
      onProgress,
    });
    const second = await native.ceremony.contribute(at('s1.zkey'), at('s2.zkey'), { name: 'Ben' });
    const third = await other.applyBeacon(at('s2.zkey'), at('s3.zkey'), {
      name: 'block',
      value: Buffer.from('c0ffee', 'hex'),
      iterationsExp: 10,
    });
    assert.ok(steps.length > 1);
    await native.ceremony.applyBeacon(at('s2.zkey'), at('n3.zkey'), {
      name: 'block',
      value: Buffer.from('c0ffee', 'hex'),
      iterationsExp: 10,
    });
    assert.ok(fs.readFileSync(at('s3.zkey')).equals(fs.readFileSync(at('n3.zkey'))));
    const record = await native.ceremony.verifyKey(at('s3.zkey'), { r1cs, ptau });
    assert.deepEqual(record.contributions, [first, second, third]);
    assert.deepEqual(await other.verifyKey(at('s3.zkey'), { r1cs, ptau, checkPowers: false }), record);
    for (const step of ['0', 's1', 's2', 's3']) {
      assert.deepEqual(
        await other.inspectKey(at(`${step}.zkey`)),
        await native.ceremony.inspectKey(at(`${step}.zkey`)),
        step,
      );
    }
    assert.equal(await other.checkPowers(ptau), 4);

    const sound = fs.readFileSync(at('s3.zkey'));
    const refused = (key: string, options = { r1cs, ptau, checkPowers: false }): Promise<void> =>
      assert.rejects(other.verifyKey(key, options), (error) => error instanceof ZkinferError);
    fs.writeFileSync(at('other.r1cs'), squarings(3));
    await refused(at('s3.zkey'), { r1cs: at('other.r1cs'), ptau, checkPowers: false });
    await refused(at('0.zkey'));
    for (const place of [
      startOf(sound, 10),
      startOf(sound, 10) + 68,
      startOf(sound, 8),
      startOf(sound, 9),
      startOf(sound, 3),
    ]) {
      const altered = Buffer.from(sound);
      altered[place] ^= 1;
      fs.writeFileSync(at('altered.zkey'), altered);
      await refused(at('altered.zkey'));
    }
    await assert.rejects(other.contribute(at('0.zkey'), at('nowhere/new.zkey')), OutputError);
    assert.ok(!fs.readdirSync(folder).some((name) => name.includes('.tmp-')));
  });

  it('takes no contribution of 1 or -1 for one, nor such as take each other back', async () => {
    await snarkjs.zKey.beacon(at('0.zkey'), at('lone.zkey'), 'block', 'abcdef', 10);
    await native.ceremony.contribute(at('0.zkey'), at('some.zkey'));
    const { bytes, start } = {
      bytes: fs.readFileSync(at('lone.zkey')),
      start: startOf(fs.readFileSync(at('lone.zkey')), 10),
    };
    const some = fs.readFileSync(at('some.zkey'));
    const { G1, G2 } = await snarkjs.curves.getCurveFromName('bn128');
    const one = G1.g.subarray(0, 64);
    const other = some.subarray(startOf(some, 10) + 68, startOf(some, 10) + 68 + 64);
    // A contribution that leaves this delta; whether its proof holds, only a verification finds out.
    const step = (delta: Uint8Array): Buffer =>
      Buffer.concat([delta, one, one, G2.g.subarray(0, 128), Buffer.alloc(64 + 8)]);
    const beacon = bytes.subarray(start + 68);
    const records = {
      'by one': [step(one), beacon],
      'by minus one': [step(G1.neg(one).subarray(0, 64)), beacon],
      'taken back': [step(other), step(one), beacon],
      // What a beacon alone made of 1 is as public as 1.
      'taken back to a beacon': [beacon, step(other), step(beacon.subarray(0, 64))],
    };
    for (const [title, steps] of Object.entries(records)) {
      const record = Buffer.concat([bytes.subarray(start, start + 64), Buffer.from([steps.length, 0, 0, 0]), ...steps]);
      fs.writeFileSync(at('no-secret.zkey'), withSection(bytes, 10, record));
      for (const backend of [native, snarkjsBackend]) {
        await assert.rejects(backend.loadKey(at('no-secret.zkey')), UnfinishedKeyError, `${backend.name}, ${title}`);
        await assert.rejects(
          backend.importKey(at('no-secret.zkey'), { r1cs, ptau, checkPowers: false }),
          /forge|secret is 1 or -1/,
          `${backend.name}, ${title}`,
        );
        assert.equal(
          (await backend.ceremony.inspectKey(at('no-secret.zkey'))).finished,
          false,
          `${backend.name}, ${title}`,
        );
      }
      await assert.rejects(native.verificationKey(at('no-secret.zkey')), UnfinishedKeyError, title);
    }
  });

  it('takes no key with the record of another, whose delta is not the one that the last contribution left', async () => {
    for (const key of ['mine.zkey', 'yours.zkey']) await native.ceremony.contribute(at('0.zkey'), at(key));
    const [mine, yours] = ['mine.zkey', 'yours.zkey'].map((key) => fs.readFileSync(at(key)));
    fs.writeFileSync(at('record.zkey'), withSection(mine, 10, yours.subarray(startOf(yours, 10))));
    for (const backend of [native, snarkjsBackend]) {
      await assert.rejects(
        backend.loadKey(at('record.zkey')),
        /not the one that its last contribution left/,
        backend.name,
      );
      assert.equal((await backend.ceremony.inspectKey(at('record.zkey'))).finished, false, backend.name);
    }
    await assert.rejects(native.verificationKey(at('record.zkey')), /not the one that its last contribution left/);
  });

  it('checks no beacon that would take years', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('first.zkey'));
    await native.ceremony.applyBeacon(at('first.zkey'), at('beacon.zkey'), {
      value: Buffer.from('abcdef', 'hex'),
      iterationsExp: 10,
    });
    const bytes = fs.readFileSync(at('beacon.zkey'));
    const exponent = bytes.lastIndexOf(Buffer.from([2, 10, 3, 3])) + 1;
    bytes[exponent] = 63;
    fs.writeFileSync(at('slow.zkey'), bytes);
    for (const { ceremony, name } of [native, snarkjsBackend]) {
      await assert.rejects(
        ceremony.verifyKey(at('slow.zkey'), { r1cs, ptau, checkPowers: false }),
        /more than a day to check/,
        name,
      );
    }
  });

  it('proves with no key that has points of other curves or groups, which would give the witness away', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('points.zkey'));
    // One curve for all.
    const release = holdCurve();
    const sound = fs.readFileSync(at('points.zkey'));
    // x = 1 on G2's curve, a point outside the group of order r.
    const twist = [
      1n,
      0n,
      18278151005453108793778860132295291098363647455926340152056652516292830556603n,
      5912654199736721486680175016176231956195085055698687135131307249486702594212n,
    ];
    const outside = Buffer.concat(
      twist.map((part) => Buffer.from(((part << 256n) % q).toString(16).padStart(64, '0'), 'hex').reverse()),
    );
    const cases: [section: number, place: number, bytes: Uint8Array, expected: RegExp][] = [
      ...[3, 5, 6, 8, 9].map((section): [number, number, Uint8Array, RegExp] => [
        section,
        0,
        Buffer.from([sound[startOf(sound, section)] ^ 1]),
        /point 0 .*not on the curve/,
      ]),
      [7, 128, Buffer.alloc(128, 1), /point 1 .*not on the curve/],
      [7, 128, outside, /not in the group of order r/],
    ];
    for (const [section, place, bytes, expected] of cases) {
      const altered = Buffer.from(sound);
      altered.set(bytes, startOf(sound, section) + place);
      fs.writeFileSync(at('altered.zkey'), altered);
      for (const backend of [native, snarkjsBackend]) {
        await assert.rejects(backend.loadKey(at('altered.zkey')), expected, `${backend.name}, section ${section}`);
        await backend.loadKey(at('altered.zkey'), { pointsChecked: true }).then((key) => key.close());
      }
    }
    // Nothing blinds a proof under a delta of 0.
    for (const [place, size] of [
      [84, 64],
      [84 + 128, 128],
      [84 + 256, 128],
      [84 + 384, 64],
      [84 + 448, 128],
    ]) {
      const altered = Buffer.from(sound).fill(0, startOf(sound, 2) + place, startOf(sound, 2) + place + size);
      fs.writeFileSync(at('altered.zkey'), altered);
      for (const backend of [native, snarkjsBackend])
        await assert.rejects(
          backend.loadKey(at('altered.zkey')),
          /point at infinity/,
          `${backend.name}, header ${place}`,
        );
    }
    for (const backend of [native, snarkjsBackend]) await (await backend.loadKey(at('points.zkey'))).close();
    await release();
  });

  it('stops when told to, and leaves neither the new key nor a part of it', async () => {
    for (const { ceremony, name } of [native, snarkjsBackend]) {
      const controller = new AbortController();
      const onProgress = (): void => controller.abort();
      const options = { signal: controller.signal, onProgress };
      await assert.rejects(
        ceremony.contribute(at('0.zkey'), at('stopped.zkey'), options),
        { name: 'AbortError' },
        name,
      );
    }
    assert.ok(!fs.readdirSync(folder).some((name) => name.startsWith('stopped')));
  });

  it('accepts one spelling of a proof alone, by both backends', async () => {
    await native.ceremony.contribute(at('0.zkey'), at('spelling.zkey'));
    const key = await native.verificationKey(at('spelling.zkey'));
    const loaded = await native.loadKey(at('spelling.zkey'));
    const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
    await loaded.close();
    const plus = (text: string, modulus: bigint): string => String(BigInt(text) + modulus);
    const spellings: [Proof, readonly string[]][] = [
      [{ ...proof, pi_a: [plus(proof.pi_a[0], q), proof.pi_a[1], '1'] }, publicSignals],
      [{ ...proof, pi_c: [proof.pi_c[0], plus(proof.pi_c[1], q), '1'] }, publicSignals],
      [
        { ...proof, pi_b: [[plus(proof.pi_b[0][0], q), proof.pi_b[0][1]], proof.pi_b[1], proof.pi_b[2]] },
        publicSignals,
      ],
      [proof, [plus(publicSignals[0], FIELD_MODULUS), publicSignals[1]]],
      [proof, [`0${publicSignals[0]}`, publicSignals[1]]],
      [{ ...proof, pi_a: [`0${proof.pi_a[0]}`, proof.pi_a[1], '1'] }, publicSignals],
    ];
    for (const backend of [native, snarkjsBackend]) {
      assert.equal(await backend.verify(key, publicSignals, proof), true);
      for (const [other, signals] of spellings)
        assert.equal(await backend.verify(key, signals, other), false, backend.name);
    }
  });
});

/** The sum of two points of G1 with different abscissas. */
function addAffine(one: readonly string[], other: readonly string[]): readonly [bigint, bigint] {
  const [x1, y1, x2, y2] = [one[0], one[1], other[0], other[1]].map(BigInt);
  const mod = (value: bigint): bigint => ((value % q) + q) % q;
  let inverse = 1n;
  for (let base = mod(x2 - x1), e = q - 2n; e > 0n; e >>= 1n, base = mod(base * base))
    if (e & 1n) inverse = mod(inverse * base);
  const slope = mod((y2 - y1) * inverse);
  const x = mod(slope * slope - x1 - x2);
  return [x, mod(slope * (x1 - x) - y1)];
}

/** Where a section's bytes begin in an iden3 file. */
function startOf(file: Buffer, wanted: number): number {
  let at = 12;
  while (file.readUInt32LE(at) !== wanted) at += 12 + Number(file.readBigUInt64LE(at + 4));
  return at + 12;
}

/** The file with other bytes in a section. */
function withSection(file: Buffer, wanted: number, content: Uint8Array): Buffer {
  const start = startOf(file, wanted);
  const end = start + Number(file.readBigUInt64LE(start - 8));
  const altered = Buffer.concat([file.subarray(0, start), content, file.subarray(end)]);
  altered.writeBigUInt64LE(BigInt(content.length), start - 8);
  return altered;
}

/** Whether a byte of an iden3 file lies in a section, its header counted. */
function inSection(view: DataView, wanted: number, place: number): boolean {
  let at = 12;
  for (let i = 0; i < view.getUint32(8, true); i += 1) {
    const end = at + 12 + Number(view.getBigUint64(at + 4, true));
    if (place >= at && place < end) return view.getUint32(at, true) === wanted;
    at = end;
  }
  return false;
}
