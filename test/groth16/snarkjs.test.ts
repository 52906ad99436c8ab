import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { curves, groth16, powersOfTau, zKey } from 'snarkjs';
import { FormatError } from '../../src/r1cs/format-error.js';
import { R1csBuilder } from '../../src/r1cs/builder.js';
import { encodeR1cs } from '../../src/r1cs/r1cs-file.js';
import { witnessBytes, witnessOf } from '../../src/r1cs/witness.js';
import { CeremonyError } from '../../src/groth16/ceremony.js';
import { UnfinishedKeyError } from '../../src/groth16/finished-key.js';
import { checkWitness, snarkjsBackend, SnarkjsError } from '../../src/groth16/snarkjs.js';
import type { LoadedKey, VerificationKey } from '../../src/groth16/types.js';

/** out = x^3 - 2 x, context bound by its square: wires one, out, context, x, x^2, x^3, context^2. */
function cubic(): Uint8Array {
  const builder = new R1csBuilder();
  const id = (value: number): number => builder.coefficients.idOf(value);
  const rows: [a: number[][], b: number[][], c: number[][]][] = [
    [[[3, 1]], [[3, 1]], [[4, 1]]],
    [[[4, 1]], [[3, 1]], [[5, 1]]],
    [
      [],
      [],
      [
        [5, 1],
        [3, -2],
        [1, -1],
      ],
    ],
    [[[2, 1]], [[2, 1]], [[6, 1]]],
  ];
  for (const row of rows) {
    [builder.a, builder.b, builder.c].forEach((matrix, i) =>
      row[i].forEach(([wire, value]) => matrix.push(wire, id(value))),
    );
    builder.endConstraint();
  }
  return encodeR1cs(builder.finish({ wireCount: 7, publicOutputCount: 1, publicInputCount: 1, privateInputCount: 1 }));
}

function witness(x: bigint, context: bigint): Uint8Array {
  return witnessBytes(witnessOf([1n, x ** 3n - 2n * x, context, x, x * x, x ** 3n, context * context]));
}

/**
 * Powers of tau by snarkjs itself: for 2^3 prepared and not, and for 2^2. Leaves the curve to the backend's own users.
 */
async function powersOfTauFiles(folder: string): Promise<{ prepared: string; raw: string; small: string }> {
  const curve = await curves.getCurveFromName('bn128');
  const file = (name: string): string => path.join(folder, name);
  for (const power of [2, 3]) {
    await powersOfTau.newAccumulator(curve, power, file(`empty${power}.ptau`));
    await powersOfTau.contribute(file(`empty${power}.ptau`), file(`raw${power}.ptau`), 'test', 'test');
    await powersOfTau.preparePhase2(file(`raw${power}.ptau`), file(`prepared${power}.ptau`));
  }
  return { prepared: file('prepared3.ptau'), raw: file('raw3.ptau'), small: file('prepared2.ptau') };
}

describe('snarkjs backend', () => {
  let folder: string;
  let r1cs: string;
  let zkey: string;
  let key: VerificationKey;
  let loaded: LoadedKey;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    r1cs = path.join(folder, 'circuit.r1cs');
    zkey = path.join(folder, 'proving.zkey');
    fs.writeFileSync(r1cs, cubic());
    const stages: string[] = [];
    key = await snarkjsBackend.setup(r1cs, zkey, { onProgress: (_, stage) => stages.push(stage) });
    assert.ok(stages.includes('powers of tau 2^3') && stages.at(-1) === 'done', stages.join(', '));
    loaded = await snarkjsBackend.loadKey(zkey);
  });

  after(async () => {
    await loaded?.close();
    fs.rmSync(folder, { recursive: true });
    assert.ok(!(globalThis as { curve_bn128?: unknown }).curve_bn128, 'threads of snarkjs are left');
  });

  it('proves with keys made on one machine, and verifies what it proved', async () => {
    const { proof, publicSignals } = await loaded.prove(witness(5n, 77n));
    assert.deepEqual(publicSignals, ['115', '77']);
    assert.equal(await snarkjsBackend.verify(key, publicSignals, proof), true);
  });

  it('rejects a proof for another output and for another context', async () => {
    const { proof } = await loaded.prove(witness(5n, 77n));
    assert.equal(await snarkjsBackend.verify(key, ['116', '77'], proof), false);
    assert.equal(await snarkjsBackend.verify(key, ['115', '78'], proof), false);
  });

  it('refuses signals that are too few, which snarkjs takes for zeros, and too many', async () => {
    // x = 0 and context 0: all signals are 0.
    const { proof, publicSignals } = await loaded.prove(witness(0n, 0n));
    assert.deepEqual(publicSignals, ['0', '0']);
    assert.equal(await groth16.verify(key, [], proof), true, 'snarkjs itself accepts none');
    for (const signals of [[], ['0'], ['0', '0', '0']]) {
      await assert.rejects(snarkjsBackend.verify(key, signals, proof), SnarkjsError);
    }
    assert.equal(await snarkjsBackend.verify(key, publicSignals, proof), true);
  });

  it('refuses a verification key whose points are spelled so that they do not look like what they are', async () => {
    const { proof, publicSignals } = await loaded.prove(witness(5n, 77n));
    const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
    const plus = (text: string): string => String(BigInt(text) + q);
    const [[x0, x1], y] = key.vk_gamma_2;
    const negative = y.map((part) => String((q - BigInt(part)) % q));
    // Z = -1 in Jacobian form keeps x and negates y; both are gamma, or its opposite.
    for (const delta of [
      [[plus(x0), x1], y, ['1', '0']],
      [[x0, x1], negative, [String(q - 1n), '0']],
      [[x0, x1], y, ['01', '0']],
    ]) {
      await assert.rejects(snarkjsBackend.verify({ ...key, vk_delta_2: delta }, publicSignals, proof), SnarkjsError);
    }
    for (const delta of [
      [[x0, x1], y, ['1', '0']],
      [[x0, x1], negative, ['1', '0']],
    ]) {
      await assert.rejects(
        snarkjsBackend.verify({ ...key, vk_delta_2: delta }, publicSignals, proof),
        UnfinishedKeyError,
      );
    }
  });

  it('refuses keys and circuits whose headers announce what the files do not hold, before memory is taken for it', async () => {
    const lying = path.join(folder, 'lying');
    try {
      for (const at of [72, 76, 80]) {
        for (const count of [64, 1 << 20, 2 ** 32 - 1]) {
          const bytes = fs.readFileSync(zkey);
          // Section 1 of snarkjs's keys has 4 bytes; then comes the header.
          const start = 12 + 12 + 4 + 12;
          bytes.writeUInt32LE(count, start + at);
          fs.writeFileSync(lying, bytes);
          await assert.rejects(snarkjsBackend.loadKey(lying), FormatError, `${count} at ${at}`);
        }
      }
      for (const at of [36, 60]) {
        const bytes = Buffer.from(cubic());
        bytes.writeUInt32LE(1 << 28, 24 + at);
        fs.writeFileSync(lying, bytes);
        await assert.rejects(snarkjsBackend.setup(lying, path.join(folder, 'never.zkey')), FormatError);
      }
    } finally {
      fs.rmSync(lying, { force: true });
    }
  });

  it('makes a key whose delta is not the generator, so that nobody knows its trapdoor', () => {
    assert.notDeepEqual(key.vk_delta_2, key.vk_gamma_2);
  });

  it('leaves no file open, neither where it finds one invalid nor where it succeeds', async function () {
    if (!fs.existsSync('/proc/self/fd')) this.skip();
    const open = (): string[] =>
      fs.readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [fs.readlinkSync(`/proc/self/fd/${fd}`)].filter((file) => file.startsWith(folder));
        } catch {
          return [];
        }
      });
    const damaged = path.join(folder, 'damaged.ptau');
    fs.writeFileSync(damaged, Buffer.from('no powers of tau'));
    await assert.rejects(snarkjsBackend.ceremony.checkPowers(damaged));
    fs.rmSync(damaged);
    const wrong = witness(3n, 4n);
    wrong[2 * 32] ^= 1;
    assert.equal(await checkWitness(path.join(folder, 'circuit.r1cs'), wrong), false);
    assert.equal(await checkWitness(path.join(folder, 'circuit.r1cs'), witness(3n, 4n)), true);
    // snarkjs does not wait for the files that it does close.
    for (let i = 0; i < 50 && open().length > 0; i += 1) await sleep(20);
    assert.deepEqual(open(), []);
  });

  it('leaves no temporary file beside the key', () => {
    assert.deepEqual(fs.readdirSync(folder).sort(), ['circuit.r1cs', 'proving.zkey']);
  });

  it('agrees with our reading of the formats: snarkjs finds the witness satisfied, and a forged one not', async () => {
    assert.equal(await checkWitness(r1cs, witness(5n, 77n)), true);
    assert.equal(await checkWitness(r1cs, witnessBytes(witnessOf([1n, 116n, 77n, 5n, 25n, 125n, 5929n]))), false);
  });

  it('names a witness of another circuit, a key that is none, and a powers-of-tau file that is none', async () => {
    await assert.rejects(loaded.prove(witnessBytes(witnessOf([1n, 2n]))), SnarkjsError);
    await assert.rejects(snarkjsBackend.loadKey(r1cs), FormatError);
    const target = path.join(folder, 'other.zkey');
    await assert.rejects(snarkjsBackend.setup(r1cs, target, { ptau: zkey }), FormatError);
    assert.equal(fs.existsSync(target), false);
  });

  it('makes keys from a powers-of-tau file, unfinished until somebody contributes, and says what is wrong with one that is too small or not prepared', async () => {
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-ptau-'));
    try {
      const files = await powersOfTauFiles(other);
      const target = path.join(other, 'proving.zkey');
      await snarkjsBackend.setup(r1cs, target, { ptau: files.prepared });
      await assert.rejects(snarkjsBackend.loadKey(target), UnfinishedKeyError);
      const contributed = path.join(other, 'contributed.zkey');
      await zKey.contribute(target, contributed, 'test', 'entropy of a test');
      const { key: fromPtau } = await snarkjsBackend.importKey(contributed, { r1cs, ptau: files.prepared });
      const second = await snarkjsBackend.loadKey(contributed);
      const { proof, publicSignals } = await second.prove(witness(3n, 1n));
      await second.close();
      assert.equal(await snarkjsBackend.verify(fromPtau, publicSignals, proof), true);
      assert.equal(await snarkjsBackend.verify(key, publicSignals, proof), false);
      const damaged = fs.readFileSync(files.prepared);
      // A point of tau in G1: sections 1 (44 bytes) and 2 come first.
      damaged[12 + 12 + 44 + 12 + 5 * 64] ^= 1;
      fs.writeFileSync(path.join(other, 'damaged.ptau'), damaged);
      await assert.rejects(
        snarkjsBackend.setup(r1cs, path.join(other, 'never.zkey'), { ptau: path.join(other, 'damaged.ptau') }),
        CeremonyError,
      );
      await assert.rejects(
        snarkjsBackend.setup(r1cs, target, { ptau: files.small }),
        /2\^2 constraints, the circuit needs 2\^3/,
      );
      await assert.rejects(snarkjsBackend.setup(r1cs, target, { ptau: files.raw }), /not prepared for phase 2/);
    } finally {
      fs.rmSync(other, { recursive: true });
    }
  });

  it('stops when aborted and leaves nothing behind', async () => {
    const target = path.join(folder, 'aborted.zkey');
    const controller = new AbortController();
    const onProgress = (share: number): void => void (share >= 0.7 && controller.abort());
    await assert.rejects(snarkjsBackend.setup(r1cs, target, { onProgress, signal: controller.signal }), {
      name: 'AbortError',
    });
    assert.deepEqual(fs.readdirSync(folder).sort(), ['circuit.r1cs', 'proving.zkey']);
  });

  it('lets a program end that keeps a key loaded', async () => {
    const proved = path.join(folder, 'proved');
    const bytes = path.join(folder, 'witness.bin');
    fs.writeFileSync(bytes, witness(3n, 5n));
    const module = new URL('../../src/groth16/snarkjs.ts', import.meta.url).href;
    const program = `
      import fs from 'node:fs';
      import { snarkjsBackend } from ${JSON.stringify(module)};
      const key = await snarkjsBackend.loadKey(${JSON.stringify(zkey)});
      await key.prove(fs.readFileSync(${JSON.stringify(bytes)}));
      // With the threads idle between two proofs, the second must be waited for, too.
      const { publicSignals } = await key.prove(fs.readFileSync(${JSON.stringify(bytes)}));
      fs.writeFileSync(${JSON.stringify(proved)}, publicSignals.join());`;
    const main = path.join(folder, 'main.mjs');
    fs.writeFileSync(main, program);
    const child = spawn(process.execPath, ['--import', 'tsx', main], { stdio: 'inherit', timeout: 600_000 });
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.deepEqual([status, signal], [0, null], 'it had to be ended');
    assert.equal(fs.readFileSync(proved, 'utf8'), '21,5');
  });
});
