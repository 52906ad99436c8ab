/** Inputs of a graph or an integer model: random, and the corners of what is declared. */
import type { Graph } from '../../../src/network/graph.js';
import { evaluator } from '../../../src/network/evaluate.js';
import type { IntegerModel } from '../../../src/integer/integer-model.js';
import { inputIntervals } from '../../../src/integer/intervals.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { sizeOf } from '../../../src/tensor/shape.js';
import { numbers, type Random } from './graphs.js';

/** Uniform in [-size, size], one flat array per graph input. */
export function randomSamples(graph: Graph, count: number, random: Random, size = 1): Float64Array[][] {
  return Array.from({ length: count }, () => graph.inputs.map((input) => numbers(random, sizeOf(input.shape), size)));
}

/** Integers of every input: `choose` gives for each element a share in [0, 1] of its declared range. */
export function integersAt(model: IntegerModel, choose: (i: number) => number): Float64Array[] {
  return model.inputs.map((input) => {
    const { low, high } = inputIntervals(input);
    return low.map((least, i) => Math.round(least + choose(i) * (high[i] - least)) + 0);
  });
}

/** All least, all most, alternating both ways, one hot, one cold, then random; endless. */
export function* integerInputs(model: IntegerModel, random: Random): Generator<Float64Array[]> {
  const size = model.inputs.reduce((sum, input) => sum + sizeOf(input.shape), 0);
  yield integersAt(model, () => 0);
  yield integersAt(model, () => 1);
  yield integersAt(model, (i) => i % 2);
  yield integersAt(model, (i) => (i + 1) % 2);
  for (let k = 0; k < 8; k += 1) {
    const hot = Math.floor(random() * size);
    yield integersAt(model, (i) => (i === hot ? 1 : 0));
    yield integersAt(model, (i) => (i === hot ? 0 : 1));
  }
  for (;;) {
    yield integersAt(model, () => Math.floor(random() * 2));
    yield integersAt(model, random);
  }
}

/** Reals that integers of the inputs stand for. */
export function realsOf(model: IntegerModel, integers: readonly Float64Array[]): Float64Array[] {
  return integers.map((values, k) => {
    const { scale } = model.inputs[k];
    return values.map((value, i) => value * scale[scale.length === 1 ? 0 : i]);
  });
}

/** Quantized on random samples of [-1, 1] and the corners. */
export function quantizeRandomly(graph: Graph, activationBits: number, random: Random, samples = 60): IntegerModel {
  const ends = [-1, 1].map((end) => graph.inputs.map((input) => new Float64Array(sizeOf(input.shape)).fill(end)));
  return quantize(graph, { activationBits, samples: [...ends, ...randomSamples(graph, samples, random)], evaluator });
}

export function take<T>(count: number, source: Iterable<T>): T[] {
  const taken: T[] = [];
  for (const item of source) {
    if (taken.length === count) break;
    taken.push(item);
  }
  return taken;
}
