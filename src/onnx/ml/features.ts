/**
 * ai.onnx.ml operators on rows of features: Scaler, Imputer, Binarizer, Normalizer, ArrayFeatureExtractor,
 * FeatureVectorizer, OneHotEncoder. The last dimension holds the features.
 */
import type { ScalarFunction } from '../../network/functions/index.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';
import { concatViews, identityView, selectAlong } from '../../tensor/views.js';
import type { Activation, Value } from '../values.js';
import { emitAffine } from '../ops/arithmetic.js';
import { emitStep } from '../ops/comparison.js';
import { constant, type Lowering, type NodeContext } from '../ops/context.js';
import { emitFunction } from '../ops/functions.js';
import { emitEquals, emitTable, positionsOf } from '../ops/lookup.js';
import { emitNormalized } from '../ops/normalization.js';
import { moveMany, moveOne } from '../ops/moving.js';

export function featureCount(shape: Shape): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}

/** A list with one entry for each feature, or one for all, spread over every element. */
function perElement(context: NodeContext, shape: Shape, values: readonly number[], what: string): Float64Array {
  const features = featureCount(shape);
  if (values.length !== 1 && values.length !== features) {
    throw context.shapeError(`${what} should have 1 entry or ${features}, not ${values.length}`);
  }
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => values[values.length === 1 ? 0 : i % features]);
}

/** (x - offset) * scale */
export const lowerScaler: Lowering = (context) => {
  const x = context.activation(0);
  const scale = perElement(context, x.shape, context.floats('scale') ?? [1], 'scale');
  const offset = perElement(context, x.shape, context.floats('offset') ?? [0], 'offset');
  return [
    {
      ...emitAffine(
        context,
        x,
        x.shape,
        scale,
        offset.map((value, i) => 0 - value * scale[i]),
      ),
      type: 'float',
    },
  ];
};

/** Layers that are looked back through for a function with a gap. */
const MOST_LAYERS = 64;

/** Whether it is made of a function that has no finite value at zero or below, such as a logarithm or a power. */
function mayBeUndefined(context: NodeContext, { tensor }: Activation): boolean {
  const seen = new Set([tensor]);
  for (const name of seen) {
    const node = context.makerOf({ tensor: name });
    if (node?.op === 'function' && ![-1, 0].every((x) => Number.isFinite(node.f.apply(x)))) return true;
    for (const input of node?.inputs ?? []) if (seen.size < MOST_LAYERS) seen.add(input);
  }
  return false;
}

/** x, or `value` where x is NaN or the infinity that is replaced. */
function repair(replaced: number, value: number): ScalarFunction {
  return {
    formula: `Imputer(${replaced})`,
    apply: (x) => (Object.is(x, replaced) ? value : x),
    monotone: false,
    whole: false,
    repairs: true,
    bound: (low, high) => [Math.min(low, value), Math.max(high, value)],
  };
}

/**
 * Elements that equal the replaced value take the imputed one. NaN, the usual one, cannot occur in a proved input, but
 * in what a function makes of it.
 */
export const lowerImputer: Lowering = (context) => {
  const x = context.activation(0);
  const floats = context.floats('imputed_value_floats');
  const integers = context.ints('imputed_value_int64s');
  const replaced =
    integers === undefined || floats !== undefined
      ? context.float('replaced_value_float', 0)
      : context.int('replaced_value_int64', 0);
  context.ignore('replaced_value_int64', 'replaced_value_float');
  const given = floats ?? integers;
  if (given === undefined) throw context.shapeError('imputed values are missing');
  const imputed = perElement(context, x.shape, given, 'the imputed values');
  if (!Number.isFinite(replaced)) {
    if (imputed.every((value) => value === imputed[0]) && mayBeUndefined(context, x))
      return [emitFunction(context, x, repair(replaced, imputed[0]))];
    if (Number.isNaN(replaced))
      context.note(
        `Imputer ${context.node.name} replaces NaN, which no proved input holds: it is left out, and a row with NaN is refused.`,
      );
    // No finite number is infinite, and none that is not finite is proved.
    return [x];
  }
  const equal = emitEquals(context, x, new Float64Array(sizeOf(x.shape)).fill(replaced), 'equal');
  const change = emitAffine(
    context,
    equal,
    x.shape,
    imputed.map((value) => value - replaced),
    new Float64Array(sizeOf(x.shape)),
    'change',
  );
  return [context.emit({ op: 'sum', shape: x.shape, coefficients: [1, 1] }, [x, change], { type: x.type })];
};

/** 1 above the threshold, else 0. */
export const lowerBinarizer: Lowering = (context) => {
  const x = context.activation(0);
  return [{ ...emitStep(context, x, Float64Array.of(context.float('threshold', 0)), true), type: x.type }];
};

/**
 * Each row over its norm: the sum of magnitudes, the root of the sum of squares, or, as onnxruntime takes it, the
 * largest element. A row that a softmax has made sums to one already. A row whose norm is zero stays what it is.
 */
export const lowerNormalizer: Lowering = (context) => {
  const x = context.activation(0);
  const norm = context.string('norm', 'MAX');
  if (norm !== 'MAX' && norm !== 'L1' && norm !== 'L2')
    throw context.unsupportedAttribute('norm', norm, 'MAX, L1 and L2 are');
  const axis = x.shape.length - 1;
  if (norm === 'L1' && x.omitted?.op === 'Softmax' && x.omitted.axes.join() === String(axis)) return [x];
  if (x.omitted !== undefined)
    throw context.unsupported(
      `it divides each row by its ${norm} norm after ${x.omitted.op}, which is supported only at the end of the network`,
    );
  if (axis < 0 || axis > 1) throw context.shapeError('its input should be a row or rows of features');
  return [{ ...emitNormalized(context, x, [axis], norm), type: 'float' }];
};

/** Columns by constant positions; or, of a constant row, entries by positions that the network computes. */
export const lowerArrayFeatureExtractor: Lowering = (context) => {
  const [data, positions] = [context.input(0), context.input(1)];
  const features = featureCount(data.shape);
  const lead = data.shape.length > 1 ? data.shape.slice(0, -1) : [1];
  const shape = context.bounded([...lead, sizeOf(positions.shape)]);
  if (data.kind === 'activation') {
    const columns = context.integers(1) ?? [];
    for (const column of columns) {
      if (column < 0 || column >= features)
        throw context.shapeError(`column ${column} is outside a row of ${features}`);
    }
    const axis = data.shape.length - 1;
    const picked = selectAlong(identityView(data.shape), new Map([[axis, Int32Array.from(columns)]]));
    return [moveOne(context, data, { shape, index: picked.index })];
  }
  const [rows, columns] = [sizeOf(lead), sizeOf(positions.shape)];
  const given = context.activation(1);
  if (data.type === 'string') {
    if (rows !== 1) throw context.unsupported('it looks computed positions up in more than one row of strings');
    return [emitLabels({ ...given, shape }, data.data, data.labels ?? [])];
  }
  // Every row of constants is read at the same positions.
  const index = Int32Array.from({ length: rows * columns }, (_, i) => i % columns);
  const at = rows === 1 ? { ...given, shape } : moveOne(context, given, { shape, index }, { step: 'columns' });
  const entries = emitTable(
    context,
    positionsOf(context, at, 0, features - 1),
    (i, k) => data.data[Math.floor(i / columns) * features + k],
    data.type,
  );
  return [entries];
};

/** Constants alone: columns of a constant. */
export const foldArrayFeatureExtractor: Lowering = (context) => {
  const data = context.constant(0);
  const columns = context.integers(1) ?? [];
  const features = featureCount(data.shape);
  if (columns.some((column) => column < 0 || column >= features))
    throw context.shapeError(`a column is outside a row of ${features}`);
  const rows = data.data.length / Math.max(features, 1);
  const shape = [...(data.shape.length > 1 ? data.shape.slice(0, -1) : [1]), columns.length];
  const picked = Float64Array.from(
    { length: rows * columns.length },
    (_, i) => data.data[Math.floor(i / columns.length) * features + columns[i % columns.length]],
  );
  return [{ ...constant(data.type, shape, picked), ...(data.labels === undefined ? {} : { labels: data.labels }) }];
};

/** Strings by computed positions: where the strings stand in the order of the labels, the positions themselves. */
export function emitLabels(at: Activation, order: ArrayLike<number>, labels: readonly string[]): Activation {
  const names = Array.from(order, (position) => labels[position]);
  return { ...at, type: 'string', labels: names, omitted: undefined };
}

/** Feature tensors side by side; `inputdimensions` says how many columns of each are taken. */
export const lowerFeatureVectorizer: Lowering = (context) => {
  const values = context.allInputs();
  const wanted = context.ints('inputdimensions') ?? values.map(({ shape }) => featureCount(shape));
  if (wanted.length !== values.length) throw context.shapeError('inputdimensions should have one entry for each input');
  const matrices = values.map((value): Value => ({
    ...value,
    shape: value.shape.length === 1 ? [1, value.shape[0]] : [value.shape[0] ?? 1, sizeOf(value.shape.slice(1))],
  }));
  const rows = matrices[0].shape[0];
  if (matrices.some(({ shape }) => shape[0] !== rows))
    throw context.shapeError('its inputs have different numbers of rows');
  if (matrices.some(({ shape }, i) => shape[1] < wanted[i]))
    throw context.shapeError('an input has fewer columns than inputdimensions says');
  const joined = moveMany(context, matrices, (views) =>
    concatViews(
      views.map((view, i) => selectAlong(view, new Map([[1, Int32Array.from({ length: wanted[i] }, (_, k) => k)]]))),
      1,
    ),
  );
  return [{ ...joined, type: 'float' }];
};

/** A new last dimension with a 1 at the category that each element is. */
export const lowerOneHotEncoder: Lowering = (context) => {
  const x = context.activation(0);
  const strings = context.strings('cats_strings');
  const integers = context.ints('cats_int64s');
  const zeros = context.flag('zeros', true);
  const categories = x.type === 'string' ? strings?.map((text) => (x.labels ?? []).indexOf(text)) : integers;
  if (categories === undefined)
    throw context.shapeError(`the categories of type ${x.type === 'string' ? 'string' : 'int64'} are missing`);
  if (!zeros) throw context.unsupportedAttribute('zeros', 0, 'a row of zeros for an unknown category is');
  const shape = context.bounded([...x.shape, categories.length]);
  const index = Int32Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(i / categories.length));
  const spread = moveOne(context, x, { shape, index }, { step: 'spread' });
  const keys = Float64Array.from(index, (_, i) => categories[i % categories.length]);
  return [{ ...emitEquals(context, spread, keys, 'hot'), type: 'float', labels: undefined }];
};
