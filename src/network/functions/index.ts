/**
 * Functions of one value, one row each: what a table gadget proves (decision 11 in docs/architecture.md). To add one,
 * write its row here and name it in `onnx/ops/functions.ts`.
 *
 * Outside a function's domain and at its poles there is no number to prove. What a table holds there is defined for all
 * functions alike, in `quantize/layers/function.ts`: outside the domain the value at the nearest argument inside it, at
 * a pole the end of the output's range on that side. `evaluate` itself gives NaN and infinities as IEEE arithmetic
 * does, so that calibration data which meet them are refused rather than silently saturated.
 */
import { erf } from './erf.js';

/** Functions that jump from one whole number to the next. */
export type Jumps = 'Ceil' | 'Floor' | 'Round' | 'Sign';

/** A function of one value with its parameters filled in. */
export interface ScalarFunction {
  /** For reports: `Sigmoid`, `Elu(alpha = 2)`, `Sigmoid * x`. */
  readonly formula: string;
  readonly apply: (x: number) => number;
  /** Whether it never falls. */
  readonly monotone: boolean;
  /** Whether its results are whole numbers. */
  readonly whole: boolean;
  /** Whether it is the square root, which has a gadget of its own. */
  readonly squareRoot?: true;
  /** Of a root that is taken of further: it stays a layer of its own, exact and finer, where fused it would be a table. */
  readonly apart?: true;
  /** Which of the functions it is that jump from one whole number to the next. */
  readonly jumps?: Jumps;
  /** Whether it gives a number for what is none: see `rewrites/repaired-functions.ts`. */
  readonly repairs?: true;
  /**
   * Bounds of its values on [low, high]: infinite where a pole lies between, and 0 where nothing of it is in the
   * domain.
   */
  readonly bound: (low: number, high: number) => readonly [number, number];
}

type Parameters = Readonly<Record<string, number>>;

export interface FunctionRow<P extends Parameters = Parameters> {
  /** Parameters, with ONNX's defaults. */
  readonly parameters: P;
  evaluate(x: number, parameters: P): number;
  /** Arguments for which it has a value, ends included unless they are poles. */
  domain(parameters: P): readonly [number, number];
  /** Arguments at which it is infinite, in words; empty where it has none. */
  readonly poles: string;
  isMonotone(parameters: P): boolean;
  /** Whether its results are whole numbers. */
  readonly whole?: true;
  readonly squareRoot?: true;
  readonly jumps?: Jumps;
  /**
   * Values that it takes, or comes near to, between low and high and that may lie outside those at the two ends: at
   * turning points, jumps and poles. Between them it rises or falls throughout.
   */
  turns(low: number, high: number, parameters: P): readonly number[];
}

const noTurns = (): readonly number[] => [];
/** The pole that a function with 1 / x in it has at 0. */
const poleAtZero = (low: number, high: number): readonly number[] =>
  low <= 0 && high >= 0 ? [-Infinity, Infinity] : [];
/** Turning points of a periodic function at `first` plus multiples of pi; two of them are all its values. */
const periodic =
  (apply: (x: number) => number, first: number) =>
  (low: number, high: number): readonly number[] => {
    const next = first + Math.ceil((low - first) / Math.PI) * Math.PI;
    return [next, next + Math.PI].filter((x) => x <= high || high - low > 2 * Math.PI).map(apply);
  };
/**
 * The one least value of a function that falls and then rises, or the greatest of one that does the opposite, between a
 * and b.
 */
const turnBetween = (apply: (x: number) => number, a: number, b: number) => {
  const sign = apply((a + b) / 2) < apply(b) ? 1 : -1;
  let [from, to] = [a, b];
  for (let i = 0; i < 120; i += 1) {
    const [left, right] = [from + (to - from) / 3, to - (to - from) / 3];
    if (sign * apply(left) < sign * apply(right)) to = right;
    else from = left;
  }
  return (low: number, high: number): readonly number[] => (low <= from && high >= from ? [apply(from)] : []);
};

const EVERYWHERE = (): readonly [number, number] => [-Infinity, Infinity];
const NOT_NEGATIVE = (): readonly [number, number] => [0, Infinity];
const UNIT = (): readonly [number, number] => [-1, 1];
const always = (): boolean => true;
const never = (): boolean => false;

/** A row without parameters. */
function plain(
  evaluate: (x: number) => number,
  isMonotone = never,
  domain = EVERYWHERE,
  poles = '',
  turns: FunctionRow['turns'] = noTurns,
): FunctionRow<Record<never, number>> {
  return { parameters: {}, evaluate, domain, poles, isMonotone, turns };
}

/** A row of a function that never falls and has no turn. */
const rising = (evaluate: (x: number) => number): FunctionRow<Record<never, number>> => plain(evaluate, always);
/** A row of a function with turns. */
const turning = (evaluate: (x: number) => number, turns: FunctionRow['turns']): FunctionRow<Record<never, number>> =>
  plain(evaluate, never, EVERYWHERE, '', turns);
const whole = (evaluate: (x: number) => number): FunctionRow<Record<never, number>> => ({
  ...rising(evaluate),
  whole: true,
});

function row<P extends Parameters>(
  parameters: P,
  evaluate: (x: number, parameters: P) => number,
  isMonotone: (parameters: P) => boolean,
  turns: FunctionRow<P>['turns'],
): FunctionRow<P> {
  return { parameters, evaluate, domain: EVERYWHERE, poles: '', isMonotone, turns };
}

/** A function with another branch on either side of 0. */
const zero = (low: number, high: number): readonly number[] => (low <= 0 && high >= 0 ? [0] : []);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** ln(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Half to even. */
export function roundEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const mish = (x: number): number => x * Math.tanh(softplus(x));
const swish = (x: number): number => x * sigmoid(x);
const swishTurn = turnBetween(swish, -5, 0);

export const FUNCTIONS = {
  Acos: plain(Math.acos, never, UNIT),
  Acosh: plain(Math.acosh, always, () => [1, Infinity]),
  Asin: plain(Math.asin, always, UNIT),
  Asinh: rising(Math.asinh),
  Atan: rising(Math.atan),
  Atanh: plain(Math.atanh, always, UNIT, 'at -1 and 1'),
  Ceil: { ...whole(Math.ceil), jumps: 'Ceil' },
  Celu: row(
    { alpha: 1 },
    (x, { alpha }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)),
    ({ alpha }) => alpha > 0,
    zero,
  ),
  Cos: turning(Math.cos, periodic(Math.cos, 0)),
  Cosh: turning(Math.cosh, (low, high) => (low <= 0 && high >= 0 ? [1] : [])),
  Elu: row(
    { alpha: 1 },
    (x, { alpha }) => (x < 0 ? alpha * Math.expm1(x) : x),
    ({ alpha }) => alpha >= 0,
    zero,
  ),
  Erf: rising(erf),
  Exp: rising(Math.exp),
  Floor: { ...whole(Math.floor), jumps: 'Floor' },
  Gelu: turning(gelu, turnBetween(gelu, -5, 0)),
  GeluTanh: turning(geluTanh, turnBetween(geluTanh, -5, 0)),
  Log: plain(Math.log, always, NOT_NEGATIVE, 'minus infinity at 0'),
  Mish: turning(mish, turnBetween(mish, -5, 0)),
  /** x^exponent. */
  Pow: {
    parameters: { exponent: 2 },
    evaluate: (x, { exponent }) => x ** exponent,
    domain: ({ exponent }) => (Number.isInteger(exponent) ? EVERYWHERE() : NOT_NEGATIVE()),
    poles: 'infinity at 0 for negative exponents',
    isMonotone: ({ exponent }) => exponent > 0 && (!Number.isInteger(exponent) || exponent % 2 === 1),
    turns: (low, high, { exponent }) =>
      exponent < 0 ? poleAtZero(low, high) : low <= 0 && high >= 0 ? [0 ** exponent] : [],
  } satisfies FunctionRow<{ exponent: number }>,
  /** base^x. */
  Power: row(
    { base: Math.E },
    (x, { base }) => base ** x,
    ({ base }) => base >= 1,
    noTurns,
  ),
  Reciprocal: plain((x) => 1 / x, never, EVERYWHERE, 'infinity at 0, taken from the right', poleAtZero),
  Round: { ...whole(roundEven), jumps: 'Round' },
  Selu: row(
    { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
    (x, { alpha, gamma }) => gamma * (x <= 0 ? alpha * Math.expm1(x) : x),
    ({ alpha, gamma }) => alpha >= 0 && gamma >= 0,
    zero,
  ),
  Shrink: row(
    { bias: 0, lambd: 0.5 },
    (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
    never,
    (_low, _high, { bias, lambd }) => [bias - lambd, 0, lambd - bias],
  ),
  Sigmoid: rising(sigmoid),
  Sign: { ...whole(Math.sign), jumps: 'Sign' },
  Sin: turning(Math.sin, periodic(Math.sin, Math.PI / 2)),
  Sinh: rising(Math.sinh),
  Softplus: rising(softplus),
  Softsign: rising((x) => x / (1 + Math.abs(x))),
  Sqrt: { ...plain(Math.sqrt, always, NOT_NEGATIVE), squareRoot: true },
  /** x * sigmoid(alpha x) = swish(alpha x) / alpha. */
  Swish: row(
    { alpha: 1 },
    (x, { alpha }) => x * sigmoid(alpha * x),
    never,
    (low, high, { alpha }) =>
      alpha === 0
        ? []
        : swishTurn(Math.min(alpha * low, alpha * high), Math.max(alpha * low, alpha * high)).map(
            (value) => value / alpha,
          ),
  ),
  Tan: plain(Math.tan, never, EVERYWHERE, 'at odd multiples of pi / 2', (low, high) =>
    Math.floor(low / Math.PI + 0.5) === Math.floor(high / Math.PI + 0.5) ? [] : [-Infinity, Infinity],
  ),
  Tanh: rising(Math.tanh),
  /** The whole part, as a cast to an integer type takes it. */
  Trunc: whole((x) => Math.trunc(x) + 0),
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export type FunctionParameters<Name extends FunctionName> = {
  readonly [P in keyof (typeof FUNCTIONS)[Name]['parameters']]: number;
};

/** The function of this name with these parameters. */
export function scalarFunction<Name extends FunctionName>(
  name: Name,
  parameters: FunctionParameters<Name>,
): ScalarFunction {
  const {
    evaluate,
    isMonotone,
    whole: isWhole = false,
    squareRoot,
    jumps,
    domain,
    turns,
  } = FUNCTIONS[name] as FunctionRow;
  const shown = Object.entries(parameters).map(([parameter, value]) => `${parameter} = ${String(value)}`);
  const [first, last] = domain(parameters);
  return {
    formula: shown.length === 0 ? name : `${name}(${shown.join(', ')})`,
    apply: (x) => evaluate(x, parameters),
    monotone: isMonotone(parameters),
    whole: isWhole,
    ...(squareRoot === undefined ? {} : { squareRoot }),
    ...(jumps === undefined ? {} : { jumps }),
    bound(low, high) {
      const [from, to] = [Math.max(low, first), Math.min(high, last)];
      if (from > to) return [0, 0];
      // At infinite or huge arguments some products are undefined, such as that of x and what is already 0.
      const values = [evaluate(from, parameters), evaluate(to, parameters), ...turns(from, to, parameters)].filter(
        (value) => !Number.isNaN(value),
      );
      return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
    },
  };
}

/** Points at which a composition is looked at over an interval. */
const POINTS = 256;

/**
 * Bounds of any function over an interval from many points: close enough for the choice of a scale, and no proof of
 * anything.
 */
export function boundByPoints(apply: (x: number) => number): ScalarFunction['bound'] {
  return (low, high) => {
    const values = Array.from({ length: POINTS + 1 }, (_, k) => apply(low + ((high - low) * k) / POINTS)).filter(
      Number.isFinite,
    );
    return values.length === 0
      ? [0, 0]
      : [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  };
}
