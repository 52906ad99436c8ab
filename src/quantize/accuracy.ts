/**
 * How far the integer model strays from the float network: absolute error of the dequantized outputs, and how often both
 * name the same class. The float side is given, so that it can come from onnxruntime rather than from our own evaluator.
 */
import { sizeOf, type Shape } from '../tensor/shape.js';
import { argMax } from '../tensor/kernels.js';
import { dequantize, encodeInputs } from './encode.js';
import type { IntegerModel, IntegerOutput } from './integer-model.js';

/** Gives the float outputs, in the model's order, of one input (one flat array per graph input). */
export type FloatReference = (inputs: readonly Float64Array[]) => Promise<readonly ArrayLike<number>[]>;

export interface AccuracyReport {
  readonly samples: number;
  /** Over all samples and output elements. */
  readonly maximumError: number;
  readonly meanError: number;
  /** Largest minus smallest reference output, zero counted among them: what the errors compare to. */
  readonly outputRange: number;
  /** Share of samples, 0 to 1, on which both give the same class; absent where no output is a score vector. */
  readonly classAgreement?: number;
}

/** Whether a tensor of this shape reads as scores of classes: one row of at least two numbers. */
export function isScoreVector(shape: Shape): boolean {
  const last = shape[shape.length - 1] ?? 1;
  return last >= 2 && sizeOf(shape) === last;
}

/** Index of the largest score; the first of equals. */
export function classOf(scores: ArrayLike<number>): number {
  const values = Float64Array.from(scores);
  return argMax(values, { offsets: Uint32Array.of(0, values.length), indices: Uint32Array.from(values.keys()) }, false)[0];
}

/** Gives the integer outputs, in the model's order, of one input's integers. */
export type IntegerOutputs = (integers: readonly Float64Array[]) => readonly Float64Array[];

/** What the network does after the tensor that is proved (an omitted softmax), for output k. */
export type Finish = (k: number, reals: Float64Array) => Float64Array;

/** Compares on every sample. @throws InputRangeError for a sample outside the declared range */
export async function measureAccuracy(
  model: IntegerModel,
  outputs: IntegerOutputs,
  reference: FloatReference,
  samples: readonly (readonly Float64Array[])[],
  finish: Finish = (_, reals) => reals,
): Promise<AccuracyReport> {
  let maximumError = 0;
  let sum = 0;
  let count = 0;
  let least = 0;
  let most = 0;
  let agreed = 0;
  const scores = model.outputs.findIndex((output: IntegerOutput) => isScoreVector(output.shape));
  for (const sample of samples) {
    const integers = outputs(encodeInputs(model.inputs, sample));
    const expected = await reference(sample);
    model.outputs.forEach((output, k) => {
      const reals = finish(k, dequantize(integers[k], output.scale));
      for (let i = 0; i < reals.length; i += 1) {
        const error = Math.abs(reals[i] - expected[k][i]);
        maximumError = Math.max(maximumError, error);
        sum += error;
        least = Math.min(least, expected[k][i]);
        most = Math.max(most, expected[k][i]);
      }
      count += reals.length;
    });
    if (scores >= 0 && classOf(integers[scores]) === classOf(expected[scores])) agreed += 1;
  }
  return {
    samples: samples.length,
    maximumError,
    meanError: sum / Math.max(count, 1),
    outputRange: most - least,
    ...(scores >= 0 && samples.length > 0 ? { classAgreement: agreed / samples.length } : {}),
  };
}
