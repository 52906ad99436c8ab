/**
 * Functions of one value, one row each: what a table gadget proves (decision 11 of the design). To add one, write its row here and name
 * it in `onnx/ops/functions.ts`.
 *
 * Outside a function's domain and at its poles there is no number to prove. What a table holds there is defined for all functions alike,
 * in `quantize/layers/function.ts`: outside the domain the value at the nearest argument inside it, at a pole the end of the output's
 * range on that side. `evaluate` itself gives NaN and infinities as IEEE arithmetic does, so that calibration data which meet them are
 * refused rather than silently saturated.
 */
import { erf } from './erf.js';

/** A function of one value with its parameters filled in. */
export interface ScalarFunction {
  /** For reports: `Sigmoid`, `Elu(alpha = 2)`, `Sigmoid * x`. */
  readonly formula: string;
  readonly apply: (x: number) => number;
  /** Whether it never falls. */
  readonly monotone: boolean;
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
}

const EVERYWHERE = (): readonly [number, number] => [-Infinity, Infinity];
const NOT_NEGATIVE = (): readonly [number, number] => [0, Infinity];
const UNIT = (): readonly [number, number] => [-1, 1];
const always = (): boolean => true;
const never = (): boolean => false;

/** A row without parameters. */
function plain(evaluate: (x: number) => number, isMonotone = never, domain = EVERYWHERE, poles = ''): FunctionRow<Record<never, number>> {
  return { parameters: {}, evaluate, domain, poles, isMonotone };
}

function row<P extends Parameters>(parameters: P, evaluate: (x: number, parameters: P) => number, isMonotone: (parameters: P) => boolean): FunctionRow<P> {
  return { parameters, evaluate, domain: EVERYWHERE, poles: '', isMonotone };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** ln(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Half to even. */
export function roundEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const FUNCTIONS = {
  Acos: plain(Math.acos, never, UNIT),
  Acosh: plain(Math.acosh, always, () => [1, Infinity]),
  Asin: plain(Math.asin, always, UNIT),
  Asinh: plain(Math.asinh, always),
  Atan: plain(Math.atan, always),
  Atanh: plain(Math.atanh, always, UNIT, 'at -1 and 1'),
  Ceil: plain(Math.ceil, always),
  Celu: row({ alpha: 1 }, (x, { alpha }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)), ({ alpha }) => alpha > 0),
  Cos: plain(Math.cos),
  Cosh: plain(Math.cosh),
  Elu: row({ alpha: 1 }, (x, { alpha }) => (x < 0 ? alpha * Math.expm1(x) : x), ({ alpha }) => alpha >= 0),
  Erf: plain(erf, always),
  Exp: plain(Math.exp, always),
  Floor: plain(Math.floor, always),
  Gelu: plain((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  GeluTanh: plain((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  Log: plain(Math.log, always, NOT_NEGATIVE, 'minus infinity at 0'),
  Mish: plain((x) => x * Math.tanh(softplus(x))),
  /** x^exponent. */
  Pow: {
    parameters: { exponent: 2 },
    evaluate: (x, { exponent }) => x ** exponent,
    domain: ({ exponent }) => (Number.isInteger(exponent) ? EVERYWHERE() : NOT_NEGATIVE()),
    poles: 'infinity at 0 for negative exponents',
    isMonotone: ({ exponent }) => exponent > 0 && (!Number.isInteger(exponent) || exponent % 2 === 1),
  } satisfies FunctionRow<{ exponent: number }>,
  /** base^x. */
  Power: row({ base: Math.E }, (x, { base }) => base ** x, ({ base }) => base >= 1),
  Reciprocal: plain((x) => 1 / x, never, EVERYWHERE, 'infinity at 0, taken from the right'),
  Round: plain(roundEven, always),
  Selu: row(
    { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
    (x, { alpha, gamma }) => gamma * (x <= 0 ? alpha * Math.expm1(x) : x),
    ({ alpha, gamma }) => alpha >= 0 && gamma >= 0,
  ),
  Shrink: row({ bias: 0, lambd: 0.5 }, (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0), never),
  Sigmoid: plain(sigmoid, always),
  Sign: plain(Math.sign, always),
  Sin: plain(Math.sin),
  Sinh: plain(Math.sinh, always),
  Softplus: plain(softplus, always),
  Softsign: plain((x) => x / (1 + Math.abs(x)), always),
  Sqrt: plain(Math.sqrt, always, NOT_NEGATIVE),
  Swish: row({ alpha: 1 }, (x, { alpha }) => x * sigmoid(alpha * x), never),
  Tan: plain(Math.tan, never, EVERYWHERE, 'at odd multiples of pi / 2'),
  Tanh: plain(Math.tanh, always),
  ThresholdedRelu: row({ alpha: 1 }, (x, { alpha }) => (x > alpha ? x : 0), ({ alpha }) => alpha >= 0),
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export type FunctionParameters<Name extends FunctionName> = { readonly [P in keyof (typeof FUNCTIONS)[Name]['parameters']]: number };

/** The function of this name with these parameters. */
export function scalarFunction<Name extends FunctionName>(name: Name, parameters: FunctionParameters<Name>): ScalarFunction {
  const { evaluate, isMonotone } = FUNCTIONS[name] as FunctionRow;
  const shown = Object.entries(parameters).map(([parameter, value]) => `${parameter} = ${String(value)}`);
  return {
    formula: shown.length === 0 ? name : `${name}(${shown.join(', ')})`,
    apply: (x) => evaluate(x, parameters),
    monotone: isMonotone(parameters),
  };
}
