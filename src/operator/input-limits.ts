/** What a request's input may cost before anyone knows whether it is one: bytes, depth, numbers, time. */
import type { Manifest } from '../manifest.js';
import { sizeOf } from '../tensor/shape.js';
import { InputLimitError } from './errors.js';

export interface InputLimits {
  readonly bytes: number;
  /** Arrays and objects around a number. */
  readonly nesting: number;
  /** Values in arrays and objects. */
  readonly elements: number;
  /** For all places together. */
  readonly seconds: number;
  /** Least rate of a download, after its first seconds. */
  readonly bytesPerSecond: number;
}

/** Where nothing is known of the model. */
export const INPUT_LIMITS: InputLimits = {
  bytes: 32 << 20,
  nesting: 64,
  elements: 4 << 20,
  seconds: 10,
  bytesPerSecond: 16 << 10,
};

/** Names, salts and white space beside the numbers. */
const OTHER_BYTES = 64 << 10;
const OTHER_ELEMENTS = 1_024;
/** A number as anyone prints it, and what stands around it. */
const BYTES_PER_ELEMENT = 48;

/** Limits for inputs of one model. */
export function limitsFor(inputs: Manifest['inputs']): InputLimits {
  const numbers = inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const bytes = Math.min(INPUT_LIMITS.bytes, OTHER_BYTES + BYTES_PER_ELEMENT * numbers);
  return { ...INPUT_LIMITS, bytes, elements: OTHER_ELEMENTS + numbers };
}

const CODE = { quote: 34, comma: 44, open: 91, backslash: 92, close: 93, openObject: 123, closeObject: 125 } as const;

/** Looks at a JSON text without parsing it, and in one pass. @throws InputLimitError */
export function requireWithin(text: string, { nesting, elements }: Pick<InputLimits, 'nesting' | 'elements'>): void {
  let depth = 0;
  let values = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === CODE.backslash) i += 1;
      else if (code === CODE.quote) quoted = false;
    } else if (code === CODE.quote) {
      quoted = true;
    } else if (code === CODE.comma) {
      values += 1;
      if (values >= elements) throw new InputLimitError('elements', `the input has more than ${elements} values`);
    } else if (code === CODE.open || code === CODE.openObject) {
      depth += 1;
      if (depth > nesting)
        throw new InputLimitError('nesting', `the input's arrays are nested more than ${nesting} deep`);
    } else if (code === CODE.close || code === CODE.closeObject) {
      depth -= 1;
    }
  }
}
