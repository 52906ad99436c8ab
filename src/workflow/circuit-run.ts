/**
 * The circuit run on integers: a witness, and the outputs that the circuit itself computed, whatever is public of them.
 * They are compared with the interpreter's on every run, so that nothing is proved that the integer model does not say.
 */
import type { WitnessPlan } from '../compile/witness-plan.js';
import { InconsistentWitnessError } from './errors.js';
import { codesOfRun } from '../integer/batch.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { atOnce, between, type Stepwise } from '../stepwise.js';
import { runningIntegerModel } from '../integer/interpreter.js';
import type { Witness } from '../r1cs/witness.js';
import { circuitResults, prepareWitness } from '../witness/generate.js';

export { InconsistentWitnessError } from './errors.js';

export interface CircuitRun {
  readonly witness: Witness;
  /** The model's outputs, as the circuit and the interpreter both have them. */
  readonly outputs: readonly Float64Array[];
}

/**
 * Prepares a circuit for many runs. The function takes one array of integers for each input of the model, the context,
 * and the salts of the commitments in their order. @throws InconsistentWitnessError
 */
export function prepareCircuit(
  model: IntegerModel,
  plan: WitnessPlan,
): (integers: readonly Float64Array[], context: bigint, salts: readonly bigint[]) => CircuitRun {
  const run = stepwiseCircuit(model, plan);
  return (integers, context, salts) => atOnce(run(integers, context, salts));
}

/** {@link prepareCircuit}, with stops on the way. */
export function stepwiseCircuit(
  model: IntegerModel,
  plan: WitnessPlan,
): (integers: readonly Float64Array[], context: bigint, salts: readonly bigint[]) => Stepwise<CircuitRun> {
  const generator = prepareWitness(plan);
  return function* (integers, context, salts) {
    const codes: ArrayLike<number | bigint> = [...codesOfRun(model, integers), ...salts];
    const witness = yield* between(generator.generating({ publicInputs: [context], privateInputs: codes }), 0, 0.9);
    const outputs = yield* between(runningIntegerModel(model, integers), 0.9, 1);
    compare(outputs, circuitResults(plan, witness), model);
    return { witness, outputs };
  };
}

function compare(expected: readonly Float64Array[], results: Float64Array, model: IntegerModel): void {
  let at = 0;
  expected.forEach((values, k) => {
    const different = values.findIndex((value, i) => value !== results[at + i]);
    if (different >= 0) {
      throw new InconsistentWitnessError(
        `output '${model.outputs[k].name}'[${different}] is ${results[at + different]} by the circuit and ${values[different]} by the integer model; ` +
          'please report it with the model and the input',
      );
    }
    at += values.length;
  });
  if (at !== results.length) {
    throw new InconsistentWitnessError(
      `the circuit has ${results.length} output elements, the integer model ${at}; compile the model again`,
    );
  }
}
