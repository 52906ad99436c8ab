import assert from 'node:assert/strict';
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { integerParameters } from './gadgets/cases.js';
import type { GadgetSpec } from '../../src/gadgets/index.js';
import type { WitnessPlan } from '../../src/compile/witness-plan.js';
import { R1csBuilder, type MatrixBuilder } from '../../src/r1cs/builder.js';
import type { R1cs, SparseMatrix } from '../../src/r1cs/types.js';
import { analyse, type Interval } from '../../src/determinism/analyse.js';
import { compiledFixture } from '../fixtures-compiled.js';

/** What a gadget's output can be, by the contract in its template's head. */
function outputRange(spec: GadgetSpec): Interval | undefined {
  const { template } = spec;
  const [bits, shift, third] = integerParameters(spec);
  if (template === 'Requantize' || template === 'RequantizeRelu')
    return { low: 0n, high: (1n << BigInt(bits - shift)) - 1n };
  if (template === 'RequantizeMin') return { low: BigInt(third) - (1n << BigInt(bits - shift)), high: BigInt(third) };
  if (template === 'RequantizeClamp') return { low: 0n, high: (1n << BigInt(third)) - 1n };
  return undefined;
}

/** Rows `first` to `last` as a system of their own, whose inputs are the wires made before. */
function excerpt(
  system: R1cs,
  first: number,
  last: number,
  outputs: readonly number[],
  inner: readonly number[],
): { readonly system: R1cs; readonly inputs: readonly number[] } {
  const own = new Set([0, ...outputs, ...inner]);
  const inputs: number[] = [];
  const visit = (matrix: SparseMatrix, row: number, see: (wire: number, id: number) => void): void => {
    for (let k = matrix.offsets[row]; k < matrix.offsets[row + 1]; k += 1) see(matrix.wires[k], matrix.values[k]);
  };
  for (let row = first; row < last; row += 1) {
    for (const matrix of [system.a, system.b, system.c]) {
      visit(matrix, row, (wire) => {
        if (!own.has(wire)) {
          own.add(wire);
          inputs.push(wire);
        }
      });
    }
  }
  const local = new Map([0, ...outputs, ...inputs, ...inner].map((wire, i) => [wire, i]));
  const builder = new R1csBuilder();
  const copy = (matrix: SparseMatrix, row: number, target: MatrixBuilder): void =>
    visit(matrix, row, (wire, id) => target.push(local.get(wire)!, builder.coefficients.idOf(system.coefficients[id])));
  for (let row = first; row < last; row += 1) {
    copy(system.a, row, builder.a);
    copy(system.b, row, builder.b);
    copy(system.c, row, builder.c);
    builder.endConstraint();
  }
  const counts = {
    wireCount: local.size,
    publicOutputCount: outputs.length,
    publicInputCount: inputs.length,
    privateInputCount: 0,
  };
  return { system: builder.finish(counts), inputs };
}

function wiresOf(
  plan: WitnessPlan,
  step: number,
  object: GadgetObject | undefined,
): { outputs: number[]; inner: number[] } {
  if (object === undefined) return { outputs: [plan.outputWire[step]], inner: [] };
  const innerCount = object.system.wireCount - 1 - object.outputCount - object.inputCount;
  return {
    outputs: object.outputCount > 0 ? [plan.outputWire[step]] : [],
    inner: Array.from({ length: innerCount }, (_, k) => plan.innerWire[step] + k),
  };
}

describe('determinism of a whole linked circuit', () => {
  it('tabular: codes, salt and context determine every wire, step by step', async () => {
    const { circuit, model } = await compiledFixture('tabular');
    const { plan, system, netlist } = circuit;
    const objects = await compileGadgets(netlist.gadgets);
    const ranges = new Map<number, Interval | undefined>([[0, { low: 1n, high: 1n }]]);
    const firstInput = 1 + plan.publicOutputCount;
    const inputCount = plan.publicInputCount + plan.privateInputCount;
    for (let k = 0; k < inputCount; k += 1) ranges.set(firstInput + k, undefined);

    let row = 0;
    netlist.steps.forEach((step, index) => {
      const object = step.gadget < 0 ? undefined : objects.get(gadgetKey(netlist.gadgets[step.gadget]))!;
      const rows = object?.system.constraintCount ?? 1;
      const { outputs, inner } = wiresOf(plan, index, object);
      const part = excerpt(system, row, row + rows, outputs, inner);
      row += rows;
      assert.ok(
        part.inputs.every((wire) => ranges.has(wire)),
        `step ${index} reads a wire that nothing before it made`,
      );
      // A range check is what bounds a code: its rows write the code as a sum of bits, which cannot leave the range.
      if (object?.spec.template === 'InputRange')
        part.inputs.forEach((wire) => ranges.set(wire, { low: 0n, high: BigInt(integerParameters(object.spec)[0]) }));
      const { open, cases } = analyse(
        part.system,
        part.inputs.map((wire) => ranges.get(wire)),
      );
      assert.ok(cases >= 1, `step ${index} allows no value`);
      assert.deepEqual(open, [], `step ${index}, ${object ? gadgetKey(object.spec) : 'a combination'}`);
      for (const wire of [...outputs, ...inner]) {
        assert.ok(!ranges.has(wire), `wire ${wire} is made twice`);
        ranges.set(wire, object && outputs.includes(wire) ? outputRange(object.spec) : undefined);
      }
    });
    assert.equal(row, system.constraintCount);
    assert.equal(ranges.size, system.wireCount);
    const codes = model.inputs[0].shape.reduce((a, b) => a * b, 1);
    for (let k = 0; k < codes; k += 1)
      assert.ok(ranges.get(firstInput + plan.publicInputCount + k), `code ${k} is not range-checked`);
  });
});
