/**
 * Groth16 with committed rounds from its equations (docs/committed-groth16.md), on snarkjs's curve: the oracle for tiny
 * circuits. Its proving key holds the exponents of the points, which setup knows, so that sums are made in the field and
 * only a proof's points are points; polynomials are multiplied coefficient by coefficient.
 */
import { randomBytes } from 'node:crypto';
import { challengeOf, type Commitment } from '../../src/committed-groth16/challenge.js';
import {
  COMMITTED_PROTOCOL,
  committedKeyHash,
  type CommittedVerificationKey,
} from '../../src/committed-groth16/key.js';
import {
  challengeWires,
  publicSignalCount,
  requireRounds,
  type CommittedCircuit,
} from '../../src/committed-groth16/rounds.js';
import { canonical, inverse } from '../../src/r1cs/field.js';
import { FIELD_MODULUS, type SparseMatrix } from '../../src/r1cs/types.js';
import { type Curve, buildBn128 } from 'ffjavascript';

/** A point of the curve as the library has it. */
type Point = Uint8Array;

export interface Secrets {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly deltas: readonly bigint[];
  readonly tau: bigint;
}

/** A proving key, each point by its exponent. */
export interface ReferenceKey {
  readonly circuit: CommittedCircuit;
  /** Points of the evaluation domain. */
  readonly size: number;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly deltas: readonly bigint[];
  /** A_i(tau), B_i(tau) */
  readonly a: readonly bigint[];
  readonly b: readonly bigint[];
  /** K_i / delta of the wire's set; undefined for public wires. */
  readonly k: readonly (bigint | undefined)[];
  /** tau^i Z(tau) / delta_k */
  readonly h: readonly bigint[];
  readonly verification: CommittedVerificationKey;
}

export interface CommittedProof {
  readonly a: Point;
  readonly b: Point;
  readonly c: Point;
  readonly commitments: readonly Point[];
}

/** A proof under way: each round's wires are asked for after the challenge of the round before. */
export interface Session {
  /** Commits to the next round's wires, with these values or those of an opening, and gives its challenge. */
  commit(witness: readonly bigint[], blinding?: bigint): bigint | undefined;
  /** The proof, from the whole witness. */
  finish(witness: readonly bigint[]): CommittedProof;
}

export interface Reference {
  readonly curve: Curve;
  setup(circuit: CommittedCircuit, secrets?: Secrets): ReferenceKey;
  prove(key: ReferenceKey, publicSignals: readonly bigint[]): Session;
  verify(key: CommittedVerificationKey, publicSignals: readonly bigint[], proof: CommittedProof): Promise<boolean>;
  verifyBatch(
    key: CommittedVerificationKey,
    statements: readonly { readonly publicSignals: readonly bigint[]; readonly proof: CommittedProof }[],
  ): Promise<boolean>;
  /** The challenges of a proof, by round. */
  challenges(
    key: CommittedVerificationKey,
    publicSignals: readonly bigint[],
    commitments: readonly Point[],
  ): (bigint | undefined)[];
  /** Coordinates, (0, 0) for infinity. */
  affine(point: Point): Commitment;
}

/** A scalar other than zero. */
export function randomScalar(): bigint {
  return 1n + (BigInt(`0x${randomBytes(48).toString('hex')}`) % (FIELD_MODULUS - 1n));
}

export function randomSecrets(rounds: number): Secrets {
  const [alpha, beta, gamma, tau] = Array.from({ length: 4 }, randomScalar);
  return { alpha, beta, gamma, tau, deltas: Array.from({ length: rounds + 1 }, randomScalar) };
}

export async function reference(): Promise<Reference> {
  const curve = await buildBn128(true);
  const { Fr, G1, G2 } = curve;
  const times1 = (point: Point, scalar: bigint): Point => G1.timesFr(point, Fr.e(canonical(scalar)));
  const g1 = (scalar: bigint): Point => times1(G1.g, scalar);
  const g2 = (scalar: bigint): Point => G2.timesFr(G2.g, Fr.e(canonical(scalar)));
  const sum1 = (points: readonly Point[]): Point => points.reduce((sum, point) => G1.add(sum, point), G1.zero);
  const sumOf = (points: readonly Point[], scalars: readonly bigint[]): Point =>
    sum1(points.map((point, i) => times1(point, scalars[i])));
  const affine = (point: Point): Commitment => {
    if (G1.isZero(point)) return [0n, 0n];
    const [x, y] = G1.toObject(G1.toAffine(point)) as bigint[];
    return [x, y];
  };
  const strings1 = (point: Point): string[] => [...affine(point).map(String), '1'];
  const strings2 = (point: Point): string[][] =>
    (G2.toObject(G2.toAffine(point)) as bigint[][]).map((pair) => pair.map(String));
  const point1 = ([x, y]: readonly string[]): Point => G1.fromObject([BigInt(x), BigInt(y), 1n]);
  const point2 = (point: readonly (readonly string[])[]): Point =>
    G2.fromObject(point.map((pair) => pair.map((part) => BigInt(part))));

  const challenges: Reference['challenges'] = (key, publicSignals, commitments) => {
    const keyHash = committedKeyHash(key);
    const words = commitments.map(affine);
    return key.challenges.map((has, j) =>
      has ? challengeOf({ keyHash, publicSignals, commitments: words.slice(0, j + 1) }) : undefined,
    );
  };

  /** What a verifier looks at before any pairing. */
  const isWellFormed = (
    key: CommittedVerificationKey,
    publicSignals: readonly bigint[],
    { a, b, c, commitments }: CommittedProof,
  ): boolean =>
    publicSignals.length === key.nPublic &&
    publicSignals.every((signal) => signal >= 0n && signal < FIELD_MODULUS) &&
    commitments.length === key.challenges.length &&
    commitments.every((point) => !G1.isZero(point)) &&
    [a, c, ...commitments].every((point) => G1.isValid(point)) &&
    G2.isValid(b) &&
    G2.isZero(G2.timesScalar(b, FIELD_MODULUS));

  const icScalars = (
    key: CommittedVerificationKey,
    publicSignals: readonly bigint[],
    proof: CommittedProof,
  ): bigint[] => [
    1n,
    ...publicSignals,
    ...challenges(key, publicSignals, proof.commitments).filter((value) => value !== undefined),
  ];

  const verifyBatch: Reference['verifyBatch'] = async (key, statements) => {
    if (!statements.every(({ publicSignals, proof }) => isWellFormed(key, publicSignals, proof))) return false;
    // The first weight may be one; the others are random and chosen after the proofs.
    const weights = statements.map((_, i) => (i === 0 ? 1n : BigInt(`0x${randomBytes(16).toString('hex')}`)));
    const scalars = statements.map(({ publicSignals, proof }) => icScalars(key, publicSignals, proof));
    const weighted = (points: readonly Point[]): Point => sumOf(points, weights);
    const ic = key.IC.map((_, i) => scalars.reduce((sum, one, s) => canonical(sum + weights[s] * one[i]), 0n));
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    const [last, ...rounds] = [...key.vk_deltas_2].reverse().map(point2);
    return await curve.pairingEq(
      ...statements.flatMap(({ proof }, s) => [times1(proof.a, -weights[s]), proof.b]),
      times1(point1(key.vk_alpha_1), total),
      point2(key.vk_beta_2),
      sumOf(key.IC.map(point1), ic),
      point2(key.vk_gamma_2),
      weighted(statements.map(({ proof }) => proof.c)),
      last,
      ...rounds.reverse().flatMap((delta, j) => [weighted(statements.map(({ proof }) => proof.commitments[j])), delta]),
    );
  };

  return {
    curve,
    affine,
    challenges,
    verifyBatch,
    verify: (key, publicSignals, proof) => verifyBatch(key, [{ publicSignals, proof }]),

    setup(circuit, secrets = randomSecrets(circuit.rounds.length)) {
      requireRounds(circuit);
      const { system, rounds } = circuit;
      const { alpha, beta, gamma, deltas, tau } = secrets;
      const publics = 1 + system.publicOutputCount + system.publicInputCount;
      let size = 2;
      while (size < system.constraintCount + publics) size *= 2;
      // L_i(tau) = (tau^n - 1) w^i / (n (tau - w^i))
      const root = rootOf(size);
      const z = canonical(power(tau, BigInt(size)) - 1n);
      const lagrange = Array.from({ length: size }, (_, i) => {
        const point = power(root, BigInt(i));
        return canonical(z * point * inverse(BigInt(size) * (tau - point)));
      });
      const [a, b, c] = [system.a, system.b, system.c].map((matrix) => columnsAt(circuit, matrix, lagrange));
      // Each public wire has a row of its own in A, as in every Groth16 of this ecosystem.
      for (let wire = 0; wire < publics; wire++) a[wire] = canonical(a[wire] + lagrange[system.constraintCount + wire]);
      const k = a.map((_, wire) => canonical(beta * a[wire] + alpha * b[wire] + c[wire]));
      const last = deltas.length - 1;
      const deltaOf = new Array<bigint>(system.wireCount).fill(deltas[last]);
      for (const [j, { wires }] of rounds.entries()) for (const wire of wires) deltaOf[wire] = deltas[j];
      return {
        circuit,
        size,
        alpha,
        beta,
        deltas,
        a,
        b,
        k: k.map((value, wire) => (wire < publics ? undefined : canonical(value * inverse(deltaOf[wire])))),
        h: Array.from({ length: size - 1 }, (_, i) => canonical(power(tau, BigInt(i)) * z * inverse(deltas[last]))),
        verification: {
          protocol: COMMITTED_PROTOCOL,
          curve: 'bn128',
          nPublic: publicSignalCount(circuit),
          challenges: rounds.map(({ challenge }) => challenge),
          vk_alpha_1: strings1(g1(alpha)),
          vk_beta_2: strings2(g2(beta)),
          vk_gamma_2: strings2(g2(gamma)),
          vk_deltas_2: deltas.map((delta) => strings2(g2(delta))),
          IC: k.slice(0, publics).map((value) => strings1(g1(value * inverse(gamma)))),
        },
      };
    },

    prove(key, publicSignals) {
      const { circuit, deltas, verification } = key;
      const { system, rounds } = circuit;
      const last = deltas.length - 1;
      const commitments: Point[] = [];
      const blindings: bigint[] = [];
      return {
        commit(witness, blinding = randomScalar()) {
          // C_j = sum a_i [K_i / delta_j] + rho_j [delta_k]
          const { wires } = rounds[commitments.length];
          const opened = [...wires].reduce((sum, wire) => sum + key.k[wire]! * witness[wire], 0n);
          commitments.push(g1(opened + blinding * deltas[last]));
          blindings.push(blinding);
          return challenges(verification, publicSignals, commitments)[commitments.length - 1];
        },
        finish(witness) {
          if (witness.length !== system.wireCount) throw new RangeError('a witness has a value for each wire');
          const [r, s] = [randomScalar(), randomScalar()];
          const committed = new Set(rounds.flatMap(({ wires }) => [...wires]));
          const a = canonical(key.alpha + dot(key.a, witness) + r * deltas[last]);
          const b = canonical(key.beta + dot(key.b, witness) + s * deltas[last]);
          const rest = key.k.map((value, wire) => (value === undefined || committed.has(wire) ? 0n : value));
          // C_k = sum a_i [K_i / delta_k] + h Z / delta_k + s A + r B - r s [delta_k] - sum rho_j [delta_j]
          const c =
            dot(rest, witness) +
            dot(key.h, quotient(circuit, key.size, witness)) +
            s * a +
            r * b -
            r * s * deltas[last] -
            dot(deltas.slice(0, last), blindings);
          return { a: g1(a), b: g2(b), c: g1(c), commitments };
        },
      };
    },
  };
}

function dot(left: readonly bigint[], right: readonly bigint[]): bigint {
  return left.reduce((sum, value, i) => canonical(sum + value * right[i]), 0n);
}

/** A whole proof by an honest prover: `fill` gives the witness of a round from the challenges so far. */
export function proveInRounds(
  { prove }: Reference,
  key: ReferenceKey,
  publicSignals: readonly bigint[],
  fill: (challenges: readonly (bigint | undefined)[]) => bigint[],
  blinding: readonly (bigint | undefined)[] = [],
): CommittedProof {
  const session = prove(key, publicSignals);
  const challenges: (bigint | undefined)[] = [];
  for (const j of key.circuit.rounds.keys()) challenges.push(session.commit(fill(challenges), blinding[j]));
  return session.finish(withChallenges(key.circuit, fill(challenges), challenges));
}

/** A witness with the challenges on their wires. */
export function withChallenges(
  circuit: CommittedCircuit,
  witness: readonly bigint[],
  challenges: readonly (bigint | undefined)[],
): bigint[] {
  const full = [...witness];
  for (const [j, wire] of challengeWires(circuit).entries()) if (wire !== undefined) full[wire] = challenges[j]!;
  return full;
}

function rootOf(size: number): bigint {
  return power(5n, (FIELD_MODULUS - 1n) / BigInt(size));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = canonical(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % FIELD_MODULUS)
    if (e & 1n) result = (result * b) % FIELD_MODULUS;
  return result;
}

/** Each wire's polynomial at tau. */
function columnsAt({ system }: CommittedCircuit, matrix: SparseMatrix, lagrange: readonly bigint[]): bigint[] {
  const columns = new Array<bigint>(system.wireCount).fill(0n);
  for (let row = 0; row < system.constraintCount; row++)
    for (let at = matrix.offsets[row]; at < matrix.offsets[row + 1]; at++)
      columns[matrix.wires[at]] = canonical(
        columns[matrix.wires[at]] + lagrange[row] * system.coefficients[matrix.values[at]],
      );
  return columns;
}

/** Coefficients of h = (A B - C) / (X^n - 1); a witness that violates a constraint leaves a remainder, dropped here. */
function quotient({ system }: CommittedCircuit, size: number, witness: readonly bigint[]): bigint[] {
  const values = (matrix: SparseMatrix): bigint[] =>
    Array.from({ length: size }, (_, row) => {
      let sum = 0n;
      if (row < system.constraintCount)
        for (let at = matrix.offsets[row]; at < matrix.offsets[row + 1]; at++)
          sum += system.coefficients[matrix.values[at]] * witness[matrix.wires[at]];
      return canonical(sum);
    });
  const publics = 1 + system.publicOutputCount + system.publicInputCount;
  const a = values(system.a);
  for (let wire = 0; wire < publics; wire++) a[system.constraintCount + wire] = witness[wire];
  const [p, q, o] = [a, values(system.b), values(system.c)].map(interpolate);
  const product = new Array<bigint>(2 * size).fill(0n);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) product[i + j] = canonical(product[i + j] + p[i] * q[j]);
  for (let i = 0; i < size; i++) product[i] = canonical(product[i] - o[i]);
  // f = h (X^n - 1) + rest, and deg f < 2 n, so h is the upper half.
  return product.slice(size, 2 * size - 1);
}

function interpolate(values: readonly bigint[]): bigint[] {
  const size = values.length;
  const back = inverse(rootOf(size));
  return values.map((_, i) =>
    canonical(
      inverse(BigInt(size)) *
        values.reduce((sum, value, j) => canonical(sum + value * power(back, BigInt((i * j) % size))), 0n),
    ),
  );
}
