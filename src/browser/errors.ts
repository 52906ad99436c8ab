/** Errors on their way from the worker to the page: each arrives as the class that it was thrown as. */
import { UsageError, ZkinferError } from '../errors.js';
import { WitnessPlanFormatError } from '../compile/errors.js';
import { CircomError } from '../circom/circom-error.js';
import { GadgetError } from '../gadgets/gadget.js';
import { CeremonyError } from '../groth16/ceremony.js';
import { NativeError, type NativeErrorCode } from '../groth16/binding.js';
import { UnfinishedKeyError } from '../groth16/finished-key.js';
import { KeyMismatchError } from '../groth16/key-mismatch.js';
import {
  DynamicShapeError,
  MalformedModelError,
  ModelTooLargeError,
  OnnxRuntimeError,
  ShapeError,
  UnknownTensorError,
  UnsupportedAttributeError,
  UnsupportedOpError,
  UnsupportedOpsetError,
  UnsupportedTensorError,
} from '../onnx/errors.js';
import { AccumulatorOverflowError, CalibrationError } from '../quantize/errors.js';
import { InputRangeError, InputShapeError, InputTypeError, IntegerModelFormatError } from '../integer/errors.js';
import { WitnessInputError } from '../witness/errors.js';
import {
  AccuracyTargetError,
  BuildFolderError,
  BuildMismatchError,
  InconsistentWitnessError,
  InputFormatError,
  ProofFormatError,
  WebBuildError,
} from '../workflow/errors.js';
import type { ErrorMessage } from './protocol.js';

const CLASSES: readonly (new (message: string) => ZkinferError)[] = [
  AccumulatorOverflowError,
  AccuracyTargetError,
  BuildFolderError,
  BuildMismatchError,
  CalibrationError,
  CeremonyError,
  CircomError,
  DynamicShapeError,
  GadgetError,
  InconsistentWitnessError,
  InputFormatError,
  InputRangeError,
  InputShapeError,
  InputTypeError,
  IntegerModelFormatError,
  KeyMismatchError,
  MalformedModelError,
  ModelTooLargeError,
  OnnxRuntimeError,
  ProofFormatError,
  ShapeError,
  UnfinishedKeyError,
  UnknownTensorError,
  UnsupportedAttributeError,
  UnsupportedOpError,
  UnsupportedOpsetError,
  UnsupportedTensorError,
  UsageError,
  WebBuildError,
  WitnessInputError,
  WitnessPlanFormatError,
];

export function toMessage(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  if (!(error instanceof ZkinferError)) return { name, message };
  const { code } = error;
  if (!(error instanceof NativeError)) return { name, message, code };
  const { file, section, reason } = error;
  return { name, message, code, file, section, reason };
}

export function fromMessage({ name, message, code, file = '', section = '', reason = message }: ErrorMessage): Error {
  const own = CLASSES.find((one) => new one('').code === code);
  if (own !== undefined) return new own(message);
  if (code !== undefined) return new NativeError(code as NativeErrorCode, message, file, section, reason);
  return Object.assign(new Error(message), { name });
}
