/** Names that a build and its contract get from the path of a model. */
import { basename, dirname, extname, join, normalize, resolve } from 'node:path';

/** File names that say nothing of the model; its folder does. */
const GENERIC = new Set(['model', 'network', 'net', 'onnx']);

/**
 * `nets/tabular/model.onnx` → `tabular`; `nets/digits.onnx` → `digits`; `model.onnx` → `model`, since only a folder that
 * the path names is known to be about the model.
 */
export function buildName(modelPath: string): string {
  const path = resolve(modelPath);
  const stem = basename(path, extname(path));
  const inFolder = dirname(normalize(modelPath)) !== '.';
  return fileName(inFolder && GENERIC.has(stem.toLowerCase()) ? basename(dirname(path)) : stem);
}

/** Longest name, in bytes: file systems take 255, and temporary files add to it. */
const MOST_BYTES = 120;
/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A name for a folder on every file system: letters, digits and pictures of all scripts stay, anything else becomes a
 * dash.
 */
function fileName(text: string): string {
  let name = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}\p{So}_.-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  while (new TextEncoder().encode(name).length > MOST_BYTES) name = [...name].slice(0, -1).join('');
  if (RESERVED.test(name)) return `model-${name}`;
  return name || 'model';
}

export function defaultBuildFolder(modelPath: string): string {
  return join('build', buildName(modelPath));
}
