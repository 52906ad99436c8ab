import assert from 'node:assert/strict';
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import type { GadgetSpec } from '../../src/gadgets/index.js';
import { createChecker } from '../../src/r1cs/check.js';
import { signed } from '../../src/r1cs/field.js';
import { witnessOf } from '../../src/r1cs/witness.js';
import { inputRangeOf, prepareGadget } from '../../src/gadgets/index.js';
import { compiledFixture, FIXTURES } from '../fixtures-compiled.js';
import { analyse } from '../../src/determinism/analyse.js';

/** Numbers in [0, 1) from a fixed seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const FORGERIES = 1000;

describe('every gadget with the parameters that the fixtures use', () => {
  const specs = new Map<string, GadgetSpec>();
  before(async () => {
    for (const name of FIXTURES)
      for (const spec of (await compiledFixture(name)).circuit.netlist.gadgets) specs.set(gadgetKey(spec), spec);
  });

  it('determines every wire by its inputs', async () => {
    for (const [key, object] of await compileGadgets(specs.values())) {
      const range = inputRangeOf(object.spec);
      const { open, cases } = analyse(
        object.system,
        Array.from({ length: object.inputCount }, () => range),
      );
      assert.ok(cases >= 1, `${key}: the contract allows nothing`);
      assert.deepEqual(
        open.map((wire) => object.signals[wire]),
        [],
        key,
      );
    }
  });

  it(`rejects ${FORGERIES} forged witnesses each: a wire one off, flipped, negated, or random`, async () => {
    const random = generator(20);
    for (const [key, object] of await compileGadgets(specs.values())) {
      // Witness functions are exact below 2^53, a product's too.
      const most = object.spec.template === 'MultiplyAdd' ? 1n << 26n : 1n << 40n;
      const { low, high } = inputRangeOf(object.spec) ?? { low: 0n, high: most };
      const gadget = prepareGadget(object);
      const checker = createChecker(object.system);
      const firstInner = 1 + object.outputCount + object.inputCount;
      const wires = object.signals
        .map((_, wire) => wire)
        .filter((wire) => wire > 0 && (wire <= object.outputCount || wire >= firstInner));
      const rounds = object.spec.template === 'PoseidonBlock' ? 4 : 40;
      for (let round = 0; round < rounds; round += 1) {
        const inputs = Array.from(
          { length: object.inputCount },
          () => low + BigInt(Math.floor(random() * Number(high - low + 1n))),
        );
        const values = evaluate(gadget, inputs, object.signals.length);
        assert.ok(checker.isSatisfied(witnessOf(values)), `${key}: the honest witness fails`);
        for (let k = 0; k < FORGERIES / rounds; k += 1) {
          const wire = wires[Math.floor(random() * wires.length)];
          const forged = values.slice();
          const changes = [
            values[wire] + 1n,
            values[wire] - 1n,
            1n - values[wire],
            -values[wire],
            BigInt(Math.floor(random() * 2 ** 50)),
          ];
          forged[wire] = changes[Math.floor(random() * changes.length)];
          if (signed(forged[wire]) === signed(values[wire])) forged[wire] = values[wire] + 1n;
          assert.notDeepEqual(
            checker.violatedConstraints(witnessOf(forged), [wire]),
            [],
            `${key}: ${object.signals[wire]} = ${forged[wire]} passes`,
          );
        }
      }
    }
  });
});

function evaluate(gadget: ReturnType<typeof prepareGadget>, inputs: readonly bigint[], count: number): bigint[] {
  if (gadget.field) {
    const out = new Array<bigint>(count).fill(0n);
    gadget.run(inputs, out);
    return out;
  }
  const out = new Float64Array(count);
  gadget.run(inputs.map(Number), out);
  return Array.from(out, BigInt);
}
