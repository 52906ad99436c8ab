/** Tiny models as ONNX files, so small that even snarkjs makes their keys quickly. */
import { float, floats, makeModel, node } from '../../onnx/support/make-model.js';

/**
 * relu(x W + b) of two inputs and two outputs; with the first column of W `turned` the circuit has the same size,
 * ranges and scales.
 */
export function toyModel({ turned = false } = {}): Uint8Array {
  return makeModel({
    inputs: { x: [1, 2] },
    outputs: ['y'],
    constants: { w: floats([2, 2], turned ? [0.25, -0.5, 1, 1] : [1, -0.5, 0.25, 1]), b: floats([2], [0.1, -0.1]) },
    nodes: [node('Gemm', ['x', 'w', 'b'], ['h'], { alpha: float(1) }, 'gemm'), node('Relu', ['h'], ['y'], {}, 'relu')],
  });
}

/** A model with an operator that nobody supports. */
export function unsupportedModel(): Uint8Array {
  return makeModel({
    inputs: { x: [1, 2] },
    outputs: ['y'],
    nodes: [node('TfIdfVectorizer', ['x'], ['y'], {}, 'words')],
  });
}

export function inputJson(values: readonly number[]): string {
  return JSON.stringify({ input_data: [values] });
}
