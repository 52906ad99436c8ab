/** Element-wise scale and shift. */
import type { AffineNode } from '../../network/graph.js';
import { mostOf } from '../../tensor/extremes.js';
import type { IntegerModelBuilder, OpBody, Quantized } from '../integer-model-builder.js';
import { wholeUnits } from '../rounding.js';
import { besideRoots, carried, uncut, type QuantizedLayer } from './layer.js';

export const affine: QuantizedLayer<AffineNode> = {
  lower,
  cut: uncut,
  cutCount: carried,
  readStep: ({ scale, output }, _, plan) =>
    plan.cut(output) === undefined ? plan.uncutStep(output) / mostOf(scale.map(Math.abs)) : Infinity,
  sharesCut: true,
  ...besideRoots,
};

/** Bits that weights of usual precision add to an accumulator. */
const GROWTH = 12;
/** Whole numbers below this stay in exact arithmetic. */
const LARGEST_WHOLE = 2 ** 40;

/** The layer on what it reads, in real units of the result for each integer of that. */
interface AffineTerms {
  readonly x: Quantized;
  readonly coefficients: Float64Array;
  readonly shifts: Float64Array;
  readonly unit: number;
}

function lower(node: AffineNode, at: IntegerModelBuilder): void {
  const body = ({ coefficients, shifts, unit }: AffineTerms): OpBody => ({
    kind: 'affine',
    factor: wholeUnits(coefficients, unit),
    shift: wholeUnits(shifts, unit),
  });
  const terms = at.onOperand(node, GROWTH, (x) => termsOf(node, x, at), {
    reach: () => Infinity,
    body: (read) => ({ x: read.x, body: body(read) }),
  });
  at.emit(body(terms), [terms.x], node.output, node.shape, terms.unit);
}

function termsOf(node: AffineNode, given: Quantized, at: IntegerModelBuilder): AffineTerms {
  const { x, middle } = at.centred(given, node.scale.length);
  const coefficients = node.scale.map((value) => value * x.scale[0]);
  const shifts = middle === undefined ? node.shift : node.shift.map((value, i) => value + coefficients[i] * middle[i]);
  const terms = [
    { coefficients, meanSquare: x.meanSquare },
    { coefficients: shifts, meanSquare: 1 },
  ];
  // Where all factors are 0 the result is a constant, and whole numbers are kept exactly, whatever x is.
  const isConstant =
    coefficients.every((value) => value === 0) &&
    shifts.every((value) => Number.isInteger(value) && Math.abs(value) < LARGEST_WHOLE);
  const unit =
    isConstant || at.isIntegral(x, coefficients, shifts)
      ? 1
      : (exactUnit(coefficients, shifts, at.isIntegral(x)) ??
        Math.max(
          sharedUnit(node, coefficients, shifts, at) ?? 0,
          at.accumulatorScale(node.output, terms, coefficients.length),
        ));
  return { x, coefficients, shifts, unit };
}

/** Bits below the unit of what is shifted that its shift may take, where a shift alone is rounded. */
const SHIFT_BITS = 4;

/**
 * Where all factors are alike and nothing is cut to a grid known beforehand, such as differences to a centre that are
 * squared: the factor, or a fraction of it, so that shifts alone are rounded, to a small part of a unit of x.
 */
function sharedUnit(
  node: AffineNode,
  coefficients: Float64Array,
  shifts: Float64Array,
  at: IntegerModelBuilder,
): number | undefined {
  const unit = Math.abs(coefficients[0]);
  if (at.plan.cut(node.output) !== undefined || !(unit > 0)) return undefined;
  if (!coefficients.every((value) => Math.abs(value) === unit)) return undefined;
  for (let bits = 0; ; bits += 1) {
    const near = 2 ** (bits - SHIFT_BITS - 1);
    const step = unit / 2 ** bits;
    if (shifts.every((value) => Math.abs(value / step - Math.round(value / step)) <= near)) return step;
  }
}

/** How near a quotient must come to a whole number to be one. */
const NEAR = 1e-9;
/** The same for a shift of integers, whose factor is kept as it is: a small share of one of them. */
const CLOSE = 2 ** -7;
/** Bits below an integer's unit that its shift may take, at most. */
const MOST_FRACTION = 12;

/**
 * The factor that all elements share, or a fraction of it of which the shifts are multiples: the author's scale and
 * zero points, kept as they are.
 */
function exactUnit(coefficients: Float64Array, shifts: Float64Array, isIntegral: boolean): number | undefined {
  const unit = Math.abs(coefficients[0]);
  if (!(unit > 0) || !coefficients.every((value) => Math.abs(value) === unit)) return undefined;
  for (let bits = 0; bits <= (isIntegral ? MOST_FRACTION : 0); bits += 1) {
    const step = unit / 2 ** bits;
    const near = isIntegral ? CLOSE * 2 ** bits : NEAR;
    if (shifts.every((value) => Math.abs(value / step - Math.round(value / step)) <= near)) return step;
  }
  return undefined;
}
