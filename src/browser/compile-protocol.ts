/** What the page and the worker that compiles a model say to each other: one request, its progress, one answer. */
import type { Manifest } from '../manifest.js';
import type { CompileModelOptions, CompiledModel } from '../workflow/compile-model.js';
import type { ErrorMessage, Input } from './protocol.js';

/** Options of a compilation that can be posted to a worker. */
export interface PostedOptions extends Omit<
  CompileModelOptions,
  'calibration' | 'heldOut' | 'onStage' | 'onProgress' | 'signal'
> {
  /**
   * Samples in the model's own units, each one flat array for each input, or the text of a file of samples; without any,
   * scales come from worst-case bounds.
   */
  readonly calibration?: readonly Input[] | string;
  /** Samples that were not calibrated on, for the accuracy report. */
  readonly heldOut?: readonly Input[] | string;
}

export interface CompileAsked {
  readonly onnx: Uint8Array;
  readonly options: PostedOptions;
  /** Address of the folder that `zkinfer export-compiler` wrote, ending in `/`. */
  readonly compiler: string;
  readonly sha256?: string;
  /** Address of onnxruntime's module. */
  readonly onnxruntime?: string;
}

/** A build in memory: what the command line would have written to a folder. */
export interface BuildInMemory extends Pick<CompiledModel, 'accuracy' | 'layers'> {
  readonly manifest: Manifest;
  /** Contents by name, `manifest.json` among them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Constants of Poseidon by width, as JSON, where the circuit hashes. */
  readonly poseidon?: string;
}

export type CompileReply =
  | { readonly gives: BuildInMemory }
  | { readonly error: ErrorMessage }
  | { readonly share: number; readonly stage: string };
