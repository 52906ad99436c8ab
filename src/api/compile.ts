/**
 * `zkinfer/compile`: from ONNX bytes to a circuit. Loads neither chain nor prover; onnxruntime when it is compared with.
 */
export type { LayerReport } from '../workflow/report.js';
export type { ComparedAccuracy } from '../workflow/accuracy-report.js';
export type { Manifest, Visibility } from '../manifest.js';
export { compile, openBuild, type Build, type CompiledBuild, type CompileRequest } from './build.js';
export { inspect } from './inspect.js';
export type { Inspection } from '../workflow/inspect.js';
export { checkSamples, parseInput, parseSamples, type Sample } from '../workflow/input-json.js';
export { KeysExistError, type BuildWriteOptions } from '../workflow/build-folder.js';
export { readOnnxFile } from '../workflow/onnx-file.js';
