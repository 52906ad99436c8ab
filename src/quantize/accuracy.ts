/**
 * How far the integer model strays from the float network: absolute error of the dequantized outputs, and how often
 * both name the same class. The float side is given, so that it can come from onnxruntime rather than from our own
 * evaluator.
 */
import { leastOf } from '../tensor/extremes.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { argMax } from '../tensor/kernels.js';
import { dequantize, encodeInputs } from '../integer/encode.js';
import type { IntegerModel } from '../integer/integer-model.js';

/** Gives the float outputs, in the model's order, of one input (one flat array per graph input). */
export type FloatReference = (inputs: readonly Float64Array[]) => Promise<readonly ArrayLike<number>[]>;

/** Rows of which kind: set the scales; given or kept apart; drawn uniformly over the declared range. */
export type RowKind = 'calibration' | 'heldOut' | 'drawn';

/** Row kinds in words. */
export const ROWS: Readonly<Record<RowKind, string>> = {
  calibration: 'calibration rows',
  heldOut: 'held-out rows',
  drawn: 'inputs drawn over the declared range',
};

/** How far one element of an output strays, against its own range. */
export interface ElementAccuracy {
  readonly index: number;
  readonly maximumError: number;
  readonly range: number;
  readonly relativeError: number;
}

/** Elements up to which each is measured alone. */
const MOST_ELEMENTS = 4096;

/** How far one output strays, against its own range. */
export interface OutputAccuracy {
  readonly name: string;
  readonly maximumError: number;
  readonly meanError: number;
  /** Largest minus smallest reference value, zero counted among them. */
  readonly range: number;
  /** The maximum error over the range; the error itself where the range is zero. */
  readonly relativeError: number;
  /** Of outputs with a few elements: the one that errs most against its own range. */
  readonly worstElement?: ElementAccuracy;
  /**
   * Share of samples, 0 to 1, on which both give the same class; absent where the output is not known to name a class.
   */
  readonly classAgreement?: number;
}

export interface AccuracyReport {
  readonly samples: number;
  /** Of the output with the largest relative error. */
  readonly maximumError: number;
  /** Of that output. */
  readonly meanError: number;
  /** Of that output. */
  readonly outputRange: number;
  /** The least of all outputs; absent where no output is known to name a class. */
  readonly classAgreement?: number;
  readonly outputs: readonly OutputAccuracy[];
}

/** Whether a tensor of this shape reads as scores of classes: one row of at least two numbers. */
export function isScoreVector(shape: Shape): boolean {
  const last = shape[shape.length - 1] ?? 1;
  return last >= 2 && sizeOf(shape) === last;
}

/** Index of the largest score; the first of equals. */
export function classOf(scores: ArrayLike<number>): number {
  const values = Float64Array.from(scores);
  return argMax(
    values,
    { offsets: Uint32Array.of(0, values.length), indices: Uint32Array.from(values.keys()) },
    false,
  )[0];
}

/** Gives the integer outputs, in the model's order, of one input's integers. */
export type IntegerOutputs = (
  integers: readonly Float64Array[],
) => readonly Float64Array[] | Promise<readonly Float64Array[]>;

/** What the network does after the tensor that is proved (an omitted softmax), for output k. */
export type Finish = (k: number, reals: Float64Array) => Float64Array;

/** Errors and ranges element by element. */
class Elements {
  private readonly errors: Float64Array;
  private readonly least: Float64Array;
  private readonly most: Float64Array;

  constructor(size: number) {
    const kept = size <= MOST_ELEMENTS ? size : 0;
    [this.errors, this.least, this.most] = [new Float64Array(kept), new Float64Array(kept), new Float64Array(kept)];
  }

  add(i: number, error: number, expected: number): void {
    if (i >= this.errors.length) return;
    this.errors[i] = Math.max(this.errors[i], error);
    this.least[i] = Math.min(this.least[i], expected);
    this.most[i] = Math.max(this.most[i], expected);
  }

  worst(): { readonly worstElement?: ElementAccuracy } {
    let worstElement: ElementAccuracy | undefined;
    this.errors.forEach((maximumError, index) => {
      const range = this.most[index] - this.least[index];
      const relativeError = range > 0 ? maximumError / range : maximumError > 0 ? Infinity : 0;
      if (worstElement === undefined || relativeError > worstElement.relativeError)
        worstElement = { index, maximumError, range, relativeError };
    });
    return worstElement === undefined ? {} : { worstElement };
  }
}

/**
 * Compares on every sample; `scores` says which outputs name a class. @throws InputRangeError for a sample outside the
 * declared range
 */
export async function measureAccuracy(
  model: IntegerModel,
  outputs: IntegerOutputs,
  reference: FloatReference,
  samples: readonly (readonly Float64Array[])[],
  finish: Finish = (_, reals) => reals,
  scores: readonly boolean[] = model.outputs.map(({ shape, omitted }) => omitted !== undefined && isScoreVector(shape)),
): Promise<AccuracyReport> {
  const tallies = model.outputs.map(({ shape }) => ({
    maximumError: 0,
    sum: 0,
    count: 0,
    least: 0,
    most: 0,
    agreed: 0,
    elements: new Elements(sizeOf(shape)),
  }));
  for (const sample of samples) {
    const integers = await outputs(encodeInputs(model.inputs, sample));
    const expected = await reference(sample);
    model.outputs.forEach((output, k) => {
      const tally = tallies[k];
      const reals = finish(k, dequantize(integers[k], output.scale));
      for (let i = 0; i < reals.length; i += 1) {
        // A float network that overflows has no value to come near to.
        const finite = Number.isFinite(expected[k][i]);
        const error = finite ? Math.abs(reals[i] - expected[k][i]) : Infinity;
        tally.maximumError = Math.max(tally.maximumError, error);
        tally.sum += error;
        if (!finite) continue;
        tally.least = Math.min(tally.least, expected[k][i]);
        tally.most = Math.max(tally.most, expected[k][i]);
        tally.elements.add(i, error, expected[k][i]);
      }
      tally.count += reals.length;
      if (scores[k] && classOf(integers[k]) === classOf(expected[k])) tally.agreed += 1;
    });
  }
  const measured = tallies.map(({ maximumError, sum, count, least, most, agreed, elements }, k): OutputAccuracy => {
    const { name } = model.outputs[k];
    const range = most - least;
    return {
      name,
      maximumError,
      meanError: sum / Math.max(count, 1),
      range,
      relativeError: range > 0 ? maximumError / range : maximumError,
      ...(samples.length > 1 ? elements.worst() : {}),
      ...(scores[k] && samples.length > 0 ? { classAgreement: agreed / samples.length } : {}),
    };
  });
  const worst = measured.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  const agreements = measured.flatMap(({ classAgreement }) => classAgreement ?? []);
  return {
    samples: samples.length,
    maximumError: worst.maximumError,
    meanError: worst.meanError,
    outputRange: worst.range,
    ...(agreements.length > 0 ? { classAgreement: leastOf(agreements) } : {}),
    outputs: measured,
  };
}
