/**
 * An integer model on big integers, written from the definitions in `integer-model.ts` alone: nothing here is shared
 * with the interpreter.
 */
import type { IntegerModel, IntegerOp, TensorId } from '../../src/integer/integer-model.js';

type Values = readonly bigint[];

const big = (values: ArrayLike<number>): bigint[] => Array.from(values, BigInt);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The outputs, in the model's order. */
export function runExactly(model: IntegerModel, inputs: readonly ArrayLike<number>[]): bigint[][] {
  const tensors = new Map<TensorId, Values>(model.inputs.map(({ tensor }, k) => [tensor, big(inputs[k])]));
  for (const op of model.ops)
    tensors.set(
      op.output,
      evaluate(
        op,
        op.inputs.map((id) => tensors.get(id) as Values),
      ),
    );
  return model.outputs.map(({ tensor }) => [...(tensors.get(tensor) as Values)]);
}

function evaluate(op: IntegerOp, inputs: readonly Values[]): bigint[] {
  const [x] = inputs;
  switch (op.kind) {
    case 'dense': {
      const weight = big(op.weight);
      const rows = Array.from({ length: op.rows }, (_, row) => x.slice(row * op.inFeatures, (row + 1) * op.inFeatures));
      return rows.flatMap((row) =>
        big(op.bias).map((bias, o) => row.reduce((sum, value, i) => sum + weight[o * op.inFeatures + i] * value, bias)),
      );
    }
    case 'conv':
      return convolve(op, x);
    case 'affine':
      return x.map((value, i) => BigInt(op.factor[i]) * value + BigInt(op.shift[i]));
    case 'groupSum':
      return groupsOf(op.groups).map((group, g) => BigInt(op.factor[g]) * group.reduce((sum, i) => sum + x[i], 0n));
    case 'max':
      return groupsOf(op.groups).map((group) => group.map((i) => x[i]).reduce(larger));
    case 'argMax':
      return groupsOf(op.groups).map((group) => {
        const values = group.map((i) => x[i]);
        const most = values.reduce(larger);
        return BigInt(op.selectLast ? values.lastIndexOf(most) : values.indexOf(most));
      });
    case 'move': {
      const all = inputs.flat();
      return Array.from(op.index, (at) => (at < 0 ? BigInt(op.constants[-1 - at]) : all[at]));
    }
    case 'sum':
      return x.map((_, i) => inputs.reduce((sum, values, k) => sum + BigInt(op.coefficients[k]) * values[i], 0n));
    case 'multiply':
      return x.map((value, i) => value * inputs[1][i]);
    case 'part':
      return x.map((value) => ((value - BigInt(op.low)) >> BigInt(op.first)) & ((1n << BigInt(op.count)) - 1n));
    case 'squareRoot':
      return x.map(rootOf);
    case 'table':
      return x.map((value) => {
        const index = value - BigInt(op.low);
        return BigInt(op.entries[index < 0n ? 0 : index >= op.entries.length ? op.entries.length - 1 : Number(index)]);
      });
    case 'softmax': {
      const y = new Array<bigint>(x.length).fill(0n);
      for (const group of groupsOf(op.groups)) {
        const largest = group.map((i) => x[i]).reduce(larger);
        const first = group.findIndex((i) => x[i] === largest);
        const powers = group.map((i, k) => {
          const steps = (largest - x[i] - (k < first ? 1n : 0n)) / (1n << BigInt(op.shift));
          return BigInt(op.entries[steps >= op.entries.length ? op.entries.length - 1 : Number(steps)]);
        });
        const factor = BigInt(op.numerator) / powers.reduce((sum, power) => sum + power, 0n);
        group.forEach((i, k) => (y[i] = powers[k] * factor));
      }
      return y;
    }
    case 'matmul': {
      const { rows, inner, columns } = op;
      const terms = (b: number, i: number, j: number): bigint[] =>
        Array.from(
          { length: inner },
          (_, k) => x[(op.left[b] * rows + i) * inner + k] * inputs[1][(op.right[b] * inner + k) * columns + j],
        );
      const matrix = (b: number): bigint[] =>
        Array.from({ length: rows * columns }, (_, k) =>
          terms(b, Math.floor(k / columns), k % columns).reduce((sum, value) => sum + value, 0n),
        );
      return Array.from(op.left.keys(), matrix).flat();
    }
    case 'requantize': {
      const half = op.shift === 0 ? 0n : 1n << BigInt(op.shift - 1);
      const [low, high] = [BigInt(op.low), BigInt(op.low) + (1n << BigInt(op.bits)) - 1n];
      return x.map((value) => {
        const quotient = (value + half) >> BigInt(op.shift);
        return quotient < low ? low : quotient > high ? high : quotient;
      });
    }
  }
}

/** Digit by digit. */
function rootOf(value: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 26n; bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= value) root += bit;
  return root;
}

function groupsOf({ offsets, indices }: { readonly offsets: Uint32Array; readonly indices: Uint32Array }): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, g) => Array.from(indices.subarray(offsets[g], offsets[g + 1])));
}

/** Cross-correlation in any number of dimensions, term by term. */
function convolve(op: Extract<IntegerOp, { kind: 'conv' }>, x: Values): bigint[] {
  const [batch, channels, ...size] = op.inputShape;
  const [filters, channelsPerGroup, ...kernel] = op.weightShape;
  const out = size.map(
    (length, d) =>
      Math.floor((length + op.padsBegin[d] + op.padsEnd[d] - op.dilations[d] * (kernel[d] - 1) - 1) / op.strides[d]) +
      1,
  );
  const places = (lengths: readonly number[]): number[][] =>
    lengths.reduce<number[][]>(
      (lists, length) => lists.flatMap((list) => Array.from({ length }, (_, i) => [...list, i])),
      [[]],
    );
  const result: bigint[] = [];
  for (let n = 0; n < batch; n += 1) {
    for (let filter = 0; filter < filters; filter += 1) {
      const group = Math.floor(filter / (filters / op.groups));
      for (const at of places(out)) {
        let sum = BigInt(op.bias[filter]);
        for (const [c, ...k] of places([channelsPerGroup, ...kernel])) {
          const from = k.map((offset, d) => at[d] * op.strides[d] - op.padsBegin[d] + offset * op.dilations[d]);
          if (from.some((position, d) => position < 0 || position >= size[d])) continue;
          const channel = n * channels + group * channelsPerGroup + c;
          const element = from.reduce((index, position, d) => index * size[d] + position, channel);
          const tap = k.reduce((index, position, d) => index * kernel[d] + position, filter * channelsPerGroup + c);
          sum += BigInt(op.weight[tap]) * x[element];
        }
        result.push(sum);
      }
    }
  }
  return result;
}
