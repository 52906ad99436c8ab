/**
 * Rounding to a grid of the author's: what QuantizeLinear does, and what every operator with quantized results ends
 * with.
 */
import type { Intervals } from '../../tensor/intervals.js';
import { roundEven } from '../functions/index.js';
import { besideAffine, noGains, type FloatLayer, type LayerBase, type UnitTies } from './layer.js';

/** One entry for all elements, or one per element. */
type Spread = Float64Array;

/**
 * y[i] = clamp(roundEven((offset[i] + sum_k factors[k][i] inputs[k][i]) / step[i]) + zero[i], low[i], high[i]), a code
 * of the author's: halves go to the even number, and codes beyond the ends saturate. All inputs have y's shape; `step`
 * is positive.
 */
export interface RoundNode extends LayerBase {
  readonly op: 'round';
  /** One for each input. */
  readonly factors: readonly Spread[];
  readonly offset: Spread;
  readonly step: Spread;
  /** Whole numbers, as the ends are. */
  readonly zero: Spread;
  readonly low: Spread;
  readonly high: Spread;
}

/** What a {@link RoundNode} does to one element. */
export type Rounding = Pick<RoundNode, 'factors' | 'offset' | 'step' | 'zero' | 'low' | 'high'>;

export const at = (values: Spread, i: number): number => values[values.length === 1 ? 0 : i];

/** Halves within this distance are halves: a product of scales misses one by the rounding of a double. */
const HALF = 1e-9;

/** Nearest whole number, halves to the even one. */
export function nearestEven(value: number): number {
  const half = Math.floor(value) + 0.5;
  return roundEven(Math.abs(value - half) <= HALF ? half : value);
}

/** The code of element i, before it saturates, of a real number that lies at that place. */
export const codeOf = ({ step, zero }: Pick<Rounding, 'step' | 'zero'>, real: number, i: number): number =>
  nearestEven(real / at(step, i)) + at(zero, i);

/** The code of element i for these inputs. */
export function roundElement(node: Rounding, elements: readonly number[], i: number): number {
  let real = at(node.offset, i);
  for (let k = 0; k < elements.length; k += 1) real += at(node.factors[k], i) * elements[k];
  return Math.min(Math.max(codeOf(node, real, i), at(node.low, i)), at(node.high, i));
}

/** Whether every element is rounded alike. */
export const isUniform = ({ factors, offset, step, zero, low, high }: Rounding): boolean =>
  [...factors, offset, step, zero, low, high].every(({ length }) => length === 1);

/** Whether it rounds its only input, as it is. */
export const roundsPlain = ({ factors, offset }: Rounding): boolean =>
  roundsMoved({ factors }) && offset.every((value) => value === 0);

/** Whether it rounds its only input, moved by an offset or not. */
export const roundsMoved = ({ factors }: Pick<Rounding, 'factors'>): boolean =>
  factors.length === 1 && factors[0].every((factor) => factor === 1);

export const round: FloatLayer<RoundNode> = {
  prepare: (node) => (inputs) =>
    inputs[0].map((_, i) =>
      roundElement(
        node,
        inputs.map((input) => input[i]),
        i,
      ),
    ),
  bound: boundRound,
  isMonotone: (node) => node.inputs.length === 1 && isUniform(node) && node.factors[0][0] >= 0,
  onlyMoves: () => false,
  maximumOf: () => undefined,
  tieUnits,
  inUnits: (node, inputs) => ({
    ...node,
    factors: node.factors.map((factor, k) => inputs[k].map((unit, i) => at(factor, i) * unit)),
  }),
  gains: noGains,
  errors: 'held',
  onlyCompares: () => false,
  ...besideAffine,
  makesWhole: () => true,
  // What is rounded exactly stays out of tables over approximations.
  ofOneValue: () => undefined,
};

/**
 * Codes have the unit 1, and so has what is rounded: layers between codes compute in the author's integers. But a
 * tensor that is rounded as it is, to steps that differ, may be an input on those grids.
 */
function tieUnits(node: RoundNode, { inputs, output, fix }: UnitTies): void {
  fix(output);
  if (!roundsPlain(node) || isUniform(node)) for (const input of inputs) fix(input);
}

function boundRound(node: RoundNode, inputs: readonly Intervals[]): Intervals {
  const end =
    (low: boolean) =>
    (_: number, i: number): number =>
      roundElement(
        node,
        inputs.map((x, k) => (at(node.factors[k], i) >= 0 === low ? x.low[i] : x.high[i])),
        i,
      );
  return { low: inputs[0].low.map(end(true)), high: inputs[0].low.map(end(false)) };
}
