import assert from 'node:assert/strict';
import { decodeWitnessPlan, encodeWitnessPlan } from '../../src/compile/witness-plan-file.js';
import { defineGadget } from '../../src/gadgets/gadget.js';
import { GadgetError, gadgetKey, gadgetOf, requantizeClamp } from '../../src/gadgets/index.js';

describe('the definition of a gadget', () => {
  const table = defineGadget({
    template: 'Table',
    parameters: { bits: 'integer', entries: 'integers' },
    simplification: 1,
    outputs: ({ entries }) => entries.length,
    constraints: ({ bits, entries }) => bits + entries.length,
    inputRange: () => undefined,
    prepare: () => ({ field: false, run: () => undefined }),
  });

  it('puts named parameters into the order that circom takes them in, arrays among them', () => {
    const spec = table.with({ entries: [5, -1, 7], bits: 2 });
    assert.deepEqual(spec, { template: 'Table', parameters: [2, [5, -1, 7]] });
    assert.equal(gadgetKey(spec), 'Table(2,[5,-1,7])');
    assert.equal(table.outputs(spec), 3);
    assert.equal(table.constraints(spec), 5);
  });

  it('refuses a spec whose parameters are of another number or kind, by name', () => {
    for (const parameters of [[], [2], [[1], 2], [2, [1.5]], [2, [1], 3], [2 ** 53, [1]]]) {
      assert.throws(
        () => table.check({ template: 'Table', parameters }),
        (error: Error) => {
          assert.ok(error instanceof GadgetError);
          assert.match(error.message, /bits: integer, entries: integers/);
          return true;
        },
      );
    }
    assert.throws(() => gadgetOf({ template: 'Nothing', parameters: [] }), /no gadget Nothing; there are ArgMax, /);
  });

  it('takes no swapped, missing or additional parameter', () => {
    // @ts-expect-error: shift is missing.
    assert.throws(() => gadgetOf(requantizeClamp.with({ bits: 9, outBits: 4 })), GadgetError);
    // @ts-expect-error: no parameter has this name.
    requantizeClamp.with({ bits: 9, shift: 2, outBits: 4, top: 3 });
    // @ts-expect-error: an array is no integer.
    assert.throws(() => gadgetOf(requantizeClamp.with({ bits: 9, shift: [2], outBits: 4 })), GadgetError);
  });
});

describe('a witness plan', () => {
  it('keeps parameters that are arrays', () => {
    const plan = {
      wireCount: 1,
      slotCount: 0,
      linear: [],
      publicOutputCount: 0,
      publicInputCount: 0,
      privateInputCount: 0,
      gadgets: [
        { spec: { template: 'Table', parameters: [2, [5, -1, 7]] }, signals: ['one'], outputCount: 3, inputCount: 1 },
      ],
      gadget: new Int32Array(),
      outputWire: new Uint32Array(),
      innerWire: new Uint32Array(),
      operandOffsets: new Uint32Array(1),
      termOffsets: new Uint32Array(1),
      wires: new Uint32Array(),
      coefficients: new Float64Array(),
      constants: new Float64Array(),
      big: new Map(),
      resultOffsets: new Uint32Array(1),
      resultWires: new Uint32Array(),
      resultCoefficients: new Float64Array(),
      resultConstants: new Float64Array(),
    };
    assert.deepEqual(decodeWitnessPlan(encodeWitnessPlan(plan)).gadgets, plan.gadgets);
  });
});
