/**
 * From the user's numbers to the integers of the model, and back. The trap: rounding may carry a real just inside the
 * declared range to an integer just outside it; such values are clamped, values truly outside are refused.
 */
import { nearestEven } from '../network/layers/round.js';
import { sizeOf } from '../tensor/shape.js';
import { InputRangeError, InputShapeError, InputTypeError } from './errors.js';
import type { IntegerInput } from './integer-model.js';
import { mostCode } from './intervals.js';

const at = (values: Float64Array, i: number): number => values[values.length === 1 ? 0 : i];

/** The real interval that element i of an input may lie in. */
export function realRange(input: IntegerInput, i: number): [number, number] {
  if (input.declared !== undefined) return [input.declared[0], input.declared[1]];
  const scale = at(input.scale, i);
  const low = at(input.low, i);
  return [low * scale, (low + mostCode(input)) * scale];
}

/**
 * Half a step, and a little for the rounding of the division: a declared end lies half a step from the grid's end at
 * most, and is then taken for it.
 */
const TOLERANCE = 0.5 + 1e-6;

/** The same of a float that is fixed: what reading it in single precision may change. */
const FIXED_TOLERANCE = 1e-6;

/** Whether element i of an input may be this real: the ends of the declared range, and all between them. */
export function accepts(input: IntegerInput, i: number, value: number): boolean {
  if (input.exact && !Number.isInteger(value)) return false;
  if (input.saturates) return Number.isFinite(value);
  const [least, most] = realRange(input, i);
  const tolerance = input.exact ? 0 : (input.fixed ? FIXED_TOLERANCE : TOLERANCE) * at(input.scale, i);
  return value >= least - tolerance && value <= most + tolerance;
}

/** One flat array per graph input: the middle of the interval that each element may lie in. */
export function middleInputs(inputs: readonly IntegerInput[]): Float64Array[] {
  return inputs.map((input) =>
    new Float64Array(sizeOf(input.shape)).map((_, i) => {
      const [least, most] = realRange(input, i);
      const middle = (least + most) / 2;
      return input.exact ? Math.floor(middle) : middle;
    }),
  );
}

/**
 * Rounds real inputs (in the model's own units, one flat array per graph input) to integers.
 * @throws InputShapeError, InputRangeError, InputTypeError
 */
export function encodeInputs(inputs: readonly IntegerInput[], reals: readonly ArrayLike<number>[]): Float64Array[] {
  if (reals.length !== inputs.length) {
    throw new InputShapeError(
      `the model has ${inputs.length} input(s), ${reals.length} given; give one array per graph input: ${inputs.map((input) => input.name).join(', ')}`,
    );
  }
  return inputs.map((input, k) => encodeInput(input, reals[k]));
}

function encodeInput(input: IntegerInput, reals: ArrayLike<number>): Float64Array {
  const size = sizeOf(input.shape);
  if (reals.length !== size) {
    throw new InputShapeError(
      `input '${input.name}' has shape [${input.shape.join(', ')}] = ${size} numbers, ${reals.length} given`,
    );
  }
  const integers = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    const scale = at(input.scale, i);
    const value = reals[i];
    if (!accepts(input, i, value)) {
      const [least, most] = realRange(input, i);
      if (input.exact && Number.isFinite(value) && !Number.isInteger(value)) {
        throw new InputTypeError(
          `input '${input.name}'[${i}] is ${value}, and the input takes integers; round it as the model's author means it`,
        );
      }
      if (input.fixed) {
        throw new InputRangeError(
          `input '${input.name}'[${i}] is ${value}, and the model was compiled with ${least} for it; give that, or compile with another --fix-input`,
        );
      }
      throw new InputRangeError(
        `input '${input.name}'[${i}] is ${value}, outside the declared range [${least}, ${most}]; ` +
          'compile with calibration data or --input-range that covers it',
      );
    }
    const low = at(input.low, i);
    // The author's rounding is in single precision, as the file says and onnxruntime does it.
    const nearest = input.saturates ? nearestEven(Math.fround(Math.fround(value) / scale)) : Math.round(value / scale);
    integers[i] = Math.min(Math.max(nearest, low), low + mostCode(input)) + 0;
  }
  return integers;
}

/** Reals that integers of a tensor stand for. */
export function dequantize(integers: Float64Array, scale: number): Float64Array {
  return integers.map((value) => value * scale);
}

/**
 * What the circuit takes as private inputs: each integer as its distance from the low end, all inputs one after the
 * other.
 */
export function inputCodes(inputs: readonly IntegerInput[], integers: readonly Float64Array[]): number[] {
  return inputs.flatMap(({ low }, k) => Array.from(integers[k], (value, i) => value - at(low, i)));
}
