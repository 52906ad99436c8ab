import assert from 'node:assert/strict';
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { createChecker } from '../../src/r1cs/check.js';
import { canonical } from '../../src/r1cs/field.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { witnessOf } from '../../src/r1cs/witness.js';
import { prepareGadget } from '../../src/gadgets/index.js';
import {
  FIELD_CASES,
  INTEGER_CASES,
  integerIn,
  integerParameters,
  nameOf,
  sampleInputs,
  seeded,
  type GadgetCase,
} from '../witness/gadgets/cases.js';

const FORGERIES = 1000;

/** InputRange without 2^k values has several witnesses for one input by design; its range is tested exhaustively. */
const CASES = [...INTEGER_CASES, ...FIELD_CASES].filter(
  ({ spec }) => spec.template !== 'InputRange' || (integerParameters(spec)[0] & (integerParameters(spec)[0] + 1)) === 0,
);

function honest(object: GadgetObject, inputs: readonly bigint[]): bigint[] {
  const gadget = prepareGadget(object);
  if (gadget.field) {
    const out: bigint[] = [];
    gadget.run(inputs, out);
    return out;
  }
  const out = new Float64Array(object.system.wireCount);
  gadget.run(inputs.map(Number), out);
  return Array.from(out, (value) => canonical(BigInt(value)));
}

/**
 * A wire's value replaced by one that a forger would try: off by one, another bit, no bit, negated, wrapped, random.
 */
function forge(value: bigint, random: () => number): bigint {
  const choices = [
    value + 1n,
    value - 1n,
    1n - value,
    2n,
    -value,
    FIELD_MODULUS - 1n,
    value * 2n,
    (FIELD_MODULUS + 1n) / 2n,
  ];
  const pick = Math.floor(random() * (choices.length + 2));
  if (pick < choices.length) return canonical(choices[pick]);
  return pick === choices.length
    ? integerIn(random, [0n, FIELD_MODULUS - 1n])
    : canonical(value + (1n << BigInt(Math.floor(random() * 64))));
}

describe('forged gadget witnesses', () => {
  let objects: Map<string, GadgetObject>;
  before(async () => {
    objects = await compileGadgets(CASES.map(({ spec }) => spec));
  });

  const forgeries = (
    gadget: GadgetCase,
    change: (witness: bigint[], object: GadgetObject, random: () => number) => void,
  ): void => {
    const object = objects.get(gadgetKey(gadget.spec))!;
    const checker = createChecker(object.system);
    const random = seeded(11);
    const samples = sampleInputs(gadget, 60, random).map((inputs) => honest(object, inputs));
    let made = 0;
    while (made < FORGERIES) {
      const original = samples[made % samples.length];
      const forged = original.slice();
      change(forged, object, random);
      const changed = forged.flatMap((value, wire) => (value === original[wire] ? [] : [wire]));
      if (changed.length === 0) continue;
      made++;
      const violated = checker.violatedConstraints(witnessOf(forged), changed);
      assert.ok(violated.length > 0, `wires ${changed} of ${original} became ${forged}`);
    }
  };

  for (const gadget of CASES) {
    const name = nameOf(gadget.spec);

    it(`${name} rejects ${FORGERIES} witnesses in which one wire that is not an input is changed`, () => {
      forgeries(gadget, (witness, { system, inputCount, outputCount }, random) => {
        const free = [...witness.keys()].filter(
          (wire) => wire > 0 && (wire <= outputCount || wire > outputCount + inputCount),
        );
        const wire = free.length === 0 ? 1 : free[Math.floor(random() * free.length)];
        assert.ok(wire < system.wireCount);
        // Without inner wires the input itself is forged, out of its range.
        witness[wire] =
          free.length === 0
            ? canonical(2n + integerIn(random, [0n, FIELD_MODULUS - 3n]))
            : forge(witness[wire], random);
      });
    });

    // In Poseidon each wire is defined by those before it (see the determinism test): one changed wire is the whole
    // story.
    if (gadget.constraints < 3 || gadget.spec.template === 'PoseidonBlock') continue;

    it(`${name} rejects ${FORGERIES} witnesses in which two to four such wires are changed together`, () => {
      forgeries(gadget, (witness, { inputCount, outputCount }, random) => {
        for (let i = 0; i < 2 + Math.floor(random() * 3); i++) {
          const wire = 1 + Math.floor(random() * (witness.length - 1));
          if (wire <= outputCount || wire > outputCount + inputCount) witness[wire] = forge(witness[wire], random);
        }
      });
    });
  }
});
