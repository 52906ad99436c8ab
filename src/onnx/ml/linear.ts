/** LinearRegressor and LinearClassifier: one dense layer, and what is made of its scores (see scores.ts). */
import type { Activation } from '../values.js';
import type { Lowering, NodeContext } from '../ops/context.js';
import {
  asRows,
  emitAbove,
  emitLargest,
  emitSecondClass,
  labelCount,
  readLabels,
  readTransform,
  withTransform,
} from './scores.js';

/** scores[n, t] = x[n, f] coefficients[t, f] + intercepts[t] */
export function emitScores(
  context: NodeContext,
  x: Activation,
  weight: readonly number[],
  bias: readonly number[] | undefined,
  outFeatures: number,
  step: string,
): Activation {
  const [rows, inFeatures] = x.shape;
  if (weight.length !== outFeatures * inFeatures)
    throw context.shapeError(`${weight.length} coefficients are not ${outFeatures} rows of ${inFeatures}`);
  if (bias !== undefined && bias.length > 0 && bias.length !== outFeatures)
    throw context.shapeError(`there should be ${outFeatures} intercepts, not ${bias.length}`);
  context.boundWork(rows * inFeatures * outFeatures);
  const offsets = bias === undefined || bias.length === 0 ? new Float64Array(outFeatures) : Float64Array.from(bias);
  const shape = context.bounded([rows, outFeatures]);
  return {
    ...context.emit(
      { op: 'dense', shape, rows, inFeatures, outFeatures, weight: Float64Array.from(weight), bias: offsets },
      [x],
      { step },
    ),
    type: 'float',
  };
}

export const lowerLinearRegressor: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const scores = emitScores(
    context,
    x,
    context.floats('coefficients') ?? [],
    context.floats('intercepts'),
    context.int('targets', 1),
    'scores',
  );
  return [withTransform(context, scores, readTransform(context))];
};

/**
 * Outputs: the label of each row, and the scores. A single row of coefficients with two labels is a binary classifier.
 */
export const lowerLinearClassifier: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  context.ignore('multi_class');
  const coefficients = context.floats('coefficients') ?? [];
  const intercepts = context.floats('intercepts');
  const labels = readLabels(context, 'classlabels_strings', 'classlabels_ints');
  const transform = readTransform(context);
  const classes =
    intercepts !== undefined && intercepts.length > 0 ? intercepts.length : coefficients.length / x.shape[1];
  const scores = emitScores(context, x, coefficients, intercepts, classes, 'scores');
  if (classes === 1 && labelCount(labels) === 2) {
    const both = emitSecondClass(context, scores, transform === 'LOGISTIC' ? 0 : 1);
    return [
      emitAbove(context, scores, 0, labels),
      transform === 'LOGISTIC' ? withTransform(context, both, transform) : both,
    ];
  }
  if (labelCount(labels) !== classes)
    throw context.shapeError(`it has ${labelCount(labels)} labels for ${classes} classes`);
  return [emitLargest(context, scores, labels), withTransform(context, scores, transform)];
};
