import { ZkinferError } from '../errors.js';

/** Calibration data or options that cannot be used. */
export class CalibrationError extends ZkinferError {
  readonly code = 'CALIBRATION';
}

/** Even after requantizing, an accumulator of this layer would outgrow exact integer arithmetic. */
export class AccumulatorOverflowError extends ZkinferError {
  readonly code = 'ACCUMULATOR_OVERFLOW';
}
