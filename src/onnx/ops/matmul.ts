/**
 * Gemm and MatMul. One side constant: a dense layer (with transposes around it where the constant is on the left).
 * Both sides activations: products summed, one multiplication for each pair that meets.
 */
import { matrixProducts } from '../../tensor/kernels.js';
import { broadcastShapes, showShape, sizeOf, type Shape } from '../../tensor/shape.js';
import { expandView, identityView, reshapeView, transposeView, type View } from '../../tensor/views.js';
import type { Constant } from '../model.js';
import type { Activation, Value } from '../values.js';
import { emitAffine, requireNumeric } from './arithmetic.js';
import { expandActivation, expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { moveOne } from './moving.js';

/** Swaps the last two dimensions. */
function swapLast(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}

/** Transposes made so far, by the elements: unrolled loops ask for that of one matrix in each round. */
const transposes = new WeakMap<Float64Array, Constant>();

function transposeMatrix({ type, shape, data }: Constant): Constant {
  const [rows, columns] = shape;
  const known = transposes.get(data);
  if (known !== undefined && known.type === type && known.shape[0] === columns && known.shape[1] === rows) return known;
  const transposed = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = data[row * columns + column];
  }
  const made = constant(type, [columns, rows], transposed);
  transposes.set(data, made);
  return made;
}

/** Swaps the last two dimensions of an activation; no node where one of them is 1. */
function transposeActivation(context: NodeContext, value: Activation, step: string): Activation {
  const shape = swapLast(value.shape.length).map((axis) => value.shape[axis]);
  if (shape.slice(-2).includes(1)) return { ...value, shape };
  return moveOne(context, value, transposeView(identityView(value.shape), swapLast(value.shape.length)), { step });
}

/** y[..., n] = x[..., k] * weight[n, k]^T + bias[n] */
function emitDense(
  context: NodeContext,
  x: Activation,
  weight: Constant,
  bias: Float64Array | undefined,
  step: string | undefined,
): Activation {
  const [outFeatures, inFeatures] = weight.shape;
  const shape = context.bounded([...x.shape.slice(0, -1), outFeatures]);
  const rows = sizeOf(x.shape.slice(0, -1));
  context.boundWork(rows * inFeatures * outFeatures);
  return context.emit(
    {
      op: 'dense',
      shape,
      rows,
      inFeatures,
      outFeatures,
      weight: weight.data,
      bias: bias ?? new Float64Array(outFeatures),
    },
    [x],
    { step },
  );
}

/** Element position of [batch, m, n, k]-shaped operands, from a view of [..., m, k] or [..., k, n]. */
function pairView(shape: Shape, batch: Shape, m: number, n: number, left: boolean): View {
  const k = left ? shape[shape.length - 1] : shape[shape.length - 2];
  const lead = shape.slice(0, -2);
  const view = left
    ? reshapeView(identityView(shape), [...lead, m, 1, k])
    : reshapeView(transposeView(identityView(shape), swapLast(shape.length)), [...lead, 1, n, k]);
  return expandView(view, [...batch, m, n, k]);
}

/** Both operands of rank 2 or more, the inner dimensions equal; at least one is an activation. */
function multiplyMatrices(context: NodeContext, a: Value, b: Value, step?: string): Activation {
  const [m, k] = a.shape.slice(-2);
  const [kRight, n] = b.shape.slice(-2);
  if (k !== kRight)
    throw context.shapeError(`${showShape(a.shape)} and ${showShape(b.shape)} do not share their inner dimension`);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (batch === undefined) throw context.shapeError('the leading dimensions do not broadcast');
  const shape = context.bounded([...batch, m, n]);
  context.boundWork(sizeOf(shape) * k);

  if (b.kind === 'constant' && a.kind === 'activation' && sizeOf(b.shape.slice(0, -2)) === 1) {
    const weight = transposeMatrix({ ...b, shape: [k, n] });
    return { ...emitDense(context, a, weight, undefined, step), shape };
  }
  if (a.kind === 'constant' && b.kind === 'activation' && sizeOf(a.shape.slice(0, -2)) === 1) {
    const flipped = transposeActivation(context, b, 'transpose');
    const trivial = m === 1 || n === 1;
    const product = emitDense(context, flipped, { ...a, shape: [m, k] }, undefined, trivial ? step : 'transposed');
    if (trivial) return { ...product, shape };
    const view = transposeView(identityView(product.shape), swapLast(product.shape.length));
    return moveOne(context, product, reshapeView(view, shape), { step });
  }
  if (a.kind === 'activation' && b.kind === 'activation') return emitMatMul(context, a, b, batch, step);
  // A constant with leading dimensions of its own: pair every element with its partner.
  const paired = context.bounded([...batch, m, n, k]);
  const spread = (value: Value, left: boolean, name: string): Value => {
    const { index } = pairView(value.shape, batch, m, n, left);
    return value.kind === 'constant'
      ? constant(
          value.type,
          paired,
          Float64Array.from(index, (position) => value.data[position]),
        )
      : moveOne(context, value, { shape: paired, index }, { step: name });
  };
  const left = spread(a, true, 'left');
  const right = spread(b, false, 'right');
  const options = { step: 'products' };
  const fields = { shape: paired };
  const zeros = () => new Float64Array(sizeOf(paired));
  const [factors, x] = left.kind === 'constant' ? [left.data, right as Activation] : [(right as Constant).data, left];
  const products = context.emit({ op: 'affine', ...fields, scale: factors, shift: zeros() }, [x], options);
  const rows = sizeOf(shape);
  return context.emit(
    {
      op: 'mean',
      shape,
      groups: {
        offsets: Uint32Array.from({ length: rows + 1 }, (_, row) => row * k),
        indices: Uint32Array.from({ length: rows * k }, (_, i) => i),
      },
      divisors: new Float64Array(rows).fill(1),
    },
    [products],
    { step },
  );
}

/**
 * Products of [..., rows, inner] and [..., inner, columns] that the network computes, their leading dimensions
 * broadcast to `batch`.
 */
function emitMatMul(context: NodeContext, a: Activation, b: Activation, batch: Shape, step?: string): Activation {
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const positions = ({ shape }: Activation): Int32Array => expandView(identityView(shape.slice(0, -2)), batch).index;
  const fields = {
    op: 'matmul',
    shape: [...batch, rows, columns],
    rows,
    inner,
    columns,
    left: positions(a),
    right: positions(b),
  } as const;
  return context.emit(fields, [a, b], { step });
}

/** The product of two values of rank 2 or more, folded where both are constants. */
export function matrixProduct(context: NodeContext, a: Value, b: Value, step?: string): Value {
  if (a.kind === 'activation' || b.kind === 'activation') return multiplyMatrices(context, a, b, step);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  if (batch === undefined || b.shape[b.shape.length - 2] !== inner)
    throw context.shapeError(`${showShape(a.shape)} and ${showShape(b.shape)} have no matrix product`);
  context.boundWork(sizeOf(batch) * rows * inner * columns);
  const [left, right] = [a, b].map(({ shape }) => expandView(identityView(shape.slice(0, -2)), batch).index);
  const shape = context.bounded([...batch, rows, columns]);
  return constant(a.type, shape, matrixProducts(a.data, b.data, { rows, inner, columns, left, right }));
}

/** Vectors become matrices as in numpy.matmul; the added dimension is dropped from the result. */
export const lowerMatMul: Lowering = (context) => {
  const a = context.input(0);
  const b = context.input(1);
  requireNumeric(context, [a, b]);
  if (a.shape.length === 0 || b.shape.length === 0) throw context.shapeError('a scalar has no matrix product');
  const left = a.shape.length === 1 ? { ...a, shape: [1, a.shape[0]] } : a;
  const right = b.shape.length === 1 ? { ...b, shape: [b.shape[0], 1] } : b;
  const product = multiplyMatrices(context, left, right);
  const shape = product.shape.filter(
    (_, axis) =>
      !(a.shape.length === 1 && axis === product.shape.length - 2) &&
      !(b.shape.length === 1 && axis === product.shape.length - 1),
  );
  return [{ ...product, shape }];
};

function scaled(value: Constant, factor: number): Constant {
  return factor === 1 ? value : { ...value, data: value.data.map((element) => element * factor) };
}

/** Y = alpha * A' * B' + beta * C */
export const lowerGemm: Lowering = (context) => {
  const inputs = [context.input(0), context.input(1)];
  requireNumeric(context, inputs);
  const alpha = context.float('alpha', 1);
  const beta = context.float('beta', 1);
  const flips = [context.flag('transA', false), context.flag('transB', false)];
  const c = context.inputs[2];
  if (inputs.some(({ shape }) => shape.length !== 2)) throw context.shapeError('A and B must be matrices');
  const [m, n] = [inputs[0].shape[flips[0] ? 1 : 0], inputs[1].shape[flips[1] ? 0 : 1]];
  const shape = context.bounded([m, n]);
  if (c !== undefined && broadcastShapes(c.shape, shape)?.join() !== shape.join()) {
    throw context.shapeError(`C does not broadcast to ${showShape(shape)}`);
  }
  const flipped = (value: Value, i: number): Value =>
    !flips[i]
      ? value
      : value.kind === 'constant'
        ? transposeMatrix(value)
        : transposeActivation(context, value, `transpose${'AB'[i]}`);
  const a = flipped(inputs[0], 0);
  const [, weights] = inputs;
  // The usual dense layer, as exporters write it: B is the weight matrix row by row, and is taken as it is.
  if (
    flips[1] &&
    a.kind === 'activation' &&
    weights.kind === 'constant' &&
    c?.kind === 'constant' &&
    sizeOf(c.shape.slice(0, -1)) === 1
  ) {
    if (a.shape[1] !== weights.shape[1]) throw context.shapeError('A and B do not share their inner dimension');
    return [emitDense(context, a, scaled(weights, alpha), expandConstant(scaled(c, beta), [1, n]), undefined)];
  }
  const b = flipped(weights, 1);

  // alpha goes into a constant operand where there is one.
  const left = a.kind === 'constant' ? scaled(a, alpha) : a;
  const right = a.kind === 'activation' && b.kind === 'constant' ? scaled(b, alpha) : b;
  const remaining = a.kind === 'activation' && b.kind === 'activation' ? alpha : 1;
  if (left.kind === 'constant' && right.kind === 'constant')
    throw context.unsupported('A and B are both constants while C is not; use Add');

  const addend = c?.kind === 'constant' ? scaled(c, beta) : c;
  if (
    left.kind === 'activation' &&
    right.kind === 'constant' &&
    addend?.kind === 'constant' &&
    sizeOf(addend.shape.slice(0, -1)) === 1
  ) {
    if (left.shape[1] !== right.shape[0]) throw context.shapeError('A and B do not share their inner dimension');
    return [emitDense(context, left, transposeMatrix(right), expandConstant(addend, [1, n]), undefined)];
  }
  if (addend === undefined && remaining === 1) return [multiplyMatrices(context, left, right)];
  const product = multiplyMatrices(context, left, right, 'product');
  if (addend?.kind === 'activation') {
    const expanded = expandActivation(context, addend, shape, 'expandC');
    return [context.emit({ op: 'sum', shape, coefficients: [remaining, beta] }, [product, expanded])];
  }
  const size = sizeOf(shape);
  const shift = addend === undefined ? new Float64Array(size) : expandConstant(addend, shape);
  return [emitAffine(context, product, shape, new Float64Array(size).fill(remaining), shift)];
};
