/** The table of gadgets: one row and one file each. */
import { argMax } from './arg-max.js';
import { context } from './context.js';
import { distances } from './distances.js';
import {
  GadgetError,
  type Gadget,
  type InputRange,
  type GadgetSignals,
  type GadgetSpec,
  type GadgetWitness,
} from './gadget.js';
import { inputRange } from './input-range.js';
import { lines } from './lines.js';
import { multiply } from './multiply.js';
import { multiplyAdd } from './multiply-add.js';
import { multiplyField } from './multiply-field.js';
import { poseidonBlock } from './poseidon-block.js';
import { reciprocal } from './reciprocal.js';
import { requantizeClamp } from './requantize-clamp.js';
import { requantizeClampDigits } from './requantize-clamp-digits.js';
import { requantizeDigits } from './requantize-digits.js';
import { requantizeMin } from './requantize-min.js';
import { requantizeRelu } from './requantize-relu.js';
import { requantize } from './requantize.js';
import { squareRoot } from './square-root.js';
import { table } from './table.js';
import { thresholds } from './thresholds.js';

export {
  GadgetError,
  gadgetKey,
  parameterText,
  type FieldGadget,
  type Gadget,
  type GadgetParameter,
  type GadgetSignals,
  type GadgetSpec,
  type GadgetWitness,
  type IntegerGadget,
} from './gadget.js';
export { argMax } from './arg-max.js';
export { context } from './context.js';
export { distances } from './distances.js';
export { inputRange } from './input-range.js';
export { lines, linesOf, MOST_UPPER_DIGITS } from './lines.js';
export { multiply } from './multiply.js';
export { multiplyAdd } from './multiply-add.js';
export { multiplyField } from './multiply-field.js';
export { poseidon, poseidonBlock, poseidonCommit } from './poseidon-block.js';
export { reciprocal } from './reciprocal.js';
export { requantizeClamp } from './requantize-clamp.js';
export { requantizeClampDigits } from './requantize-clamp-digits.js';
export { LEAST_FIELD_DIGITS, requantizeDigits } from './requantize-digits.js';
export { requantizeMin } from './requantize-min.js';
export { requantizeRelu } from './requantize-relu.js';
export { requantize } from './requantize.js';
export { integerRoot, MOST_ROOT_BITS, squareRoot } from './square-root.js';
export { LEAST_TABLE_BITS, MOST_TABLE_BITS, shapesOf, table } from './table.js';
export { thresholds } from './thresholds.js';

const GADGETS: ReadonlyMap<string, Gadget> = new Map(
  [
    argMax,
    context,
    distances,
    inputRange,
    lines,
    multiply,
    multiplyAdd,
    multiplyField,
    poseidonBlock,
    reciprocal,
    requantize,
    requantizeClamp,
    requantizeClampDigits,
    requantizeDigits,
    requantizeMin,
    requantizeRelu,
    squareRoot,
    table,
    thresholds,
  ].map((gadget): [string, Gadget] => [gadget.template, gadget as unknown as Gadget]),
);

/** Names of the templates in `circuits/`. */
export const GADGET_TEMPLATES: readonly string[] = [...GADGETS.keys()];

/** The row of a spec, its parameters checked. @throws GadgetError */
export function gadgetOf(spec: GadgetSpec): Gadget {
  const gadget = GADGETS.get(spec.template);
  if (gadget === undefined)
    throw new GadgetError(`no gadget ${spec.template}; there are ${GADGET_TEMPLATES.join(', ')}`);
  gadget.check(spec);
  return gadget;
}

/** The witness function of a compiled gadget; prepare once, run for every instance. @throws GadgetError */
export function prepareGadget(object: GadgetSignals): GadgetWitness {
  return gadgetOf(object.spec).prepare(object);
}

/** What each input of an instance may be; undefined where every field element is allowed. @throws GadgetError */
export function inputRangeOf(spec: GadgetSpec): InputRange | undefined {
  return gadgetOf(spec).inputRange(spec);
}

/** Constraints of one instance. @throws GadgetError */
export function constraintsOf(spec: GadgetSpec): number {
  return gadgetOf(spec).constraints(spec);
}
