import assert from 'node:assert/strict';
import { compileGadgets } from '../../src/circom/compile.js';
import { compileModel, type Circuit } from '../../src/compile/compile.js';
import { emitCircom } from '../../src/compile/emit-circom.js';
import { lowerModel } from '../../src/compile/lower.js';
import { decodeProgram, encodeProgram, ProgramFormatError } from '../../src/compile/program-file.js';
import type { IntegerModel } from '../../src/quantize/integer-model.js';
import { runIntegerModel } from '../../src/quantize/interpreter.js';
import { firstViolation } from '../../src/r1cs/check.js';
import { encodeR1cs, r1csBytes, r1csChunks } from '../../src/r1cs/r1cs-file.js';
import { concatBytes } from '../../src/r1cs/sections.js';
import { circuitResults, prepareWitness } from '../../src/witness/generate.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, randomGraph } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { codesOf } from './support/run.js';

const VISIBILITY = { input: 'hashed', output: 'public' } as const;

describe('a linear layer that is not written out', () => {
  interface Pair {
    readonly model: IntegerModel;
    readonly kept: Circuit;
    readonly written: Circuit;
  }
  let pairs: Pair[];
  before(async () => {
    const random = seeded(401);
    const models = [
      ...LAYER_CASES.map(({ make }) => quantizeRandomly(make(random), 8, random)),
      ...Array.from({ length: 15 }, (_, i) => quantizeRandomly(randomGraph(random), [4, 6, 8][i % 3], random)),
    ];
    await compileGadgets(models.flatMap((model) => lowerModel(model, VISIBILITY).netlist.gadgets));
    pairs = await Promise.all(
      models.map(async (model) => ({
        model,
        kept: await compileModel(model, VISIBILITY, { leastWork: 0 }),
        written: await compileModel(model, VISIBILITY, { leastWork: Infinity }),
      })),
    );
    assert.ok(pairs.filter(({ kept }) => kept.program.linear.length > 0).length >= 12);
    assert.ok(pairs.every(({ written }) => written.program.linear.length === 0));
  });

  it('gives the same circuit, byte for byte, and the same printed program', () => {
    for (const { kept, written } of pairs) {
      const bytes = concatBytes(r1csChunks(kept.constraints));
      assert.deepEqual(bytes, concatBytes(r1csChunks(written.constraints)));
      assert.deepEqual(bytes, encodeR1cs(kept.system));
      assert.equal(bytes.length, r1csBytes(kept.constraints));
      assert.deepEqual(kept.layers, written.layers);
      assert.equal(emitCircom(kept.netlist, kept.program, 'x'), emitCircom(written.netlist, written.program, 'x'));
    }
  });

  it('gives the same witnesses, and the results of the integer model, before and after its plan was stored', () => {
    const random = seeded(402);
    for (const { model, kept, written } of pairs) {
      const stored = decodeProgram(encodeProgram(kept.program), model.ops);
      assert.deepEqual(stored, kept.program);
      const [a, b, c] = [kept.program, written.program, stored].map(prepareWitness);
      for (const inputs of take(3, integerInputs(model, random))) {
        const assignment = { publicInputs: [3n], privateInputs: [...codesOf(model, inputs), ...new Array<bigint>(kept.saltCount).fill(5n)] };
        const [first, second, third] = [a, b, c].map((generator) => generator.generate(assignment));
        assert.deepEqual(first.small, second.small);
        assert.deepEqual(first.big, second.big);
        assert.deepEqual(third, first);
        assert.equal(firstViolation(kept.constraints, first), undefined);
        const expected = runIntegerModel(model, inputs).flatMap((values) => Array.from(values, (value) => value + 0));
        assert.deepEqual(Array.from(circuitResults(kept.program, first), (value) => value + 0), expected);
      }
    }
  });

  it('is refused where the integer model has another op in its place', () => {
    const { model, kept } = pairs.find(({ kept: { program } }) => program.linear.length > 0) as Pair;
    const bytes = encodeProgram(kept.program);
    assert.throws(() => decodeProgram(bytes), ProgramFormatError);
    assert.throws(() => decodeProgram(bytes, [...model.ops].reverse().map((op) => ({ ...op, shape: [1, 1, 77] }))), ProgramFormatError);
  });
});

describe('a witness that breaks one constraint', () => {
  it('is found in whatever batch the constraint stands', async () => {
    const random = seeded(403);
    const model = quantizeRandomly(randomGraph(random), 8, random);
    const { constraints, program, saltCount, system } = await compileModel(model, VISIBILITY, { leastWork: 0 });
    const [inputs] = take(1, integerInputs(model, random));
    const witness = prepareWitness(program).generate({ publicInputs: [3n], privateInputs: [...codesOf(model, inputs), ...new Array<bigint>(saltCount).fill(5n)] });
    const small = witness.small.slice();
    small[system.wireCount - 1] += 1;
    assert.ok(firstViolation(constraints, { small, big: witness.big }) !== undefined);
  });
});
