import { ZkinferError } from '../errors.js';

/** An input value is not a number, not finite, or outside the range the model was compiled for. */
export class InputRangeError extends ZkinferError {
  readonly code = 'INPUT_RANGE';
}

/** An input that takes integers was given a fraction. */
export class InputTypeError extends ZkinferError {
  readonly code = 'INPUT_TYPE';
}

/** The inputs given do not have the shapes the model expects. */
export class InputShapeError extends ZkinferError {
  readonly code = 'INPUT_SHAPE';
}

/** A stored integer model cannot be read back. */
export class IntegerModelFormatError extends ZkinferError {
  readonly code = 'INTEGER_MODEL_FORMAT';
}
