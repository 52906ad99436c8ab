/** A small circuit with every gadget on one integer, and an honest witness of it. */
import { compileModel } from '../../../src/compile/compile.js';
import type { WitnessPlan } from '../../../src/compile/witness-plan.js';
import type { IntegerModel, IntegerOp } from '../../../src/integer/integer-model.js';
import type { R1cs } from '../../../src/r1cs/types.js';
import type { Witness } from '../../../src/r1cs/witness.js';
import { prepareCircuit } from '../../../src/workflow/circuit-run.js';

export async function compiledWitness(): Promise<{
  readonly system: R1cs;
  readonly plan: WitnessPlan;
  readonly witness: Witness;
}> {
  const shape = [1, 2];
  const place = { shape, scale: 1, layer: 'l' };
  const cut = (from: number, output: number, shift: number, low: number, bits: number): IntegerOp => ({
    ...place,
    kind: 'requantize',
    inputs: [from],
    output,
    shift,
    low,
    bits,
  });
  const ops: IntegerOp[] = [
    { ...place, kind: 'affine', inputs: [0], output: 1, factor: Float64Array.of(5, -3), shift: Float64Array.of(2, 40) },
    cut(1, 2, 2, 0, 8),
    cut(1, 3, 1, -4, 3),
    cut(1, 4, 1, 0, 3),
    { ...place, kind: 'multiply', inputs: [2, 3], output: 5 },
    {
      ...place,
      kind: 'max',
      inputs: [5],
      output: 6,
      shape: [1],
      groups: { offsets: Uint32Array.of(0, 2), indices: Uint32Array.of(0, 1) },
    },
  ];
  const outputs = [4, 5, 6].map((tensor, k) => ({
    name: `y${k}`,
    tensor,
    shape: tensor === 6 ? [1] : shape,
    scale: 1,
  }));
  const inputs = [{ name: 'x', tensor: 0, shape, bits: 5, scale: Float64Array.of(1), low: Float64Array.of(-16) }];
  const model: IntegerModel = {
    activationBits: 8,
    inputs,
    ops,
    outputs,
    layers: [{ name: 'l', op: 'test', shape }],
    notes: [],
  };
  const { system, plan } = await compileModel(model, { input: 'private', output: 'public' });
  const { witness } = prepareCircuit(model, plan)([Float64Array.of(9, -7)], 3n, []);
  return { system, plan, witness };
}
