import { ZkinferError } from '../errors.js';

/** Bytes are not what their format demands: truncated, of another format, or with values outside their range. */
export class FormatError extends ZkinferError {
  readonly code: 'FORMAT' | 'R1CS_FORMAT' | 'WITNESS_FORMAT' | 'SYM_FORMAT' = 'FORMAT';
}

/** A `.r1cs` file is damaged, or not one of this field. */
export class R1csFormatError extends FormatError {
  override readonly code = 'R1CS_FORMAT';
}

/** A `.wtns` file, or a witness in bytes, is damaged. */
export class WitnessFormatError extends FormatError {
  override readonly code = 'WITNESS_FORMAT';
}

/** A `.sym` file is damaged. */
export class SymFormatError extends FormatError {
  override readonly code = 'SYM_FORMAT';
}
