/**
 * onnxruntime-web, loaded when it is asked for. In a browser `src/browser/onnxruntime.ts` stands in this file's place, which
 * loads it from where the page says.
 */
import type * as Ort from 'onnxruntime-web';

export const loadOnnxRuntime = (): Promise<typeof Ort> => import('onnxruntime-web');
