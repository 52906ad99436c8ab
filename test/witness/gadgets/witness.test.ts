import assert from 'node:assert/strict';
import { buildPoseidon } from 'circomlibjs';
import { compileGadgets, gadgetKey } from '../../../src/circom/compile.js';
import type { GadgetObject } from '../../../src/circom/object.js';
import { createChecker } from '../../../src/r1cs/check.js';
import { canonical } from '../../../src/r1cs/field.js';
import { witnessOf } from '../../../src/r1cs/witness.js';
import { constraintsOf, poseidon, poseidonCommit, prepareGadget } from '../../../src/gadgets/index.js';
import { witnessOracle } from '../../circom/oracle.js';
import { FIELD_CASES, INTEGER_CASES, integerIn, nameOf, sampleInputs, seeded, type GadgetCase } from './cases.js';

const ALL = [...INTEGER_CASES, ...FIELD_CASES];

function ourWitness(object: GadgetObject, inputs: readonly bigint[]): bigint[] {
  const gadget = prepareGadget(object);
  if (gadget.field) {
    const out: bigint[] = new Array(object.system.wireCount);
    gadget.run(inputs, out);
    return out;
  }
  const out = new Float64Array(object.system.wireCount).fill(NaN);
  gadget.run(inputs.map(Number), out);
  return Array.from(out, (value) => BigInt(value));
}

function outputsOf({ expected }: GadgetCase, inputs: readonly bigint[]): readonly bigint[] {
  const outputs = expected?.(inputs) ?? [];
  return typeof outputs === 'bigint' ? [outputs] : outputs;
}

describe('witness functions of the gadgets', () => {
  let objects: Map<string, GadgetObject>;
  const objectOf = ({ spec }: GadgetCase): GadgetObject => objects.get(gadgetKey(spec))!;

  before(async () => {
    objects = await compileGadgets(ALL.map(({ spec }) => spec));
  });

  for (const gadget of ALL) {
    const name = nameOf(gadget.spec);

    it(`${name} has the constraints its contract promises, and its inputs and outputs as wires`, () => {
      const object = objectOf(gadget);
      assert.equal(object.system.constraintCount, gadget.constraints);
      assert.equal(constraintsOf(gadget.spec), gadget.constraints);
      assert.equal(object.inputCount, gadget.inputCount);
      assert.equal(
        object.outputCount,
        gadget.expected
          ? outputsOf(gadget, sampleInputs(gadget, 1, seeded(1))[0]).length
          : gadget.spec.template === 'PoseidonBlock'
            ? 1
            : 0,
      );
      const inputs = object.signals.slice(1 + object.outputCount, 1 + object.outputCount + object.inputCount);
      assert.ok(
        inputs.every((signal) => /^(in(\[\d+\])?|digit\[\d+\]|a|b|c|context|capacity)$/.test(signal)),
        inputs.join(' '),
      );
    });

    it(`${name} gives the specified output in a satisfied witness over its whole range`, () => {
      const object = objectOf(gadget);
      const checker = createChecker(object.system);
      const count = gadget.spec.template === 'PoseidonBlock' ? 5 : 1000;
      for (const inputs of sampleInputs(gadget, count, seeded(1))) {
        const witness = ourWitness(object, inputs);
        const outputs = outputsOf(gadget, inputs);
        if (gadget.expected) assert.deepEqual(witness.slice(1, 1 + outputs.length), outputs, `${name} of ${inputs}`);
        assert.deepEqual(checker.violatedConstraints(witnessOf(witness)), [], `${name} of ${inputs}`);
      }
    });

    it(`${name} agrees with circom's own witness calculator wire by wire`, async function () {
      const object = objectOf(gadget);
      const oracle = await witnessOracle(object);
      for (const inputs of sampleInputs(gadget, 25, seeded(2)).slice(
        gadget.spec.template === 'PoseidonBlock' ? -3 : -25,
      )) {
        const ours = ourWitness(object, inputs).map(canonical);
        assert.deepEqual(ours, await oracle(inputs.map(canonical)), `${name} of ${inputs}`);
      }
    });
  }

  it('hashes as circomlibjs does, for every number of inputs', async () => {
    const reference = await buildPoseidon();
    const random = seeded(3);
    for (let count = 1; count <= 16; count++) {
      const inputs = Array.from({ length: count }, () => integerIn(random, FIELD_CASES[0].range));
      assert.equal(poseidon(inputs), reference.F.toObject(reference(inputs)));
      assert.equal(poseidon(inputs, 99n), reference.F.toObject(reference(inputs, 99n)));
    }
  });

  it('commits to any number of words by a chain of blocks that starts with the salt', () => {
    const words = Array.from({ length: 40 }, (_, i) => BigInt(i * i));
    const first = poseidon([7n, ...words.slice(0, 15)], 5n);
    const second = poseidon([first, ...words.slice(15, 30)]);
    assert.equal(poseidonCommit(words, 7n, 5n), poseidon([second, ...words.slice(30)]));
    assert.equal(poseidonCommit(words.slice(0, 3), 7n, 5n), poseidon([7n, ...words.slice(0, 3)], 5n));
    assert.notEqual(poseidonCommit(words, 8n, 5n), poseidonCommit(words, 7n, 5n));
    assert.notEqual(poseidonCommit(words, 7n, 6n), poseidonCommit(words, 7n, 5n));
  });
});
