/**
 * A small circuit with both uses of rounds. Round 0, without a challenge: two weights. Round 1, with one: two inputs
 * and how often each of 0 .. 3 occurs among them. Public: y = w0 x0 + w1 x1. That the inputs are in the table is a sum
 * of fractions at the challenge c (Haböck, ePrint 2022/1530):
 *
 *     sum_i 1 / (c - x_i) = sum_t m_t / (c - t)
 */
import type { CommittedCircuit } from '../../src/committed-groth16/rounds.js';
import { R1csBuilder } from '../../src/r1cs/builder.js';
import { canonical, inverse } from '../../src/r1cs/field.js';

const TABLE = 4;
const [ONE, Y, CHALLENGE, W, X, M] = [0, 1, 2, 3, 5, 7];
const PRODUCT = M + TABLE;
const INVERSE = PRODUCT + 2;
const SHARE = INVERSE + 2;
const WIRES = SHARE + TABLE;

type Terms = readonly (readonly [wire: number, coefficient: number])[];

export function weightedLookup(): CommittedCircuit {
  const builder = new R1csBuilder();
  const constrain = (a: Terms, b: Terms, c: Terms): void => {
    for (const [matrix, terms] of [
      [builder.a, a],
      [builder.b, b],
      [builder.c, c],
    ] as const)
      for (const [wire, coefficient] of terms) matrix.push(wire, builder.coefficients.idOf(coefficient));
    builder.endConstraint();
  };
  for (const i of [0, 1]) {
    constrain([[W + i, 1]], [[X + i, 1]], [[PRODUCT + i, 1]]);
    constrain(
      [
        [CHALLENGE, 1],
        [X + i, -1],
      ],
      [[INVERSE + i, 1]],
      [[ONE, 1]],
    );
  }
  for (let t = 0; t < TABLE; t++) {
    const denominator: Terms =
      t === 0
        ? [[CHALLENGE, 1]]
        : [
            [CHALLENGE, 1],
            [ONE, -t],
          ];
    constrain(denominator, [[SHARE + t, 1]], [[M + t, 1]]);
  }
  constrain(
    [
      [PRODUCT, 1],
      [PRODUCT + 1, 1],
    ],
    [[ONE, 1]],
    [[Y, 1]],
  );
  constrain(
    [[INVERSE, 1], [INVERSE + 1, 1], ...Array.from({ length: TABLE }, (_, t) => [SHARE + t, -1] as const)],
    [[ONE, 1]],
    [],
  );
  return {
    system: builder.finish({ wireCount: WIRES, publicOutputCount: 1, publicInputCount: 1, privateInputCount: 4 }),
    rounds: [
      { wires: Uint32Array.of(W, W + 1), challenge: false },
      { wires: Uint32Array.from({ length: 2 + TABLE }, (_, i) => X + i), challenge: true },
    ],
  };
}

/** y. */
export function weightedSum(weights: readonly bigint[], inputs: readonly bigint[]): bigint {
  return canonical(weights[0] * inputs[0] + weights[1] * inputs[1]);
}

/** The witness as far as the challenges are known; `multiplicities` are counted unless they are given. */
export function fillWeightedLookup(
  weights: readonly bigint[],
  inputs: readonly bigint[],
  multiplicities: readonly bigint[] = Array.from({ length: TABLE }, (_, t) =>
    BigInt(inputs.filter((x) => x === BigInt(t)).length),
  ),
): (challenges: readonly (bigint | undefined)[]) => bigint[] {
  return ([, challenge]) => {
    const witness = new Array<bigint>(WIRES).fill(0n);
    witness[ONE] = 1n;
    witness[Y] = weightedSum(weights, inputs);
    for (const i of [0, 1]) {
      witness[W + i] = weights[i];
      witness[X + i] = inputs[i];
      witness[PRODUCT + i] = canonical(weights[i] * inputs[i]);
      if (challenge !== undefined) witness[INVERSE + i] = inverse(challenge - inputs[i]);
    }
    for (let t = 0; t < TABLE; t++) {
      witness[M + t] = multiplicities[t];
      if (challenge !== undefined) witness[SHARE + t] = canonical(multiplicities[t] * inverse(challenge - BigInt(t)));
    }
    if (challenge !== undefined) witness[CHALLENGE] = challenge;
    return witness;
  };
}

/** Multiplicities with which any two inputs pass at a challenge that is known before they are committed to. */
export function multiplicitiesAt(challenge: bigint, inputs: readonly bigint[]): bigint[] {
  const sum = inputs.reduce((total, x) => canonical(total + inverse(challenge - x)), 0n);
  return [canonical(sum * challenge), 0n, 0n, 0n];
}
