/** Circuits written by hand, with witnesses, for tests of provers. */
import { R1csBuilder } from '../../../src/r1cs/builder.js';
import { encodeR1cs } from '../../../src/r1cs/r1cs-file.js';
import { witnessBytes, witnessOf } from '../../../src/r1cs/witness.js';

/** Rows of (A, B, C), each a list of [wire, coefficient]. */
type Row = readonly [a: readonly Term[], b: readonly Term[], c: readonly Term[]];
type Term = readonly [wire: number, coefficient: number];

function encode(rows: readonly Row[], wireCount: number): Uint8Array {
  const builder = new R1csBuilder();
  for (const row of rows) {
    [builder.a, builder.b, builder.c].forEach((matrix, i) => {
      for (const [wire, coefficient] of row[i]) matrix.push(wire, builder.coefficients.idOf(coefficient));
    });
    builder.endConstraint();
  }
  return encodeR1cs(builder.finish({ wireCount, publicOutputCount: 1, publicInputCount: 1, privateInputCount: 1 }));
}

/** out = x^3 - 2 x, context bound by its square: wires one, out, context, x, x^2, x^3, context^2. */
export function cubic(): Uint8Array {
  const rows: Row[] = [
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
  return encode(rows, 7);
}

export function cubicWires(x: bigint, context: bigint): bigint[] {
  return [1n, x ** 3n - 2n * x, context, x, x * x, x ** 3n, context * context];
}

export function cubicWitness(x: bigint, context: bigint): Uint8Array {
  return witnessBytes(witnessOf(cubicWires(x, context)));
}

/** 2^power - 8 squarings in a row, to have work that takes a while: wires one, out, context, x, squares. */
export function squarings(power: number): Uint8Array {
  const count = 2 ** power - 8;
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) rows.push([[[3 + i, 1]], [[3 + i, 1]], [[4 + i, 1]]]);
  rows.push([[[2, 1]], [[2, 1]], [[1, 1]]]);
  return encode(rows, 4 + count);
}

/** A satisfying witness of `squarings(power)` for x = -1: nearly all wires are one. */
export function squaringsWitness(power: number): Uint8Array {
  const count = 2 ** power - 8;
  return witnessBytes(witnessOf([1n, 9n, 3n, -1n, ...Array.from({ length: count }, () => 1n)]));
}
