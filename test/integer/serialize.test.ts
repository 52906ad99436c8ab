import assert from 'node:assert/strict';
import { IntegerModelFormatError } from '../../src/integer/errors.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { boundModel } from '../../src/integer/intervals.js';
import { restoreIntegerModel, storeIntegerModel } from '../../src/integer/serialize.js';
import { concatBytes } from '../../src/r1cs/sections.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, numbers, randomGraph, Sketch } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';

describe('a stored integer model', () => {
  it('reads back as the model that was written, for every layer kind', () => {
    for (const { make } of LAYER_CASES) {
      const random = seeded(53);
      const model = quantizeRandomly(make(random), 8, random);
      const copy = restoreIntegerModel(storeIntegerModel(model).json);
      assert.deepEqual(copy, { ...model, ops: model.ops.map(({ bounds: _, ...op }) => op) });
      assert.deepEqual(boundModel(copy), boundModel(model));
      for (const inputs of take(5, integerInputs(model, random)))
        assert.deepEqual(runIntegerModel(copy, inputs), runIntegerModel(model, inputs));
    }
  });

  it('holds no bounds, and bounds that a file claims are not believed', () => {
    const random = seeded(57);
    const model = quantizeRandomly(randomGraph(random), 8, random);
    const text = storeIntegerModel(model).json;
    assert.ok(!text.includes('"bounds"'));
    const claimed = text.replaceAll(
      '"layer":',
      '"bounds":{"low":{"type":"f64","data":[0]},"high":{"type":"f64","data":[0]}},"layer":',
    );
    assert.deepEqual(boundModel(restoreIntegerModel(claimed)), boundModel(model));
  });

  it('keeps large arrays in a file of their own, each weight in as many bytes as the largest needs', () => {
    const random = seeded(58);
    const wide = (weight: Float64Array): IntegerModel => {
      const sketch = new Sketch();
      const body = {
        op: 'dense',
        rows: 1,
        inFeatures: 64,
        outFeatures: 80,
        weight,
        bias: new Float64Array(80),
      } as const;
      return quantizeRandomly(sketch.graph(sketch.add(body, [sketch.input([1, 64])], [1, 80])), 8, random);
    };
    const model = wide(numbers(random, 64 * 80));
    const { json, weights = [] } = storeIntegerModel(model);
    const bytes = concatBytes(weights);
    const [op] = model.ops.filter((one) => one.kind === 'dense');
    assert.ok(op.weight instanceof Int16Array || op.weight instanceof Int8Array);
    assert.equal(bytes.length, 64 * 80 * op.weight.BYTES_PER_ELEMENT);
    const unaligned = new Uint8Array(bytes.length + 3);
    unaligned.set(bytes, 3);
    for (const file of [bytes, unaligned.subarray(3), Buffer.from(unaligned.buffer, 3)]) {
      assert.deepStrictEqual(restoreIntegerModel(json, file), {
        ...model,
        ops: model.ops.map(({ bounds: _, ...rest }) => rest),
      });
    }
    // As versions before wrote it: every number in the JSON.
    const before = JSON.stringify(
      {
        format: 'zkinfer-integer-model',
        version: 2,
        model: { ...model, ops: model.ops.map(({ bounds: _, ...rest }) => rest) },
      },
      (_, value: unknown) =>
        ArrayBuffer.isView(value) ? { type: 'f64', data: Array.from(value as Int16Array) } : value,
    );
    for (const inputs of take(2, integerInputs(model, random)))
      assert.deepEqual(runIntegerModel(restoreIntegerModel(before), inputs), runIntegerModel(model, inputs));
    const plain = {
      ...model,
      ops: model.ops.map((one) => (one.kind === 'dense' ? { ...one, weight: Float64Array.from(one.weight) } : one)),
    };
    assert.deepEqual(boundModel({ ...plain, ops: plain.ops.map(({ bounds: _, ...rest }) => rest) }), boundModel(model));
    for (const inputs of take(3, integerInputs(model, random)))
      assert.deepEqual(runIntegerModel(model, inputs), runIntegerModel(plain, inputs));
    for (const wrong of [undefined, bytes.subarray(0, bytes.length - 1), new Uint8Array()])
      assert.throws(() => restoreIntegerModel(json, wrong), IntegerModelFormatError);
    for (const place of ['"offset":4,', '"offset":-8,', '"offset":1e15,']) {
      assert.throws(
        () => restoreIntegerModel(json.replace('"offset":0,', place), bytes),
        IntegerModelFormatError,
        place,
      );
    }
  });

  it('is refused when cut short at any length', () => {
    const random = seeded(59);
    const text = storeIntegerModel(quantizeRandomly(randomGraph(random), 8, random)).json;
    for (let length = 0; length < text.length; length += Math.ceil(text.length / 200)) {
      assert.throws(() => restoreIntegerModel(text.slice(0, length)), IntegerModelFormatError);
    }
  });

  it('is refused when it is other JSON or of another version', () => {
    for (const text of [
      'null',
      '[]',
      '3',
      '"x"',
      '{}',
      '{"format":"zkinfer-integer-model","version":99,"model":{}}',
      '{"format":"zkinfer-integer-model","version":1}',
      '{"format":"zkinfer-integer-model","version":2,"model":{}}',
    ]) {
      assert.throws(() => restoreIntegerModel(text), IntegerModelFormatError, text);
    }
  });

  it('is refused when it makes a tensor twice or reads one before it is made', () => {
    const random = seeded(61);
    const model = quantizeRandomly(LAYER_CASES[2].make(random), 8, random);
    const last = model.ops[model.ops.length - 1];
    const bad = [
      { ...model, ops: [...model.ops, last] },
      { ...model, ops: [...model.ops.slice(0, -1), { ...last, output: model.inputs[0].tensor }] },
      { ...model, ops: [...model.ops].reverse() },
      { ...model, outputs: [{ ...model.outputs[0], tensor: 99 }] },
    ];
    for (const one of bad)
      assert.throws(() => restoreIntegerModel(storeIntegerModel(one).json), IntegerModelFormatError);
  });
});
