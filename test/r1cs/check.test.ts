import assert from 'node:assert/strict';
import { R1csBuilder } from '../../src/r1cs/builder.js';
import { createChecker, isSatisfied } from '../../src/r1cs/check.js';
import { canonical } from '../../src/r1cs/field.js';
import { FIELD_MODULUS, type R1cs, type SparseMatrix } from '../../src/r1cs/types.js';
import { wireValue, witnessOf, type Witness } from '../../src/r1cs/witness.js';
import { seeded } from '../witness/gadgets/cases.js';

/** Rows in bigints, straight from the definition: the oracle. */
function violatedByDefinition(system: R1cs, witness: Witness): number[] {
  const sum = ({ offsets, wires, values }: SparseMatrix, row: number): bigint => {
    let total = 0n;
    for (let i = offsets[row]; i < offsets[row + 1]; i++)
      total += system.coefficients[values[i]] * wireValue(witness, wires[i]);
    return total;
  };
  return Array.from({ length: system.constraintCount }, (_, row) => row).filter(
    (row) => canonical(sum(system.a, row) * sum(system.b, row) - sum(system.c, row)) !== 0n,
  );
}

/** Values in which sums and products cross 2^53 now and then, and field elements. */
function magnitude(random: () => number): bigint {
  const kind = random();
  const sign = random() < 0.5 ? -1n : 1n;
  if (kind < 0.3) return BigInt(Math.floor(random() * 2));
  if (kind < 0.6) return sign * BigInt(Math.floor(random() * 2 ** (1 + random() * 30)));
  if (kind < 0.9) return sign * BigInt(Math.floor(random() * 2 ** (20 + random() * 33)));
  return sign * (FIELD_MODULUS / 3n + BigInt(Math.floor(random() * 2 ** 50)));
}

/** A system of random rows, each closed by one wire of its own so that the witness satisfies it. */
function satisfied(seed: number): { system: R1cs; values: bigint[] } {
  const random = seeded(seed);
  const values = [1n, ...Array.from({ length: 30 }, () => magnitude(random))];
  const builder = new R1csBuilder();
  for (let row = 0; row < 300; row++) {
    const sums = [builder.a, builder.b, builder.c].map((matrix) => {
      let sum = 0n;
      for (let wire = Math.floor(random() * 10); wire < 31; wire += 1 + Math.floor(random() * 12)) {
        const coefficient = magnitude(random) || 1n;
        matrix.push(wire, builder.coefficients.idOf(coefficient));
        sum += coefficient * values[wire];
      }
      return sum;
    });
    values.push(canonical(sums[0] * sums[1] - sums[2]));
    builder.c.push(values.length - 1, builder.coefficients.idOf(1));
    builder.endConstraint();
  }
  const system = builder.finish({
    wireCount: values.length,
    publicOutputCount: 0,
    publicInputCount: 0,
    privateInputCount: 30,
  });
  return { system, values };
}

describe('checking a witness', () => {
  it('accepts witnesses that satisfy every row, whatever the size of their values', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { system, values } = satisfied(seed);
      assert.equal(isSatisfied(system, witnessOf(values)), true);
    }
  });

  it('finds exactly the rows that are violated by definition, when wires change by little or much', () => {
    const random = seeded(99);
    for (let seed = 1; seed <= 5; seed++) {
      const { system, values } = satisfied(seed);
      const checker = createChecker(system);
      for (let i = 0; i < 50; i++) {
        const forged = values.slice();
        const wire = 1 + Math.floor(random() * (values.length - 1));
        forged[wire] += random() < 0.5 ? 1n : magnitude(random) || 1n;
        const witness = witnessOf(forged);
        const expected = violatedByDefinition(system, witness);
        assert.deepEqual(checker.violatedConstraints(witness), expected);
        assert.deepEqual(checker.violatedConstraints(witness, [wire]), expected);
        assert.equal(checker.isSatisfied(witness), expected.length === 0);
      }
    }
  });

  it('does not take a rounded double for an exact one: 2^53 + 1 is not 2^53', () => {
    const builder = new R1csBuilder();
    builder.a.push(1, builder.coefficients.idOf(1));
    builder.b.push(2, builder.coefficients.idOf(1));
    builder.c.push(3, builder.coefficients.idOf(2 ** 40));
    builder.c.push(0, builder.coefficients.idOf(1));
    builder.endConstraint();
    const system = builder.finish({ wireCount: 4, publicOutputCount: 0, publicInputCount: 0, privateInputCount: 3 });
    assert.equal(isSatisfied(system, witnessOf([1n, 1n << 30n, 1n << 30n, 1n << 20n])), false);
    assert.equal(isSatisfied(system, witnessOf([1n, 1n, (1n << 53n) + 1n, 1n << 13n])), true);
  });

  it('rejects a witness whose constant is not one, or which has wires too few', () => {
    const { system, values } = satisfied(1);
    assert.equal(isSatisfied(system, witnessOf([2n, ...values.slice(1)])), false);
    assert.equal(isSatisfied(system, witnessOf(values.slice(0, -1))), false);
  });
});
