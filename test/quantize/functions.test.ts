import assert from 'node:assert/strict';
import { compileModel } from '../../src/compile/compile.js';
import { FUNCTIONS, scalarFunction, type FunctionName } from '../../src/network/functions/index.js';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { dequantize, encodeInputs } from '../../src/integer/encode.js';
import { fuse } from '../../src/quantize/fuse.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import type { IntegerModel, IntegerTable } from '../../src/integer/integer-model.js';
import { quantize } from '../../src/quantize/quantize.js';
import { createChecker } from '../../src/r1cs/check.js';
import { circuitResults, prepareWitness } from '../../src/witness/generate.js';
import { linesOf } from '../../src/gadgets/index.js';
import { codesOf, ready } from '../compile/support/run.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from './support/graphs.js';

type Plain = 'Sigmoid' | 'Tanh' | 'Log' | 'Sqrt' | 'Reciprocal' | Jump;
type Jump = 'Sign' | 'Floor' | 'Ceil' | 'Round';

const apply = (s: Sketch, name: Plain, x: string): string =>
  s.add({ op: 'function', f: scalarFunction(name, {}) }, [x], s.shape(x));

/** One function on one input element, calibrated on the ends and the middle of a range. */
function single(name: Plain, low: number, high: number, bits = 8): IntegerModel {
  const s = new Sketch();
  const graph = s.graph(apply(s, name, s.affine(s.input([1, 1]), Float64Array.of(1), Float64Array.of(0))));
  const samples = [low, (low + high) / 2, high].map((value) => [Float64Array.of(value)]);
  return quantize(graph, { activationBits: bits, samples, inputRange: [low, high], evaluator });
}

const codes = (model: IntegerModel): number[] =>
  Array.from({ length: 2 ** model.inputs[0].bits }, (_, code) => model.inputs[0].low[0] + code);

describe('a function of one value', () => {
  for (const [name, low, high] of [
    ['Sigmoid', -8, 8],
    ['Tanh', -3, 3],
    ['Sqrt', 0, 9],
  ] as const) {
    it(`${name} is within a step of itself at every integer of its range`, () => {
      const model = single(name, low, high);
      const f = scalarFunction(name, {}).apply;
      const [min, max] = scalarFunction(name, {}).bound(low, high);
      for (const code of codes(model)) {
        const real = code * model.inputs[0].scale[0];
        const [y] = dequantize(runIntegerModel(model, [Float64Array.of(code)])[0], model.outputs[0].scale);
        assert.ok(
          Math.abs(y - Math.min(Math.max(f(real), min), max)) <= 1.5 * ((max - min) / 255),
          `${name}(${real}) = ${y}`,
        );
      }
      assert.equal(model.ops[model.ops.length - 1].kind, 'table');
    });
  }

  it('holds the nearest value outside its domain, and the end of its range at a pole', () => {
    // Calibrated inside the domain; the declared range reaches beyond it.
    const model = (name: Plain): IntegerModel => {
      const s = new Sketch();
      const graph = s.graph(apply(s, name, s.input([1, 1])));
      const samples = [0.25, 0.5, 1, 2].map((value) => [Float64Array.of(value)]);
      return quantize(graph, { activationBits: 8, samples, inputRange: [-2, 2], evaluator });
    };
    const of = (name: Plain, real: number): number => {
      const made = model(name);
      const code = Math.round(real / made.inputs[0].scale[0]);
      return dequantize(runIntegerModel(made, [Float64Array.of(code)])[0], made.outputs[0].scale)[0];
    };
    assert.ok(Math.abs(of('Log', 0) - Math.log(0.25)) < 0.02, 'minus infinity becomes the least value calibrated');
    assert.equal(of('Log', -1), of('Log', 0));
    assert.ok(Math.abs(of('Reciprocal', 0) - 4) < 0.02, 'infinity becomes the largest value calibrated');
    assert.ok(Math.abs(of('Sqrt', -1) - of('Sqrt', 0)) < 1e-9);
    assert.equal(of('Sign', -1), -1);
    assert.equal(of('Sign', 0), 0);
    assert.equal(of('Sign', 2), 1);
  });

  it('is bounded by its ends, turns and poles', () => {
    const random = seeded(5);
    for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
      const f = scalarFunction(name, FUNCTIONS[name].parameters as never);
      for (let k = 0; k < 40; k += 1) {
        const [low, high] = [6 * random() - 3, 6 * random() - 3].sort((a, b) => a - b);
        const [least, most] = f.bound(low, high);
        for (let i = 0; i <= 50; i += 1) {
          const y = f.apply(low + ((high - low) * i) / 50);
          if (!Number.isNaN(y))
            assert.ok(
              y >= least - 1e-9 && y <= most + 1e-9,
              `${name} on [${low}, ${high}]: ${y} is outside [${least}, ${most}]`,
            );
        }
      }
    }
  });
});

describe('a function of an accumulator', () => {
  it('is made of a few straight lines that err less than the steps of a table of activation bits', () => {
    for (const name of ['Sigmoid', 'Tanh'] as const) {
      const s = new Sketch();
      const model = quantize(s.graph(apply(s, name, s.dense(s.input([1, 16]), 8, seeded(4)))), {
        activationBits: 8,
        samples: Array.from({ length: 8 }, (_, k) => {
          const random = seeded(k);
          return [Float64Array.from({ length: 16 }, () => 4 * random() - 2)];
        }),
        evaluator,
      });
      const table = model.ops.find((op) => op.kind === 'table') as IntegerTable;
      const index = model.ops.find(({ output }) => output === table.inputs[0])!;
      const found = linesOf(table.bits, Array.from(table.entries));
      assert.ok(found !== undefined && 2 ** found.upper - found.upper < 37, 'a table of 8 bits takes 37 constraints');
      const f = scalarFunction(name, {}).apply;
      const values = Array.from(table.entries, (_, k) => f((table.low + k) * index.scale));
      const range = Math.max(...values) - Math.min(...values);
      table.entries.forEach((entry, k) =>
        assert.ok(Math.abs(entry * table.scale - values[k]) <= range / 255, `${name} at ${k}`),
      );
    }
  });

  it('is exact to a fraction of a step where it is a square root, next to zero too, in fewer constraints than a table', async () => {
    const s = new Sketch();
    const parts = [s.input([1, 2]), s.input([1, 2])].map((x) => s.add({ op: 'multiply' }, [x, x], [1, 2]));
    const graph = s.graph(apply(s, 'Sqrt', s.add({ op: 'sum', coefficients: [1, 1] }, parts, [1, 2])));
    const model = quantize(graph, {
      activationBits: 8,
      samples: [[Float64Array.of(-4, 3), Float64Array.of(2, -3)]],
      inputRange: [-4, 4],
      evaluator,
    });
    assert.deepEqual(
      model.inputs.map(({ bits }) => bits),
      [12, 12],
      'factors have four bits more',
    );
    assert.ok(
      model.ops.every(({ kind }) => kind !== 'requantize'),
      'nothing is rounded before the root',
    );
    const { circuit, generator, checker } = await ready(model);
    const count = circuit.layers.find(({ name }) => name === graph.nodes.at(-1)?.name)?.constraints ?? Infinity;
    assert.ok(count / 2 < 45, `${count / 2} constraints an element`);
    const random = seeded(8);
    for (let k = 0; k < 50; k += 1) {
      const size = 2 ** -Math.floor(8 * random());
      const inputs = encodeInputs(
        model.inputs,
        [0, 1].map(() => Float64Array.from({ length: 2 }, () => size * (8 * random() - 4))),
      );
      const [a, b] = inputs.map((values, i) => dequantize(values, model.inputs[i].scale[0]));
      const roots = dequantize(runIntegerModel(model, inputs)[0], model.outputs[0].scale);
      roots.forEach((root, i) =>
        assert.ok(Math.abs(root - Math.hypot(a[i], b[i])) <= 4 / 255, `${a[i]}, ${b[i]}: ${root}`),
      );
      assert.ok(
        checker.isSatisfied(generator.generate({ publicInputs: [7n], privateInputs: [...codesOf(model, inputs), 1] })),
      );
    }
  });
});

describe('an input', () => {
  it('has four bits more where it reaches a product, or a function of a sum, and not before a rectifier or a function of itself', () => {
    const bitsOf = (build: (s: Sketch, x: string) => string): number => {
      const s = new Sketch();
      const graph = s.graph(build(s, s.input([1, 4])));
      // Values on the grid: rounding them harms nothing.
      return quantize(graph, { activationBits: 8, samples: [[Float64Array.of(-1, 0, 1, 2)]], evaluator }).inputs[0]
        .bits;
    };
    assert.equal(
      bitsOf((s, x) => apply(s, 'Tanh', s.dense(x, 3, seeded(1)))),
      12,
    );
    assert.equal(
      bitsOf((s, x) => s.add({ op: 'multiply' }, [s.dense(x, 4, seeded(1)), x], [1, 4])),
      12,
    );
    assert.equal(
      bitsOf((s, x) => s.relu(s.dense(x, 3, seeded(1)))),
      8,
    );
    assert.equal(
      bitsOf((s, x) => apply(s, 'Tanh', s.dense(s.relu(s.dense(x, 3, seeded(1))), 3, seeded(2)))),
      8,
    );
    assert.equal(
      bitsOf((s, x) => apply(s, 'Tanh', x)),
      8,
    );
  });
});

/** Largest error of a one-output model on these inputs, against the range of the exact results. */
function relativeError(graph: Graph, model: IntegerModel, rows: readonly Float64Array[][]): number {
  const exact = rows.map((row) => evaluator(graph)(row).get(graph.outputs[0].tensor)!);
  const [output] = model.outputs;
  const errors = rows.flatMap((row, k) => {
    const [result] = runIntegerModel(model, encodeInputs(model.inputs, row));
    return Array.from(result, (value, i) => Math.abs(value * output.scale - exact[k][i]));
  });
  const values = exact.flatMap((of) => [...of]);
  return Math.max(...errors) / (Math.max(...values) - Math.min(0, ...values));
}

describe('what few elements cost little', () => {
  const rowsOf = (...values: number[][]): Float64Array[][] => values.map((row) => [Float64Array.from(row)]);

  it('is a root of numbers that only their interval says may be negative: exact near zero, not from a table', () => {
    // (a - b)^2 as a^2 - 2 a b + b^2
    const s = new Sketch();
    const [a, b] = [s.move([s.input([1, 2])], [0], [], [1, 1]), s.move(['x0'], [1], [], [1, 1])];
    const squares = s.sum([s.multiply(a, a), s.multiply(a, b), s.multiply(b, b)], [1, -2, 1]);
    const graph = s.graph(apply(s, 'Sqrt', squares));
    const samples = rowsOf([4, 0], [1, 3], [2, 2.5], [0, 0]);
    const model = quantize(graph, { activationBits: 8, samples, evaluator });
    assert.ok(model.ops.some(({ kind }) => kind === 'squareRoot'));
    assert.ok(relativeError(graph, model, rowsOf([2, 2.02], [3, 3.01], [1, 1.5], [4, 1])) < 0.005);
  });

  it('is a logarithm next to its pole', () => {
    const s = new Sketch();
    const graph = s.graph(apply(s, 'Log', s.input([1, 3])));
    const samples = rowsOf([0.0156, 0.84, 2.27]);
    const model = quantize(graph, { activationBits: 8, samples, evaluator });
    assert.ok(relativeError(graph, model, samples) < 0.005);
  });

  it('is the reciprocal of an accumulator, which has room beyond what calibration saw', () => {
    const s = new Sketch();
    const graph = s.graph(apply(s, 'Reciprocal', s.reduce(s.input([1, 16]), 'mean')));
    const row = (value: number): number[] => Array.from({ length: 16 }, () => value);
    const model = quantize(graph, {
      activationBits: 8,
      samples: rowsOf(row(1), row(2), row(8)),
      inputRange: [0, 25.5],
      evaluator,
    });
    assert.ok(relativeError(graph, model, rowsOf(row(0.9), row(1), row(1.5), row(9))) < 0.03);
  });
});

describe('a rounding of an input', () => {
  const halves = [-1.5, -0.5, 0.5, 1.5, 2.5, -2, 0, 1, 0.499, 1.501, -0.001];
  for (const [name, exact] of [
    ['Round', (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))],
    ['Floor', Math.floor],
    ['Ceil', Math.ceil],
    ['Sign', Math.sign],
  ] as const)
    it(`is exact at its jumps: ${name}`, () => {
      const s = new Sketch();
      const samples = [[Float64Array.from(halves)]];
      const model = quantize(s.graph(apply(s, name, s.input([1, halves.length]))), {
        activationBits: 8,
        samples,
        evaluator,
      });
      const [result] = runIntegerModel(model, encodeInputs(model.inputs, samples[0]));
      assert.deepEqual(
        Array.from(result, (value) => value * model.outputs[0].scale + 0),
        halves.map((x) => exact(x) + 0),
      );
    });
});

describe('fusion of functions of one value', () => {
  const fused = (build: (s: Sketch) => readonly string[]): Graph => {
    const s = new Sketch();
    const graph = s.graph(...build(s));
    const result = fuse(graph);
    const [before, after] = [evaluator(graph), evaluator(result)];
    const random = seeded(3);
    for (let k = 0; k < 20; k += 1) {
      const inputs = graph.inputs.map(({ shape }) =>
        Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 8 * random() - 4),
      );
      const [expected, actual] = [before(inputs), after(inputs)];
      for (const { tensor } of graph.outputs)
        expected.get(tensor)!.forEach((value, i) => assert.ok(Math.abs(value - actual.get(tensor)![i]) < 1e-9));
    }
    return result;
  };
  const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);
  const spread = (s: Sketch, x: string, value: number): Float64Array => new Float64Array(s.size(x)).fill(value);

  it('makes one table of x * sigmoid(x), and of x * clip(x + 3, 0, 6) / 6', () => {
    assert.deepEqual(
      ops(
        fused((s) => {
          const x = s.input([1, 4]);
          return [s.add({ op: 'multiply' }, [x, apply(s, 'Sigmoid', x)], [1, 4])];
        }),
      ),
      ['function'],
    );
    assert.deepEqual(
      ops(
        fused((s) => {
          const x = s.input([1, 4]);
          const gate = s.clip(s.affine(x, spread(s, x, 1), spread(s, x, 3)), 0, 6);
          return [s.affine(s.add({ op: 'multiply' }, [x, gate], [1, 4]), spread(s, x, 1 / 6), spread(s, x, 0))];
        }),
      ),
      ['function'],
    );
  });

  it('begins at a tensor that something else reads, and keeps an output', () => {
    assert.deepEqual(
      ops(
        fused((s) => {
          const x = s.relu(s.input([1, 4]));
          return [x, apply(s, 'Tanh', x)];
        }),
      ),
      ['prelu', 'function'],
    );
  });

  it('leaves products of different tensors, maps that differ by element and lone rectifiers as they are', () => {
    assert.deepEqual(
      ops(
        fused((s) => {
          const [x, y] = [s.input([1, 4]), s.input([1, 4])];
          return [s.add({ op: 'multiply' }, [apply(s, 'Sigmoid', x), apply(s, 'Tanh', y)], [1, 4])];
        }),
      ),
      ['function', 'function', 'multiply'],
    );
    assert.deepEqual(
      ops(
        fused((s) => {
          const x = s.input([1, 4]);
          return [apply(s, 'Tanh', s.affine(x, Float64Array.of(1, 2, 3, 4), spread(s, x, 0)))];
        }),
      ),
      ['affine', 'function'],
    );
    assert.deepEqual(ops(fused((s) => [s.clip(s.relu(s.input([1, 4])), -1, 1)])), ['prelu', 'clip']);
  });
});

describe('the circuit of a table', () => {
  it('is one for a function that is a digit of its index less a constant', async () => {
    const entries = Float64Array.from({ length: 16 }, (_, k) => Math.floor(k / 8) - 1);
    const layer = { name: 'floor', op: 'Floor', shape: [1] };
    const model: IntegerModel = {
      activationBits: 4,
      layers: [layer],
      notes: [],
      inputs: [{ name: 'x', tensor: 0, shape: [1], scale: Float64Array.of(1), low: Float64Array.of(-8), bits: 4 }],
      ops: [
        { kind: 'table', low: -8, bits: 4, entries, inputs: [0], output: 1, shape: [1], scale: 1, layer: layer.name },
      ],
      outputs: [{ name: 'y', tensor: 1, shape: [1], scale: 1 }],
    };
    const { plan, system } = await compileModel(model, { input: 'private', output: 'public' });
    const [checker, generator] = [createChecker(system), prepareWitness(plan)];
    for (const code of codes(model)) {
      const witness = generator.generate({
        publicInputs: [7n],
        privateInputs: codesOf(model, [Float64Array.of(code)]),
      });
      assert.ok(checker.isSatisfied(witness));
      assert.deepEqual(Array.from(circuitResults(plan, witness)), [Math.floor(code / 8)]);
    }
  });
  it('computes what the interpreter does for every integer, saturating or not, with the value read beside it', async () => {
    const s = new Sketch();
    const x = s.input([1, 2]);
    const wide = s.dense(x, 2, seeded(9));
    const graph = s.graph(apply(s, 'Sigmoid', wide), apply(s, 'Tanh', x));
    // Calibrated on a narrow part of the declared range, so that the index saturates at both ends.
    const samples = [-0.2, 0, 0.2].map((value) => [Float64Array.of(value, -value)]);
    const quantized = quantize(graph, { activationBits: 5, samples, inputRange: [-4, 4], evaluator });
    // The index of the first table is an output too: its value is made from the digits.
    const table = quantized.ops.find((op) => op.kind === 'table') as IntegerTable;
    const index = quantized.ops.find(({ output }) => output === table.inputs[0])!;
    assert.ok(index.kind === 'requantize');
    const model = {
      ...quantized,
      outputs: [...quantized.outputs, { name: 'index', tensor: index.output, shape: index.shape, scale: index.scale }],
    };
    const { plan, system } = await compileModel(model, { input: 'private', output: 'public' });
    const checker = createChecker(system);
    const generator = prepareWitness(plan);
    const seen = new Set<string>();
    for (const a of codes(model)) {
      for (const b of codes(model)) {
        const inputs = [Float64Array.of(a, b)];
        const witness = generator.generate({ publicInputs: [7n], privateInputs: codesOf(model, inputs) });
        assert.ok(checker.isSatisfied(witness));
        const expected = runIntegerModel(model, inputs).flatMap((values) => Array.from(values, (value) => value + 0));
        assert.deepEqual(
          Array.from(circuitResults(plan, witness), (value) => value + 0),
          expected,
        );
        seen.add(String(expected[4]));
      }
    }
    assert.ok(
      seen.has(String(index.low)) && seen.has(String(index.low + 2 ** index.bits - 1)),
      'the index saturates at both ends',
    );
  });
});

describe('a function that jumps', () => {
  for (const name of ['Sign', 'Floor', 'Ceil', 'Round'] as const) {
    it(`${name} jumps where it should but for the precision of accumulators`, () => {
      const random = seeded(41);
      const s = new Sketch();
      const x = s.dense(s.input([1, 6]), 5, random);
      const graph = s.graph(s.add({ op: 'function', f: scalarFunction(name, {}) }, [x], s.shape(x)));
      const rows = Array.from({ length: 300 }, () => [
        Float64Array.from({ length: 6 }, () => Math.round(254 * random() - 127) / 127),
      ]);
      const model = quantize(graph, { activationBits: 8, samples: rows, inputRange: [-1, 1], evaluator });
      let wrong = 0;
      for (const row of rows) {
        const [integers] = runIntegerModel(model, encodeInputs(model.inputs, row));
        const exact = evaluator(graph)(row).get(graph.outputs[0].tensor)!;
        dequantize(integers, model.outputs[0].scale).forEach((value, i) => (wrong += Math.abs(value - exact[i])));
      }
      // A table over eight bits errs in 1 to 2 % of the elements.
      assert.ok(wrong / (300 * 5) < 0.003, `${wrong} of 1500`);
      assert.ok(model.ops.every(({ kind }) => kind !== 'table'));
    });
  }
});
