/**
 * Poseidon over BN254 with circomlib's constants, and every inner signal of circomlib's circuit for it. Grassi et al.,
 * "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems" (USENIX Security 2021), in the form with sparse
 * matrices in the partial rounds (its appendix B), which is the one circomlib's circuit has. The trap: in that form
 * round constants and matrices differ from the plain one's; both give the same hash. Constants are read
 * for the width in use only.
 */
import { FIELD_MODULUS } from '../r1cs/types.js';
import { defineGadget } from './gadget.js';
import { poseidonConstants } from './poseidon-constants.js';

const FULL_ROUNDS = 8;
/** By number of inputs, from one. */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/** Inputs of a permutation at most. */
export const POSEIDON_MAX_INPUTS = PARTIAL_ROUNDS.length;

interface Constants {
  readonly partialRounds: number;
  /** Round constants: width for each full round, one for each partial round. */
  readonly round: readonly bigint[];
  /** Columns of the mixing matrix: mix[i][j] is multiplied with state[j] to give new state[i]. */
  readonly mix: readonly (readonly bigint[])[];
  /** The same for the matrix before the partial rounds. */
  readonly preMix: readonly (readonly bigint[])[];
  /** For each partial round, width entries of its dense row and width - 1 of its dense column. */
  readonly sparse: readonly bigint[];
}

const known = new Map<number, Constants>();

function constantsFor(width: number): Constants {
  const cached = known.get(width);
  if (cached !== undefined) return cached;
  const { round, mix, preMix, sparse } = poseidonConstants(width);
  const transposed = (matrix: readonly (readonly string[])[]): bigint[][] =>
    matrix.map((_, i) => matrix.map((row) => BigInt(row[i])));
  const constants: Constants = {
    partialRounds: PARTIAL_ROUNDS[width - 2],
    round: round.map(BigInt),
    mix: transposed(mix),
    preMix: transposed(preMix),
    sparse: sparse.map(BigInt),
  };
  known.set(width, constants);
  return constants;
}

/**
 * Runs the permutation on (capacity, inputs) and appends the value of each inner signal to `trace`, in the order of
 * `signalNames`. Returns the first element of the final state. Inputs are in [0, r).
 */
function permute(capacity: bigint, inputs: readonly bigint[], trace: bigint[]): bigint {
  const width = inputs.length + 1;
  const { partialRounds, round, mix, preMix, sparse } = constantsFor(width);
  const half = FULL_ROUNDS / 2;
  let next = 0;

  const addRound = (state: readonly bigint[]): bigint[] => {
    const sum = state.map((x) => (x + round[next++]) % FIELD_MODULUS);
    for (const value of sum) trace.push(value);
    return sum;
  };
  const sigma = (x: bigint): bigint => {
    const square = (x * x) % FIELD_MODULUS;
    const fourth = (square * square) % FIELD_MODULUS;
    const fifth = (fourth * x) % FIELD_MODULUS;
    trace.push(square, fourth, fifth);
    return fifth;
  };
  const multiply = (matrix: readonly (readonly bigint[])[], state: readonly bigint[]): bigint[] => {
    const product = state.map((_, i) => {
      const row = matrix[i];
      let sum = 0n;
      for (let j = 0; j < width; j++) sum += row[j] * state[j];
      return sum % FIELD_MODULUS;
    });
    for (const value of product) trace.push(value);
    return product;
  };

  let state = addRound([capacity, ...inputs]);
  for (let r = 0; r < half; r++) {
    state = addRound(state.map(sigma));
    state = multiply(r < half - 1 ? mix : preMix, state);
  }
  for (let r = 0, at = 0; r < partialRounds; r++) {
    const first = (sigma(state[0]) + round[next++]) % FIELD_MODULUS;
    trace.push(first);
    let sum = sparse[at++] * first;
    for (let j = 1; j < width; j++) sum += sparse[at++] * state[j];
    for (let j = 1; j < width; j++) state[j] = (state[j] + first * sparse[at++]) % FIELD_MODULUS;
    state[0] = sum % FIELD_MODULUS;
    for (const value of state) trace.push(value);
  }
  for (let r = 0; r < half - 1; r++) {
    state = multiply(mix, addRound(state.map(sigma)));
  }
  state = state.map(sigma);
  let out = 0n;
  for (let j = 0; j < width; j++) out += mix[0][j] * state[j];
  out %= FIELD_MODULUS;
  trace.push(out);
  return out;
}

/** Names of the circuit's signals in the order in which `permute` traces them; a line may have several names. */
function signalNames(inputs: number): string[][] {
  const width = inputs + 1;
  const half = FULL_ROUNDS / 2;
  const partialRounds = PARTIAL_ROUNDS[inputs - 1];
  const names: string[][] = [];
  const sigma = (component: string, ...outNames: string[]): void => {
    names.push([`${component}.in2`], [`${component}.in4`], [`${component}.out`, ...outNames]);
  };
  const vector = (name: (j: number) => string[]): void => {
    for (let j = 0; j < width; j++) names.push(name(j));
  };

  vector((j) => [`ark[0].out[${j}]`, `sigmaF[0][${j}].in`]);
  for (let r = 0; r < half; r++) {
    for (let j = 0; j < width; j++) sigma(`sigmaF[${r}][${j}]`, `ark[${r + 1}].in[${j}]`);
    vector((j) => [`ark[${r + 1}].out[${j}]`, `mix[${r}].in[${j}]`]);
    vector((j) => [
      `mix[${r}].out[${j}]`,
      ...(r < half - 1 ? [`sigmaF[${r + 1}][${j}].in`] : j > 0 ? [`mixS[0].in[${j}]`] : ['sigmaP[0].in']),
    ]);
  }
  for (let r = 0; r < partialRounds; r++) {
    sigma(`sigmaP[${r}]`);
    names.push([`mixS[${r}].in[0]`]);
    vector((j) => [
      `mixS[${r}].out[${j}]`,
      ...(r === partialRounds - 1
        ? [`sigmaF[${half}][${j}].in`]
        : j > 0
          ? [`mixS[${r + 1}].in[${j}]`]
          : [`sigmaP[${r + 1}].in`]),
    ]);
  }
  for (let r = 0; r < half - 1; r++) {
    for (let j = 0; j < width; j++) sigma(`sigmaF[${half + r}][${j}]`, `ark[${half + r + 1}].in[${j}]`);
    vector((j) => [`ark[${half + r + 1}].out[${j}]`, `mix[${half + r}].in[${j}]`]);
    vector((j) => [`mix[${half + r}].out[${j}]`, `sigmaF[${half + r + 1}][${j}].in`]);
  }
  for (let j = 0; j < width; j++) sigma(`sigmaF[${FULL_ROUNDS - 1}][${j}]`, `mixLast[0].in[${j}]`);
  names.push(['mixLast[0].out', 'out[0]']);
  return names;
}

/** circomlib's Poseidon of 1 to 16 field elements in [0, r); `capacity`: the initial state's first element. */
export function poseidon(inputs: readonly bigint[], capacity = 0n): bigint {
  return permute(capacity, inputs, []);
}

/**
 * Salted commitment to words: h = Poseidon(salt, up to 15 words) with `domain` as the capacity element, then h =
 * Poseidon(h, up to 15 more) with 0 there, until none is left. The domain says what the words are
 * (`compile/commitment-domain.ts`), so that they open as nothing else.
 */
export function poseidonCommit(words: readonly bigint[], salt: bigint, domain: bigint): bigint {
  let hash = salt;
  let capacity = domain;
  // Of no words, too, there is a commitment.
  for (let at = 0; at === 0 || at < words.length; at += POSEIDON_MAX_INPUTS - 1) {
    hash = poseidon([hash, ...words.slice(at, at + POSEIDON_MAX_INPUTS - 1)], capacity);
    capacity = 0n;
  }
  return hash;
}

/** Wires of `circuits/PoseidonBlock.circom`. */
export const poseidonBlock = defineGadget({
  template: 'PoseidonBlock',
  parameters: { n: 'integer' },
  simplification: 2,
  outputs: () => 1,
  constraints: ({ n }) => 3 * (FULL_ROUNDS * (n + 1) + PARTIAL_ROUNDS[n - 1]),
  inputRange: () => undefined,
  prepare({ n }, object) {
    // Reads the constants now rather than in the first run.
    constantsFor(n + 1);
    const position = new Map<string, number>();
    signalNames(n).forEach((names, i) => names.forEach((name) => position.set(`hash.${name}`, i)));
    const inputs = new Map([
      ['capacity', 0],
      ...Array.from({ length: n }, (_, i): [string, number] => [`in[${i}]`, i + 1]),
    ]);
    const [one, output, input, inner] = [0, 1, 2, 3];
    const sources = object.signals.map((name, wire): readonly [kind: number, index: number] => {
      if (wire === 0) return [one, 0];
      if (name === 'out') return [output, 0];
      const index = inputs.get(name) ?? position.get(name);
      if (index === undefined) throw new Error(`PoseidonBlock has an unknown signal ${name}`);
      return [inputs.has(name) ? input : inner, index];
    });
    return {
      field: true,
      run(values, out) {
        const trace: bigint[] = [];
        const hash = permute(values[0], values.slice(1), trace);
        sources.forEach(([kind, index], wire) => {
          out[wire] = kind === inner ? trace[index] : kind === input ? values[index] : kind === output ? hash : 1n;
        });
      },
    };
  },
});
