/** What can be wrong with an ONNX file, from its bytes to the operators in it. */
import { ZkinferError } from '../errors.js';

/** The bytes are no ONNX model, or the model contradicts itself or the ONNX specification. */
export class MalformedModelError extends ZkinferError {
  readonly code = 'MALFORMED_MODEL';
}

/** The model uses an operator, or a way of using one, that cannot be proved here. */
export class UnsupportedOpError extends ZkinferError {
  readonly code = 'UNSUPPORTED_OP';
}

/** An attribute of a supported operator has a value that cannot be proved here. */
export class UnsupportedAttributeError extends ZkinferError {
  readonly code = 'UNSUPPORTED_ATTRIBUTE';
}

/** A tensor has an element type or storage that cannot be read or proved here. */
export class UnsupportedTensorError extends ZkinferError {
  readonly code = 'UNSUPPORTED_TENSOR';
}

/** The model was written for an operator-set version outside the supported range. */
export class UnsupportedOpsetError extends ZkinferError {
  readonly code = 'UNSUPPORTED_OPSET';
}

/** The shapes that meet at a node do not fit its operator. */
export class ShapeError extends ZkinferError {
  readonly code = 'SHAPE';
}

/** A dimension of a graph input is not known and is not the batch. */
export class DynamicShapeError extends ZkinferError {
  readonly code = 'DYNAMIC_SHAPE';
}

/** An input or output is asked for by a name that the model does not have. */
export class UnknownTensorError extends ZkinferError {
  readonly code = 'UNKNOWN_TENSOR';
}

/** A tensor or a layer is larger than this package can hold, let alone prove. */
export class ModelTooLargeError extends ZkinferError {
  readonly code = 'MODEL_TOO_LARGE';
}

/** onnxruntime refused the model or an input, in its own words. */
export class OnnxRuntimeError extends ZkinferError {
  readonly code = 'ONNX_RUNTIME';
}

/** onnxruntime was not asked: this package does not feed it inputs of this type. */
export class UnfedTypeError extends OnnxRuntimeError {}
