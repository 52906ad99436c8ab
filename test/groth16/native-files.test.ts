import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import type { VerificationKey } from '../../src/groth16/types.js';
import { cubic, cubicWitness } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';

/** Where each section's content lies in a file of iden3's container format. */
function sections(file: Uint8Array): Map<number, { start: number; size: number; sizeAt: number }> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found = new Map<number, { start: number; size: number; sizeAt: number }>();
  let offset = 12;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const size = Number(view.getBigUint64(offset + 4, true));
    found.set(view.getUint32(offset, true), { start: offset + 12, size, sizeAt: offset + 4 });
    offset += 12 + size;
  }
  return found;
}

describe('files that the native backend refuses', () => {
  let native: NativeBackend;
  let folder: string;
  let sound: Buffer;
  let verificationKey: VerificationKey;
  let damaged: string;

  before(async function () {
    native = nativeOrSkip(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    damaged = path.join(folder, 'damaged.zkey');
    fs.writeFileSync(path.join(folder, 'circuit.r1cs'), cubic());
    verificationKey = await native.setup(path.join(folder, 'circuit.r1cs'), path.join(folder, 'sound.zkey'));
    sound = fs.readFileSync(path.join(folder, 'sound.zkey'));
  });

  after(() => {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  /** Writes the damaged file and expects both code and text of the error from `use`. */
  async function refuses(
    bytes: Uint8Array,
    use: (file: string) => Promise<unknown>,
    code: string,
    text: RegExp,
  ): Promise<void> {
    fs.writeFileSync(damaged, bytes);
    await assert.rejects(use(damaged), (error: NativeError) => {
      assert.ok(error instanceof NativeError, String(error));
      assert.equal(error.code, code, error.message);
      assert.equal(error.file, damaged);
      assert.match(error.message, text);
      return true;
    });
  }

  const load = (file: string): Promise<unknown> => native.loadKey(file);
  const check = (file: string): Promise<unknown> => native.checkKey(file);

  function changed(change: (bytes: Buffer, at: ReturnType<typeof sections>) => void): Buffer {
    const bytes = Buffer.from(sound);
    change(bytes, sections(bytes));
    return bytes;
  }

  it('says that a key is not there', async () => {
    const missing = path.join(folder, 'missing.zkey');
    await assert.rejects(load(missing), (error: NativeError) => error.code === 'FILE_IO' && error.file === missing);
    await assert.rejects(load(folder), (error: NativeError) => error.code === 'FILE_IO');
  });

  it('says that a key is truncated, wherever it ends', async () => {
    for (let length = 0; length < sound.length; length += 97) {
      await refuses(sound.subarray(0, length), load, 'FILE_TRUNCATED', /left/);
    }
  });

  it('says that a file is no key, or one of another version, protocol or curve', async () => {
    await refuses(cubic(), load, 'FILE_WRONG_MAGIC', /zkey/);
    await refuses(
      changed((bytes) => bytes.writeUInt32LE(7, 4)),
      load,
      'FILE_WRONG_VERSION',
      /version 7/,
    );
    const plonk = changed((bytes, at) => bytes.writeUInt32LE(2, at.get(1)!.start));
    await refuses(plonk, load, 'FILE_UNSUPPORTED', /protocol 2/);
    const otherCurve = changed((bytes, at) => (bytes[at.get(2)!.start + 4] ^= 2));
    await refuses(otherCurve, load, 'FILE_WRONG_PRIME', /another curve/);
  });

  it('says which section lies about its size', async () => {
    for (const size of [0n, 1n << 40n, (1n << 64n) - 1n]) {
      const lying = changed((bytes, at) => bytes.writeBigUInt64LE(size, at.get(5)!.sizeAt));
      fs.writeFileSync(damaged, lying);
      await assert.rejects(load(damaged), (error: NativeError) => error.code.startsWith('FILE_'));
    }
    const moreRecords = changed((bytes, at) => bytes.writeUInt32LE(1000, at.get(4)!.start));
    await refuses(moreRecords, load, 'FILE_SECTION_SIZE', /coefficients.*1000 records/);
    const moreWires = changed((bytes, at) => bytes.writeUInt32LE(8, at.get(2)!.start + 72));
    await refuses(moreWires, load, 'FILE_SECTION_SIZE', /points A.*8 items/);
    await refuses(Buffer.concat([sound, Buffer.alloc(3)]), load, 'FILE_SECTION_SIZE', /3 bytes follow/);
  });

  it('says that a point of the header is not on the curve when the key is loaded', async () => {
    const offCurve = changed((bytes, at) => (bytes[at.get(2)!.start + 84] ^= 1));
    await refuses(offCurve, load, 'FILE_INVALID_POINT', /alpha in G1 is not on the curve/);
  });

  it('says that a coefficient points outside the circuit when the key is loaded', async () => {
    const outside = changed((bytes, at) => bytes.writeUInt32LE(99, at.get(4)!.start + 4 + 8));
    await refuses(outside, load, 'FILE_OUT_OF_RANGE', /coefficient/);
  });

  it('finds any point off the curve in the full check', async () => {
    for (const section of [3, 5, 7, 8, 9]) {
      const offCurve = changed((bytes, at) => {
        const { start, size } = at.get(section)!;
        bytes.fill(1, start + size - 40, start + size - 36);
      });
      await refuses(offCurve, check, 'FILE_INVALID_POINT', /not on the curve/);
    }
  });

  it('refuses damaged circuits and powers of tau in setup', async () => {
    const target = path.join(folder, 'never.zkey');
    const setup = (file: string): Promise<unknown> => native.setup(file, target);
    const circuit = Buffer.from(cubic());
    await refuses(circuit.subarray(0, circuit.length - 1), setup, 'FILE_TRUNCATED', /left/);
    await refuses(sound, setup, 'FILE_WRONG_MAGIC', /r1cs/);
    const wire = Buffer.from(circuit);
    wire.writeUInt32LE(99, sections(wire).get(2)!.start + 4);
    await refuses(wire, setup, 'FILE_OUT_OF_RANGE', /constraint 0, A: wire 99 of 7/);
    for (const count of [8, 1 << 24, 2 ** 32 - 1]) {
      const wires = Buffer.from(circuit);
      wires.writeUInt32LE(count, sections(wires).get(1)!.start + 36);
      await refuses(wires, setup, 'FILE_SECTION_SIZE', /labels: 56 bytes/);
    }
    const withPtau = (ptau: string): Promise<unknown> =>
      native.setup(path.join(folder, 'circuit.r1cs'), target, { ptau });
    await refuses(sound, withPtau, 'FILE_WRONG_MAGIC', /ptau/);
    assert.equal(fs.existsSync(target), false);
  });

  it('survives proving with a key whose points are any bytes whatever', async () => {
    for (const filling of [0x00, 0x01, 0x7f, 0xff]) {
      for (const section of [5, 6, 7, 8, 9]) {
        const garbage = changed((bytes, at) =>
          bytes.fill(filling, at.get(section)!.start, at.get(section)!.start + at.get(section)!.size),
        );
        fs.writeFileSync(damaged, garbage);
        const key = await native.loadKey(damaged, { pointsChecked: true });
        const { proof, publicSignals } = await key.prove(cubicWitness(5n, 77n));
        await key.close();
        assert.equal(
          await native.verify(verificationKey, publicSignals, proof),
          false,
          `section ${section}, bytes ${filling}`,
        );
      }
    }
  });

  it('survives randomly damaged keys, and proofs with those that load', async () => {
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const prove = async (file: string): Promise<void> => {
      const key = await native.loadKey(file, { pointsChecked: true });
      await key.prove(cubicWitness(5n, 77n)).finally(() => key.close());
    };
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sound);
      for (let edits = 1 + random(3); edits > 0; edits--)
        bytes[random(round % 2 === 0 ? 400 : bytes.length)] = random(256);
      fs.writeFileSync(damaged, bytes);
      const outcome = await prove(damaged).catch((error: unknown) => error);
      assert.ok(outcome === undefined || outcome instanceof NativeError, String(outcome));
    }
  });
});
