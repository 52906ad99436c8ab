import assert from 'node:assert/strict';
import { reductionGroups, windowGroups } from '../../src/tensor/groups.js';
import * as kernels from '../../src/tensor/kernels.js';
import { broadcastShapes, sizeOf, stridesOf } from '../../src/tensor/shape.js';
import { concatViews, expandView, identityView, selectView, transposeView } from '../../src/tensor/views.js';

const f = (...values: number[]) => Float64Array.from(values);

/** A convolution by its definition, element by element, in two dimensions. */
function naiveConv(x: Float64Array, g: kernels.ConvGeometry, weight: Float64Array, bias: Float64Array): number[] {
  const [batch, channels, height, width] = g.inputShape;
  const [outChannels, depth, kh, kw] = g.weightShape;
  const reach = (k: number, axis: number) => g.dilations[axis] * (k - 1) + 1;
  const outSize = (size: number, k: number, axis: number) =>
    Math.floor((size + g.padsBegin[axis] + g.padsEnd[axis] - reach(k, axis)) / g.strides[axis]) + 1;
  const result: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outChannels; o++)
      for (let i = 0; i < outSize(height, kh, 0); i++)
        for (let j = 0; j < outSize(width, kw, 1); j++) {
          let sum = bias[o];
          for (let c = 0; c < depth; c++)
            for (let a = 0; a < kh; a++)
              for (let b = 0; b < kw; b++) {
                const row = i * g.strides[0] + a * g.dilations[0] - g.padsBegin[0];
                const column = j * g.strides[1] + b * g.dilations[1] - g.padsBegin[1];
                if (row < 0 || column < 0 || row >= height || column >= width) continue;
                const channel = Math.floor(o / (outChannels / g.groups)) * depth + c;
                sum +=
                  x[((n * channels + channel) * height + row) * width + column] *
                  weight[((o * depth + c) * kh + a) * kw + b];
              }
          result.push(sum);
        }
  return result;
}

describe('tensor kernels', () => {
  it('dense multiplies each row by the transposed weights and adds the bias', () => {
    assert.deepEqual(
      kernels.dense(f(1, 2, 3, 4), 2, 2, 3, f(1, 0, 0, 1, 1, 1), f(10, 20, 30)),
      f(11, 22, 33, 13, 24, 37),
    );
  });

  it('conv is exact on integers and equals its definition', () => {
    const geometry: kernels.ConvGeometry = {
      inputShape: [2, 4, 5, 6],
      weightShape: [6, 2, 3, 2],
      groups: 2,
      strides: [2, 1],
      dilations: [1, 2],
      padsBegin: [1, 0],
      padsEnd: [2, 1],
    };
    const integers = (length: number, factor: number) =>
      Float64Array.from({ length }, (_, i) => ((i * factor) % 257) - 128);
    const x = integers(sizeOf(geometry.inputShape), 91);
    const weight = integers(sizeOf(geometry.weightShape), 57);
    const bias = integers(6, 33);
    const plan = kernels.planConv(geometry);
    assert.deepEqual(plan.outputShape, [2, 6, 3, 5]);
    assert.deepEqual(Array.from(kernels.conv(x, plan, weight, bias)), naiveConv(x, geometry, weight, bias));
  });

  it('sums and maxima over groups leave out what is not listed', () => {
    const groups = windowGroups({
      inputShape: [1, 1, 2, 2],
      kernel: [2, 2],
      strides: [1, 1],
      dilations: [1, 1],
      padsBegin: [1, 1],
      outSpatial: [2, 2],
    });
    assert.deepEqual(kernels.groupSum(f(-1, -2, -3, -4), groups), f(-1, -3, -4, -10));
    assert.deepEqual(kernels.groupMax(f(-1, -2, -3, -4), groups), f(-1, -1, -1, -1));
  });

  it('reductions group along any set of dimensions', () => {
    const x = Float64Array.from({ length: 12 }, (_, i) => i);
    assert.deepEqual(
      kernels.groupSum(x, reductionGroups([2, 3, 2], [0, 2])),
      f(0 + 1 + 6 + 7, 2 + 3 + 8 + 9, 4 + 5 + 10 + 11),
    );
    assert.deepEqual(kernels.groupSum(x, reductionGroups([2, 3, 2], [])), x);
  });

  it('argMax gives ties to the first or the last', () => {
    const groups = reductionGroups([2, 3], [1]);
    assert.deepEqual(kernels.argMax(f(5, 5, 1, 0, 7, 7), groups, false), f(0, 1));
    assert.deepEqual(kernels.argMax(f(5, 5, 1, 0, 7, 7), groups, true), f(1, 2));
  });

  it('move reads all inputs one after the other, and constants at negative positions', () => {
    assert.deepEqual(kernels.move([f(1, 2), f(3)], Int32Array.of(2, -1, 0, -2), f(8, 9)), f(3, 8, 1, 9));
  });

  it('elementwise kernels follow their formulas', () => {
    assert.deepEqual(kernels.affine(f(1, 2), f(3, 4), f(5, 6)), f(8, 14));
    assert.deepEqual(kernels.prelu(f(-2, 0, 2), f(0.5)), f(-1, 0, 2));
    assert.deepEqual(kernels.prelu(f(-2, -2, 2), f(0.5, 3, 9)), f(-1, -6, 2));
    assert.deepEqual(kernels.clip(f(-2, 0.5, 2), -1, 1), f(-1, 0.5, 1));
    assert.deepEqual(kernels.clip(f(-2, 2), -Infinity, Infinity), f(-2, 2));
    assert.deepEqual(kernels.weightedSum([f(1, 2), f(3, 4)], [2, -1]), f(-1, 0));
    assert.deepEqual(kernels.multiply(f(2, 3), f(4, -5)), f(8, -15));
  });
});

describe('tensor views', () => {
  it('transpose, select, expand and concat by position', () => {
    const view = identityView([2, 3]);
    assert.deepEqual(Array.from(transposeView(view, [1, 0]).index), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(Array.from(selectView(view, [Int32Array.of(1), Int32Array.of(2, -1, 0)], -7).index), [5, -7, 3]);
    assert.deepEqual(expandView(identityView([3]), [2, 3]), { shape: [2, 3], index: Int32Array.of(0, 1, 2, 0, 1, 2) });
    assert.deepEqual(concatViews([view, identityView([2, 1], 6)], 1), {
      shape: [2, 4],
      index: Int32Array.of(0, 1, 2, 6, 3, 4, 5, 7),
    });
  });
});

describe('shapes', () => {
  it('count, stride and broadcast as numpy does', () => {
    assert.equal(sizeOf([]), 1);
    assert.equal(sizeOf([3, 0]), 0);
    assert.deepEqual(stridesOf([2, 3, 4]), [12, 4, 1]);
    assert.deepEqual(broadcastShapes([2, 1, 4], [3, 1]), [2, 3, 4]);
    assert.equal(broadcastShapes([2], [3]), undefined);
  });
});
