/**
 * onnxruntime-web in a browser: from where the page says. Stands in the place of `onnx/onnxruntime.ts` in the bundle
 * (`scripts/build-browser.mjs`).
 */
import type * as Ort from 'onnxruntime-web';
import { OnnxRuntimeError } from '../onnx/errors.js';

let place: string | undefined;

/** The address of its module, `ort.wasm.min.mjs`, which has its WebAssembly beside it; undefined: there is none. */
export function placeOnnxRuntime(url: string | undefined): void {
  place = url;
}

/** @throws OnnxRuntimeError without it: the accuracy report then compares with this package's own float evaluator */
export async function loadOnnxRuntime(): Promise<typeof Ort> {
  if (place === undefined) throw new OnnxRuntimeError('the page names no address of onnxruntime');
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ place)) as typeof Ort;
  } catch (cause) {
    throw new OnnxRuntimeError(`onnxruntime cannot be loaded from ${place}: ${(cause as Error).message}`, { cause });
  }
}
