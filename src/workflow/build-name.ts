/** Names that a build and its contract get from the path of a model. */
import { basename, dirname, extname, join, resolve } from 'node:path';

/** File names that say nothing of the model; its folder does. */
const GENERIC = new Set(['model', 'network', 'net', 'onnx']);

/** `nets/tabular/model.onnx` → `tabular`; `nets/digits.onnx` → `digits`. */
export function buildName(modelPath: string): string {
  const path = resolve(modelPath);
  const stem = basename(path, extname(path));
  const name = GENERIC.has(stem.toLowerCase()) ? basename(dirname(path)) : stem;
  return name.replace(/[^\w.-]+/g, '-') || 'model';
}

export function defaultBuildFolder(modelPath: string): string {
  return join('build', buildName(modelPath));
}
