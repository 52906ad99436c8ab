import assert from 'node:assert/strict';
import { portOf } from '../../src/compile/ports.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import type { Witness } from '../../src/r1cs/witness.js';
import { prepareWitness } from '../../src/witness/generate.js';
import { codesOf, witnessFor } from '../compile/support/run.js';
import { FIXTURES, compiledFixture, type CompiledFixture } from '../fixtures-compiled.js';
import { seeded } from '../onnx/support/random.js';
import { integer, type Random } from '../quantize/support/graphs.js';
import { integerInputs, take } from '../quantize/support/samples.js';
import { cheatingPlan, Forger, instancesOf, operandValue, randomElement } from './support/forger.js';

const REQUANTIZERS = ['Requantize', 'RequantizeRelu', 'RequantizeMin', 'RequantizeClamp'];

for (const name of FIXTURES) {
  describe(`soundness of ${name}`, () => {
    let fixture: CompiledFixture;
    let witness: Witness;
    let inputs: Float64Array[];
    let forger: Forger;
    let random: Random;

    before(async () => {
      fixture = await compiledFixture(name);
      random = seeded(109);
      // Random inputs over the whole range: some values saturate and some do not.
      [inputs] = take(1, [...take(30, integerInputs(fixture.model, random))].slice(-1));
      witness = witnessFor(fixture, inputs);
      assert.ok(fixture.checker.isSatisfied(witness));
      forger = new Forger(fixture.checker, witness);
    });

    const anyWire = (): number => integer(random, 1, fixture.circuit.system.wireCount - 1);
    const rejectsAll = (count: number, forge: () => Iterable<[number, bigint]>): void => {
      for (let done = 0; done < count;) {
        const changes = new Map(forge());
        if ([...changes].every(([wire, value]) => (value - forger.value(wire)) % FIELD_MODULUS === 0n)) continue;
        assert.ok(
          forger.rejects(changes),
          `accepted: ${[...changes].map(([wire, value]) => `wire ${wire}: ${forger.value(wire)} -> ${value}`).join(', ')}`,
        );
        done += 1;
      }
    };

    it('500 witnesses with one wire one off are rejected', () => {
      rejectsAll(500, () => {
        const wire = anyWire();
        return [[wire, forger.value(wire) + (random() < 0.5 ? 1n : -1n)]];
      });
    });

    it('500 witnesses with one random wire are rejected', () => {
      rejectsAll(500, () => [[anyWire(), randomElement(random)]]);
    });

    it('300 witnesses with one negated wire are rejected', () => {
      rejectsAll(300, () => {
        const wire = anyWire();
        return [[wire, -forger.value(wire)]];
      });
    });

    it('300 witnesses with one wire moved by a power of two are rejected', () => {
      rejectsAll(300, () => {
        const wire = anyWire();
        const step = 1n << BigInt(integer(random, 0, 253));
        return [[wire, forger.value(wire) + (random() < 0.5 ? step : -step)]];
      });
    });

    it('300 witnesses with another public output, input commitment or context are rejected', () => {
      const { length } = fixture.circuit.signals;
      rejectsAll(300, () => {
        const wire = integer(random, 1, length);
        const { bits, perWord } = portOf(fixture.circuit.ports, 'output').tensors[0].packing;
        // One element of the packed outputs a little larger or smaller, or anything at all.
        const step = 1n << BigInt(bits * integer(random, 0, perWord - 1));
        return [
          [wire, random() < 0.7 ? forger.value(wire) + step * BigInt(integer(random, -9, 9)) : randomElement(random)],
        ];
      });
    });

    it('300 witnesses with a digit that is no bit, made up for by its neighbour, are rejected', () => {
      const requantizers = instancesOf(fixture.circuit.plan, (template) => REQUANTIZERS.includes(template)).filter(
        ({ template, parameters: [, shift] }) => template !== 'Requantize' && shift >= 2,
      );
      rejectsAll(300, () => {
        const instance = requantizers[integer(random, 0, requantizers.length - 1)];
        const low = integer(random, 0, instance.parameters[1] - 2);
        const [digit, next] = [instance.wire(`remainder[${low}]`), instance.wire(`remainder[${low + 1}]`)];
        // 2^low * (d + 2 k) + 2^(low + 1) * (d' - k): the combination that the linear row reads is the same.
        const k = BigInt(integer(random, 1, 5)) * (random() < 0.5 ? 1n : -1n);
        return [
          [digit, forger.value(digit) + 2n * k],
          [next, forger.value(next) - k],
        ];
      });
    });

    it('300 witnesses that round to the neighbour and wrap the remainder around the field are rejected', () => {
      const requantizers = instancesOf(fixture.circuit.plan, (template) => REQUANTIZERS.includes(template)).filter(
        ({ parameters: [, shift] }) => shift >= 1,
      );
      rejectsAll(300, () => {
        const { template, parameters, output, wire } = requantizers[integer(random, 0, requantizers.length - 1)];
        const [, shift] = parameters;
        const off = random() < 0.5 ? 1n : -1n;
        const factor = template === 'RequantizeClamp' ? 0n : template === 'Requantize' ? 1n : 2n;
        const remainder = wire('remainder[0]');
        // in = (factor * out + ...) * 2^shift + remainder stays true; for a clamp the digits of u take the change.
        if (factor > 0n) {
          return [
            [output, forger.value(output) + off],
            [remainder, forger.value(remainder) - off * factor * (1n << BigInt(shift))],
          ];
        }
        const digit = wire('digit[0]');
        return [
          [digit, forger.value(digit) + off],
          [remainder, forger.value(remainder) - off * (1n << BigInt(shift))],
          [output, forger.value(output) + off * forger.value(wire('inside'))],
        ];
      });
    });

    it('witnesses that cheat at one gadget and are consistent everywhere after it are rejected', () => {
      const { plan } = fixture.circuit;
      const gadgets = instancesOf(plan, (template) => REQUANTIZERS.includes(template) || template === 'InputRange');
      const codes = codesOf(fixture.model, inputs);
      const assignment = { publicInputs: [9n], privateInputs: [...codes, 5n] };
      for (let k = 0; k < 60; k += 1) {
        const { step, parameters, template } = gadgets[integer(random, 0, gadgets.length - 1)];
        const unit = template === 'InputRange' ? 1 : 2 ** parameters[1];
        const delta = [1, -1, unit, -unit][k % 4];
        const forged = prepareWitness(cheatingPlan(plan, step, delta)).generate(assignment);
        const changed: number[] = [];
        forged.small.forEach((value, wire) => {
          if (!Object.is(value, witness.small[wire])) changed.push(wire);
        });
        assert.ok(
          fixture.checker.violatedConstraints(forged, changed).length > 0,
          `${template} at step ${step}, operand off by ${delta}`,
        );
      }
    });

    it('no wire is free: each stands in some constraint', () => {
      for (let wire = 1; wire < fixture.circuit.system.wireCount; wire += 1)
        assert.ok(fixture.checker.rowsOf(wire).length > 0, `wire ${wire}`);
    });

    if (name === 'lenet5') {
      it('300 witnesses with the smaller of two values taken for their maximum are rejected', () => {
        // max(m, x) = m + relu(x - m), with a gadget that shifts by nothing.
        const maxima = instancesOf(fixture.circuit.plan, (template) => template === 'RequantizeRelu').filter(
          ({ parameters: [, shift] }) => shift === 0,
        );
        assert.ok(maxima.length > 1000);
        rejectsAll(300, () => {
          const { step, output, parameters, wire } = maxima[integer(random, 0, maxima.length - 1)];
          const difference = BigInt(operandValue(fixture.circuit.plan, step, witness));
          // in = 2 out - e and out (e - out) = 0 hold with e = out = difference below zero, and with out = 0, e =
          // -difference above.
          const [gain, e] = difference < 0n ? [difference, difference] : [0n, -difference];
          const digits = Array.from({ length: parameters[0] }, (_, i): [number, bigint] => [
            wire(`magnitude[${i}]`),
            i === 0 ? e : 0n,
          ]);
          return [[output, gain], ...digits];
        });
      });
    }
  });
}
