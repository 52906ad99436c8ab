/**
 * Runs an integer model: the executable form of its specification, against which the circuit is checked.
 */
import * as kernels from '../tensor/kernels.js';
import type { IntegerModel, IntegerOp, IntegerRequantize } from './integer-model.js';

/** The requantization function on one accumulator (see {@link IntegerRequantize}). */
export function requantize(op: Pick<IntegerRequantize, 'shift' | 'low' | 'bits'>, x: number): number {
  const half = op.shift === 0 ? 0 : 2 ** (op.shift - 1);
  const rounded = Math.floor((x + half) / 2 ** op.shift);
  return Math.min(Math.max(rounded, op.low), op.low + 2 ** op.bits - 1);
}

/** Evaluates one op on the values of its inputs. */
export function evaluateOp(op: IntegerOp, inputs: readonly Float64Array[]): Float64Array {
  const [x] = inputs;
  switch (op.kind) {
    case 'dense':
      return kernels.dense(x, op.rows, op.inFeatures, op.outFeatures, op.weight, op.bias);
    case 'conv':
      return kernels.conv(x, planOf(op), op.weight, op.bias);
    case 'affine':
      return kernels.affine(x, op.factor, op.shift);
    case 'groupSum':
      return kernels.multiply(kernels.groupSum(x, op.groups), op.factor);
    case 'max':
      return kernels.groupMax(x, op.groups);
    case 'move':
      return kernels.move(inputs, op.index, op.constants);
    case 'sum':
      return kernels.weightedSum(inputs, op.coefficients);
    case 'multiply':
      return kernels.multiply(x, inputs[1]);
    case 'argMax':
      return kernels.argMax(x, op.groups, op.selectLast);
    case 'requantize':
      return x.map((value) => requantize(op, value));
  }
}

const plans = new WeakMap<kernels.ConvGeometry, kernels.ConvPlan>();

/** A convolution's geometry is planned once, however many inputs run through it. */
export function planOf(geometry: kernels.ConvGeometry): kernels.ConvPlan {
  const known = plans.get(geometry);
  if (known) return known;
  const plan = kernels.planConv(geometry);
  plans.set(geometry, plan);
  return plan;
}

/** Every tensor of the model, by name, for these integer inputs (in the model's order). */
export function interpret(model: IntegerModel, inputs: readonly Float64Array[]): Map<string, Float64Array> {
  const tensors = new Map<string, Float64Array>(model.inputs.map((input, i) => [input.name, inputs[i]]));
  for (const op of model.ops) {
    tensors.set(
      op.output,
      evaluateOp(
        op,
        op.inputs.map((name) => tensors.get(name) as Float64Array),
      ),
    );
  }
  return tensors;
}

/** The model's outputs, in its order, for these integer inputs. */
export function runIntegerModel(model: IntegerModel, inputs: readonly Float64Array[]): Float64Array[] {
  const tensors = interpret(model, inputs);
  return model.outputs.map((output) => tensors.get(output.tensor) as Float64Array);
}
