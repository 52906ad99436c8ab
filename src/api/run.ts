/** A model and an input to an accepted proof in one go: `run`. */
import type { Groth16Backend } from '../groth16/types.js';
import type { Sample } from '../workflow/input-json.js';
import { runModel, type RunOptions, type RunResult } from '../workflow/run.js';
import { backendOr } from './keys.js';

export interface RunRequest extends RunOptions {
  readonly onnx: Uint8Array;
  readonly input: Sample;
  /** Default: the fastest there is here. */
  readonly backend?: Groth16Backend;
}

/** Compiles, makes keys, proves, deploys and submits, all in one folder. @throws the classes of all of them */
export async function run({ onnx, input, backend, ...options }: RunRequest): Promise<RunResult> {
  return await runModel(onnx, input, backendOr(backend), options);
}
