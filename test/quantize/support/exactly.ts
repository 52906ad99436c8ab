/**
 * Integer models in BigInt, term by term: what the interpreter and the circuit compute in doubles. Beside each op's
 * result it keeps the largest sum of the magnitudes of its terms, which no partial sum exceeds in whatever order.
 */
import { planOf } from '../../../src/integer/layers/conv.js';
import type { IntegerModel, IntegerOp, TensorId } from '../../../src/integer/integer-model.js';
import { sizeOf } from '../../../src/tensor/shape.js';

export interface Exact {
  readonly outputs: readonly (readonly bigint[])[];
  /** By op: the largest sum of magnitudes. */
  readonly reaches: readonly bigint[];
}

type Terms = readonly bigint[];

export function exactly(model: IntegerModel, integers: readonly Float64Array[]): Exact {
  const tensors = new Map<TensorId, readonly bigint[]>(
    model.inputs.map(({ tensor }, k) => [tensor, Array.from(integers[k], BigInt)]),
  );
  const reaches = model.ops.map((op) => {
    const inputs = op.inputs.map((tensor) => tensors.get(tensor)!);
    const terms = Array.from({ length: sizeOf(op.shape) }, (_, i) => termsOf(op, inputs, i));
    tensors.set(
      op.output,
      terms.map((of) => finish(op, of)),
    );
    return terms.reduce(
      (most, of) =>
        larger(
          most,
          of.reduce((sum, term) => sum + magnitude(term), 0n),
        ),
      0n,
    );
  });
  return { outputs: model.outputs.map(({ tensor }) => tensors.get(tensor)!), reaches };
}

/** The terms that element i of an op's result is made of. */
function termsOf(op: IntegerOp, inputs: readonly (readonly bigint[])[], i: number): Terms {
  const [x] = inputs;
  const group = (groups: { offsets: Uint32Array | Int32Array; indices: Uint32Array | Int32Array }): bigint[] =>
    Array.from(groups.indices.subarray(groups.offsets[i], groups.offsets[i + 1]), (member) => x[member]);
  switch (op.kind) {
    case 'dense': {
      const [row, out] = [Math.floor(i / op.outFeatures), i % op.outFeatures];
      const products = Array.from(
        { length: op.inFeatures },
        (_, k) => BigInt(op.weight[out * op.inFeatures + k]) * x[row * op.inFeatures + k],
      );
      return [BigInt(op.bias[out]), ...products];
    }
    case 'conv': {
      const { window, outputShape } = planOf(op);
      const [plane, outPlane] = [sizeOf(op.inputShape.slice(2)), sizeOf(outputShape.slice(2))];
      const [outChannels, groupChannels] = op.weightShape;
      const kernel = window.length / outPlane;
      const [n, out, p] = [
        Math.floor(i / outPlane / outChannels),
        Math.floor(i / outPlane) % outChannels,
        i % outPlane,
      ];
      const first = Math.floor(out / (outChannels / op.groups)) * groupChannels;
      const products = Array.from({ length: groupChannels * kernel }, (_, k) => {
        const [channel, position] = [Math.floor(k / kernel), window[p * kernel + (k % kernel)]];
        return position < 0
          ? 0n
          : BigInt(op.weight[out * groupChannels * kernel + k]) *
              x[(n * op.inputShape[1] + first + channel) * plane + position];
      });
      return [BigInt(op.bias[out]), ...products];
    }
    case 'affine':
      return [BigInt(op.factor[i]) * x[i], BigInt(op.shift[i])];
    case 'groupSum':
      return group(op.groups).map((value) => BigInt(op.factor[i]) * value);
    case 'max':
      return [group(op.groups).reduce((most, value) => (value > most ? value : most))];
    case 'argMax': {
      const members = group(op.groups);
      const most = members.reduce((a, b) => (b > a ? b : a));
      return [BigInt(op.selectLast ? members.lastIndexOf(most) : members.indexOf(most))];
    }
    case 'move': {
      const position = op.index[i];
      return [position < 0 ? BigInt(op.constants[-1 - position]) : inputs.flat()[position]];
    }
    case 'sum':
      return inputs.map((input, k) => BigInt(op.coefficients[k]) * input[i]);
    case 'multiply':
      return [x[i] * inputs[1][i]];
    case 'part':
      return [((x[i] - BigInt(op.low)) >> BigInt(op.first)) & ((1n << BigInt(op.count)) - 1n)];
    case 'squareRoot': {
      let root = BigInt(Math.floor(Math.sqrt(Number(x[i]))));
      while (root * root > x[i]) root -= 1n;
      while ((root + 1n) * (root + 1n) <= x[i]) root += 1n;
      return [root];
    }
    case 'table': {
      const index = Number(x[i]) - op.low;
      return [BigInt(op.entries[Math.min(Math.max(index, 0), op.entries.length - 1)])];
    }
    case 'softmax': {
      const g = Array.from(op.groups.offsets.subarray(1)).findIndex((end) =>
        op.groups.indices.subarray(0, end).includes(i),
      );
      const members = Array.from(op.groups.indices.subarray(op.groups.offsets[g], op.groups.offsets[g + 1]));
      const most = members.map((member) => x[member]).reduce((a, b) => (b > a ? b : a));
      const first = members.findIndex((member) => x[member] === most);
      const powers = members.map((member, k) => {
        const steps = Number((most - x[member] - (k < first ? 1n : 0n)) >> BigInt(op.shift));
        return BigInt(op.entries[Math.min(steps, op.entries.length - 1)]);
      });
      return [powers[members.indexOf(i)] * (BigInt(op.numerator) / powers.reduce((sum, power) => sum + power, 0n))];
    }
    case 'matmul': {
      const { rows, inner, columns } = op;
      const [b, row, column] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
      return Array.from(
        { length: inner },
        (_, k) => x[(op.left[b] * rows + row) * inner + k] * inputs[1][(op.right[b] * inner + k) * columns + column],
      );
    }
    case 'requantize':
      return op.shift === 0 ? [x[i]] : [x[i], 2n ** BigInt(op.shift - 1)];
  }
}

function finish(op: IntegerOp, terms: Terms): bigint {
  const sum = terms.reduce((total, term) => total + term, 0n);
  if (op.kind !== 'requantize') return sum;
  const low = BigInt(op.low);
  const high = low + 2n ** BigInt(op.bits) - 1n;
  // A right shift of BigInt rounds down, for negative numbers too.
  const rounded = sum >> BigInt(op.shift);
  return rounded < low ? low : rounded > high ? high : rounded;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
