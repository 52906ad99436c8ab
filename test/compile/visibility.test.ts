import assert from 'node:assert/strict';
import { buildPoseidon } from 'circomlibjs';
import { packIntegers } from '../../src/compile/packing.js';
import { portOf, portsOf } from '../../src/compile/ports.js';
import type { PortVisibility, Visibility } from '../../src/manifest.js';
import { poseidonCommit } from '../../src/gadgets/index.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import type { Intervals } from '../../src/tensor/intervals.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { codesOf, ready, signalsOf, witnessFor } from './support/run.js';

const VISIBILITIES: readonly Visibility[] = ['public', 'private', 'hashed'];

/**
 * Two inputs and two outputs; the first input needs several words, and its commitment a second Poseidon block at 16
 * bits.
 */
function model(features: number, bits: number) {
  const random = seeded(97);
  const sketch = new Sketch();
  const [a, b] = [sketch.input([1, features]), sketch.input([1, 3])];
  const hidden = sketch.relu(sketch.dense(a, 4, random));
  return quantizeRandomly(
    sketch.graph(
      sketch.dense(hidden, 40, random),
      sketch.sum([sketch.dense(b, 2, random), sketch.dense(hidden, 2, random)], [1, 2]),
    ),
    bits,
    random,
  );
}

type Hash = (inputs: readonly bigint[], capacity: bigint) => bigint;

/**
 * The chain of commitments, recomputed by circomlibjs: Poseidon(salt, w0 .. w14) with the domain as initial state, then
 * Poseidon(h, next 15) and so on.
 */
function commitment(hash: Hash, salt: bigint, words: readonly bigint[], domain: bigint): bigint {
  let state = salt;
  for (let start = 0; start < words.length; start += 15)
    state = hash([state, ...words.slice(start, start + 15)], start === 0 ? domain : 0n);
  return state;
}

describe('visibility', () => {
  let hash: Hash;
  before(async () => {
    const poseidon = await buildPoseidon();
    hash = (inputs, capacity) => poseidon.F.toObject(poseidon(inputs, capacity));
  });

  for (const input of VISIBILITIES) {
    for (const output of VISIBILITIES) {
      it(`input ${input}, output ${output}: public signals are the packed values, their commitment, or absent, then the context`, async () => {
        const visibility: Partial<PortVisibility> = { input, output };
        const prepared = await ready(model(5, 8), visibility);
        const { circuit, checker } = prepared;
        const kinds = { public: '', hashed: 'Commitment' } as const;
        for (const inputs of take(8, integerInputs(prepared.model, seeded(3)))) {
          const salts = [FIELD_MODULUS - 1n, 123456789n].slice(0, circuit.saltCount);
          const witness = witnessFor(prepared, inputs, salts, 77n);
          assert.ok(checker.isSatisfied(witness));
          const [inputPort, outputPort] = [portOf(circuit.ports, 'input'), portOf(circuit.ports, 'output')];
          const codes = codesOf(prepared.model, inputs);
          const inputWords = inputPort.tensors.flatMap(({ packing: plan }, k) => {
            const before = prepared.model.inputs.slice(0, k).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
            return packIntegers(codes.slice(before, before + sizeOf(prepared.model.inputs[k].shape)), plan, 0);
          });
          const outputWords = runIntegerModel(prepared.model, inputs).flatMap((values, k) =>
            packIntegers(values, outputPort.tensors[k].packing),
          );
          const exposed = (words: readonly bigint[], how: Visibility, salt: bigint, domain: bigint): bigint[] =>
            how === 'public' ? [...words] : how === 'hashed' ? [commitment(hash, salt, words, domain)] : [];
          assert.deepEqual(signalsOf(prepared, witness), [
            ...exposed(outputWords, output, salts[salts.length - 1], outputPort.domain),
            ...exposed(inputWords, input, salts[0], inputPort.domain),
            77n,
          ]);
        }
        const expectedKinds = [
          output === 'private' ? [] : [`output${kinds[output]}`],
          input === 'private' ? [] : [`input${kinds[input]}`],
          ['context'],
        ].flat();
        assert.deepEqual([...new Set(circuit.signals.map((signal) => signal.kind))], expectedKinds);
        assert.equal(circuit.saltCount, [input, output].filter((how) => how === 'hashed').length);
      });
    }
  }

  it('a commitment to more words than one Poseidon block takes is a chain', async () => {
    // 16-bit codes, 15 to a word: 300 of them are 20 words.
    const prepared = await ready(model(300, 16));
    const { tensors, domain } = portOf(prepared.circuit.ports, 'input');
    const [plan] = tensors.map(({ packing }) => packing);
    assert.ok(plan.words > 15, String(plan.words));
    const [inputs] = take(1, integerInputs(prepared.model, seeded(3)));
    const witness = witnessFor(prepared, inputs, [42n]);
    assert.ok(prepared.checker.isSatisfied(witness));
    const codes = codesOf(prepared.model, inputs);
    const words = [
      ...packIntegers(codes.slice(0, 300), plan, 0),
      ...packIntegers(codes.slice(300), tensors[1].packing, 0),
    ];
    assert.equal(signalsOf(prepared, witness).at(-2), commitment(hash, 42n, words, domain));
  });

  it('the same words and salt are another commitment as an output, in another shape, number or grid', () => {
    const words = [1n, 2n, 3n];
    const input = {
      name: 'x',
      tensor: 0,
      shape: [1, 4],
      bits: 8,
      scale: Float64Array.of(0.5),
      low: Float64Array.of(-128),
    };
    const output = { name: 'y', tensor: 1, shape: [1, 4], scale: 0.5 };
    const between = (low: number, high: number): Intervals => ({
      low: new Float64Array(4).fill(low),
      high: new Float64Array(4).fill(high),
    });
    const domains = (
      inputs: (typeof input)[],
      outputs: (typeof output)[],
      bounds: Intervals,
    ): Record<'input' | 'output', bigint> => {
      const ports = portsOf({ inputs, outputs }, new Map([[1, bounds]]), { input: 'hashed', output: 'hashed' });
      return { input: portOf(ports, 'input').domain, output: portOf(ports, 'output').domain };
    };
    const domainsOf = (i: object, o: object = {}, bounds = between(-128, 127)): Record<'input' | 'output', bigint> =>
      domains([{ ...input, ...i }], [{ ...output, ...o }], bounds);
    const plain = domainsOf({});
    const all = [
      plain.input,
      plain.output,
      domainsOf({ shape: [4] }).input,
      domainsOf({ shape: [1, 5] }).input,
      domainsOf({ bits: 9 }).input,
      domainsOf({ scale: Float64Array.of(0.25) }).input,
      domainsOf({ low: Float64Array.of(0) }).input,
      domainsOf({}, { shape: [2, 2] }).output,
      domainsOf({}, { scale: 1 }).output,
      domainsOf({}, {}, between(-128, 300)).output,
      domainsOf({}, {}, between(0, 255)).output,
      domains([input, input], [output], between(-128, 127)).input,
    ];
    assert.equal(new Set(all.map((domain) => poseidonCommit(words, 7n, domain))).size, all.length);
    assert.ok(all.every((domain) => domain < FIELD_MODULUS));
    // A name is nobody's grid.
    assert.equal(domainsOf({ name: 'other' }).input, plain.input);
  });

  it('the salt hides the input: the same input has another commitment under another salt', async () => {
    const prepared = await ready(model(5, 8));
    const [inputs] = take(1, integerInputs(prepared.model, seeded(3)));
    const commitments = [1n, 2n, 3n].map((salt) => signalsOf(prepared, witnessFor(prepared, inputs, [salt])).at(-2));
    assert.equal(new Set(commitments).size, 3);
  });
});
