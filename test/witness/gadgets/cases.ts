/** Parameter sets of every gadget, small to large, and inputs within the contract of each, corners first. */
import { gadgetKey, type GadgetSpec } from '../../../src/gadgets/index.js';
import { FIELD_MODULUS } from '../../../src/r1cs/types.js';

export interface GadgetCase {
  readonly spec: GadgetSpec;
  /** Constraints that the template's head comment promises. */
  readonly constraints: number;
  /** Inclusive range of each input; for gadgets on differences, the inputs' common range. */
  readonly range: readonly [bigint, bigint];
  readonly inputCount: number;
  /** What the gadget's outputs have to be; absent where it only constrains, or hashes. */
  readonly expected?: (inputs: readonly bigint[]) => bigint | readonly bigint[];
}

/** The parameters of a gadget that takes no arrays. */
export function integerParameters({ parameters }: GadgetSpec): number[] {
  return parameters.map((parameter) => Number(parameter));
}

/** A gadget in a test's name: long arrays are only counted. */
export function nameOf(spec: GadgetSpec): string {
  return gadgetKey(spec).replace(
    /\[[^\]]{40,}\]/g,
    (list) => `[${list.split(',').length} entries from ${list.slice(1, 20)}...]`,
  );
}

const floorShift = (value: bigint, shift: number): bigint => value >> BigInt(shift);
const power = (exponent: number): bigint => 1n << BigInt(exponent);
const bitLength = (value: number): number => value.toString(2).length;

function inputRange(max: number): GadgetCase {
  return {
    spec: { template: 'InputRange', parameters: [max] },
    constraints: bitLength(max),
    range: [0n, BigInt(max)],
    inputCount: 1,
  };
}

function requantize(bits: number, shift: number): GadgetCase {
  return {
    spec: { template: 'Requantize', parameters: [bits, shift] },
    constraints: bits + 1,
    range: [0n, power(bits) - 1n],
    inputCount: 1,
    expected: ([t]) => floorShift(t, shift),
  };
}

function relu(bits: number, shift: number): GadgetCase {
  return {
    spec: { template: 'RequantizeRelu', parameters: [bits, shift] },
    constraints: bits + 2,
    range: [-power(bits) + power(shift), power(bits) - 1n],
    inputCount: 1,
    expected: ([t]) => (t < 0n ? 0n : floorShift(t, shift)),
  };
}

function minimum(bits: number, shift: number, max: number): GadgetCase {
  const reach = power(bits - shift);
  return {
    spec: { template: 'RequantizeMin', parameters: [bits, shift, max] },
    constraints: bits + 2,
    range: [(BigInt(max) - reach + 1n) * power(shift), (BigInt(max) + reach) * power(shift) - 1n],
    inputCount: 1,
    expected: ([t]) => (floorShift(t, shift) < BigInt(max) ? floorShift(t, shift) : BigInt(max)),
  };
}

function clamp(bits: number, shift: number, outBits: number): GadgetCase {
  return {
    spec: { template: 'RequantizeClamp', parameters: [bits, shift, outBits] },
    constraints: bits + 4,
    range: [-power(bits), power(bits) + power(shift + outBits) - 1n],
    inputCount: 1,
    expected: ([t]) => {
      const u = floorShift(t, shift);
      return u < 0n ? 0n : u >= power(outBits) ? power(outBits) - 1n : u;
    },
  };
}

function argMax(n: number, bits: number, selectLast: 0 | 1, low: bigint): GadgetCase {
  return {
    spec: { template: 'ArgMax', parameters: [n, bits, selectLast] },
    constraints: n * (bits + 1) + (n === 2 ? 0 : 1),
    range: [low, low + power(bits) - 1n],
    inputCount: n,
    expected: (inputs) => {
      const largest = inputs.reduce((x, y) => (x > y ? x : y));
      return BigInt(selectLast === 1 ? inputs.lastIndexOf(largest) : inputs.indexOf(largest));
    },
  };
}

function requantizeDigits(bits: number, shift: number): GadgetCase {
  return {
    spec: { template: 'RequantizeDigits', parameters: [bits, shift] },
    constraints: bits + 1,
    range: [0n, power(bits) - 1n],
    inputCount: 1,
    expected: ([t]) => Array.from({ length: bits - shift }, (_, i) => floorShift(t, shift + i) & 1n),
  };
}

function clampDigits(bits: number, shift: number, outBits: number): GadgetCase {
  return {
    spec: { template: 'RequantizeClampDigits', parameters: [bits, shift, outBits] },
    constraints: bits + 3,
    range: [-power(bits), power(bits) + power(shift + outBits) - 1n],
    inputCount: 1,
    expected: ([t]) => {
      const u = floorShift(t, shift);
      const inside = u >= 0n && u < power(outBits);
      return [...Array.from({ length: outBits }, (_, i) => (u >> BigInt(i)) & 1n), u >= 0n ? 1n : 0n, inside ? 1n : 0n];
    },
  };
}

function distances(n: number, bits: number, shift: number, low: bigint): GadgetCase {
  return {
    spec: { template: 'Distances', parameters: [n, bits, shift] },
    constraints: n * (bits + 2),
    range: [low, low + power(bits) - 1n],
    inputCount: n,
    expected: (inputs) => {
      const largest = inputs.reduce((x, y) => (x > y ? x : y));
      const first = inputs.indexOf(largest);
      return inputs.flatMap((value, i) => {
        const gap = largest - value - (i < first ? 1n : 0n);
        return Array.from({ length: bits - shift }, (_, j) => floorShift(gap, shift + j) & 1n);
      });
    },
  };
}

function reciprocal(numerator: number, bits: number, outBits: number): GadgetCase {
  return {
    spec: { template: 'Reciprocal', parameters: [numerator, bits, outBits] },
    constraints: outBits + 2 * bits + 3,
    range: [BigInt(numerator) / power(outBits) + 1n, power(bits) - 1n],
    inputCount: 1,
    expected: ([divisor]) => BigInt(numerator) / divisor,
  };
}

function table(bits: number, constraints: number, entry: (index: number) => number): GadgetCase {
  const entries = Array.from({ length: 2 ** bits }, (_, index) => entry(index));
  return {
    spec: { template: 'Table', parameters: [bits, entries] },
    constraints,
    range: [0n, 1n],
    inputCount: bits,
    expected: (digits) => BigInt(entries[digits.reduce((index, digit, i) => index + Number(digit) * 2 ** i, 0)]),
  };
}

function lines(
  lower: number,
  upper: number,
  base: (line: number) => number,
  slope: (line: number) => number,
): GadgetCase {
  const each = (of: (line: number) => number): number[] => Array.from({ length: 2 ** upper }, (_, line) => of(line));
  const [bases, slopes] = [each(base), each(slope)];
  return {
    spec: { template: 'Lines', parameters: [lower, upper, bases, slopes] },
    constraints: 2 ** upper - upper,
    range: [0n, 1n],
    inputCount: lower + upper,
    expected: (digits) => {
      const index = digits.reduce((sum, digit, i) => sum + Number(digit) * 2 ** i, 0);
      const line = Math.floor(index / 2 ** lower);
      return BigInt(bases[line] + slopes[line] * (index % 2 ** lower));
    },
  };
}

function thresholds(bits: number, threshold: readonly number[], top: number): GadgetCase {
  return {
    spec: { template: 'Thresholds', parameters: [threshold.length, bits, threshold, top] },
    constraints: threshold.length + 1 + 2 * bits,
    range: [0n, BigInt(top) - 1n],
    inputCount: 1,
    expected: ([value]) => threshold.map((least) => (value >= BigInt(least) ? 1n : 0n)),
  };
}

function squareRoot(bits: number): GadgetCase {
  return {
    spec: { template: 'SquareRoot', parameters: [bits] },
    constraints: 3 * bits + 5,
    range: [0n, power(2 * bits) - 1n],
    inputCount: 1,
    expected: ([value]) => {
      let root = 0n;
      for (let bit = power(bits); bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= value) root += bit;
      return root;
    },
  };
}

/** The contract of a gadget on one integer with these parameters; undefined for other gadgets. */
export function contractOf(spec: GadgetSpec): GadgetCase | undefined {
  const [first, second, third] = integerParameters(spec);
  switch (spec.template) {
    case 'InputRange':
      return inputRange(first);
    case 'Requantize':
      return requantize(first, second);
    case 'RequantizeRelu':
      return relu(first, second);
    case 'RequantizeMin':
      return minimum(first, second, third);
    case 'RequantizeClamp':
      return clamp(first, second, third);
    default:
      return undefined;
  }
}

function each<A extends readonly unknown[]>(make: (...parameters: A) => GadgetCase, sets: readonly A[]): GadgetCase[] {
  return sets.map((set) => make(...set));
}

/** Gadgets whose inputs are integers. */
export const INTEGER_CASES: readonly GadgetCase[] = [
  ...each(inputRange, [[1], [2], [3], [4], [5], [6], [7], [255], [256], [1000], [65535]]),
  ...each(requantize, [
    [2, 1],
    [3, 1],
    [3, 2],
    [9, 8],
    [20, 9],
    [33, 16],
    [52, 30],
  ]),
  ...each(relu, [
    [1, 0],
    [2, 0],
    [2, 1],
    [3, 1],
    [8, 0],
    [20, 9],
    [34, 17],
    [51, 30],
  ]),
  ...each(minimum, [
    [1, 0, 0],
    [2, 1, 1],
    [3, 1, 2],
    [4, 1, 9],
    [20, 9, 255],
    [19, 9, 255],
    [35, 17, 255],
    [50, 20, 4095],
  ]),
  ...each(clamp, [
    [2, 0, 1],
    [3, 1, 1],
    [4, 1, 1],
    [5, 2, 2],
    [6, 1, 2],
    [20, 9, 8],
    [18, 9, 8],
    [34, 17, 8],
    [50, 20, 12],
  ]),
  ...each(argMax, [
    [2, 1, 0, 0n],
    [2, 2, 1, -1n],
    [3, 2, 0, 0n],
    [3, 1, 1, 0n],
    [5, 8, 1, -128n],
    [10, 20, 0, -700000n],
    [100, 12, 0, 0n],
  ]),
  ...each(requantizeDigits, [
    [2, 0],
    [3, 1],
    [6, 2],
    [8, 0],
    [20, 9],
    [33, 16],
    [52, 30],
  ]),
  ...each(clampDigits, [
    [2, 0, 1],
    [3, 1, 1],
    [4, 1, 2],
    [18, 9, 8],
    [34, 17, 8],
    [50, 20, 12],
  ]),
  ...each(distances, [
    [2, 2, 1, 0n],
    [2, 5, 2, -9n],
    [3, 3, 1, 0n],
    [4, 8, 3, -128n],
    [5, 20, 9, -700000n],
    [40, 12, 4, 0n],
  ]),
  ...each(reciprocal, [
    [5, 2, 2],
    [12, 3, 3],
    [100, 4, 7],
    [2 ** 22, 13, 13],
    [2 ** 45, 30, 20],
  ]),
  // Without any regularity; a step, whose rows have one shape; a falling line with a flat end; an odd number of digits;
  // eight.
  ...each(table, [
    [4, 5, (index) => ((index * index * 7 + 3) % 23) - 9],
    [4, 3, (index) => (index < 8 ? -1 : 1)],
    [4, 3, (index) => Math.max(20 - 3 * index, -4)],
    [5, 8, (index) => (index * index * 5) % 29],
    [8, 37, (index) => ((index * index * 37 + index) % 251) - 100],
    [8, 36, (index) => Math.round(255 / (1 + Math.exp((128 - index) / 16)))],
  ]),
  ...each(lines, [
    [1, 1, (line) => 3 - line, (line) => 2 * line - 1],
    [2, 2, (line) => line * line, (line) => 5 - 3 * line],
    [5, 3, (line) => -100 * line, (line) => line * line - 7],
    [6, 5, (line) => line * 37 - 500, (line) => (line * line) % 23],
  ]),
  // Intervals of one value each; of two values, the last of one; of the full width and less; many.
  ...each(thresholds, [
    [1, [1, 2], 3],
    [1, [2, 3, 5], 6],
    [5, [3, 20, 21, 53], 80],
    [16, [1, 40000, 40001], 65536],
    [9, Array.from({ length: 11 }, (_, k) => 500 * (k + 1) - 40 * k), 5600],
  ]),
  ...each(squareRoot, [[2], [3], [8], [12], [24]]),
  {
    spec: { template: 'MultiplyAdd', parameters: [] },
    constraints: 1,
    range: [-(1n << 26n), 1n << 26n],
    inputCount: 3,
    expected: ([a, b, c]) => a * b + c,
  },
  {
    spec: { template: 'Multiply', parameters: [] },
    constraints: 1,
    range: [-(1n << 26n), 1n << 26n],
    inputCount: 2,
    expected: ([a, b]) => a * b,
  },
];

/** Gadgets whose inputs are any field elements, or integers that doubles do not hold. */
export const FIELD_CASES: readonly GadgetCase[] = [
  ...each(requantizeDigits, [
    [60, 3],
    [190, 0],
  ]),
  {
    spec: { template: 'MultiplyField', parameters: [] },
    constraints: 1,
    range: [0n, FIELD_MODULUS - 1n],
    inputCount: 2,
    expected: ([a, b]) => (a * b) % FIELD_MODULUS,
  },
  { spec: { template: 'Context', parameters: [] }, constraints: 1, range: [0n, FIELD_MODULUS - 1n], inputCount: 1 },
  ...(
    [
      [2, 243],
      [16, 612],
    ] as const
  ).map(([n, constraints]) => ({
    spec: { template: 'PoseidonBlock', parameters: [n] },
    constraints,
    range: [0n, FIELD_MODULUS - 1n] as const,
    inputCount: n + 1,
  })),
];

/** Deterministic pseudo-random numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** An integer in [low, high], ends included. */
export function integerIn(random: () => number, [low, high]: readonly [bigint, bigint]): bigint {
  let digits = 0n;
  for (let i = 0; i < 9; i++) digits = (digits << 32n) | BigInt(Math.floor(random() * 4294967296));
  return low + (digits % (high - low + 1n));
}

/** Input vectors of a gadget: all ends of its range, values next to zero and to powers of two, then random ones. */
export function sampleInputs({ range, inputCount }: GadgetCase, count: number, random: () => number): bigint[][] {
  const [low, high] = range;
  const corners = [low, high, low + 1n, high - 1n, 0n, 1n, -1n];
  for (let shift = 1n; 1n << shift <= high || -(1n << shift) >= low; shift++) {
    for (const near of [-1n, 0n, 1n]) corners.push((1n << shift) + near, -(1n << shift) + near);
    if (shift > 60n) break;
  }
  const inside = corners.filter((value) => value >= low && value <= high);
  const vectors = inside.map((value) => Array.from({ length: inputCount }, () => value));
  if (inputCount > 1) {
    for (let i = 0; i < inputCount; i++)
      vectors.push(Array.from({ length: inputCount }, (_, j) => (i === j ? high : low)));
    vectors.push(Array.from({ length: inputCount }, (_, j) => (j % 2 === 0 ? high : low)));
  }
  while (vectors.length < count) {
    const narrow = random() < 0.3;
    const top = narrow && low + 2n < high ? low + 2n : high;
    vectors.push(Array.from({ length: inputCount }, () => integerIn(random, [low, top])));
  }
  return vectors;
}
