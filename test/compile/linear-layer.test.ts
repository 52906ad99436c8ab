import assert from 'node:assert/strict';
import { compileGadgets } from '../../src/circom/compile.js';
import { compileModel, type Circuit } from '../../src/compile/compile.js';
import { emitCircom } from '../../src/compile/emit-circom.js';
import { addDistinctRow, addRow, Merger, Terms } from '../../src/compile/linear-layer.js';
import { singleValues } from '../../src/compile/linear-rows.js';
import { lowerModel } from '../../src/compile/lower.js';
import { decodeWitnessPlan, encodeWitnessPlan, WitnessPlanFormatError } from '../../src/compile/witness-plan-file.js';
import type { Graph } from '../../src/network/graph.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { firstViolation } from '../../src/r1cs/check.js';
import { encodeR1cs, r1csBytes, r1csChunks } from '../../src/r1cs/r1cs-file.js';
import { concatBytes } from '../../src/r1cs/sections.js';
import { planConv } from '../../src/tensor/kernels.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { circuitResults, prepareWitness } from '../../src/witness/generate.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, randomGraph, Sketch, type Random } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { codesOf } from './support/run.js';

/**
 * A rectifier's row takes its input times -1, a product's row its second factor, -y, times 1: both hold the convolution
 * times -1, with the same terms, and constants of unlike signs before the row's factor.
 */
function readWithBothSigns(random: Random): Graph {
  const s = new Sketch();
  const y = s.conv(s.input([1, 1, 5, 5]), 1, random);
  return s.graph(s.relu(y), s.multiply(y, s.sum([y], [-1])));
}

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
      quantizeRandomly(readWithBothSigns(random), 4, random),
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
    assert.ok(pairs.filter(({ kept }) => kept.plan.linear.length > 0).length >= 12);
    assert.ok(pairs.every(({ written }) => written.plan.linear.length === 0));
  });

  it('gives the same circuit, byte for byte, and the same printed program', () => {
    for (const { kept, written } of pairs) {
      const bytes = concatBytes(r1csChunks(kept.constraints));
      assert.deepEqual(bytes, concatBytes(r1csChunks(written.constraints)));
      assert.deepEqual(bytes, encodeR1cs(kept.system));
      assert.equal(bytes.length, r1csBytes(kept.constraints));
      assert.deepEqual(kept.layers, written.layers);
      assert.equal(emitCircom(kept.netlist, kept.plan, 'x'), emitCircom(written.netlist, written.plan, 'x'));
    }
  });

  it('gives the same witnesses, and the results of the integer model, before and after its plan was stored', () => {
    const random = seeded(402);
    for (const { model, kept, written } of pairs) {
      const stored = decodeWitnessPlan(encodeWitnessPlan(kept.plan), model.ops);
      assert.deepEqual(stored, kept.plan);
      const [a, b, c] = [kept.plan, written.plan, stored].map(prepareWitness);
      for (const inputs of take(3, integerInputs(model, random))) {
        const assignment = {
          publicInputs: [3n],
          privateInputs: [...codesOf(model, inputs), ...new Array<bigint>(kept.saltCount).fill(5n)],
        };
        const [first, second, third] = [a, b, c].map((generator) => generator.generate(assignment));
        assert.deepEqual(first.small, second.small);
        assert.deepEqual(first.big, second.big);
        assert.deepEqual(third, first);
        assert.equal(firstViolation(kept.constraints, first), undefined);
        const expected = runIntegerModel(model, inputs).flatMap((values) => Array.from(values, (value) => value + 0));
        assert.deepEqual(
          Array.from(circuitResults(kept.plan, first), (value) => value + 0),
          expected,
        );
      }
    }
  });

  it('is refused where the integer model has another op in its place', () => {
    const { model, kept } = pairs.find(({ kept: { plan } }) => plan.linear.length > 0) as Pair;
    const bytes = encodeWitnessPlan(kept.plan);
    assert.throws(() => decodeWitnessPlan(bytes), WitnessPlanFormatError);
    assert.throws(
      () =>
        decodeWitnessPlan(
          bytes,
          [...model.ops].reverse().map((op) => ({ ...op, shape: [1, 1, 77] })),
        ),
      WitnessPlanFormatError,
    );
  });
});

describe('the difference of two elements of a channel', () => {
  it('has each value once, as merging the two rows would have it, over whatever window, with weights that are zero or cancel', () => {
    const random = seeded(404);
    const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
    let distinct = 0;
    for (let round = 0; round < 60; round += 1) {
      const groups = whole(1, 2);
      const [batch, channels, outChannels] = [whole(1, 2), groups * whole(1, 2), groups * whole(1, 3)];
      const kernel = [whole(1, 3), whole(1, 3)];
      const inputShape = [batch, channels, whole(4, 6), whole(4, 6)];
      const geometry = {
        inputShape,
        weightShape: [outChannels, channels / groups, ...kernel],
        groups,
        strides: [whole(1, 2), whole(1, 2)],
        dilations: [whole(1, 2), 1],
        padsBegin: [whole(0, 2), whole(0, 2)],
        padsEnd: [0, whole(0, 1)],
      };
      const { outputShape } = planConv(geometry);
      const weight = new Float64Array(sizeOf(geometry.weightShape)).map(() => whole(-1, 1));
      const bias = new Float64Array(outChannels).map(() => whole(-3, 3));
      const op = {
        kind: 'conv',
        ...geometry,
        weight,
        bias,
        inputs: [0],
        output: 1,
        shape: outputShape,
        scale: 1,
        layer: 'c',
      } as const;
      const size = sizeOf(inputShape);
      const x = singleValues(1, size, () => whole(-2, 2));
      const count = sizeOf(outputShape);
      const first = size + 2;
      const layer = { op, position: 0, x, plain: true, least: 1, most: size, first, count, stepsBefore: 0 };
      const layerOf = new Int32Array(first + count).fill(-1).fill(0, first);
      const linear = { layers: [layer], layerOf };
      const plane = sizeOf(outputShape.slice(2));
      for (let pair = 0; pair < 20; pair += 1) {
        const channel = whole(0, batch * outChannels - 1) * plane;
        const [i, j] = [channel + whole(0, plane - 1), channel + whole(0, plane - 1)];
        if (i === j) continue;
        // A gain of a max pooling beside them.
        const values = Uint32Array.of(first + i, first + j, size + 1);
        const rows = {
          offsets: Uint32Array.of(0, 3),
          values,
          coefficients: Float64Array.of(1, -1, -1),
          constants: Float64Array.of(7),
        };
        const [found, merger] = [new Terms(), new Merger()];
        assert.ok(addDistinctRow(found, rows, 0, linear));
        addRow(merger.terms, rows, 0, 1, linear);
        const merged = merger.merge(first);
        const list = ({ values: of, coefficients, length }: Terms): number[][] =>
          Array.from({ length }, (_, k) => [of[k], coefficients[k]]).filter(([, coefficient]) => coefficient !== 0);
        assert.deepEqual(list(found), list(merged));
        assert.equal(found.constant, merged.constant);
        assert.equal(new Set(found.values.subarray(0, found.length)).size, found.length);
        distinct += 1;
      }
    }
    assert.ok(distinct > 500);
  });
});

describe('a witness that breaks one constraint', () => {
  it('is found in whatever batch the constraint stands', async () => {
    const random = seeded(403);
    const model = quantizeRandomly(randomGraph(random), 8, random);
    const { constraints, plan, saltCount, system } = await compileModel(model, VISIBILITY, { leastWork: 0 });
    const [inputs] = take(1, integerInputs(model, random));
    const witness = prepareWitness(plan).generate({
      publicInputs: [3n],
      privateInputs: [...codesOf(model, inputs), ...new Array<bigint>(saltCount).fill(5n)],
    });
    const small = witness.small.slice();
    small[system.wireCount - 1] += 1;
    assert.ok(firstViolation(constraints, { small, big: witness.big }) !== undefined);
  });
});
