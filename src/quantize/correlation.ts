/**
 * How the values that a linear layer reads go together, seen on calibration data: what one rounded weight errs by is made
 * up for by the others as far as their values say what its value is. GPTQ (Frantar et al., "GPTQ: Accurate Post-Training
 * Quantization for Generative Pre-trained Transformers", ICLR 2023), which is Babai's nearest plane in the lattice of
 * rounded weights.
 *
 * The trap: few rows show correlations that are accidents, so the fewer there are, the less is made of them.
 */
import type { ConvNode, DenseNode, Graph } from '../network/graph.js';
import { planConv } from '../tensor/kernels.js';
import { sizeOf } from '../tensor/shape.js';

/** Values of a group of features that go together, in any scale. */
export interface Correlation {
  /** Of each feature. */
  readonly mean: Float64Array;
  /** Mean, over features, of the variance that is left where all those are known whose weights are rounded later. */
  readonly left: number;
  /** Features from the last rounded to the first, and for each a row of the covariance's Cholesky factor in this order. */
  readonly order: Uint32Array;
  readonly factor: readonly Float64Array[];
}

/** Features of a layer with correlations at most: time grows with their square, and rows have to be as many. */
const MOST_FEATURES = 256;
/** Rows that are looked at, at most: by themselves, by the numbers they are, and by the products these make. */
const [MOST_ROWS, MOST_NUMBERS, MOST_PRODUCTS] = [2 ** 11, 2 ** 21, 2 ** 28];
const LEAST_ROWS = 16;
/**
 * Variance added to each feature, in parts of their mean variance: always, and by features for each row. Held-out rows of
 * the fixtures say how much: with it errors there are what is expected of them, or less.
 */
const [DAMPING, DAMPING_OF_FEW] = [0.1, 0.3];
/** The most regular spacing without a period. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Where a layer's features stand in what it reads. */
interface Reading {
  readonly input: string;
  readonly groups: number;
  readonly features: number;
  /** Rows of features of one sample. */
  readonly rows: number;
  /** Position of an element, -1 for padding. */
  at(group: number, row: number, feature: number): number;
  /** Position of an element that has the feature's unit. */
  unitAt(group: number, feature: number): number;
}

interface Observed extends Reading {
  /** By group, the features of each row that was looked at. */
  readonly values: readonly Float32Array[];
  readonly most: number;
  count: number;
  seen: number;
}

/** Rows of features that linear layers read on calibration data. */
export class Observations {
  private readonly layers = new Map<string, Observed>();

  constructor(
    graph: Graph,
    private readonly samples: number,
  ) {
    for (const node of graph.nodes) {
      const reading = node.op === 'dense' ? ofDense(node) : node.op === 'conv' ? ofConv(node) : undefined;
      if (reading === undefined || reading.features > MOST_FEATURES) continue;
      const { groups, features, rows } = reading;
      const most = Math.min(
        samples * rows,
        MOST_ROWS,
        Math.floor(MOST_NUMBERS / (groups * features)),
        Math.floor(MOST_PRODUCTS / (groups * features ** 2)),
      );
      if (most < LEAST_ROWS) continue;
      const values = Array.from({ length: groups }, () => new Float32Array(most * features));
      this.layers.set(node.output, { ...reading, values, most, count: 0, seen: 0 });
    }
  }

  /** Takes some rows of one sample, by the tensors that it gives. */
  add(tensors: ReadonlyMap<string, Float64Array>): void {
    for (const layer of this.layers.values()) {
      const x = tensors.get(layer.input) as Float64Array;
      const share = layer.most / (this.samples * layer.rows);
      for (let row = 0; row < layer.rows; row += 1) {
        layer.seen += 1;
        if (layer.count === layer.most || (share < 1 && (layer.seen * GOLDEN) % 1 >= share)) continue;
        layer.values.forEach((values, group) => {
          for (let k = 0; k < layer.features; k += 1) {
            const element = layer.at(group, row, k);
            if (element >= 0) values[layer.count * layer.features + k] = x[element];
          }
        });
        layer.count += 1;
      }
    }
  }

  /**
   * By group of the layer that makes `output`, how its features go together where an element i counts in units of
   * unitOf(i); undefined where that is not known.
   */
  correlations(output: string, unitOf: (i: number) => number): readonly Correlation[] | undefined {
    const layer = this.layers.get(output);
    if (layer === undefined || layer.count < LEAST_ROWS) return undefined;
    const { features, count } = layer;
    const found = layer.values.map((values, group) => {
      const units = Float64Array.from({ length: features }, (_, k) => unitOf(layer.unitAt(group, k)));
      return correlationOf(values, count, units);
    });
    return found.every((each) => each !== undefined) ? found : undefined;
  }
}

function ofDense({ inputs: [input], rows, inFeatures: features }: DenseNode): Reading {
  return { input, groups: 1, features, rows, at: (_, row, k) => row * features + k, unitAt: (_, k) => k };
}

function ofConv(node: ConvNode): Reading {
  const [batch, channels, ...space] = node.inputShape;
  const [, groupChannels, ...kernelShape] = node.weightShape;
  const { outputShape, window } = planConv(node);
  const [plane, kernel, outPlane] = [sizeOf(space), sizeOf(kernelShape), sizeOf(outputShape.slice(2))];
  const channel = (group: number, k: number): number => group * groupChannels + Math.floor(k / kernel);
  return {
    input: node.inputs[0],
    groups: node.groups,
    features: groupChannels * kernel,
    rows: batch * outPlane,
    at(group, row, k) {
      const position = window[(row % outPlane) * kernel + (k % kernel)];
      const first = (Math.floor(row / outPlane) * channels + channel(group, k)) * plane;
      return position < 0 ? -1 : first + position;
    },
    unitAt: (group, k) => channel(group, k) * plane,
  };
}

/** Undefined where all rows are alike. */
function correlationOf(values: Float32Array, count: number, units: Float64Array): Correlation | undefined {
  const size = units.length;
  const mean = new Float64Array(size);
  for (let i = 0; i < count * size; i += 1) mean[i % size] += values[i] / count;
  const covariance = Array.from({ length: size }, (_, k) => new Float64Array(k + 1));
  const distance = new Float64Array(size);
  for (let row = 0; row < count; row += 1) {
    for (let k = 0; k < size; k += 1) distance[k] = (values[row * size + k] - mean[k]) / units[k];
    for (let k = 0; k < size; k += 1) {
      const [own, target] = [distance[k] / count, covariance[k]];
      if (own !== 0) for (let j = 0; j <= k; j += 1) target[j] += own * distance[j];
    }
  }
  const total = covariance.reduce((sum, row, k) => sum + row[k], 0);
  if (!(total > 0)) return undefined;
  const damping = ((DAMPING + (DAMPING_OF_FEW * size) / count) * total) / size;
  covariance.forEach((row, k) => (row[k] += damping));
  // The largest are rounded first, so that all others can make up for them.
  const order = Uint32Array.from(covariance.keys()).sort((a, b) => covariance[a][a] - covariance[b][b] || a - b);
  const factor = cholesky(
    Array.from(order, (a, k) =>
      Float64Array.from({ length: k + 1 }, (_, j) => covariance[Math.max(a, order[j])][Math.min(a, order[j])]),
    ),
  );
  const left = factor.reduce((sum, row, k) => sum + row[k] ** 2, 0) / size;
  return { mean: mean.map((value, k) => value / units[k]), left, order, factor };
}

/** The lower triangle of a positive definite matrix, made its Cholesky factor in place. */
function cholesky(rows: readonly Float64Array[]): readonly Float64Array[] {
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j += 1) {
      const other = rows[j];
      let rest = row[j];
      for (let k = 0; k < j; k += 1) rest -= row[k] * other[k];
      row[j] = i === j ? Math.sqrt(rest) : rest / other[j];
    }
  });
  return rows;
}

/**
 * Rounds weights in place so that the sum of their errors times the features varies little: with L the factor, |L^T e|^2
 * is that variance for errors e, and each error is chosen when those before it are known.
 */
export function roundTogether(weights: Float64Array, { order, factor }: Correlation): void {
  const known = new Float64Array(order.length);
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const [k, row] = [order[i], factor[i]];
    const whole = Math.round(weights[k] + known[i] / row[i]) + 0;
    const error = weights[k] - whole;
    weights[k] = whole;
    for (let j = 0; j < i; j += 1) known[j] += row[j] * error;
  }
}
