/** Square roots, rounded down. */
import { integerRoot } from '../../gadgets/index.js';
import { mostOf } from '../../tensor/extremes.js';
import * as intervals from '../../tensor/intervals.js';
import type { IntegerLayer, OpBase } from '../layer.js';

/** y[i] = floor(sqrt(x[i])), of numbers that are not negative and below 2^52. */
export interface IntegerSquareRoot extends OpBase {
  readonly kind: 'squareRoot';
}

export const squareRoot: IntegerLayer<IntegerSquareRoot> = {
  evaluate: (_, [x]) => x.map(integerRoot),
  bound: (_, [x]) => intervals.monotoneIntervals(x, integerRoot),
  reach: (_, [x]) => mostOf(x),
};
