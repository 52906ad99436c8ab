import assert from 'node:assert/strict';
import { circomSignals, emitCircom } from '../../src/compile/emit-circom.js';
import { loadCircom } from '../../src/circom/load-circom.js';
import { runCircom, writtenBy } from '../../src/circom/run-circom.js';
import { gadgetSources } from '../../src/circom/sources.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { createChecker, type Checker } from '../../src/r1cs/check.js';
import { decodeR1cs } from '../../src/r1cs/r1cs-file.js';
import { decodeSym } from '../../src/r1cs/sym-file.js';
import type { R1cs } from '../../src/r1cs/types.js';
import { wireValue, witnessOf, type Witness } from '../../src/r1cs/witness.js';
import { seeded } from '../onnx/support/random.js';
import { integer, Sketch, type Random } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { Forger, randomElement } from '../witness/support/forger.js';
import { calculatorOf } from '../circom/oracle.js';
import { codesOf, outputsOf, ready, signalsOf, witnessFor, type Ready } from './support/run.js';

type Calculator = { calculateWitness(inputs: Record<string, unknown>, sanityCheck: number): Promise<bigint[]> };

/** What circom makes of the printed program. */
interface Printed {
  readonly system: R1cs;
  readonly checker: Checker;
  /** Wires by signal, every signal that still has one; several signals may share a wire. */
  readonly wireOf: ReadonlyMap<string, number>;
  readonly calculator: Calculator;
}

async function compilePrinted({ circuit }: Ready): Promise<Printed> {
  const sources = new Map([['main.circom', emitCircom(circuit.netlist, circuit.plan, 'a model\nof two lines')]]);
  for (const { template } of circuit.netlist.gadgets)
    for (const [file, text] of gadgetSources(template)) sources.set(file, text);
  const files = runCircom(await loadCircom(), sources, ['main.circom', '--r1cs', '--sym', '--wasm', '--O1']);
  const system = decodeR1cs(writtenBy(files, 'main.r1cs'));
  const sym = new TextDecoder().decode(writtenBy(files, 'main.sym'));
  decodeSym(sym, system.wireCount);
  const entries = sym
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const wireOf = new Map(
    entries.filter((fields) => Number(fields[1]) > 0).map((fields): [string, number] => [fields[3], Number(fields[1])]),
  );
  const build = calculatorOf<(program: Uint8Array) => Promise<Calculator>>(files);
  const calculator = await build(writtenBy(files, 'main_js/main.wasm'));
  return { system, checker: createChecker(system), wireOf, calculator };
}

const MODELS: Record<string, (random: Random) => IntegerModel> = {
  'a dense layer with relu': (random) => {
    const s = new Sketch();
    return quantizeRandomly(s.graph(s.dense(s.relu(s.dense(s.input([1, 4]), 3, random)), 2, random)), 6, random);
  },
  'a convolution with max pooling and relu': (random) => {
    const s = new Sketch();
    const pooled = s.max(s.conv(s.input([1, 1, 4, 4]), 2, random), { kernel: [2, 2], strides: [1, 1] });
    return quantizeRandomly(s.graph(s.relu(pooled)), 5, random);
  },
  'a product, a leaky relu and an argMax': (random) => {
    const s = new Sketch();
    const x = s.dense(s.input([1, 3]), 4, random);
    const y = s.prelu(s.dense(x, 4, random), [0.25]);
    const z = s.multiply(s.relu(x), y);
    return quantizeRandomly(s.graph(s.reduce(z, 'argMax'), s.clip(z, -0.1, 0.2)), 6, random);
  },
};

for (const [name, make] of Object.entries(MODELS)) {
  describe(`--emit-circom on ${name}`, () => {
    let prepared: Ready;
    let printed: Printed;
    /** By wire of the linked circuit, the wire of circom's; undefined where circom's simplification removed it. */
    let partner: (number | undefined)[];

    before(async () => {
      prepared = await ready(make(seeded(113)), { input: 'hashed', output: 'public' });
      printed = await compilePrinted(prepared);
      const { netlist, plan } = prepared.circuit;
      const names = circomSignals(netlist, plan);
      partner = names.map((signal, wire) => (wire === 0 ? 0 : printed.wireOf.get(signal)));
    });

    const calculate = async (inputs: readonly Float64Array[]): Promise<Witness> =>
      witnessOf(
        await printed.calculator.calculateWitness(
          { context: 9n, secret: [...codesOf(prepared.model, inputs).map(BigInt), 5n] },
          1,
        ),
      );
    const samples = (count: number): Float64Array[][] => take(count, integerInputs(prepared.model, seeded(127)));

    it("every wire of the linked circuit has a name of its own, and nearly all are wires of circom's", () => {
      const { netlist, plan } = prepared.circuit;
      const names = circomSignals(netlist, plan);
      assert.equal(names.length, plan.wireCount);
      assert.ok(names.every((signal) => typeof signal === 'string'));
      assert.equal(new Set(names).size, names.length);
      const both = partner.filter((wire) => wire !== undefined).length;
      assert.ok(both > 0.8 * names.length, `${both} of ${names.length}`);
    });

    it("circom's own calculator gives the same public signals, outputs and shared wires", async () => {
      for (const inputs of samples(12)) {
        const linked = witnessFor(prepared, inputs);
        const own = await calculate(inputs);
        assert.ok(printed.checker.isSatisfied(own));
        const { publicOutputCount, publicInputCount } = printed.system;
        assert.equal(publicOutputCount + publicInputCount, prepared.circuit.signals.length);
        partner.forEach((wire, k) => {
          if (wire !== undefined) assert.equal(wireValue(own, wire), wireValue(linked, k), `linked wire ${k}`);
        });
        // The public wires stand first in both, in the same order.
        signalsOf(prepared, linked).forEach((_, i) => assert.equal(partner[1 + i], 1 + i));
        assert.deepEqual(
          outputsOf(prepared, own),
          runIntegerModel(prepared.model, inputs).map((values) => values.map((value) => value + 0)),
        );
      }
    });

    it("each witness, carried over wire by wire, satisfies the other's constraints", async () => {
      for (const inputs of samples(12)) {
        const linked = witnessFor(prepared, inputs);
        const own = await calculate(inputs);
        const toPrinted = new Array<bigint>(printed.system.wireCount);
        for (let wire = 0; wire < toPrinted.length; wire += 1) toPrinted[wire] = wireValue(own, wire);
        partner.forEach((wire, k) => {
          if (wire !== undefined) toPrinted[wire] = wireValue(linked, k);
        });
        assert.ok(printed.checker.isSatisfied(witnessOf(toPrinted)));
        const toLinked = partner.map((wire, k) => (wire === undefined ? wireValue(linked, k) : wireValue(own, wire)));
        assert.ok(prepared.checker.isSatisfied(witnessOf(toLinked)));
      }
    });

    it('both reject the same 300 forgeries', async () => {
      const random = seeded(131);
      const shared = partner
        .map((wire, k) => [k, wire] as const)
        .filter(([k, wire]) => k > 0 && wire !== undefined) as [number, number][];
      const all = samples(30);
      let done = 0;
      for (const inputs of all.slice(-3)) {
        const linked = witnessFor(prepared, inputs);
        const own = await calculate(inputs);
        const forgers = [new Forger(prepared.checker, linked), new Forger(printed.checker, own)];
        for (let k = 0; k < 100; k += 1) {
          const [mine, theirs] = shared[integer(random, 0, shared.length - 1)];
          const value = forgers[0].value(mine);
          const forged = [
            value + 1n,
            value - 1n,
            value + (1n << BigInt(integer(random, 0, 60))),
            randomElement(random),
          ][k % 4];
          assert.ok(forgers[0].rejects(new Map([[mine, forged]])), `linked wire ${mine}`);
          assert.ok(forgers[1].rejects(new Map([[theirs, forged]])), `circom's wire ${theirs}`);
          done += 1;
        }
      }
      assert.equal(done, 300);
    });
  });
}
