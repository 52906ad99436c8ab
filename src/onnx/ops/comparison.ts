/**
 * Comparisons, logic and Where. A comparison is a step: [x >= c] against a constant, [a - b >= 0] between activations;
 * booleans are 0 and 1, so logic is arithmetic on them. Exact on integers; on reals as exact as the quantized values
 * that are compared.
 */
import type { Shape } from '../../tensor/shape.js';
import type { Activation, Value } from '../values.js';
import { emitAffine, filled } from './arithmetic.js';
import { commonShape, expandActivation, expandConstant, operandsOf } from './broadcast.js';
import type { Lowering, NodeContext } from './context.js';

/** A bound beyond every number that a network reaches; stands for infinity, which no constant may be. */
const FAR = 1e300;

interface Comparison {
  /** With a constant on the right. */
  readonly strict: boolean;
  /** The comparison is the opposite of "reaches". */
  readonly negated: boolean;
}

/** By operator; `mirrored` is the comparison that says the same with its sides exchanged. */
const COMPARISONS = {
  Greater: { strict: true, negated: false, mirrored: 'Less' },
  GreaterOrEqual: { strict: false, negated: false, mirrored: 'LessOrEqual' },
  Less: { strict: false, negated: true, mirrored: 'Greater' },
  LessOrEqual: { strict: true, negated: true, mirrored: 'GreaterOrEqual' },
} as const;

type ComparisonOp = keyof typeof COMPARISONS;

/** 1 - x, for booleans. */
export function emitNot(context: NodeContext, x: Activation, step?: string): Activation {
  return { ...emitAffine(context, x, x.shape, filled(x.shape, -1), filled(x.shape, 1), step), type: 'bool' };
}

/**
 * [x >= threshold] as booleans, or [x > threshold] where `strict`; the threshold has one entry or one per element.
 * Never true of NaN.
 */
export function emitStep(
  context: NodeContext,
  x: Activation,
  threshold: Float64Array,
  strict: boolean,
  step?: string,
): Activation {
  const finite = threshold.map((value) => (Number.isNaN(value) ? FAR : Math.min(Math.max(value, -FAR), FAR)));
  return context.emit({ op: 'step', shape: x.shape, threshold: finite, strict }, [x], { step, type: 'bool' });
}

function emitComparison(
  context: NodeContext,
  x: Activation,
  threshold: Float64Array,
  { strict, negated }: Comparison,
): Activation {
  if (!negated) return emitStep(context, x, threshold, strict);
  // Nothing is less than NaN.
  const reached = emitStep(
    context,
    x,
    threshold.map((value) => (Number.isNaN(value) ? -Infinity : value)),
    strict,
    'reached',
  );
  return emitNot(context, reached);
}

/**
 * Both sides in one shape; `x` is the activation, or the difference of two, and `threshold` what it is compared with.
 */
function readSides(context: NodeContext): {
  x: Activation;
  threshold: Float64Array;
  mirrored: boolean;
  equal: boolean;
} {
  const [a, b] = [context.input(0), context.input(1)];
  const shape = commonShape(context, [a, b]);
  const expand = (value: Activation, step: string) => expandActivation(context, value, shape, step);
  if (a.kind === 'activation' && b.kind === 'activation') {
    if (sameElements(a, b))
      return { x: expand(a, 'expand'), threshold: filled(shape, 0), mirrored: false, equal: true };
    const difference = context.emit(
      { op: 'sum', shape, coefficients: [1, -1] },
      [expand(a, 'expand'), expand(b, 'expand2')],
      { step: 'difference' },
    );
    return { x: difference, threshold: filled(shape, 0), mirrored: false, equal: false };
  }
  if (a.kind === 'activation' && b.kind === 'constant')
    return { x: expand(a, 'expand'), threshold: expandConstant(b, shape), mirrored: false, equal: false };
  if (a.kind === 'constant' && b.kind === 'activation')
    return { x: expand(b, 'expand'), threshold: expandConstant(a, shape), mirrored: true, equal: false };
  throw context.unsupported('both of its sides are constants');
}

function sameElements(a: Activation, b: Activation): boolean {
  return a.tensor === b.tensor && a.shape.join() === b.shape.join();
}

function compare(op: ComparisonOp): Lowering {
  return (context) => {
    const { x, threshold, mirrored, equal } = readSides(context);
    if (equal) return [emitFixed(context, x, Number(op.endsWith('OrEqual')))];
    return [emitComparison(context, x, threshold, COMPARISONS[mirrored ? COMPARISONS[op].mirrored : op])];
  };
}

/** The same number everywhere, still an activation. */
function emitFixed(context: NodeContext, x: Activation, value: number): Activation {
  return { ...emitAffine(context, x, x.shape, filled(x.shape, 0), filled(x.shape, value)), type: 'bool' };
}

export const lowerLess = compare('Less');
export const lowerLessOrEqual = compare('LessOrEqual');
export const lowerGreater = compare('Greater');
export const lowerGreaterOrEqual = compare('GreaterOrEqual');

/** [x >= c] - [x > c] */
export const lowerEqual: Lowering = (context) => {
  const { x, threshold, equal } = readSides(context);
  if (equal) return [emitFixed(context, x, 1)];
  const reached = emitStep(context, x, threshold, false, 'reached');
  const passed = emitStep(context, x, threshold, true, 'passed');
  return [context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [reached, passed], { type: 'bool' })];
};

export const lowerNot: Lowering = (context) => [emitNot(context, context.activation(0))];

/** By operator, the coefficients of a + b and of a b. */
const LOGIC = { And: [0, 1], Or: [1, -1], Xor: [1, -2] } as const;

function logic(op: keyof typeof LOGIC): Lowering {
  const [ofSum, ofProduct] = LOGIC[op];
  return (context) => {
    const {
      shape,
      activations: [x, y],
      constant,
    } = operandsOf(context);
    if (constant !== undefined) {
      const c = constant.map((value) => Number(value !== 0));
      return [
        {
          ...emitAffine(
            context,
            x,
            shape,
            c.map((value) => ofSum + ofProduct * value),
            c.map((value) => ofSum * value),
          ),
          type: 'bool',
        },
      ];
    }
    if (ofSum === 0) return [context.emit({ op: 'multiply', shape }, [x, y], { type: 'bool' })];
    const product = context.emit({ op: 'multiply', shape }, [x, y], { step: 'both' });
    return [
      context.emit({ op: 'sum', shape, coefficients: [ofSum, ofSum, ofProduct] }, [x, y, product], { type: 'bool' }),
    ];
  };
}

export const lowerAnd = logic('And');
export const lowerOr = logic('Or');
export const lowerXor = logic('Xor');

/**
 * y + c (x - y), for a condition that the network computes: one product an element, none where x and y are both
 * constants.
 */
export function emitChoice(context: NodeContext, condition: Activation, x: Value, y: Value): Activation {
  const shape = commonShape(context, [condition, x, y]);
  const c = expandActivation(context, condition, shape, 'expand');
  const { type } = x;
  if (x.kind === 'constant' && y.kind === 'constant') {
    const [a, b] = [expandConstant(x, shape), expandConstant(y, shape)];
    return {
      ...emitAffine(
        context,
        c,
        shape,
        a.map((value, i) => value - b[i]),
        b,
      ),
      type,
    };
  }
  const sides = [x, y].map((value, i) =>
    value.kind === 'activation' ? expandActivation(context, value, shape, `expand${i + 2}`) : value,
  );
  const [a, b] = sides;
  const difference = subtract(context, shape, a, b);
  const change = context.emit({ op: 'multiply', shape }, [c, difference], { step: 'change', type });
  if (b.kind === 'constant')
    return { ...emitAffine(context, change, shape, filled(shape, 1), expandConstant(b, shape)), type };
  return context.emit({ op: 'sum', shape, coefficients: [1, 1] }, [b, change], { type });
}

function subtract(context: NodeContext, shape: Shape, a: Value, b: Value): Activation {
  const step = 'difference';
  if (a.kind === 'activation' && b.kind === 'activation')
    return context.emit({ op: 'sum', shape, coefficients: [1, -1] }, [a, b], { step });
  if (a.kind === 'activation')
    return emitAffine(
      context,
      a,
      shape,
      filled(shape, 1),
      expandConstant(b as Value & { kind: 'constant' }, shape).map((value) => 0 - value),
      step,
    );
  return emitAffine(context, b as Activation, shape, filled(shape, -1), expandConstant(a, shape), step);
}
