import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { R1csBuilder } from '../../src/r1cs/builder.js';
import { inverse, signed } from '../../src/r1cs/field.js';
import { FormatError } from '../../src/r1cs/format-error.js';
import { decodeR1cs, encodeR1cs, r1csChunks, R1csFormatError } from '../../src/r1cs/r1cs-file.js';
import { readSectionSizes, readSectionStart } from '../../src/groth16/section-file.js';
import { decodeSym, symLines, SymFormatError } from '../../src/r1cs/sym-file.js';
import { FIELD_MODULUS, nonZeros, sourceOf, type R1cs } from '../../src/r1cs/types.js';
import {
  decodeWtns,
  encodeWtns,
  witnessBytes,
  WitnessFormatError,
  witnessFromBytes,
  witnessOf,
  wireValue,
} from '../../src/r1cs/witness.js';
import { seeded } from '../witness/gadgets/cases.js';

const EDGES = [
  0n,
  1n,
  -1n,
  2n,
  65536n,
  65537n,
  -65537n,
  1n << 32n,
  -(1n << 32n),
  (1n << 52n) - 1n,
  1n << 52n,
  (1n << 53n) - 1n,
  1n - (1n << 53n),
  1n << 53n,
  -(1n << 53n),
  1n << 64n,
  FIELD_MODULUS - (1n << 60n),
  FIELD_MODULUS / 2n,
  -(FIELD_MODULUS / 2n),
  4026531841n,
  0x43e1f593f0000001n,
  -0x43e1f593f0000002n,
];

/** A random system over edge values: 200 rows of up to 12 entries a matrix. */
function randomSystem(seed: number): R1cs {
  const random = seeded(seed);
  const builder = new R1csBuilder();
  const wireCount = 50;
  for (let row = 0; row < 200; row++) {
    for (const matrix of [builder.a, builder.b, builder.c]) {
      const count = Math.floor(random() * 13);
      for (let i = 0; i < count; i++) {
        const value = EDGES[1 + Math.floor(random() * (EDGES.length - 1))];
        matrix.push(Math.floor((wireCount / 13) * i + random() * 3), builder.coefficients.idOf(value));
      }
    }
    builder.endConstraint();
  }
  return builder.finish({ wireCount, publicOutputCount: 2, publicInputCount: 3, privateInputCount: 4 });
}

function entries(system: R1cs): unknown {
  return [system.a, system.b, system.c].map(({ offsets, wires, values }) => [
    [...offsets],
    [...wires],
    [...values].map((id) => system.coefficients[id]),
  ]);
}

/**
 * Rows of a hundred entries: most have the coefficients of an earlier one over other wires, some differ from it in one
 * coefficient that is neither the first, the middle nor the last, and some are of its first entries alone.
 */
function systemOfLongRows(seed: number): R1cs {
  const random = seeded(seed);
  const any = (count: number): number => Math.floor(random() * count);
  const builder = new R1csBuilder();
  const edge = (): number => builder.coefficients.idOf(EDGES[1 + any(EDGES.length - 1)]);
  const kinds = Array.from({ length: 12 }, () => Array.from({ length: 100 }, edge));
  for (let row = 0; row < 300; row++) {
    for (const matrix of [builder.a, builder.b, builder.c]) {
      const ids = [...kinds[any(any(2) === 0 ? 3 : kinds.length)]];
      if (any(4) === 0) ids[30] = edge();
      const shift = any(50);
      ids.slice(0, any(5) === 0 ? 80 : 100).forEach((id, k) => matrix.push(shift + 2 * k, id));
    }
    builder.endConstraint();
  }
  return builder.finish({ wireCount: 300, publicOutputCount: 2, publicInputCount: 3, privateInputCount: 4 });
}

describe('coefficient table', () => {
  it('gives one id to a value however it is written, and keeps it signed', () => {
    const { coefficients } = new R1csBuilder();
    for (const value of EDGES) {
      const id = coefficients.idOf(value);
      assert.equal(coefficients.idOf(value + FIELD_MODULUS), id);
      assert.equal(coefficients.values[id], signed(value));
      const number = Number(value);
      if (Number.isSafeInteger(number)) assert.equal(coefficients.idOf(number), id);
    }
    assert.equal(new Set(coefficients.values).size, coefficients.values.length);
  });

  it('refuses numbers that are not exact integers', () => {
    const { coefficients } = new R1csBuilder();
    for (const value of [0.5, NaN, Infinity, 2 ** 53, -(2 ** 60), 100000.25])
      assert.throws(() => coefficients.idOf(value), RangeError);
  });
});

describe('field elements', () => {
  it('have inverses', () => {
    for (const value of EDGES.slice(1)) assert.equal(signed(inverse(value) * value), 1n);
    assert.throws(() => inverse(FIELD_MODULUS), RangeError);
  });
});

describe('.r1cs files', () => {
  it('are read as they were written', () => {
    for (const system of [randomSystem(1), systemOfLongRows(1)]) {
      const again = decodeR1cs(encodeR1cs(system));
      assert.deepEqual(entries(again), entries(system));
      for (const key of [
        'wireCount',
        'constraintCount',
        'publicOutputCount',
        'publicInputCount',
        'privateInputCount',
      ] as const) {
        assert.equal(again[key], system[key]);
      }
      assert.equal(nonZeros(again), nonZeros(system));
    }
  });

  it('come in pieces that add up to the announced sizes', () => {
    const pieces = [...r1csChunks(sourceOf(randomSystem(2)))];
    assert.ok(pieces.length >= 3, 'header, constraints, labels');
    assert.equal(
      pieces.reduce((sum, { length }) => sum + length, 0),
      encodeR1cs(randomSystem(2)).length,
    );
  });

  it('that are truncated or altered give a FormatError or another valid system, never anything else', () => {
    const bytes = encodeR1cs(randomSystem(3));
    const random = seeded(4);
    for (let length = 0; length < 200; length++)
      assert.throws(() => decodeR1cs(bytes.subarray(0, length)), R1csFormatError);
    for (let i = 0; i < 300; i++) {
      assert.throws(() => decodeR1cs(bytes.subarray(0, Math.floor(random() * bytes.length))), R1csFormatError);
      const altered = bytes.slice();
      for (let j = 0; j < 3; j++)
        altered[Math.floor(random() * (random() < 0.5 ? 120 : bytes.length))] = Math.floor(random() * 256);
      try {
        decodeR1cs(altered);
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
    }
  });

  it('that announce wires or rows which they do not hold are refused before memory is taken for them', () => {
    const bytes = encodeR1cs(randomSystem(7));
    const view = new DataView(bytes.buffer);
    const [wiresAt, rowsAt] = [24 + 36, 24 + 60];
    assert.deepEqual([view.getUint32(wiresAt, true), view.getUint32(rowsAt, true)], [50, 200]);
    for (const count of [51, 1 << 20, 2 ** 32 - 1]) {
      for (const [at, text] of [
        [wiresAt, /announces \d+ wires/],
        [rowsAt, /constraint/],
      ] as const) {
        const lying = bytes.slice();
        new DataView(lying.buffer).setUint32(at, at === rowsAt ? count + 200 : count, true);
        assert.throws(
          () => decodeR1cs(lying),
          (error) => error instanceof R1csFormatError && text.test(error.message),
        );
      }
    }
    // Some tools leave the labels out: the last section, 12 bytes of header and 8 a wire.
    const bare = bytes.slice(0, bytes.length - 12 - 8 * 50);
    new DataView(bare.buffer).setUint32(8, 2, true);
    assert.equal(decodeR1cs(bare).wireCount, 50);
    new DataView(bare.buffer).setUint32(wiresAt, 1 << 24, true);
    assert.throws(() => decodeR1cs(bare), R1csFormatError);
  });

  it('over another field are refused by name', () => {
    const bytes = encodeR1cs(randomSystem(5));
    bytes[30] ^= 1;
    assert.throws(() => decodeR1cs(bytes), /another field/);
  });

  it('give one section from disk without reading the rest, or a FormatError', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    try {
      const file = path.join(folder, 'circuit.r1cs');
      const bytes = encodeR1cs(randomSystem(6));
      fs.writeFileSync(file, bytes);
      const header = Buffer.from(await readSectionStart(file, 'r1cs', 1, 64));
      assert.equal(header.readUInt32LE(60), 200);
      for (const length of [0, 3, 11, 12, 20, 60]) {
        fs.writeFileSync(file, bytes.subarray(0, length));
        await assert.rejects(readSectionStart(file, 'r1cs', 1, 64), FormatError);
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('sections on disk', () => {
  it('are measured without being read, and one that occurs twice or is announced and absent is refused or left out', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    try {
      const file = path.join(folder, 'circuit.r1cs');
      const bytes = encodeR1cs(randomSystem(8));
      fs.writeFileSync(file, bytes);
      const sizes = await readSectionSizes(file, 'r1cs');
      assert.deepEqual([...sizes.keys()], [1, 2, 3]);
      assert.deepEqual([sizes.get(1), sizes.get(3)], [64, 8 * 50]);
      fs.writeFileSync(file, bytes.subarray(0, bytes.length - 1));
      assert.deepEqual([...(await readSectionSizes(file, 'r1cs')).keys()], [1, 2]);
      const twice = bytes.slice();
      new DataView(twice.buffer).setUint32(24 + 64, 1, true);
      fs.writeFileSync(file, twice);
      await assert.rejects(readSectionSizes(file, 'r1cs'), FormatError);
      await assert.rejects(readSectionSizes(file, 'zkey'), FormatError);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('witnesses', () => {
  const witness = witnessOf(EDGES);

  it('keep integers below 2^53 as numbers and everything else as signed bigints', () => {
    EDGES.forEach((value, wire) => {
      assert.equal(wireValue(witness, wire), signed(value));
      assert.equal(Number.isNaN(witness.small[wire]), !Number.isSafeInteger(Number(signed(value))));
    });
  });

  it('become 32 canonical little-endian bytes a wire, and are read back', () => {
    const bytes = witnessBytes(witness);
    EDGES.forEach((value, wire) => {
      const hex = Buffer.from(bytes.subarray(wire * 32, wire * 32 + 32))
        .reverse()
        .toString('hex');
      assert.equal(BigInt(`0x${hex}`), ((value % FIELD_MODULUS) + FIELD_MODULUS) % FIELD_MODULUS);
    });
    assert.deepEqual(witnessFromBytes(bytes), witness);
    assert.deepEqual(decodeWtns(encodeWtns(bytes)), bytes);
  });

  it('with a value of the modulus or above are refused, and so are broken files', () => {
    const bytes = witnessBytes(witnessOf([FIELD_MODULUS - 1n]));
    bytes[0] += 1;
    assert.throws(() => witnessFromBytes(bytes), WitnessFormatError);
    assert.throws(() => witnessFromBytes(bytes.subarray(1)), WitnessFormatError);
    const file = encodeWtns(witnessBytes(witness));
    for (let length = 0; length < file.length; length += 13)
      assert.throws(() => decodeWtns(file.subarray(0, length)), WitnessFormatError);
  });
});

describe('.sym files', () => {
  it('name each wire, and are read as they were written', () => {
    const names = ['one', 'out', 'in[0]', 'layer.3.remainder[2]'];
    assert.deepEqual(decodeSym([...symLines(names)].join(''), 4), names);
  });

  it('that are damaged or leave a wire without a name give a SymFormatError', () => {
    for (const text of ['1,1,0', '1,7,0,x\n', '1,x,0,y\n', '', '1,1.5,0,x\n'])
      assert.throws(() => decodeSym(text, 2), SymFormatError);
  });
});
