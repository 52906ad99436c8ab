/** The search for a second witness must be able to find one: circuits that lack a constraint have some. */
import assert from 'node:assert/strict';
import type { WitnessPlan } from '../../src/compile/witness-plan.js';
import type { R1cs, SparseMatrix } from '../../src/r1cs/types.js';
import { createChecker } from '../../src/r1cs/check.js';
import { compiledWitness } from './support/compiled-witness.js';
import { seeded } from '../onnx/support/random.js';
import { partsOf, searchSecondWitness } from './second-witness.js';

const ATTEMPTS = 3_000;

/** The system without one row. */
function without(system: R1cs, row: number): R1cs {
  const drop = ({ offsets, wires, values }: SparseMatrix): SparseMatrix => {
    const [start, end] = [offsets[row], offsets[row + 1]];
    const keep = <T extends Uint32Array>(list: T): Uint32Array =>
      Uint32Array.from([...list.subarray(0, start), ...list.subarray(end)]);
    const ends = [
      ...offsets.subarray(0, row + 1),
      ...Array.from(offsets.subarray(row + 2), (offset) => offset - (end - start)),
    ];
    return { offsets: Uint32Array.from(ends), wires: keep(wires), values: keep(values) };
  };
  return {
    ...system,
    constraintCount: system.constraintCount - 1,
    a: drop(system.a),
    b: drop(system.b),
    c: drop(system.c),
  };
}

/** The parts of a plan when a row is left out. */
function partsWithout(plan: WitnessPlan, row: number): ReturnType<typeof partsOf> {
  const moved = (at: number): number => (at > row ? at - 1 : at);
  return partsOf(plan).map(({ firstRow, lastRow, wires }) => ({
    firstRow: moved(firstRow),
    lastRow: moved(lastRow),
    wires,
  }));
}

describe('the search for a second witness', () => {
  it('finds none in a whole circuit, and one in nearly every circuit that lacks one of its constraints', async () => {
    const { system, plan, witness } = await compiledWitness();
    const finds = (of: R1cs, parts: ReturnType<typeof partsOf>, seed: number): boolean => {
      const random = seeded(seed);
      const search = searchSecondWitness(of, parts, createChecker(of), witness);
      for (let k = 0; k < ATTEMPTS; k += 1) if (search.attempt(random) !== undefined) return true;
      return false;
    };
    assert.equal(finds(system, partsOf(plan), 1), false);
    const rows = Array.from({ length: system.constraintCount }, (_, row) => row);
    const missed = rows.filter((row) => !finds(without(system, row), partsWithout(plan, row), row));
    assert.ok(
      missed.length <= 0.05 * rows.length,
      `missed where one of the rows ${missed.join(', ')} of ${rows.length} is left out`,
    );
  });

  it('changes no input and violates nothing but what is left out', async () => {
    const { system, witness } = await compiledWitness();
    const firstInput = 1 + system.publicOutputCount;
    const inputs = system.publicInputCount + system.privateInputCount;
    for (let row = 0; row < system.constraintCount; row += 9) {
      const weak = without(system, row);
      const random = seeded(row);
      const search = searchSecondWitness(weak, [], createChecker(weak), witness);
      for (let k = 0; k < 500; k += 1) {
        const found = search.attempt(random);
        if (found === undefined) continue;
        const small = witness.small.slice();
        const big = new Map(witness.big);
        for (const [wire, value] of found) {
          assert.ok(wire > 0 && (wire < firstInput || wire >= firstInput + inputs));
          small[wire] = Number.isSafeInteger(Number(value)) ? Number(value) : NaN;
          if (Number.isNaN(small[wire])) big.set(wire, value);
        }
        assert.deepEqual(createChecker(system).violatedConstraints({ small, big }), [row]);
      }
    }
  });
});
