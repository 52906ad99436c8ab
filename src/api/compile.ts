/**
 * `zkinfer/compile`: from ONNX bytes to a circuit, on values in memory. Loads neither chain nor prover; onnxruntime
 * when it is compared with.
 */
export type { LayerReport } from '../workflow/report.js';
export type { ComparedAccuracy } from '../workflow/accuracy-report.js';
export type { Manifest, Visibility } from '../manifest.js';
export type { BuildFiles } from '../workflow/build-files.js';
export { buildFiles, compileOnnx, type CompiledModel, type CompileOptions } from '../workflow/compile.js';
export { inspectOnnx, type Inspection } from '../workflow/inspect.js';
export { checkSamples, parseInput, parseSamples, type Sample } from '../workflow/input-json.js';
export { KeysExistError, readManifest, writeBuild } from '../workflow/build-folder.js';
export { readOnnxFile } from '../workflow/onnx-file.js';
