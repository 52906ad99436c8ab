/**
 * SVMRegressor and SVMClassifier with linear, polynomial, radial and sigmoid kernels, as onnxruntime computes them: the
 * kernel of the row with every support vector, then one dense layer. Of the radial kernel |x - v|^2 is |x|^2 - 2 x v +
 * |v|^2, so that the vectors stay weights.
 *
 * The trap: a classifier's label comes of the votes of its pairs of classes, not of the probabilities, and a tie goes
 * to the first class.
 */
import { boundByPoints, scalarFunction, type ScalarFunction } from '../../network/functions/index.js';
import { mostOf } from '../../tensor/extremes.js';
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { emitAffine, filled } from '../ops/arithmetic.js';
import { emitStep } from '../ops/comparison.js';
import type { Lowering, NodeContext } from '../ops/context.js';
import { emitFunction } from '../ops/functions.js';
import { moveOne } from '../ops/moving.js';
import type { Activation } from '../values.js';
import { emitClassLabels } from './labels.js';
import { emitScores } from './linear.js';
import { asRows, labelCount, readLabels, readTransform, withTransform } from './scores.js';

const KERNELS = ['LINEAR', 'POLY', 'RBF', 'SIGMOID'] as const;
type KernelName = (typeof KERNELS)[number];

interface Kernel {
  readonly name: KernelName;
  readonly gamma: number;
  readonly offset: number;
  readonly degree: number;
}

function readKernel(context: NodeContext): Kernel {
  const given = context.string('kernel_type', 'LINEAR');
  const name = KERNELS.find((known) => known === given);
  if (name === undefined) throw context.unsupportedAttribute('kernel_type', given, `${KERNELS.join(', ')} are`);
  const [gamma = 0, offset = 0, degree = 0] = context.floats('kernel_params') ?? [];
  return { name, gamma, offset, degree };
}

/** k(x, v) for each row x and each support vector v: [N, vectors]. */
function emitKernel(
  context: NodeContext,
  x: Activation,
  vectors: readonly number[],
  count: number,
  { name, gamma, offset, degree }: Kernel,
): Activation {
  const features = x.shape[1];
  if (vectors.length !== count * features)
    throw context.shapeError(`${vectors.length} numbers are not ${count} support vectors of ${features}`);
  const dense = (factor: number, bias: readonly number[], step: string): Activation =>
    emitScores(
      context,
      x,
      vectors.map((value) => factor * value),
      bias,
      count,
      step,
    );
  switch (name) {
    case 'LINEAR':
      return dense(1, [], 'kernel');
    case 'POLY':
      return emitPower(context, dense(gamma, new Array<number>(count).fill(offset), 'line'), degree);
    case 'SIGMOID':
      return emitFunction(
        context,
        dense(gamma, new Array<number>(count).fill(offset), 'line'),
        scalarFunction('Tanh', {}),
        'kernel',
      );
    case 'RBF': {
      const squares = Array.from({ length: count }, (_, v) =>
        vectors.slice(v * features, (v + 1) * features).reduce((sum, value) => sum + value * value, 0),
      );
      const products = dense(
        2 * gamma,
        squares.map((square) => -gamma * square),
        'products',
      );
      const own = emitSquares(context, x);
      const index = Int32Array.from({ length: sizeOf(products.shape) }, (_, i) => Math.floor(i / count));
      const spread = moveOne(context, own, { shape: products.shape, index }, { step: 'norms' });
      const exponent = context.emit(
        { op: 'sum', shape: products.shape, coefficients: [1, -gamma] },
        [products, spread],
        { step: 'exponent' },
      );
      return emitFunction(context, exponent, scalarFunction('Exp', {}), 'kernel');
    }
  }
}

function emitPower(context: NodeContext, x: Activation, degree: number): Activation {
  if (degree !== 2 && degree !== 3)
    return emitFunction(context, x, scalarFunction('Pow', { exponent: degree }), 'kernel');
  const square = context.emit({ op: 'multiply', shape: x.shape }, [x, x], { step: degree === 2 ? 'kernel' : 'square' });
  return degree === 2 ? square : context.emit({ op: 'multiply', shape: x.shape }, [square, x], { step: 'kernel' });
}

/** |x|^2 of each row, [N]. */
function emitSquares(context: NodeContext, x: Activation): Activation {
  const rows = [x.shape[0]];
  const squares = context.emit({ op: 'multiply', shape: x.shape }, [x, x], { step: 'squares', type: 'float' });
  return context.emit(
    { op: 'mean', shape: rows, groups: reductionGroups(x.shape, [1]), divisors: filled(rows, 1) },
    [squares],
    { step: 'square' },
  );
}

export const lowerSvmRegressor: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const kernel = readKernel(context);
  const transform = context.string('post_transform', 'NONE');
  if (transform !== 'NONE') throw context.unsupportedAttribute('post_transform', transform, 'NONE is');
  const count = context.int('n_supports', 0);
  const [coefficients, rho] = [context.floats('coefficients') ?? [], context.floats('rho') ?? [0]];
  const vectors = context.floats('support_vectors') ?? [];
  const inner = count > 0 ? emitKernel(context, x, vectors, count, kernel) : x;
  const oneClass = context.flag('one_class', false);
  const score = emitScores(context, inner, coefficients, rho.slice(0, 1), 1, oneClass ? 'margin' : 'score');
  if (!oneClass) return [score];
  const above = emitStep(context, score, Float64Array.of(0), true, 'inside');
  return [
    { ...emitAffine(context, above, score.shape, filled(score.shape, 2), filled(score.shape, -1)), type: 'float' },
  ];
};

/** The decision values of all pairs of classes, [N, pairs]: positive for the first class of a pair. */
function emitPairs(
  context: NodeContext,
  kernels: Activation,
  perClass: readonly number[],
  coefficients: readonly number[],
  rho: readonly number[],
): Activation {
  const [classes, vectors] = [perClass.length, kernels.shape[1]];
  const pairs = (classes * (classes - 1)) / 2;
  if (coefficients.length !== (classes - 1) * vectors || rho.length < pairs) {
    throw context.shapeError(`its coefficients and rho do not fit ${classes} classes and ${vectors} support vectors`);
  }
  const starts = perClass.map((_, k) => perClass.slice(0, k).reduce((sum, count) => sum + count, 0));
  const weight = new Array<number>(pairs * vectors).fill(0);
  let pair = 0;
  for (let i = 0; i < classes; i += 1) {
    for (let j = i + 1; j < classes; j += 1, pair += 1) {
      for (let v = starts[i]; v < starts[i] + perClass[i]; v += 1)
        weight[pair * vectors + v] = coefficients[(j - 1) * vectors + v];
      for (let v = starts[j]; v < starts[j] + perClass[j]; v += 1)
        weight[pair * vectors + v] = coefficients[i * vectors + v];
    }
  }
  return emitScores(context, kernels, weight, rho.slice(0, pairs), pairs, 'pairs');
}

/** The class with most votes, of equal ones the first: positions, [N]. */
function emitVotes(context: NodeContext, pairs: Activation, classes: number): Activation {
  const first = emitStep(context, pairs, Float64Array.of(0), true, 'first');
  if (classes === 2)
    return {
      ...emitAffine(
        context,
        first,
        [pairs.shape[0]],
        filled([pairs.shape[0]], -1),
        filled([pairs.shape[0]], 1),
        'class',
      ),
      type: 'int64',
    };
  const count = pairs.shape[1];
  const [weight, bias] = [new Array<number>(classes * count).fill(0), new Array<number>(classes).fill(0)];
  let pair = 0;
  for (let i = 0; i < classes; i += 1) {
    for (let j = i + 1; j < classes; j += 1, pair += 1) {
      weight[i * count + pair] = 1;
      weight[j * count + pair] = -1;
      bias[j] += 1;
    }
  }
  const votes = emitScores(context, first, weight, bias, classes, 'votes');
  return context.emit(
    { op: 'argMax', shape: [pairs.shape[0]], groups: reductionGroups(votes.shape, [1]), selectLast: false },
    [votes],
    { step: 'class', type: 'int64' },
  );
}

/** onnxruntime keeps probabilities of pairs this far from 0 and 1, and stops its iteration on them here. */
const LEAST_PROBABILITY = 1e-7;
const TOLERANCE = 0.005;

/**
 * The first class's probability of two from their decision value: Platt's sigmoid, then the steps of Wu, Lin and Weng
 * (2004) that onnxruntime takes.
 */
function firstProbability(a: number, b: number): ScalarFunction {
  const apply = (score: number): number => {
    const r = Math.min(Math.max(1 / (1 + Math.exp(score * a + b)), LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
    const v = [1 - r, -r];
    const p = [0.5, 0.5];
    for (let round = 0; round < 100; round += 1) {
      let s = v[0] * p[0] + v[1] * p[1];
      if (mostOf(v.map((entry) => Math.abs(entry * s - s * s))) < TOLERANCE / 2) break;
      for (const i of [0, 1]) {
        const change = (s * s - v[i] * s) / (v[i] * v[i]);
        p[i] += change;
        p[0] /= 1 + change;
        p[1] /= 1 + change;
        s = v[0] * p[0] + v[1] * p[1];
      }
    }
    return p[0];
  };
  return { formula: `Platt(${a}, ${b})`, apply, monotone: false, whole: false, bound: boundByPoints(apply) };
}

/** r[i][j], the probability of class i against class j, kept from 0 and 1. */
function pairProbability(a: number, b: number): ScalarFunction {
  const apply = (score: number): number =>
    Math.min(Math.max(1 / (1 + Math.exp(score * a + b)), LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return {
    formula: `Platt(${a}, ${b})`,
    apply,
    monotone: a <= 0,
    whole: false,
    bound: (low, high) => [apply(a <= 0 ? low : high), apply(a <= 0 ? high : low)],
  };
}

const column = (context: NodeContext, x: Activation, k: number, step: string): Activation =>
  moveOne(
    context,
    x,
    { shape: [x.shape[0], 1], index: Int32Array.from({ length: x.shape[0] }, (_, row) => row * x.shape[1] + k) },
    { step },
  );

/** Columns [N, 1] side by side. */
function join(context: NodeContext, columns: readonly Activation[], step: string): Activation {
  const rows = columns[0].shape[0];
  const index = Int32Array.from(
    { length: rows * columns.length },
    (_, i) => (i % columns.length) * rows + Math.floor(i / columns.length),
  );
  return context.emit({ op: 'move', shape: [rows, columns.length], index, constants: new Float64Array() }, columns, {
    step,
  });
}

/**
 * Probabilities from decision values. Of three classes those that Wu, Lin and Weng's iteration goes to: p = Q^-1 1,
 * scaled to a sum of one, by the cofactors of Q, whose sum lies well above zero. onnxruntime stops a little before.
 */
function emitProbabilities(
  context: NodeContext,
  pairs: Activation,
  classes: number,
  a: readonly number[],
  b: readonly number[],
): Activation | undefined {
  if (classes === 2) {
    const first = emitFunction(context, pairs, firstProbability(a[0], b[0]), 'probability');
    const second = emitAffine(context, first, first.shape, filled(first.shape, -1), filled(first.shape, 1), 'rest');
    return join(context, [first, second], 'probabilities');
  }
  if (classes !== 3) return undefined;
  const shape = [pairs.shape[0], 1];
  const times = (x: Activation, y: Activation, step: string) =>
    context.emit({ op: 'multiply', shape }, [x, y], { step });
  const combine = (terms: readonly (readonly [Activation, number])[], step: string) =>
    context.emit(
      { op: 'sum', shape, coefficients: terms.map(([, factor]) => factor) },
      terms.map(([x]) => x),
      { step },
    );
  const won = [0, 1, 2].map((k) =>
    emitFunction(context, column(context, pairs, k, `pair${k}`), pairProbability(a[k], b[k]), `probability${k}`),
  );
  const lost = won.map((r, k) => emitAffine(context, r, shape, filled(shape, -1), filled(shape, 1), `rest${k}`));
  // r01, r02, r12 and their opposites. The diagonal of Q holds sums of squares of what the others win against a class.
  const [w, l] = [won.map((r, k) => times(r, r, `won${k}`)), lost.map((r, k) => times(r, r, `lost${k}`))];
  const diagonal = [
    combine(
      [
        [l[0], 1],
        [l[1], 1],
      ],
      'q00',
    ),
    combine(
      [
        [w[0], 1],
        [l[2], 1],
      ],
      'q11',
    ),
    combine(
      [
        [w[1], 1],
        [w[2], 1],
      ],
      'q22',
    ),
  ];
  // Off it stand -r01 r10, -r02 r20 and -r12 r21.
  const [c01, c02, c12] = won.map((r, k) => times(r, lost[k], `q${['01', '02', '12'][k]}`));
  // Rows of the adjugate summed, by the entries d on the diagonal and -c off it.
  const sums = (
    [
      [0, c01, c02, c12],
      [1, c01, c12, c02],
      [2, c02, c12, c01],
    ] as const
  ).map(([i, near, other, far]) => {
    const [j, k] = [0, 1, 2].filter((at) => at !== i);
    const terms: [Activation, number][] = [
      [times(diagonal[j], diagonal[k], `a${i}/diagonal`), 1],
      [times(far, far, `a${i}/far`), -1],
      [times(near, diagonal[k], `a${i}/near`), 1],
      [times(other, far, `a${i}/crossed`), 1],
      [times(other, diagonal[j], `a${i}/other`), 1],
      [times(near, far, `a${i}/crossed2`), 1],
    ];
    return combine(terms, `a${i}`);
  });
  const total = combine(
    sums.map((sum) => [sum, 1]),
    'total',
  );
  const reciprocal = emitFunction(context, total, scalarFunction('Reciprocal', {}), 'reciprocal');
  return join(
    context,
    sums.map((sum, i) => times(sum, reciprocal, `p${i}`)),
    'probabilities',
  );
}

/**
 * Outputs: the label of each row; probabilities, or the decision values of the pairs where the file has no parameters
 * of probabilities.
 */
export const lowerSvmClassifier: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const labels = readLabels(context, 'classlabels_strings', 'classlabels_ints');
  const classes = labelCount(labels);
  const kernel = readKernel(context);
  const transform = readTransform(context);
  const perClass = context.ints('vectors_per_class') ?? [];
  const [coefficients, rho] = [context.floats('coefficients') ?? [], context.floats('rho') ?? []];
  const [a, b] = [context.floats('prob_a') ?? [], context.floats('prob_b') ?? []];
  const vectors = context.floats('support_vectors') ?? [];
  const count = perClass.reduce((sum, of) => sum + of, 0);
  if (count === 0) throw context.unsupported('it has no support vectors; a LinearClassifier says the same');
  if (perClass.length !== classes || classes < 2)
    throw context.shapeError(`it has ${classes} labels and support vectors of ${perClass.length} classes`);
  const pairs = emitPairs(context, emitKernel(context, x, vectors, count, kernel), perClass, coefficients, rho);
  const label = emitClassLabels(context, emitVotes(context, pairs, classes), labels.strings, labels.integers);
  if (a.length > 0) {
    if (a.length < pairs.shape[1] || b.length !== a.length)
      throw context.shapeError(`prob_a and prob_b should have ${pairs.shape[1]} entries`);
    const probabilities = emitProbabilities(context, pairs, classes, a, b);
    return probabilities === undefined ? [label] : [label, withTransform(context, probabilities, transform)];
  }
  if (classes > 2) return [label, withTransform(context, pairs, transform)];
  // Without a transform onnxruntime writes minus the value, then the value; with one it writes one minus the value and
  // does not transform.
  const negated = emitAffine(
    context,
    pairs,
    pairs.shape,
    filled(pairs.shape, -1),
    filled(pairs.shape, transform === 'NONE' ? 0 : 1),
    'opposite',
  );
  return [label, join(context, [negated, pairs], 'scores')];
};
