/**
 * Runs an integer model: the executable form of its specification, against which the circuit is checked.
 */
import { atOnce, between, type Stepwise } from '../stepwise.js';
import { resultOfRun, rowsInRun, rowsOfRun } from './batch.js';
import type { IntegerModel, TensorId } from './integer-model.js';
import { evaluateOp } from './semantics.js';

/** Every tensor of the model in one row, for these integer inputs (in the model's order). */
export function interpret(model: IntegerModel, inputs: readonly Float64Array[]): Map<TensorId, Float64Array> {
  return atOnce(interpreting(model, inputs));
}

/** {@link interpret}, op by op. */
export function* interpreting(
  model: IntegerModel,
  inputs: readonly Float64Array[],
): Stepwise<Map<TensorId, Float64Array>> {
  const tensors = new Map<TensorId, Float64Array>(model.inputs.map((input, i) => [input.tensor, inputs[i]]));
  for (const [i, op] of model.ops.entries()) {
    yield i / model.ops.length;
    tensors.set(
      op.output,
      evaluateOp(
        op,
        op.inputs.map((tensor) => tensors.get(tensor) as Float64Array),
      ),
    );
  }
  return tensors;
}

/** The model's outputs, in its order, for these integer inputs. */
export function runIntegerModel(model: IntegerModel, inputs: readonly Float64Array[]): Float64Array[] {
  return atOnce(runningIntegerModel(model, inputs));
}

/** {@link runIntegerModel}, op by op. */
export function* runningIntegerModel(model: IntegerModel, inputs: readonly Float64Array[]): Stepwise<Float64Array[]> {
  const rows: Float64Array[][] = [];
  for (const row of rowsOfRun(model, inputs)) {
    const work = interpreting(model, row);
    const tensors = yield* between(work, rows.length / rowsInRun(model), (rows.length + 1) / rowsInRun(model));
    rows.push(model.outputs.map((output) => tensors.get(output.tensor) as Float64Array));
  }
  return resultOfRun(model, rows);
}
