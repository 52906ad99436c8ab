/** `compile` in Node: circom in processes of its own, gadgets from the user's cache. */
import { totalmem } from 'node:os';
import { compileGadgets, type GadgetCompileOptions } from '../circom/compile.js';
import type { Pace } from '../stepwise.js';
import { VERSION } from '../version.js';
import {
  compileOn,
  hashOfSamples,
  prepareModelOn,
  type CompiledModel,
  type CompileModelOptions,
  type CompilerPlatform,
} from './compile-model.js';
import { sha256, sha256Of } from './hash.js';
import type { Sample } from './input-json.js';
import { paced } from './pace.js';

export { buildFiles, type BuildFiles } from './build-files.js';
export { NO_STATEMENT, tooManySignals, type CompiledModel } from './compile-model.js';

export type CompileOptions = CompileModelOptions & GadgetCompileOptions;

const platformWith = (options: GadgetCompileOptions): CompilerPlatform => ({
  compileGadgets: (specs) => compileGadgets(specs, options),
  sha256,
  sha256Of,
  pace: paced,
  memoryBytes: totalmem(),
  version: VERSION,
});

/** @throws any error class of the stages: onnx/errors, quantize/errors, CircomError */
export function compileOnnx(onnx: Uint8Array, options: CompileOptions): Promise<CompiledModel> {
  return compileOn(platformWith(options), onnx, options);
}

/**
 * A model as it is quantized, to whatever bits, and what it is compared with. @throws any error class of onnx/errors,
 * CalibrationError
 */
export const prepareModel = (onnx: Uint8Array, options: CompileOptions, pace: Pace) =>
  prepareModelOn({ memoryBytes: totalmem() }, onnx, options, pace);

/** The hash of samples that a manifest has. */
export const samplesHash = (samples: readonly Sample[]): string => hashOfSamples(samples, sha256);
