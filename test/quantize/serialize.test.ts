import assert from 'node:assert/strict';
import { IntegerModelFormatError } from '../../src/quantize/errors.js';
import { runIntegerModel } from '../../src/quantize/interpreter.js';
import { boundModel } from '../../src/quantize/intervals.js';
import { integerModelFromJson, integerModelToJson } from '../../src/quantize/serialize.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, randomGraph } from './support/graphs.js';
import { integerInputs, quantizeRandomly, take } from './support/samples.js';

describe('a stored integer model', () => {
  it('reads back as the model that was written, for every layer kind', () => {
    for (const { make } of LAYER_CASES) {
      const random = seeded(53);
      const model = quantizeRandomly(make(random), 8, random);
      const copy = integerModelFromJson(integerModelToJson(model));
      assert.deepEqual(copy, { ...model, ops: model.ops.map(({ bounds: _, ...op }) => op) });
      assert.deepEqual(boundModel(copy), boundModel(model));
      for (const inputs of take(5, integerInputs(model, random))) assert.deepEqual(runIntegerModel(copy, inputs), runIntegerModel(model, inputs));
    }
  });

  it('holds no bounds, and bounds that a file claims are not believed', () => {
    const random = seeded(57);
    const model = quantizeRandomly(randomGraph(random), 8, random);
    const text = integerModelToJson(model);
    assert.ok(!text.includes('"bounds"'));
    const claimed = text.replaceAll('"layer":', '"bounds":{"low":{"type":"f64","data":[0]},"high":{"type":"f64","data":[0]}},"layer":');
    assert.deepEqual(boundModel(integerModelFromJson(claimed)), boundModel(model));
  });

  it('is refused when cut short at any length', () => {
    const random = seeded(59);
    const text = integerModelToJson(quantizeRandomly(randomGraph(random), 8, random));
    for (let length = 0; length < text.length; length += Math.ceil(text.length / 200)) {
      assert.throws(() => integerModelFromJson(text.slice(0, length)), IntegerModelFormatError);
    }
  });

  it('is refused when it is other JSON or of another version', () => {
    for (const text of ['null', '[]', '3', '"x"', '{}', '{"format":"zkinfer-integer-model","version":99,"model":{}}', '{"format":"zkinfer-integer-model","version":1}', '{"format":"zkinfer-integer-model","version":2,"model":{}}']) {
      assert.throws(() => integerModelFromJson(text), IntegerModelFormatError, text);
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
    for (const one of bad) assert.throws(() => integerModelFromJson(integerModelToJson(one)), IntegerModelFormatError);
  });
});
