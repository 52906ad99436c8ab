import assert from 'node:assert/strict';
import { compileModel } from '../../src/compile/compile.js';
import { layoutOf, runsOfCopy, wireOfCopy, type CopyLayout } from '../../src/compile/copies.js';
import { countConstraints } from '../../src/compile/netlist.js';
import { packIntegers } from '../../src/compile/packing.js';
import { portOf } from '../../src/compile/ports.js';
import { decodeWitnessPlan, encodeWitnessPlan, WitnessPlanFormatError } from '../../src/compile/witness-plan-file.js';
import type { PlanCopies } from '../../src/compile/witness-plan.js';
import { codesOfRun, joinBatch } from '../../src/integer/batch.js';
import { withClassesAlone } from '../../src/integer/class-only.js';
import { uncounted, withTally } from '../../src/integer/tally.js';
import type { IntegerModel } from '../../src/integer/integer-model.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { createChecker } from '../../src/r1cs/check.js';
import { decodeR1cs, r1csChunks } from '../../src/r1cs/r1cs-file.js';
import type { R1cs, SparseMatrix } from '../../src/r1cs/types.js';
import type { Witness } from '../../src/r1cs/witness.js';
import { wireNames } from '../../src/workflow/sym.js';
import { circuitResults, prepareWitness } from '../../src/witness/generate.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { ready, signalsOf, type Ready } from './support/run.js';

const ROWS = 3;

/** Two inputs and two outputs: five scores, and two numbers of both inputs. */
function modelOfRow(): IntegerModel {
  const random = seeded(97);
  const sketch = new Sketch();
  const [a, b] = [sketch.input([1, 4]), sketch.input([1, 3])];
  const hidden = sketch.relu(sketch.dense(a, 4, random));
  const sum = sketch.sum([sketch.dense(b, 2, random), sketch.dense(hidden, 2, random)], [1, 2]);
  return quantizeRandomly(sketch.graph(sketch.dense(hidden, 5, random), sum), 6, random);
}

function witnessOf({ model, circuit, generator }: Ready, inputs: readonly Float64Array[]): Witness {
  const salts = new Array<bigint>(circuit.saltCount).fill(5n);
  return generator.generate({ publicInputs: [9n], privateInputs: [...codesOfRun(model, inputs), ...salts] });
}

/** Rows of a system, each as text of its three combinations, wires renamed. */
function rowTexts(
  { a, b, c, coefficients }: R1cs,
  from: number,
  to: number,
  wireOf: (wire: number) => number,
): string[] {
  const text = ({ offsets, wires, values }: SparseMatrix, row: number): string =>
    Array.from(wires.subarray(offsets[row], offsets[row + 1]), (wire, k) => {
      return `${coefficients[values[offsets[row] + k]]}*${wireOf(wire)}`;
    }).join('+');
  return Array.from({ length: to - from }, (_, i) => [a, b, c].map((matrix) => text(matrix, from + i)).join(' | '));
}

describe('a batch', () => {
  const row = modelOfRow();
  const batch: IntegerModel = { ...row, batch: ROWS };
  let prepared: Ready;
  let classes: Ready;
  let copies: PlanCopies;
  let layout: CopyLayout;
  /** Rows of different inputs, and what a run of them takes. */
  const rows = take(ROWS + 4, integerInputs(row, seeded(5))).slice(4);
  const inputs = joinBatch(batch, rows);

  before(async () => {
    prepared = await ready(batch);
    classes = await ready({ ...withClassesAlone(row, [true, false]), batch: ROWS });
    copies = prepared.circuit.plan.copies as PlanCopies;
    layout = layoutOf(prepared.circuit.plan, copies);
  });

  /** A witness whose wires of one copy hold what those of another hold in `witness`, in these kinds of wires. */
  function exchanged(witness: Witness, kinds: readonly number[], a = 0, b = 1): Witness {
    const small = witness.small.slice();
    for (const kind of kinds) {
      const [one, other] = [runsOfCopy(layout, a)[kind], runsOfCopy(layout, b)[kind]];
      small.set(witness.small.subarray(other.to, other.to + other.length), one.to);
      small.set(witness.small.subarray(one.to, one.to + one.length), other.to);
    }
    return { ...witness, small };
  }
  const [RESULTS, CODES, REST] = [0, 1, 2];

  it('gives of each row what the model gives of it alone', () => {
    assert.deepEqual(
      runIntegerModel(batch, inputs),
      joinBatch(
        batch,
        rows.map((one) => runIntegerModel(row, one)),
      ),
    );
  });

  it('accepts rows in range and publishes their outputs, packed over all rows', () => {
    for (const { circuit, model, checker, ...rest } of [prepared, classes]) {
      for (const first of take(4, integerInputs(row, seeded(3)))) {
        const some = joinBatch(batch, [first, ...rows.slice(1)]);
        const witness = witnessOf({ circuit, model, checker, ...rest }, some);
        assert.deepEqual(checker.violatedConstraints(witness), []);
        const outputs = runIntegerModel(model, some);
        const words = outputs.flatMap((values, k) =>
          packIntegers(values, portOf(circuit.ports, 'output').tensors[k].packing),
        );
        assert.deepEqual(signalsOf({ circuit }, witness).slice(0, words.length), words);
        assert.deepEqual(
          circuitResults(circuit.plan, { ...witness, linear: new Float64Array() }),
          Float64Array.from(outputs.flatMap((values) => [...values])).map((value) => value + 0),
        );
      }
    }
  });

  it('names the first of the largest scores where classes alone are proved', () => {
    const [found] = runIntegerModel(classes.model, inputs);
    const scores = rows.map((one) => Array.from(runIntegerModel(row, one)[0]));
    assert.deepEqual(
      Array.from(found),
      scores.map((each) => each.indexOf(Math.max(...each))),
    );
  });

  it('tallies rows by label and class, those with no class as label nowhere, and refuses any other count', async () => {
    const tally = await ready({ ...withTally(row, 0), batch: ROWS });
    const { circuit, model, checker } = tally;
    const scores = rows.map((one) => Array.from(runIntegerModel(row, one)[0]));
    const classOf = scores.map((each) => each.indexOf(Math.max(...each)));
    for (const labels of [classOf, classOf.map((_, i) => i), [4, uncounted(5), 7]]) {
      const labelled = joinBatch(
        batch,
        rows.map((one, i) => [...one, Float64Array.of(labels[i])]),
      );
      const witness = witnessOf(tally, labelled);
      assert.deepEqual(checker.violatedConstraints(witness), []);
      const expected = new Float64Array(25);
      labels.forEach((label, i) => label < 5 && (expected[5 * label + classOf[i]] += 1));
      assert.deepEqual(runIntegerModel(model, labelled), [expected]);
      const { packing } = portOf(circuit.ports, 'output').tensors[0];
      assert.equal(packing.bits, 2);
      assert.deepEqual(signalsOf(tally, witness).slice(0, packing.words), packIntegers(expected, packing));
      for (let cell = 0; cell < 25; cell += 1) {
        const forged = { small: witness.small.slice(), big: new Map(witness.big) };
        const more = packIntegers(
          expected.map((count, i) => (i === cell ? (count + 1) % 4 : count)),
          packing,
        );
        forged.small[1] = Number(more[0]);
        assert.ok(!checker.isSatisfied(forged), `cell ${cell}`);
      }
    }
  });

  it('packs across the borders of rows', () => {
    const [scores] = portOf(prepared.circuit.ports, 'output').tensors;
    assert.deepEqual(scores.shape, [ROWS, 1, 5]);
    assert.ok(scores.packing.words < ROWS);
  });

  it('has the rows of one copy again for each, over wires of its own, and none that speaks of two copies', () => {
    const { system, plan } = prepared.circuit;
    const perCopy = (system.constraintCount - outerConstraints()) / ROWS;
    assert.ok(Number.isInteger(perCopy));
    /** The wire of the copy that a wire of the circuit is; no number where it is another's. */
    const inCopy = (copy: number): Map<number, number> =>
      new Map(Array.from({ length: copies.body.wireCount }, (_, wire) => [wireOfCopy(layout, copy, wire), wire]));
    const texts = Array.from({ length: ROWS }, (_, copy) => {
      const own = inCopy(copy);
      const from = outerConstraints() + copy * perCopy;
      return rowTexts(system, from, from + perCopy, (wire) => own.get(wire) ?? NaN);
    });
    for (const text of texts) {
      assert.ok(!text.some((one) => one.includes('NaN')));
      assert.deepEqual(text, texts[0]);
    }
    // What stands outside the copies speaks of their codes and results alone.
    const border = rowTexts(system, 0, outerConstraints(), (wire) => (wire < layout.firstRest ? wire : NaN));
    assert.ok(!border.some((one) => one.includes('NaN')));
    assert.equal(plan.wireCount, layout.firstRest + ROWS * layout.rest);
  });

  /** Constraints of the border, which come first. */
  function outerConstraints(): number {
    return prepared.circuit.system.constraintCount - ROWS * countConstraints(prepared.circuit.netlist.copies!.body);
  }

  it('binds every wire: none is free of constraints', () => {
    const { system } = prepared.circuit;
    for (let wire = 1; wire < system.wireCount; wire += 1)
      assert.ok(prepared.checker.rowsOf(wire).length > 0, `wire ${wire}`);
  });

  it('refuses outputs of two rows exchanged, and inputs of two rows, wherever the exchange is made', () => {
    const { checker } = prepared;
    const witness = witnessOf(prepared, inputs);
    assert.ok(checker.isSatisfied(witness));
    for (const kinds of [[RESULTS], [CODES], [REST], [RESULTS, REST], [CODES, REST], [RESULTS, CODES]])
      assert.ok(!checker.isSatisfied(exchanged(witness, kinds)), kinds.join());
    // Whole copies exchanged satisfy their own rows: it is the border that refuses them.
    const whole = checker.violatedConstraints(exchanged(witness, [RESULTS, CODES, REST]));
    assert.ok(whole.length > 0);
    assert.ok(whole.every((constraint) => constraint < outerConstraints()));
    // With the border of the exchanged rows it is another statement: other words, another commitment.
    const other = witnessOf(prepared, joinBatch(batch, [rows[1], rows[0], ...rows.slice(2)]));
    assert.ok(checker.isSatisfied(other));
    const [before, after] = [witness, other].map((one) => signalsOf(prepared, one));
    assert.notEqual(before[0], after[0]);
    assert.notEqual(before.at(-2), after.at(-2));
  });

  it('refuses the words of one batch beside the copies of another', () => {
    const { checker } = prepared;
    const witness = witnessOf(prepared, inputs);
    const other = witnessOf(prepared, joinBatch(batch, [rows[1], rows[0], ...rows.slice(2)]));
    for (let signal = 0; signal + 1 < prepared.circuit.signals.length; signal += 1) {
      const forged = { small: witness.small.slice(), big: new Map(witness.big) };
      forged.small[1 + signal] = other.small[1 + signal];
      const big = other.big.get(1 + signal);
      if (big !== undefined) forged.big.set(1 + signal, big);
      if (signalsOf(prepared, forged)[signal] === signalsOf(prepared, witness)[signal]) continue;
      assert.ok(!checker.isSatisfied(forged), `signal ${signal}`);
    }
  });

  it('is the same circuit where its large layers are not written out', async () => {
    const other = await compileModel(batch, { input: 'hashed', output: 'public' }, { leastWork: 1 });
    assert.ok(other.plan.copies!.body.linear.length > 0);
    assert.deepEqual(other.system, prepared.circuit.system);
    const witness = witnessOf({ ...prepared, circuit: other, generator: prepareWitness(other.plan) }, inputs);
    assert.ok(createChecker(other.system).isSatisfied(witness));
  });

  it('is written batch by batch as it is in memory, with a name for every wire', () => {
    const { circuit } = prepared;
    const bytes = Buffer.concat(Array.from(r1csChunks(circuit.constraints), (piece) => Uint8Array.from(piece)));
    const stored = decodeR1cs(bytes);
    const identity = (wire: number): number => wire;
    assert.deepEqual(
      rowTexts(stored, 0, stored.constraintCount, identity),
      rowTexts(circuit.system, 0, circuit.system.constraintCount, identity),
    );
    const names = wireNames(circuit.netlist, circuit.plan, circuit.signals);
    assert.equal(names.length, circuit.system.wireCount);
    assert.equal(new Set(names).size, names.length);
    assert.ok(!names.includes(undefined as never));
  });

  it('has as many constraints as its layers say', () => {
    const { layers, system } = prepared.circuit;
    assert.equal(
      layers.reduce((sum, { constraints }) => sum + constraints, 0),
      system.constraintCount,
    );
  });

  it('is planned in a file that reads back, and is refused where it is cut short or lies about its copies', () => {
    const { plan } = prepared.circuit;
    const bytes = encodeWitnessPlan(plan);
    assert.deepEqual(decodeWitnessPlan(bytes), plan);
    for (let length = 0; length < bytes.length - 8; length += Math.ceil(bytes.length / 200))
      assert.throws(() => decodeWitnessPlan(bytes.slice(0, length)), WitnessPlanFormatError, `${length} bytes`);
    const text = Buffer.from(bytes).toString('latin1');
    for (const lie of [0, 9]) {
      const changed = Buffer.from(text.replace(`"copies":${ROWS}`, `"copies":${lie}`), 'latin1');
      assert.throws(() => decodeWitnessPlan(new Uint8Array(changed)), WitnessPlanFormatError, `${lie} copies`);
    }
    const nested = { ...plan, copies: { count: 1, body: plan } };
    assert.throws(() => decodeWitnessPlan(encodeWitnessPlan(nested)), WitnessPlanFormatError);
  });
});
