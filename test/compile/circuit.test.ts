import assert from 'node:assert/strict';
import { lowerModel } from '../../src/compile/lower.js';
import { countConstraints } from '../../src/compile/netlist.js';
import { constraintsOf } from '../../src/gadgets/index.js';
import { portOf } from '../../src/compile/ports.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { boundModel } from '../../src/integer/intervals.js';
import { quantize } from '../../src/quantize/quantize.js';
import { evaluator } from '../../src/network/evaluate.js';
import { decodeR1cs, encodeR1cs } from '../../src/r1cs/r1cs-file.js';
import { nonZeros } from '../../src/r1cs/types.js';
import { hull } from '../../src/tensor/intervals.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, numbers, randomGraph, Sketch, THRESHOLDS, type Random } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { outputsOf, ready, readyAll, witnessFor, type Ready } from './support/run.js';

/** Witnesses on corners and random inputs satisfy the system and publish what the interpreter computes. */
function assertProvesTheInterpreter(prepared: Ready, random: Random, count: number): void {
  for (const inputs of take(count, integerInputs(prepared.model, random))) {
    const witness = witnessFor(prepared, inputs);
    assert.deepEqual(prepared.checker.violatedConstraints(witness), []);
    assert.ok(prepared.checker.isSatisfied(witness));
    // Adding 0 makes a zero of either sign 0.
    const expected = runIntegerModel(prepared.model, inputs).map((values) => values.map((value) => value + 0));
    assert.deepEqual(outputsOf(prepared, witness), expected);
  }
}

describe('the circuit of each layer', () => {
  let prepared: Ready[];
  before(async () => {
    const random = seeded(61);
    prepared = await readyAll(LAYER_CASES.map(({ make }) => quantizeRandomly(make(random), 8, random)));
  });

  LAYER_CASES.forEach(({ name }, k) => {
    it(`${name}: accepts every input in range and publishes what the interpreter computes`, async () => {
      assertProvesTheInterpreter(prepared[k], seeded(62), 40);
    });
  });

  it('an input whose digits a layer takes: accepts every input in range and publishes what the interpreter computes', async () => {
    const random = seeded(68);
    const sketch = new Sketch();
    const graph = sketch.graph(sketch.relu(sketch.dense(sketch.input([1, 3]), 20, random)));
    const samples = [[Float64Array.of(0, 0, 0)], [Float64Array.of(1, 1, 1)]];
    const model = quantize(graph, { activationBits: 8, samples, inputRange: [0, 1], evaluator });
    assert.ok(model.ops.some(({ kind }) => kind === 'part'));
    assertProvesTheInterpreter(await ready(model), random, 40);
  });

  it('comparisons of an input with several constants: one gadget, and exact on both sides of each threshold', async () => {
    const sketch = new Sketch();
    const model = quantizeRandomly(sketch.graph(sketch.compare(sketch.input([1, 1]), THRESHOLDS)), 8, seeded(69));
    const prepared = await ready(model);
    assert.deepEqual(
      prepared.circuit.netlist.gadgets
        .map(({ template }) => template)
        .filter((template) => /^(Thresholds|Requantize)/.test(template)),
      ['Thresholds'],
    );
    const [{ low, bits, scale }] = model.inputs;
    const ends = THRESHOLDS.map((threshold) => Math.round(threshold / scale[0]));
    const near = [low[0], low[0] + 2 ** bits - 1, ...ends.flatMap((end) => [end - 1, end, end + 1])];
    const answers = near.map((value) => {
      const inputs = [Float64Array.of(value)];
      const witness = witnessFor(prepared, inputs);
      assert.deepEqual(prepared.checker.violatedConstraints(witness), []);
      assert.deepEqual(outputsOf(prepared, witness), runIntegerModel(model, inputs));
      return outputsOf(prepared, witness)[0].reduce((sum, bit) => sum + bit, 0);
    });
    assert.deepEqual(answers.slice(0, 2), [0, THRESHOLDS.length]);
  });

  it('comparisons with very many constants: several gadgets, none of which takes circom long', () => {
    const sketch = new Sketch();
    const many = Array.from({ length: 300 }, (_, k) => k / 160 - 0.95);
    const model = quantizeRandomly(sketch.graph(sketch.compare(sketch.input([1, 1]), many)), 8, seeded(70));
    const { netlist } = lowerModel(model, { input: 'private', output: 'private' });
    const made = netlist.gadgets.filter(({ template }) => template === 'Thresholds');
    assert.equal(made.length, 3);
    for (const { parameters } of made) assert.ok(Number(parameters[0]) <= 150);
    assert.ok(made.reduce((sum, spec) => sum + constraintsOf(spec), 0) <= 300 + 3 * 40);
  });

  for (const selectLast of [false, true]) {
    it(`argMax: names the ${selectLast ? 'last' : 'first'} of equal elements, exactly as the interpreter`, async () => {
      const random = seeded(67);
      const sketch = new Sketch();
      const x = sketch.input([3, 4]);
      const model = quantizeRandomly(sketch.graph(sketch.reduce(x, 'argMax', selectLast), x), 2, random);
      assertProvesTheInterpreter(await ready(model), random, 60);
    });
  }
});

describe('circuits of random networks', () => {
  let prepared: Ready[];
  before(async () => {
    const random = seeded(71);
    const calibrated = Array.from({ length: 40 }, (_, i) =>
      quantizeRandomly(randomGraph(random), [4, 6, 8][i % 3], random),
    );
    const uncalibrated = Array.from({ length: 8 }, () =>
      quantize(randomGraph(random), { activationBits: 6, samples: [], evaluator }),
    );
    prepared = await readyAll([...calibrated, ...uncalibrated]);
  });

  it('accept every input in range and publish what the interpreter computes, calibrated or not', () => {
    const random = seeded(72);
    for (const each of prepared) assertProvesTheInterpreter(each, random, 25);
  });

  it('bind every wire: none is free of constraints', () => {
    for (const { circuit, checker } of prepared) {
      for (let wire = 1; wire < circuit.system.wireCount; wire += 1)
        assert.ok(checker.rowsOf(wire).length > 0, `wire ${wire}`);
    }
  });
});

describe('a linked system', () => {
  let prepared: Ready;
  before(async () => {
    const random = seeded(83);
    const sketch = new Sketch();
    const x = sketch.input([1, 2, 4, 4]);
    const pooled = sketch.max(sketch.relu(sketch.conv(x, 3, random)), { kernel: [2, 2], strides: [1, 1] });
    prepared = await ready(quantizeRandomly(sketch.graph(sketch.dense(sketch.flatten(pooled), 4, random)), 8, random));
  });

  it('reads back from its .r1cs as it was written', () => {
    const { system } = prepared.circuit;
    const copy = decodeR1cs(encodeR1cs(system));
    const { coefficients, a, b, c, ...counts } = copy;
    const { coefficients: original, a: a0, b: b0, c: c0, ...counts0 } = system;
    assert.deepEqual(counts, counts0);
    for (const [one, other] of [
      [a, a0],
      [b, b0],
      [c, c0],
    ]) {
      assert.deepEqual(one.offsets, other.offsets);
      assert.deepEqual(one.wires, other.wires);
      assert.deepEqual(
        Array.from(one.values, (id) => coefficients[id]),
        Array.from(other.values, (id) => original[id]),
      );
    }
  });

  it('has as many constraints as its layers say', () => {
    const { layers, netlist, system } = prepared.circuit;
    assert.equal(countConstraints(netlist), system.constraintCount);
    assert.equal(
      layers.reduce((sum, layer) => sum + layer.constraints, 0),
      system.constraintCount,
    );
    const names = layers.map((layer) => layer.name);
    assert.deepEqual(names.slice(0, 2), ['(input range checks)', '(input commitment)']);
    assert.deepEqual(names.slice(-2), ['(outputs)', '(context)']);
    assert.deepEqual(names.slice(2, -2), [...new Set(prepared.model.ops.map((op) => op.layer))]);
  });

  it('names no wire twice in a row and stores no zero', () => {
    const { system } = prepared.circuit;
    for (const matrix of [system.a, system.b, system.c]) {
      for (let row = 0; row < system.constraintCount; row += 1) {
        const wires = matrix.wires.subarray(matrix.offsets[row], matrix.offsets[row + 1]);
        assert.equal(new Set(wires).size, wires.length, `row ${row}`);
      }
      for (const id of matrix.values) assert.notEqual(system.coefficients[id], 0n);
    }
  });

  it('spends no constraint on linear layers', () => {
    const cost = new Map(prepared.circuit.layers.map(({ name, constraints }) => [name, constraints]));
    // The last dense layer reads pooled values, which are sums of gains and get wires; the convolution reads inputs.
    assert.equal(cost.get('n0'), 0);
  });

  it('checks outputs against the interval that their packing assumes', () => {
    const { circuit, model } = prepared;
    const bounds = boundModel(model);
    portOf(circuit.ports, 'output').tensors.forEach(({ range, packing: { offset, bits } }, k) => {
      const [low, high] = hull(bounds.get(model.outputs[k].tensor)!);
      assert.equal(offset, low);
      assert.ok(high - low < 2 ** bits);
      assert.deepEqual(range, [low, high]);
    });
  });
});

describe('degenerate networks', () => {
  const proves = async (model: IntegerModel): Promise<Ready> => {
    const prepared = await ready(model);
    assertProvesTheInterpreter(prepared, seeded(89), 30);
    return prepared;
  };

  it('an output that saturates to a constant costs nothing and is proved', async () => {
    const sketch = new Sketch();
    const x = sketch.affine(sketch.input([1, 3]), Float64Array.of(1, 1, 1), Float64Array.of(-9, -9, -9));
    const prepared = await proves(quantizeRandomly(sketch.graph(sketch.relu(x)), 8, seeded(1)));
    assert.equal(prepared.circuit.layers.find((layer) => layer.name === 'n1')?.constraints, 0);
  });

  it('an output of constants among activations is proved', async () => {
    const sketch = new Sketch();
    const x = sketch.input([1, 2]);
    await proves(quantizeRandomly(sketch.graph(sketch.move([x], [-1, 0, -2], [0.5, -3], [1, 3])), 8, seeded(1)));
  });

  it('a layer whose weights are all zero is proved', async () => {
    const sketch = new Sketch();
    const body = {
      op: 'dense',
      rows: 1,
      inFeatures: 2,
      outFeatures: 2,
      weight: new Float64Array(4),
      bias: Float64Array.of(0.25, 0),
    } as const;
    const x = sketch.add(body, [sketch.input([1, 2])], [1, 2]);
    await proves(quantizeRandomly(sketch.graph(sketch.relu(x), x), 8, seeded(1)));
  });

  it('an input that is an output, and inputs that nothing reads, are proved', async () => {
    const sketch = new Sketch();
    const [x] = [sketch.input([1, 3]), sketch.input([1, 2])];
    const { circuit, checker } = await proves(quantizeRandomly(sketch.graph(x), 8, seeded(1)));
    for (let wire = 1; wire < circuit.system.wireCount; wire += 1) assert.ok(checker.rowsOf(wire).length > 0);
  });

  it('one tensor read as two outputs is proved', async () => {
    const sketch = new Sketch();
    const x = sketch.relu(sketch.dense(sketch.input([1, 3]), 2, seeded(2)));
    await proves(quantizeRandomly(sketch.graph(x, x), 8, seeded(1)));
  });

  it('a difference that is always zero is proved', async () => {
    const sketch = new Sketch();
    const x = sketch.dense(sketch.input([1, 3]), 2, seeded(2));
    await proves(quantizeRandomly(sketch.graph(sketch.relu(sketch.sum([x, x], [1, -1]))), 8, seeded(1)));
  });

  it('a maximum of more members than are compared pairwise is proved', async () => {
    const sketch = new Sketch();
    const x = sketch.affine(sketch.input([1, 40]), numbers(seeded(3), 40, 3), numbers(seeded(4), 40, 3));
    await proves(quantizeRandomly(sketch.graph(sketch.reduce(x, 'max')), 6, seeded(1)));
  });

  it('a maximum of very many members is proved, by a system that grows as they do and not as their square', async () => {
    const random = seeded(78);
    const sketch = new Sketch();
    assertProvesTheInterpreter(
      await ready(quantizeRandomly(sketch.graph(sketch.reduce(sketch.input([2, 200]), 'max')), 4, random)),
      random,
      30,
    );
    const nonZerosOf = async (size: number): Promise<number> => {
      const many = new Sketch();
      const { circuit } = await ready(
        quantizeRandomly(many.graph(many.reduce(many.input([1, size]), 'max')), 2, random, 4),
      );
      return nonZeros(circuit.system);
    };
    const [some, more] = [await nonZerosOf(500), await nonZerosOf(2000)];
    assert.ok(more < 5 * some, `${some} ${more}`);
  });

  it('a maximum that one member always wins costs nothing', async () => {
    const sketch = new Sketch();
    const x = sketch.affine(sketch.input([1, 4]), new Float64Array(4).fill(1), Float64Array.of(0, 100, 0, 0));
    const { circuit } = await proves(quantizeRandomly(sketch.graph(sketch.reduce(x, 'max')), 6, seeded(1)));
    assert.ok((circuit.layers.find((layer) => layer.name === 'n1')?.constraints ?? 0) <= 1);
  });

  it('wide outputs of 16-bit activations are proved', async () => {
    const random = seeded(5);
    const sketch = new Sketch();
    const x = sketch.dense(sketch.relu(sketch.dense(sketch.input([1, 6]), 6, random)), 3, random);
    await proves(quantizeRandomly(sketch.graph(x), 16, random));
  });
});
