import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { encodeInputs, realRange } from '../../src/integer/encode.js';
import { InputRangeError, InputShapeError } from '../../src/integer/errors.js';
import { AccumulatorOverflowError, CalibrationError } from '../../src/quantize/errors.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { quantize, type QuantizeOptions } from '../../src/quantize/quantize.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from './support/graphs.js';

function dense(features: number, outputs = 2): Graph {
  const sketch = new Sketch();
  return sketch.graph(sketch.dense(sketch.input([1, features]), outputs, seeded(5)));
}

function image(): Graph {
  const sketch = new Sketch();
  return sketch.graph(sketch.conv(sketch.input([1, 1, 2, 2]), 1, seeded(5)));
}

const make = (graph: Graph, options: Partial<QuantizeOptions> = {}): IntegerModel =>
  quantize(graph, { activationBits: 8, samples: [], evaluator, ...options });
const rows = (...data: number[][]): Float64Array[][] => data.map((row) => [Float64Array.from(row)]);

describe('the declared input range', () => {
  it('is [-1, 1] without calibration data or declaration, and a note says so', () => {
    const model = make(dense(3));
    const [low, high] = realRange(model.inputs[0], 0);
    assert.ok(Math.abs(low + 1) < 0.01 && Math.abs(high - 1) < 0.01);
    assert.ok(model.notes.some((note) => note.includes("input 'x0'") && note.includes('[-1, 1]')));
    assert.ok(model.notes.some((note) => note.includes('no calibration data')));
  });

  it('is what the user declares, whatever the samples show', () => {
    const model = make(dense(3), { samples: rows([0, 0, 0.1], [0, 0, 0.2]), inputRange: [0, 255] });
    assert.deepEqual(Array.from(model.inputs[0].scale), [1]);
    assert.deepEqual(realRange(model.inputs[0], 2), [0, 255]);
    assert.deepEqual(Array.from(encodeInputs(model.inputs, [[0, 17, 255]])[0]), [0, 17, 255]);
  });

  it('is shared by all elements of an image, and holds zero exactly', () => {
    const model = make(image(), { samples: rows([2, 3, 4, 5], [3, 9, 4, 2]) });
    const [input] = model.inputs;
    assert.equal(input.scale.length, 1);
    assert.deepEqual(
      realRange(input, 0).map((end) => Math.round(end * 1e6) / 1e6),
      [0, 9],
    );
    assert.deepEqual(Array.from(encodeInputs(model.inputs, [[0, 0, 0, 0]])[0]), [0, 0, 0, 0]);
  });

  it("is each feature's own, with a margin, where the features of a table differ in size", () => {
    const model = make(dense(3), { samples: rows([0.1, 1000, 5], [0.3, 3000, 5], [0.2, 2000, 5]) });
    const [input] = model.inputs;
    assert.equal(input.scale.length, 3);
    const [low, high] = realRange(input, 1);
    assert.ok(Math.abs(low) < 20 && Math.abs(high - 4000) < 20, `${low} ${high}`);
    // A feature that never varied is still representable.
    const [least, most] = realRange(input, 2);
    assert.ok(least < 5 && most > 5);
    assert.ok(model.notes.some((note) => note.includes('range of its own')));
  });

  it("is each feature's own around one sample whose features differ much in size, and shared around one whose do not", () => {
    const {
      inputs: [input],
      notes,
    } = make(dense(4), { samples: rows([0.1, 2000, 0, -5]) });
    [0.1, 2000, 0, -5].forEach((value, i) => {
      const [low, high] = realRange(input, i);
      assert.ok(
        low < value && value < high && high - low <= 2.01 * (Math.abs(value) || 1),
        `${value}: [${low}, ${high}]`,
      );
    });
    assert.ok(notes.some((note) => note.includes('around its value in the one calibration sample')));
    assert.equal(make(dense(4), { samples: rows([0.1, 0.9, 0, -0.5]) }).inputs[0].scale.length, 1);
  });

  it('is finite for features that were always zero beside features that were always something else', () => {
    const [input] = make(dense(2), { samples: rows([0, 5], [0, 5]) }).inputs;
    assert.ok([...input.scale, ...input.low].every(Number.isFinite), `${input.scale} ${input.low}`);
    assert.ok(input.scale.every((scale) => scale > 0));
    for (const element of [0, 1]) {
      const [least, most] = realRange(input, element);
      assert.ok(least <= 5 * element && most >= 5 * element, `${element}: [${least}, ${most}]`);
    }
  });

  it('reaches beyond an end that one value alone reaches, and not beyond one that several do', () => {
    const random = seeded(11);
    const spread = Array.from({ length: 30 }, () => [random() - 0.5, random() - 0.5]);
    const [alone] = make(dense(2), { samples: rows(...spread, [0.7, -0.6]) }).inputs;
    const [least, most] = realRange(alone, 0);
    assert.ok(most > 1 && most < 1.1 && least < -0.9 && least > -1, `[${least}, ${most}]`);
    const [shared] = make(dense(2), { samples: rows(...spread, [0.7, -0.6], [-0.6, 0.7]) }).inputs;
    const ends = realRange(shared, 0);
    assert.ok(Math.abs(ends[1] - 0.7) < 0.01 && Math.abs(ends[0] + 0.6) < 0.01, `[${ends}]`);
  });

  it('reaches far for features that are mostly one value', () => {
    const samples = rows(...Array.from({ length: 40 }, (_, k) => [k % 10 === 0 ? 3 : 0, k, 7 * k]));
    const [input] = make(dense(3), { samples }).inputs;
    const [rare, usual] = [0, 1].map((element) => realRange(input, element));
    assert.ok(rare[1] >= 8.9 && rare[0] <= -5.9, `[${rare}]`);
    assert.ok(usual[1] < 70 && usual[0] > -21, `[${usual}]`);
  });

  it('has 16 bits where a comparison reads it, even of two inputs or beside a linear layer', () => {
    const samples = [0, 1, 2].map((k) => [Float64Array.of(k, 1), Float64Array.of(2, k / 3)]);
    const compare = (s: Sketch, x: string): string =>
      s.add({ op: 'step', threshold: Float64Array.of(0.3), strict: false }, [x], [1, 2]);
    const two = new Sketch();
    const difference = two.graph(compare(two, two.sum([two.input([1, 2]), two.input([1, 2])], [1, -1])));
    assert.deepEqual(
      make(difference, { samples }).inputs.map(({ bits }) => bits),
      [16, 16],
    );
    const one = new Sketch();
    const x = one.input([1, 2]);
    const beside = one.graph(compare(one, x), one.dense(x, 1, seeded(5)));
    assert.equal(make(beside, { samples: samples.map(([row]) => [row]) }).inputs[0].bits, 16);
  });

  it('has the data on its grid where they are tenths', () => {
    const tenths = Array.from({ length: 20 }, (_, k) => [Math.fround(k / 10), Math.fround(7.9 - k / 5), 3.3]);
    const [input] = make(dense(3), { samples: rows(...tenths) }).inputs;
    tenths.forEach((row) =>
      row.slice(0, 2).forEach((value, i) => {
        const steps = value / input.scale[input.scale.length === 1 ? 0 : i];
        assert.ok(Math.abs(steps - Math.round(steps)) < 1e-4, `${value} is ${steps} steps`);
      }),
    );
  });

  it('gets more bits where rounding it alone harms an output, and otherwise those of an activation', () => {
    // The smaller of two is all that the network gives, and their range is that of the larger.
    const sketch = new Sketch();
    const small = sketch.graph(sketch.move([sketch.input([1, 2])], [0], [], [1, 1]));
    const samples = rows([0.001, 1], [0.0123, 2.5], [0.009, 2.7]);
    assert.ok(make(small, { samples }).inputs[0].bits > 12);
    assert.equal(make(small, { samples, inputBits: 9 }).inputs[0].bits, 9);
    assert.equal(make(small, { samples: rows([1, 1], [2, 2.5]) }).inputs[0].bits, 8);
    assert.throws(() => make(small, { samples, inputBits: 17 }), CalibrationError);
  });

  it('has as many steps as the activation bits give', () => {
    for (const activationBits of [2, 5, 8, 12, 16]) {
      const [input] = make(dense(3), { activationBits, inputRange: [0, 1] }).inputs;
      assert.equal(input.bits, activationBits);
      assert.ok(Math.abs(input.scale[0] * (2 ** activationBits - 1) - 1) < 1e-12);
    }
  });

  it('refuses activation bits that are not a whole number from 2 to 16', () => {
    for (const activationBits of [1, 17, 7.5, NaN])
      assert.throws(() => make(dense(2), { activationBits }), CalibrationError);
  });

  it('refuses a declaration that is no range', () => {
    for (const inputRange of [
      [1, 0],
      [NaN, 1],
      [0, Infinity],
    ] as const)
      assert.throws(() => make(dense(2), { inputRange }), CalibrationError);
  });

  const notFinite = (error: Error): boolean =>
    error instanceof CalibrationError && /tensor '\w+' takes values that are not finite/.test(error.message);

  it('refuses calibration data on which the network is not finite', () => {
    assert.throws(
      () => make(dense(2), { samples: rows([1e308, 1e308], [-1e308, 1e308]), inputRange: [0, 1] }),
      notFinite,
    );
    assert.throws(() => make(dense(2), { samples: rows([NaN, 0]), inputRange: [0, 1] }), notFinite);
  });
});

describe('encoding an input', () => {
  const model = make(dense(3), { inputRange: [-1, 1] });
  const encode = (values: number[]): Float64Array => encodeInputs(model.inputs, [values])[0];

  it('rounds to the nearest integer and back within half a step', () => {
    const [input] = model.inputs;
    const random = seeded(3);
    for (let k = 0; k < 500; k += 1) {
      const values = [0, 1, 2].map(() => 2 * random() - 1);
      encode(values).forEach((integer, i) => {
        assert.ok(Math.abs(integer * input.scale[0] - values[i]) <= input.scale[0] / 2 + 1e-12);
        assert.ok(integer >= input.low[0] && integer <= input.low[0] + 255);
      });
    }
  });

  it('takes both ends of the declared range', () => {
    const integers = encode([-1, 1, 0]);
    assert.deepEqual(Array.from(integers.map((value) => value - model.inputs[0].low[0])), [
      0,
      255,
      -model.inputs[0].low[0],
    ]);
  });

  it('names index, value and range of a value outside', () => {
    const [least, most] = realRange(model.inputs[0], 1);
    for (const value of [1.2, -1.2, Infinity, -Infinity, NaN]) {
      assert.throws(
        () => encode([0, value, 0]),
        (error: Error) =>
          error instanceof InputRangeError &&
          error.message.includes(`'x0'[1] is ${value}`) &&
          error.message.includes(`[${least}, ${most}]`),
      );
    }
  });

  it('refuses arrays of the wrong length or number', () => {
    assert.throws(() => encode([0, 0]), InputShapeError);
    assert.throws(() => encodeInputs(model.inputs, []), InputShapeError);
    assert.throws(() => encodeInputs(model.inputs, [[0, 0, 0], [0]]), InputShapeError);
  });
});

describe('accumulators', () => {
  it("that could leave exact arithmetic are refused with the layer's name", () => {
    const sketch = new Sketch();
    // Two inputs that cancel on all calibration data and nowhere else: a fine scale, and huge worst cases.
    const weight = Float64Array.of(1e6, -1e6 + 1e-3);
    const y = sketch.add(
      { op: 'dense', rows: 1, inFeatures: 2, outFeatures: 1, weight, bias: new Float64Array(1) },
      [sketch.input([1, 2])],
      [1, 1],
    );
    assert.throws(
      () =>
        make(sketch.graph(y), { samples: rows([1e-6, 1e-6], [-1e-6, -1e-6]), inputRange: [-1, 1], activationBits: 16 }),
      (error: Error) => error instanceof AccumulatorOverflowError && error.message.includes("layer 'n0'"),
    );
  });
});
