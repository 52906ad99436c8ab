import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boundGraph } from '../../src/network/bounds.js';
import { bitsOf, boundModel, inputIntervals } from '../../src/integer/intervals.js';
import { interpret } from '../../src/integer/interpreter.js';
import { evaluator } from '../../src/network/evaluate.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, randomGraph, Sketch, type Random } from '../quantize/support/graphs.js';
import { integerInputs, integersAt, quantizeRandomly, randomSamples, take } from '../quantize/support/samples.js';

function assertContained(model: IntegerModel, random: Random, count: number): void {
  const bounds = boundModel(model);
  for (const inputs of take(count, integerInputs(model, random))) {
    for (const [name, values] of interpret(model, inputs)) {
      const { low, high } = bounds.get(name)!;
      values.forEach((value, i) => {
        assert.ok(Number.isSafeInteger(value), `${name}[${i}] = ${value}`);
        assert.ok(low[i] <= value && value <= high[i], `${name}[${i}] = ${value} is outside [${low[i]}, ${high[i]}]`);
      });
    }
  }
}

describe('worst-case intervals', () => {
  it('hold every value of every layer kind on corners and random inputs', () => {
    for (const { make } of LAYER_CASES) {
      const random = seeded(37);
      assertContained(quantizeRandomly(make(random), 6, random), random, 60);
    }
  });

  it('hold every value of random networks', () => {
    const random = seeded(41);
    for (let i = 0; i < 60; i += 1) assertContained(quantizeRandomly(randomGraph(random), 8, random), random, 40);
  });

  it('of a dense layer are met by some input, at both ends', () => {
    const random = seeded(43);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.dense(sketch.input([1, 6]), 1, random));
    const model = quantizeRandomly(graph, 8, random);
    const [op] = model.ops;
    assert.ok(op.kind === 'dense');
    const { low, high } = boundModel(model).get(op.output)!;
    const at = (most: boolean): number =>
      interpret(
        model,
        integersAt(model, (i) => (op.weight[i] > 0 === most ? 1 : 0)),
      ).get(op.output)![0];
    assert.equal(at(true), high[0]);
    assert.equal(at(false), low[0]);
  });

  it('are kept by the ops they were made for, and not computed again', () => {
    const random = seeded(45);
    const model = quantizeRandomly(randomGraph(random), 8, random);
    const bounds = boundModel(model);
    for (const op of model.ops) assert.equal(bounds.get(op.output), op.bounds);
  });

  it('of the float network hold its values too', () => {
    const random = seeded(47);
    for (const make of [
      ...LAYER_CASES.map((layer) => layer.make),
      ...new Array<typeof randomGraph>(40).fill(randomGraph),
    ]) {
      const graph = make(random);
      const ends = graph.inputs.map(({ shape }) => new Float64Array(shape.reduce((a, b) => a * b, 1)));
      const bounds = boundGraph(
        graph,
        ends.map((values) => ({ low: values.map(() => -1), high: values.map(() => 1) })),
      );
      const evaluate = evaluator(graph);
      for (const sample of randomSamples(graph, 10, random)) {
        for (const [name, values] of evaluate(sample)) {
          const { low, high } = bounds.get(name)!;
          values.forEach((value, i) => assert.ok(value >= low[i] - 1e-9 && value <= high[i] + 1e-9, `${name}[${i}]`));
        }
      }
    }
  });

  it('of an input are its codes', () => {
    const input = {
      name: 'x',
      tensor: 0,
      shape: [2],
      bits: 3,
      scale: Float64Array.of(1),
      low: Float64Array.of(-4, 10),
    };
    assert.deepEqual(inputIntervals(input), { low: Float64Array.of(-4, 10), high: Float64Array.of(3, 17) });
  });

  it('bitsOf is the length of the binary number', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => assert.equal(bitsOf(value), value === 0 ? 0 : value.toString(2).length)),
      { seed: 3, numRuns: 2000, examples: [[0], [1], [2 ** 49], [2 ** 50 - 1], [2 ** 53 - 1]] },
    );
  });
});
