import assert from 'node:assert/strict';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { wireValue } from '../../src/r1cs/witness.js';
import { WitnessInputError } from '../../src/witness/generate.js';
import { wireNames } from '../../src/workflow/sym.js';
import { codesOf, witnessFor } from '../compile/support/run.js';
import { compiledFixture, type CompiledFixture } from '../fixtures-compiled.js';
import { seeded } from '../onnx/support/random.js';
import { integerInputs, take } from '../quantize/support/samples.js';

describe('witness generation', () => {
  let fixture: CompiledFixture;
  let inputs: Float64Array[][];
  before(async () => {
    fixture = await compiledFixture('tabular');
    inputs = take(30, integerInputs(fixture.model, seeded(139)));
  });

  it('gives the same witness for the same input, whatever ran in between', () => {
    const first = witnessFor(fixture, inputs[25]);
    inputs.forEach((other) => witnessFor(fixture, other));
    assert.deepEqual(witnessFor(fixture, inputs[25]), first);
  });

  it('takes salts and contexts of any size below the modulus', () => {
    for (const value of [0n, 1n, FIELD_MODULUS - 1n, FIELD_MODULUS >> 1n, (FIELD_MODULUS >> 1n) + 1n, 2n ** 53n]) {
      const witness = witnessFor(fixture, inputs[20], [value], value);
      assert.ok(fixture.checker.isSatisfied(witness));
      const context = wireValue(witness, fixture.circuit.signals.length);
      assert.equal((context - value) % FIELD_MODULUS, 0n);
    }
  });

  it('refuses the wrong number of inputs', () => {
    const codes = codesOf(fixture.model, inputs[0]);
    const { generator } = fixture;
    assert.throws(() => generator.generate({ publicInputs: [0n], privateInputs: codes }), WitnessInputError);
    assert.throws(() => generator.generate({ publicInputs: [], privateInputs: [...codes, 1n] }), WitnessInputError);
    assert.throws(
      () => generator.generate({ publicInputs: [0n], privateInputs: [...codes, 1n, 1n] }),
      /31 private inputs, 1 and 32 given/,
    );
  });

  it('fills wires that all have names of their own in circuit.sym', () => {
    const { netlist, plan, signals } = fixture.circuit;
    const names = wireNames(netlist, plan, signals);
    assert.equal(names.length, plan.wireCount);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.slice(1).every((name) => /^main\.\S+$/.test(name) && !name.includes(',')));
  });
});
