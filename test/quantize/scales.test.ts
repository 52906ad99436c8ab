import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { measureAccuracy, type AccuracyReport } from '../../src/quantize/accuracy.js';
import { encodeInputs } from '../../src/integer/encode.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { quantize } from '../../src/quantize/quantize.js';
import { accumulatorShift, gridFor } from '../../src/quantize/scale.js';
import { gatherStatistics } from '../../src/quantize/statistics.js';
import { atOnce } from '../../src/stepwise.js';
import { UnitClasses } from '../../src/network/unit-classes.js';
import { mostOf } from '../../src/tensor/extremes.js';
import { seeded } from '../onnx/support/random.js';
import { numbers, Sketch } from './support/graphs.js';
import { randomSamples, realsOf } from './support/samples.js';

type Rows = readonly (readonly Float64Array[])[];

const quantized = (graph: Graph, samples: Rows): IntegerModel =>
  quantize(graph, { activationBits: 8, samples, evaluator });

/** Against the float network, on these rows. */
async function accuracyOf(graph: Graph, model: IntegerModel, rows: Rows): Promise<AccuracyReport> {
  const run = evaluator(graph);
  const reference = async (sample: readonly Float64Array[]): Promise<Float64Array[]> => {
    const tensors = run(sample);
    return graph.outputs.map(({ tensor }) => tensors.get(tensor) as Float64Array);
  };
  return measureAccuracy(model, (integers) => runIntegerModel(model, integers), reference, rows);
}

/** Largest error of any element, against that element's own range. */
const worstElement = ({ outputs }: AccuracyReport): number =>
  Math.max(...outputs.map((output) => output.worstElement?.relativeError ?? Infinity));

describe('rounded weights', () => {
  for (const kind of ['conv', 'dense'] as const) {
    it(`of a ${kind} layer lose nothing on average over values far from zero: the bias takes account of it`, () => {
      const random = seeded(11);
      const sketch = new Sketch();
      const x = sketch.input([1, 4, 4, 4]);
      const made = kind === 'conv' ? sketch.conv(x, 1, random, { kernel: [4, 4] }) : sketch.dense(x, 1, random);
      const graph = sketch.graph(made);
      const rows = randomSamples(graph, 24, random, 0.1).map((row) => row.map((values) => values.map((v) => v + 0.9)));
      const model = quantize(graph, { activationBits: 8, samples: rows, inputRange: [0, 1], evaluator });
      const run = evaluator(graph);
      const [{ tensor }, { scale }] = [graph.outputs[0], model.outputs[0]];
      // What the rounding of the inputs themselves does is not asked about.
      const errors = rows.map((row) => {
        const integers = encodeInputs(model.inputs, row);
        const [[value]] = runIntegerModel(model, integers);
        return value - (run(realsOf(model, integers)).get(tensor) as Float64Array)[0] / scale;
      });
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      assert.ok(Math.abs(mean) < 16, `${mean} units of the accumulator`);
    });
  }
});

describe('scales of outputs', () => {
  it('are fine enough for the smallest element of a row of outputs, also behind a move', async () => {
    for (const behind of ['dense', 'move'] as const) {
      const random = seeded(3);
      const sketch = new Sketch();
      const scores = sketch.affine(
        sketch.dense(sketch.relu(sketch.dense(sketch.input([1, 8]), 8, random)), 3, random),
        Float64Array.of(5000, 10, 0.1),
        numbers(random, 3, 0),
      );
      const graph = sketch.graph(behind === 'move' ? sketch.move([scores], [2, 0, 1], [], [1, 3]) : scores);
      const rows = randomSamples(graph, 40, random);
      const report = await accuracyOf(graph, quantized(graph, rows), rows);
      assert.ok(worstElement(report) < 0.02, `${behind}: ${worstElement(report)}`);
    }
  });

  it('are no finer than their tensor needs where its elements are alike', () => {
    const random = seeded(3);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.dense(sketch.input([1, 8]), 3, random));
    const rows = randomSamples(graph, 40, random);
    const { ops, outputs } = quantize(graph, {
      activationBits: 8,
      inputBits: 8,
      inputRange: [-1, 1],
      samples: rows,
      evaluator,
    });
    const { low, high } = ops[ops.length - 1].bounds!;
    assert.ok(Math.max(...high.map((most, i) => most - low[i])) < 2 ** 19, `${outputs[0].scale}`);
  });
});

/**
 * Rows whose feature k is `sizes[k % sizes.length]` times a number in [-1, 1], of a network that gives each the same
 * weight.
 */
function inOwnUnits(
  shape: readonly number[],
  sizes: readonly number[],
): { readonly graph: Graph; readonly rows: Float64Array[][] } {
  const random = seeded(11);
  const sketch = new Sketch();
  const size = shape.reduce((product, length) => product * length, 1);
  const x = sketch.flatten(sketch.input(shape));
  const weights = Array.from({ length: 6 }, () => numbers(random, size).map((w, k) => w / sizes[k % sizes.length]));
  const hidden = sketch.add(
    {
      op: 'dense',
      rows: 1,
      inFeatures: size,
      outFeatures: 6,
      weight: Float64Array.from(weights.flatMap((row) => [...row])),
      bias: numbers(random, 6),
    },
    [x],
    [1, 6],
  );
  const graph = sketch.graph(sketch.dense(sketch.relu(hidden), 2, random));
  return {
    graph,
    rows: Array.from({ length: 30 }, () => [numbers(random, size).map((value, k) => value * sizes[k % sizes.length])]),
  };
}

describe('elements of different size', () => {
  it('of an input have scales of their own in any shape and number', async () => {
    for (const shape of [
      [1, 4],
      [1, 1, 4],
      [2, 2, 1, 1],
      [1, 260],
    ]) {
      const { graph, rows } = inOwnUnits(shape, [3000, 0.02, 1, 40]);
      const model = quantized(graph, rows);
      assert.equal(model.inputs[0].scale.length, rows[0][0].length);
      const report = await accuracyOf(graph, model, rows);
      assert.ok(report.outputs[0].relativeError < 0.02, `[${shape.join(', ')}]: ${report.outputs[0].relativeError}`);
    }
  });

  it('of an input have scales of their own where a single small one is of account among many large ones', async () => {
    const { graph, rows } = inOwnUnits([1, 8], [1000, 1000, 1000, 1000, 1000, 1000, 1000, 0.5]);
    const report = await accuracyOf(graph, quantized(graph, rows), rows);
    assert.ok(report.outputs[0].relativeError < 0.02, `${report.outputs[0].relativeError}`);
  });

  it('of several inputs have scales of their own, also where the inputs are joined', async () => {
    const random = seeded(17);
    const sketch = new Sketch();
    const joined = sketch.concat(sketch.flatten(sketch.input([1, 1, 3])), sketch.input([1, 2]));
    const sizes = [100, 0.1, 5, 2000, 0.3];
    const weight = Float64Array.from({ length: 10 }, (_, k) => (1 + random()) / sizes[k % 5]);
    const graph = sketch.graph(
      sketch.add(
        { op: 'dense', rows: 1, inFeatures: 5, outFeatures: 2, weight, bias: numbers(random, 2) },
        [joined],
        [1, 2],
      ),
    );
    const rows = Array.from({ length: 30 }, () =>
      [sizes.slice(0, 3), sizes.slice(3)].map((of) => Float64Array.from(of, (size) => size * random())),
    );
    const report = await accuracyOf(graph, quantized(graph, rows), rows);
    assert.ok(report.outputs[0].relativeError < 0.02, `${report.outputs[0].relativeError}`);
  });

  it('share one scale where the network loses nothing by it', () => {
    const { graph, rows } = inOwnUnits([1, 1, 4], [1]);
    assert.equal(quantized(graph, rows).inputs[0].scale.length, 1);
  });

  for (const activation of ['relu', 'clip'] as const) {
    it(`fill the same grid in channels of a depthwise convolution, behind a ${activation}`, async () => {
      const random = seeded(19);
      const sketch = new Sketch();
      const sizes = [300, 4, 0.05, 1];
      const deep = sketch.add(
        {
          op: 'conv',
          inputShape: [1, 4, 5, 5],
          weightShape: [4, 1, 3, 3],
          weight: numbers(random, 36).map((w, k) => w * sizes[Math.floor(k / 9)]),
          bias: new Float64Array(4),
          groups: 4,
          strides: [1, 1],
          dilations: [1, 1],
          padsBegin: [1, 1],
          padsEnd: [1, 1],
        },
        [sketch.input([1, 4, 5, 5])],
        [1, 4, 5, 5],
      );
      const active = activation === 'relu' ? sketch.relu(deep) : sketch.clip(deep, 0, 250);
      const pooled = sketch.max(active, { kernel: [2, 2], strides: [1, 1] });
      const graph = sketch.graph(
        sketch.add(
          {
            op: 'conv',
            inputShape: [1, 4, 4, 4],
            weightShape: [3, 4, 1, 1],
            weight: numbers(random, 12).map((w, k) => w / sizes[k % 4]),
            bias: new Float64Array(3),
            groups: 1,
            strides: [1, 1],
            dilations: [1, 1],
            padsBegin: [0, 0],
            padsEnd: [0, 0],
          },
          [pooled],
          [1, 3, 4, 4],
        ),
      );
      const rows = randomSamples(graph, 30, random);
      const report = await accuracyOf(graph, quantized(graph, rows), rows);
      assert.ok(report.outputs[0].relativeError < 0.02, `${report.outputs[0].relativeError}`);
    });
  }

  it('fill the same grid in branches that are concatenated, and in the sum behind', async () => {
    const random = seeded(23);
    const sketch = new Sketch();
    const x = sketch.input([1, 6]);
    const branch = (size: number): string =>
      sketch.relu(sketch.affine(sketch.dense(x, 5, random), new Float64Array(5).fill(size), new Float64Array(5)));
    const joined = sketch.concat(branch(1), branch(500));
    const weight = numbers(random, 30).map((w, k) => (k % 10 < 5 ? w : w / 500));
    const graph = sketch.graph(
      sketch.add(
        { op: 'dense', rows: 1, inFeatures: 10, outFeatures: 3, weight, bias: numbers(random, 3) },
        [joined],
        [1, 3],
      ),
    );
    const rows = randomSamples(graph, 30, random);
    const report = await accuracyOf(graph, quantized(graph, rows), rows);
    assert.ok(report.outputs[0].relativeError < 0.02, `${report.outputs[0].relativeError}`);
  });

  it('change nothing in a network whose elements are alike', () => {
    const random = seeded(29);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.dense(sketch.relu(sketch.dense(sketch.input([1, 8]), 8, random)), 3, random));
    const rows = randomSamples(graph, 30, random);
    const { classes, index } = atOnce(gatherStatistics(evaluator(graph), rows, new UnitClasses(graph))).get(
      graph.nodes[1].output,
    )!;
    assert.equal(classes.length, 8);
    assert.equal(index?.length, 8);
    const relu = quantized(graph, rows).ops.find(({ kind }) => kind === 'requantize')!;
    const reached = mostOf(rows.flatMap((row) => [...evaluator(graph)(row).get(graph.nodes[1].output)!]));
    assert.ok(Math.abs((relu.scale * 255) / reached - 1) < 0.01);
  });
});

describe('the grid of a range', () => {
  it('has a step that is no smaller than the size of its values makes sensible', () => {
    for (const [min, max] of [
      [3, 3 + 1e-15],
      [-2 - 1e-9, -2],
      [0.9, 1],
    ]) {
      const { step, low } = gridFor(min, max, 8);
      assert.ok(step > Math.abs(max) / 8 / 256, `${min} to ${max}: ${step}`);
      assert.ok(low * step < min + step && (low + 255) * step > max - step, `${min} to ${max} lies in its grid`);
    }
  });
});

describe('squares', () => {
  it('of differences are exact on the grid of an input, whatever they are summed to', () => {
    const sketch = new Sketch();
    const moved = sketch.affine(sketch.input([1, 3]), new Float64Array(3).fill(1), Float64Array.of(-0.7, 0.3, -1.9));
    const graph = sketch.graph(sketch.reduce(sketch.multiply(moved, moved), 'mean'));
    // Tenths, more than enough of them to be seen as such.
    const rows = Array.from({ length: 20 }, (_, k) => [Float64Array.of(k / 10, 1.9 - k / 10, ((k * 7) % 20) / 10)]);
    const model = quantized(graph, rows);
    for (const row of rows) {
      const [exact] = evaluator(graph)(row).get(graph.outputs[0].tensor)!;
      const [[integer]] = runIntegerModel(model, encodeInputs(model.inputs, row));
      assert.ok(Math.abs(integer * model.outputs[0].scale - exact) < 1e-9, `${row[0].join()}`);
    }
  });

  it('that are weighted differently have one size before they are squared', () => {
    const sketch = new Sketch();
    const x = sketch.input([1, 2]);
    const weighted = sketch.affine(sketch.multiply(x, x), Float64Array.of(1e4, 1e-4), new Float64Array(2));
    const graph = sketch.graph(weighted);
    const random = seeded(3);
    const rows = Array.from({ length: 16 }, () => [Float64Array.of(0.01 * random(), 100 * random())]);
    const model = quantized(graph, rows);
    for (const row of rows) {
      const exact = evaluator(graph)(row).get(graph.outputs[0].tensor)!;
      const [result] = runIntegerModel(model, encodeInputs(model.inputs, row));
      result.forEach((integer, i) =>
        assert.ok(Math.abs(integer * model.outputs[0].scale - exact[i]) < 0.01, `${row[0].join()}`),
      );
    }
  });
});

describe('the unit of an accumulator', () => {
  /** Fractional bits with which the coefficients' rounding errors stay below a step's own, as `Math.round` has them. */
  const shiftOf = (coefficients: Float64Array, step: number, weightOf: (k: number) => number): number => {
    for (let shift = 0; shift < 40; shift += 1) {
      const unit = step / 2 ** shift;
      const error = coefficients.reduce((sum, value, k) => {
        const delta = value / unit - Math.round(value / unit);
        return sum + delta * delta * weightOf(k);
      }, 0);
      if (error * unit * unit <= (step * step) / 12) return shift;
    }
    return 40;
  };

  it('is the coarsest that is precise enough, also for ties and for coefficients of no fraction', () => {
    const random = seeded(29);
    const odd = 2 ** 52 + 1;
    for (const coefficients of [
      Float64Array.from({ length: 3000 }, () => 2 * random() - 1),
      Float64Array.of(0.5, -0.5, 1.5, 2.5, 0.49999999999999994, -0.49999999999999994),
      Float64Array.of(odd, -odd, 2 ** 51 + 0.5, 2 ** 51 - 0.5, 0.25),
      Float64Array.of(odd, 2 ** 53, -(2 ** 60), 2 ** 80),
    ]) {
      for (const step of [1, 1 / 3, 0.7]) {
        for (const meanSquare of [1, 900, Float64Array.from(coefficients, (_, k) => 1 + (k % 5))]) {
          const expected = shiftOf(coefficients, step, (k) =>
            typeof meanSquare === 'number' ? meanSquare : meanSquare[k],
          );
          assert.equal(accumulatorShift([{ coefficients, meanSquare }], 1, step, 1), expected, `step ${step}`);
        }
      }
    }
  });
});

describe('operands of linear layers', () => {
  /** The cuts of one layer's result that `readers` others read, each followed by a ReLU. */
  const cuts = (readers: number): { readonly bits: number }[] => {
    const random = seeded(17);
    const sketch = new Sketch();
    const x = sketch.input([1, 16]);
    const wide = sketch.dense(x, 16, random);
    const graph = sketch.graph(...Array.from({ length: readers }, () => sketch.relu(sketch.dense(wide, 16, random))));
    const samples = randomSamples(graph, 20, random);
    const model = quantize(graph, { activationBits: 8, inputBits: 8, inputRange: [-1, 1], samples, evaluator });
    const [first] = model.ops.filter(({ kind }) => kind === 'dense');
    return model.ops.flatMap((op) =>
      op.kind === 'requantize' && op.inputs[0] === first.output ? [{ bits: op.bits }] : [],
    );
  };

  it('are cut once for all layers that read them where that costs less than their bits in each, to four bits more than an activation', () => {
    assert.deepEqual(cuts(1), []);
    assert.deepEqual(cuts(6), [{ bits: 12 }]);
  });
});
