import assert from 'node:assert/strict';
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { canonical } from '../../src/r1cs/field.js';
import { prepareGadget } from '../../src/gadgets/index.js';
import { INTEGER_CASES, integerParameters, nameOf, type GadgetCase } from '../witness/gadgets/cases.js';
import { solutions } from './solutions.js';

/** Enough for every small case: 2^7 leaves for each of up to some hundred inputs. */
const SMALL = 7;

const small = INTEGER_CASES.filter(
  ({ constraints, spec }) => constraints <= SMALL && !spec.template.startsWith('Multiply'),
);

function allInputs({ range, inputCount }: GadgetCase): bigint[][] {
  const [low, high] = range;
  const values = Array.from({ length: Number(high - low) + 1 }, (_, i) => low + BigInt(i));
  return Array.from({ length: inputCount }).reduce<bigint[][]>(
    (vectors) => vectors.flatMap((vector) => values.map((value) => [...vector, value])),
    [[]],
  );
}

describe('small gadgets, exhaustively', () => {
  let objects: Map<string, GadgetObject>;
  before(async () => {
    objects = await compileGadgets(small.map(({ spec }) => spec));
  });

  for (const gadget of small) {
    const name = nameOf(gadget.spec);
    const [max] = integerParameters(gadget.spec);
    const ambiguous = gadget.spec.template === 'InputRange' && (max & (max + 1)) !== 0;

    it(`${name} has ${ambiguous ? 'a witness' : 'exactly one witness, ours,'} for each input of its contract`, () => {
      const object = objects.get(gadgetKey(gadget.spec))!;
      const witness = prepareGadget(object);
      assert.ok(!witness.field);
      const out = new Float64Array(object.system.wireCount);
      for (const inputs of allInputs(gadget)) {
        witness.run(inputs.map(Number), out);
        const ours = Array.from(out, (value) => canonical(BigInt(value)));
        const all = solutions(object.system, inputs.map(canonical));
        const distinct = new Set(all.map(String));
        assert.ok(distinct.has(String(ours)), `${inputs}`);
        if (!ambiguous) assert.equal(distinct.size, 1, `${inputs}: ${[...distinct].join(' | ')}`);
      }
    });

    if (gadget.spec.template === 'InputRange') {
      it(`${name} has no witness for an input outside its range`, () => {
        const { system } = objects.get(gadgetKey(gadget.spec))!;
        for (const outside of [-1n, BigInt(max) + 1n, -BigInt(max) - 1n, 2n * BigInt(max) + 1n, 1n << 200n]) {
          assert.equal(solutions(system, [canonical(outside)]).length, 0, `${outside}`);
        }
      });
    }
  }
});
