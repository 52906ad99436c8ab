/**
 * From the user's numbers to the integers of the model, and back. The trap: rounding may carry a real just inside the
 * declared range to an integer just outside it; such values are clamped, values truly outside are refused.
 */
import { sizeOf } from '../tensor/shape.js';
import { InputRangeError, InputShapeError } from './errors.js';
import type { IntegerInput } from './integer-model.js';

const at = (values: Float64Array, i: number): number => values[values.length === 1 ? 0 : i];

/** The real interval that element i of an input may lie in. */
export function realRange(input: IntegerInput, i: number): [number, number] {
  const scale = at(input.scale, i);
  const low = at(input.low, i);
  return [low * scale, (low + 2 ** input.bits - 1) * scale];
}

/** One flat array per graph input: the middle of the interval that each element may lie in. */
export function middleInputs(inputs: readonly IntegerInput[]): Float64Array[] {
  return inputs.map((input) =>
    new Float64Array(sizeOf(input.shape)).map((_, i) => {
      const [least, most] = realRange(input, i);
      return (least + most) / 2;
    }),
  );
}

/**
 * Rounds real inputs (in the model's own units, one flat array per graph input) to integers.
 * @throws InputShapeError, InputRangeError
 */
export function encodeInputs(inputs: readonly IntegerInput[], reals: readonly ArrayLike<number>[]): Float64Array[] {
  if (reals.length !== inputs.length) {
    throw new InputShapeError(`the model has ${inputs.length} input(s), ${reals.length} given; give one array per graph input: ${inputs.map((input) => input.name).join(', ')}`);
  }
  return inputs.map((input, k) => encodeInput(input, reals[k]));
}

function encodeInput(input: IntegerInput, reals: ArrayLike<number>): Float64Array {
  const size = sizeOf(input.shape);
  if (reals.length !== size) {
    throw new InputShapeError(`input '${input.name}' has shape [${input.shape.join(', ')}] = ${size} numbers, ${reals.length} given`);
  }
  const integers = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    const [least, most] = realRange(input, i);
    const scale = at(input.scale, i);
    const value = reals[i];
    // Half a step of tolerance: the declared ends are themselves rounded to integers.
    if (!(value >= least - scale / 2 && value <= most + scale / 2)) {
      throw new InputRangeError(
        `input '${input.name}'[${i}] is ${value}, outside the declared range [${least}, ${most}]; ` +
          'compile with calibration data or --input-range that covers it',
      );
    }
    const low = at(input.low, i);
    integers[i] = Math.min(Math.max(Math.round(value / scale), low), low + 2 ** input.bits - 1) + 0;
  }
  return integers;
}

/** Reals that integers of a tensor stand for. */
export function dequantize(integers: Float64Array, scale: number): Float64Array {
  return integers.map((value) => value * scale);
}

/** What the circuit takes as private inputs: each integer as its distance from the low end, all inputs one after the other. */
export function inputCodes(inputs: readonly IntegerInput[], integers: readonly Float64Array[]): number[] {
  return inputs.flatMap(({ low }, k) => Array.from(integers[k], (value, i) => value - at(low, i)));
}
