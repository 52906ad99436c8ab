/**
 * The arithmetic of the normalised network's layers, on Float64Array. Every function is exact on integers while
 * magnitudes stay below 2^53, so the float evaluator and the integer interpreter share the linear ones.
 * The trap: `groupMax` and `argMax` read `>`: a NaN never wins, so check inputs for NaN before.
 */
import { sizeOf, type Shape } from './shape.js';
import { windowPlan, type Groups } from './groups.js';
import { widen, type WeightPart, type Weights } from './weights.js';

/** y[r, o] = bias[o] + sum_i x[r, i] * weight[o, i], or of the weights' magnitudes. */
export function dense(
  x: Float64Array,
  rows: number,
  inFeatures: number,
  outFeatures: number,
  weight: Weights,
  bias: Float64Array,
  part: WeightPart = 'all',
): Float64Array {
  const y = new Float64Array(rows * outFeatures);
  multiplyRows(
    x,
    rows,
    inFeatures,
    { weight, part, bias, first: 0, count: outFeatures },
    { y, start: 0, rowStride: outFeatures, outStride: 1 },
  );
  return y;
}

/** Rows of a weight matrix, `count` from row `first` on. */
interface WeightRows {
  readonly weight: Weights;
  readonly part: WeightPart;
  readonly bias: Float64Array;
  readonly first: number;
  readonly count: number;
}

/** Where the product of x's row r and the o-th weight row goes: `y[start + r * rowStride + o * outStride]`. */
interface Target {
  readonly y: Float64Array;
  readonly start: number;
  readonly rowStride: number;
  readonly outStride: number;
}

/** Weight rows that are made doubles at a time. */
const WIDENED = 16;

/** Weights of narrower types, and magnitudes, are made doubles a few rows at a time. */
function multiplyRows(
  x: Float64Array,
  rows: number,
  depth: number,
  { weight, part, bias, first, count }: WeightRows,
  target: Target,
): void {
  if (part === 'all' && weight instanceof Float64Array) {
    multiplyDoubles(x, rows, depth, { weight, bias, first, count }, target);
    return;
  }
  const doubles = new Float64Array(Math.min(WIDENED, count) * depth);
  for (let done = 0; done < count; done += WIDENED) {
    const some = Math.min(WIDENED, count - done);
    widen(weight, (first + done) * depth, some * depth, part, doubles);
    const biases = bias.subarray(first + done, first + done + some);
    multiplyDoubles(
      x,
      rows,
      depth,
      { weight: doubles, bias: biases, first: 0, count: some },
      { ...target, start: target.start + done * target.outStride },
    );
  }
}

interface DoubleRows extends Omit<WeightRows, 'part'> {
  readonly weight: Float64Array;
}

/**
 * Four weight rows at a time over two rows of x: each number is read once for several products, no sum waits for the
 * one before, and the weights stay near while all of x passes by.
 */
function multiplyDoubles(x: Float64Array, rows: number, depth: number, weights: DoubleRows, target: Target): void {
  const { weight, bias, first, count } = weights;
  const { y, start, rowStride, outStride } = target;
  const end = first + count;
  let out = first;
  for (let column = start; out + 4 <= end; out += 4, column += 4 * outStride) {
    const w0 = out * depth;
    const w1 = w0 + depth;
    const w2 = w1 + depth;
    const w3 = w2 + depth;
    const b0 = bias[out];
    const b1 = bias[out + 1];
    const b2 = bias[out + 2];
    const b3 = bias[out + 3];
    let row = 0;
    for (; row + 2 <= rows; row += 2) {
      const x0 = row * depth;
      const x1 = x0 + depth;
      let s0 = b0;
      let s1 = b1;
      let s2 = b2;
      let s3 = b3;
      let t0 = b0;
      let t1 = b1;
      let t2 = b2;
      let t3 = b3;
      for (let i = 0; i < depth; i++) {
        const u = x[x0 + i];
        const v = x[x1 + i];
        const f0 = weight[w0 + i];
        const f1 = weight[w1 + i];
        const f2 = weight[w2 + i];
        const f3 = weight[w3 + i];
        s0 += u * f0;
        s1 += u * f1;
        s2 += u * f2;
        s3 += u * f3;
        t0 += v * f0;
        t1 += v * f1;
        t2 += v * f2;
        t3 += v * f3;
      }
      let at = column + row * rowStride;
      y[at] = s0;
      y[at + outStride] = s1;
      y[at + 2 * outStride] = s2;
      y[at + 3 * outStride] = s3;
      at += rowStride;
      y[at] = t0;
      y[at + outStride] = t1;
      y[at + 2 * outStride] = t2;
      y[at + 3 * outStride] = t3;
    }
    if (row < rows) {
      const x0 = row * depth;
      let s0 = b0;
      let s1 = b1;
      let s2 = b2;
      let s3 = b3;
      for (let i = 0; i < depth; i++) {
        const u = x[x0 + i];
        s0 += u * weight[w0 + i];
        s1 += u * weight[w1 + i];
        s2 += u * weight[w2 + i];
        s3 += u * weight[w3 + i];
      }
      const at = column + row * rowStride;
      y[at] = s0;
      y[at + outStride] = s1;
      y[at + 2 * outStride] = s2;
      y[at + 3 * outStride] = s3;
    }
  }
  for (; out < end; out++) {
    for (let row = 0; row < rows; row++) {
      let sum = bias[out];
      for (let i = 0; i < depth; i++) sum += x[row * depth + i] * weight[out * depth + i];
      y[start + row * rowStride + (out - first) * outStride] = sum;
    }
  }
}

/**
 * Geometry of a convolution: x is [N, inChannels, ...spatial], weights [outChannels, inChannels / groups, ...kernel].
 */
export interface ConvGeometry {
  readonly inputShape: Shape;
  readonly weightShape: Shape;
  readonly groups: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** What {@link conv} needs to know of a geometry, computed once. */
export interface ConvPlan {
  readonly geometry: ConvGeometry;
  /** Shape of y: [N, outChannels, ...outSpatial]. */
  readonly outputShape: Shape;
  /** See {@link windowPlan}. */
  readonly window: Int32Array;
}

export function planConv(geometry: ConvGeometry): ConvPlan {
  const { inputShape, weightShape, strides, dilations, padsBegin, padsEnd } = geometry;
  const kernel = weightShape.slice(2);
  const outSpatial = inputShape
    .slice(2)
    .map((size, axis) =>
      Math.floor(
        (size + padsBegin[axis] + padsEnd[axis] - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis] + 1,
      ),
    );
  const window = windowPlan({ inputShape, kernel, strides, dilations, padsBegin, outSpatial });
  return { geometry, outputShape: [inputShape[0], weightShape[0], ...outSpatial], window };
}

/** Cross-correlation with zero padding: one group's windows are unrolled into rows, which are then a dense layer's. */
export function conv(
  x: Float64Array,
  plan: ConvPlan,
  weight: Weights,
  bias: Float64Array,
  part: WeightPart = 'all',
): Float64Array {
  const { geometry, outputShape, window } = plan;
  const [batch, inChannels] = geometry.inputShape;
  const [outChannels, groupInChannels] = geometry.weightShape;
  const count = outChannels / geometry.groups;
  const inPlane = sizeOf(geometry.inputShape.slice(2));
  const outPlane = sizeOf(outputShape.slice(2));
  const depth = sizeOf(geometry.weightShape.slice(1));
  const rows = new Float64Array(outPlane * depth);
  const y = new Float64Array(batch * outChannels * outPlane);
  for (let n = 0; n < batch; n++) {
    for (let group = 0; group < geometry.groups; group++) {
      const first = group * count;
      unroll(x, (n * inChannels + group * groupInChannels) * inPlane, inPlane, groupInChannels, outPlane, window, rows);
      const start = (n * outChannels + first) * outPlane;
      multiplyRows(
        rows,
        outPlane,
        depth,
        { weight, part, bias, first, count },
        { y, start, rowStride: 1, outStride: outPlane },
      );
    }
  }
  return y;
}

/** rows[p, channel, k] = the element under kernel element k at output position p, 0 in the padding. */
function unroll(
  x: Float64Array,
  start: number,
  plane: number,
  channels: number,
  outPlane: number,
  window: Int32Array,
  rows: Float64Array,
): void {
  const kernelSize = window.length / outPlane;
  let to = 0;
  for (let p = 0; p < window.length; p += kernelSize) {
    for (let from = start; from < start + channels * plane; from += plane) {
      for (let k = p; k < p + kernelSize; k++) rows[to++] = window[k] < 0 ? 0 : x[from + window[k]];
    }
  }
}

/** y[i] = x[i] * scale[i] + shift[i]. */
export function affine(x: Float64Array, scale: Float64Array, shift: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < y.length; i++) y[i] = x[i] * scale[i] + shift[i];
  return y;
}

/** y[i] = sum of x over group i. */
export function groupSum(x: Float64Array, { offsets, indices }: Groups): Float64Array {
  const y = new Float64Array(offsets.length - 1);
  for (let group = 0; group < y.length; group++) {
    let sum = 0;
    for (let at = offsets[group]; at < offsets[group + 1]; at++) sum += x[indices[at]];
    y[group] = sum;
  }
  return y;
}

/** y[i] = maximum of x over group i; groups are never empty. */
export function groupMax(x: Float64Array, { offsets, indices }: Groups): Float64Array {
  const y = new Float64Array(offsets.length - 1);
  for (let group = 0; group < y.length; group++) {
    let best = x[indices[offsets[group]]];
    for (let at = offsets[group] + 1; at < offsets[group + 1]; at++) {
      const value = x[indices[at]];
      if (value > best) best = value;
    }
    y[group] = best;
  }
  return y;
}

/** y[i] = position within group i of its largest element; ties go to the first, or the last where `selectLast`. */
export function argMax(x: Float64Array, { offsets, indices }: Groups, selectLast: boolean): Float64Array {
  const y = new Float64Array(offsets.length - 1);
  for (let group = 0; group < y.length; group++) {
    let best = offsets[group];
    for (let at = best + 1; at < offsets[group + 1]; at++) {
      const value = x[indices[at]];
      const champion = x[indices[best]];
      if (value > champion || (selectLast && value === champion)) best = at;
    }
    y[group] = best - offsets[group];
  }
  return y;
}

/**
 * y[i] = z[index[i]], z being all inputs one after the other, or constants[-1 - index[i]] where index[i] is negative.
 */
export function move(inputs: readonly Float64Array[], index: Int32Array, constants: Float64Array): Float64Array {
  const z = inputs.length === 1 ? inputs[0] : concatenate(inputs);
  const y = new Float64Array(index.length);
  for (let i = 0; i < y.length; i++) y[i] = index[i] >= 0 ? z[index[i]] : constants[-1 - index[i]];
  return y;
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** y[i] = x[i] if x[i] >= 0, else slope * x[i]; `slope` has one entry for all elements or one per element. */
export function prelu(x: Float64Array, slope: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  const shared = slope.length === 1;
  for (let i = 0; i < y.length; i++) y[i] = x[i] >= 0 ? x[i] : x[i] * slope[shared ? 0 : i];
  return y;
}

/** y[i] = min(max(x[i], low), high). */
export function clip(x: Float64Array, low: number, high: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < y.length; i++) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
  return y;
}

/** y[i] = sum_k coefficients[k] * inputs[k][i]. */
export function weightedSum(inputs: readonly Float64Array[], coefficients: readonly number[]): Float64Array {
  const y = new Float64Array(inputs[0].length);
  inputs.forEach((input, k) => {
    const factor = coefficients[k];
    for (let i = 0; i < y.length; i++) y[i] += factor * input[i];
  });
  return y;
}

/** y[i] = a[i] * b[i]. */
export function multiply(a: Float64Array, b: Float64Array): Float64Array {
  const y = new Float64Array(a.length);
  for (let i = 0; i < y.length; i++) y[i] = a[i] * b[i];
  return y;
}

/**
 * exp(x) over its group's sum, or the logarithm of that where `logarithm`: each element is in one group. Elements that
 * `masked` marks have weight zero, whatever they are.
 */
export function softmax(
  x: Float64Array,
  { offsets, indices }: Groups,
  masked: Uint8Array | undefined,
  logarithm: boolean,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let group = 0; group + 1 < offsets.length; group++) {
    const positions = indices
      .subarray(offsets[group], offsets[group + 1])
      .filter((position) => masked?.[position] !== 1);
    const largest = positions.reduce((best, position) => Math.max(best, x[position]), -Infinity);
    const logSum = Math.log(positions.reduce((sum, position) => sum + Math.exp(x[position] - largest), 0));
    for (const position of positions) {
      const log = x[position] - largest - logSum;
      y[position] = logarithm ? log : Math.exp(log);
    }
  }
  return y;
}

/** y[b, i, j] = sum_k a[left[b], i, k] c[right[b], k, j]. */
export function matrixProducts(
  a: Float64Array,
  c: Float64Array,
  { rows, inner, columns, left, right }: MatrixGeometry,
): Float64Array {
  const y = new Float64Array(left.length * rows * columns);
  for (let b = 0; b < left.length; b++) {
    for (let i = 0; i < rows; i++) {
      const to = (b * rows + i) * columns;
      for (let k = 0; k < inner; k++) {
        const factor = a[(left[b] * rows + i) * inner + k];
        const from = (right[b] * inner + k) * columns;
        for (let j = 0; j < columns; j++) y[to + j] += factor * c[from + j];
      }
    }
  }
  return y;
}

/**
 * Products of matrices of [rows, inner] and [inner, columns]; the b-th of them is of matrix left[b] and matrix
 * right[b].
 */
export interface MatrixGeometry {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
}
