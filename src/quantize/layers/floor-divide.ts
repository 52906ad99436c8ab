/**
 * Exact division of integers by constants: x less a multiple m d below it, times ceil(2^s / d), over 2^s rounded down,
 * plus m. The product's error stays below one step where (ceil(2^s / d) d - 2^s) x < 2^s (Granlund and Montgomery,
 * "Division by Invariant Integers using Multiplication", 1994); for a power of two it is the digits above it.
 */
import { floorOfQuotient } from '../../network/layers/floor-divide.js';
import type { FloorDivideNode } from '../../network/graph.js';
import { leastOf, mostOf } from '../../tensor/extremes.js';
import { CalibrationError } from '../errors.js';
import { bitsOf } from '../../integer/intervals.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import { anyStep, besideRoots, eachResult, uncut, type QuantizedLayer } from './layer.js';

export const floorDivide: QuantizedLayer<FloorDivideNode> = {
  lower,
  cut: uncut,
  cutCount: eachResult,
  readStep: anyStep,
  sharesCut: false,
  ...besideRoots,
};

function lower(node: FloorDivideNode, at: IntegerModelBuilder): void {
  const x = at.tensor(node.inputs[0]);
  if (!at.isIntegral(x))
    throw new CalibrationError(
      `layer '${node.name}' divides integers, and what it reads is not held as integers; cast it to an integer type before`,
    );
  const { low, high } = x.bounds;
  const divisor = (i: number): number => node.divisor[node.divisor.length === 1 ? 0 : i];
  const least = low.map((value, i) => floorOfQuotient(value, divisor(i)));
  const span = high.map((value, i) => value - least[i] * divisor(i));
  const shift = shiftFor(span, divisor);
  if (low.length === 0 || shift === 0) {
    // Every divisor is 1, or its element never leaves one quotient.
    const kept = low.map((_, i) => Number(divisor(i) === 1));
    at.emit(
      { kind: 'affine', factor: kept, shift: least.map((value, i) => (kept[i] === 1 ? 0 : value)) },
      [x],
      node.output,
      node.shape,
      1,
    );
    return;
  }
  const factor = low.map((_, i) => Math.ceil(2 ** shift / divisor(i)));
  // A requantization rounds half up, so half a step is taken away before it.
  const offset = factor.map((value, i) => -least[i] * divisor(i) * value - 2 ** (shift - 1) + 0);
  const scaled = at.emitStep({ kind: 'affine', factor, shift: offset }, [x], x.of, node.shape, 1);
  const most = mostOf(span.map((value, i) => floorOfQuotient(value, divisor(i))));
  const quotient = { kind: 'requantize', shift, low: 0, bits: Math.max(1, bitsOf(most)) } as const;
  if (leastOf(least) === 0 && mostOf(least) === 0) {
    at.emit(quotient, [scaled], node.output, node.shape, 1);
    return;
  }
  const above = at.emitStep(quotient, [scaled], x.of, node.shape, 1);
  at.emit(
    { kind: 'affine', factor: new Float64Array(low.length).fill(1), shift: least },
    [above],
    node.output,
    node.shape,
    1,
  );
}

/** The least shift at which every quotient is exact for every value of its span; 0 where nothing is to be divided. */
function shiftFor(span: Float64Array, divisor: (i: number) => number): number {
  let shift = 0;
  span.forEach((most, i) => {
    const d = divisor(i);
    while ((Math.ceil(2 ** shift / d) * d - 2 ** shift) * most >= 2 ** shift) shift += 1;
  });
  return shift;
}
