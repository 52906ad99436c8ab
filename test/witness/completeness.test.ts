import assert from 'node:assert/strict';
import { encodeInputs, realRange } from '../../src/integer/encode.js';
import { InputRangeError } from '../../src/integer/errors.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { outputsOf, witnessFor } from '../compile/support/run.js';
import { FIXTURES, compiledFixture } from '../fixtures-compiled.js';
import { seeded } from '../onnx/support/random.js';
import { integerInputs, take } from '../quantize/support/samples.js';

describe('completeness', () => {
  for (const name of FIXTURES) {
    // Corners come first; thousands of random models go through the same in `npm run differential`.
    const count = name === 'tabular' ? 1000 : 300;
    it(`${name}: ${count} inputs over the whole declared range, corners first, have satisfied witnesses with the interpreter's outputs`, async () => {
      const fixture = await compiledFixture(name);
      for (const inputs of take(count, integerInputs(fixture.model, seeded(103)))) {
        const witness = witnessFor(fixture, inputs);
        assert.ok(fixture.checker.isSatisfied(witness));
        const expected = runIntegerModel(fixture.model, inputs).map((values) => values.map((value) => value + 0));
        assert.deepEqual(outputsOf(fixture, witness), expected);
      }
    });

    it(`${name}: an input outside the declared range is refused with its index, value and range`, async () => {
      const { model } = await compiledFixture(name);
      const [input] = model.inputs;
      const size = sizeOf(input.shape);
      const middle = Float64Array.from(
        { length: size },
        (_, i) => (realRange(input, i)[0] + realRange(input, i)[1]) / 2,
      );
      const random = seeded(107);
      for (let k = 0; k < 100; k += 1) {
        const at = Math.floor(random() * size);
        const [least, most] = realRange(input, at);
        const beyond = (most - least) * (0.01 + random());
        for (const value of [most + beyond, least - beyond]) {
          const sample = middle.slice();
          sample[at] = value;
          assert.throws(
            () => encodeInputs(model.inputs, [sample]),
            (error: Error) =>
              error instanceof InputRangeError &&
              error.message.includes(
                `'${input.name}'[${at}] is ${value}, outside the declared range [${least}, ${most}]`,
              ),
          );
        }
      }
    });
  }
});
