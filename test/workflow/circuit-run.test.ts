/** A circuit that computes something else than the integer model is noticed, whatever of its outputs is public. */
import assert from 'node:assert/strict';
import { encodeInputs, realRange } from '../../src/integer/encode.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { InconsistentWitnessError, prepareCircuit } from '../../src/workflow/circuit-run.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { cheatingPlan, instancesOf } from '../witness/support/forger.js';

const ONNX = makeModel({
  inputs: { x: [1, 3] },
  outputs: ['y'],
  constants: { W: floats([3, 2], [0.5, -0.25, 1, 0.75, -0.5, 0.3]) },
  nodes: [node('MatMul', ['x', 'W'], ['h']), node('Relu', ['h'], ['y'])],
});

describe('a run of the circuit', () => {
  for (const outputVisibility of ['public', 'hashed', 'private'] as const) {
    it(`compares the circuit's own outputs with the integer model's where they are ${outputVisibility}`, async () => {
      const { model, circuit } = await compileOnnx(ONNX, { name: 'run', outputVisibility });
      const { plan } = circuit;
      const salts = new Array<bigint>(circuit.saltCount).fill(1n);
      const sample = model.inputs.map((input) =>
        new Float64Array(sizeOf(input.shape)).map((_, i) => realRange(input, i)[1] / 2),
      );
      const integers = encodeInputs(model.inputs, sample);
      const { outputs } = prepareCircuit(model, plan)(integers, 0n, salts);
      assert.ok(outputs[0].some((value) => value !== 0));
      // Plans that cheat at a requantization, that read a result elsewhere, that have another number of results.
      const [relu] = instancesOf(plan, (template) => template.startsWith('Requantize'));
      const shift = relu.parameters[1];
      const wrong = [
        cheatingPlan(plan, relu.step, 2 ** shift),
        { ...plan, resultConstants: plan.resultConstants.map((value) => value + 1) },
        {
          ...plan,
          resultOffsets: plan.resultOffsets.slice(0, -1),
          resultConstants: plan.resultConstants.slice(0, -1),
        },
      ];
      for (const plan of wrong)
        assert.throws(() => prepareCircuit(model, plan)(integers, 0n, salts), InconsistentWitnessError);
    });
  }
});
