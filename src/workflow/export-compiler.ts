/** `export-compiler`: what a web server must serve so that a browser can compile models: see `compiler-index.ts`. */
import { createHash } from 'node:crypto';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { makeFolder, writeAtomic } from '../atomic-file.js';
import { gadgetRecipe, gadgetStore, PACKAGE_FOLDER, readObject } from '../circom/cache.js';
import { CIRCOM_FILE, CIRCOM_VERSION } from '../circom/load-circom.js';
import { encodeObject } from '../circom/object-file.js';
import { PACKAGED } from '../circom/packaged.js';
import { gadgetSources } from '../circom/sources.js';
import { GADGET_TEMPLATES } from '../gadgets/index.js';
import { poseidonConstants } from '../gadgets/poseidon-constants.js';
import { VERSION } from '../version.js';
import { COMPILER_FILES, COMPILER_INDEX, type CompilerIndex } from './compiler-index.js';

const compress = promisify(gzip);

/** The parts of onnxruntime-web that a page loads, below ONNXRUNTIME in the folder. */
const ONNXRUNTIME = 'onnxruntime';
const ONNXRUNTIME_FILES = ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

export interface CompilerExport {
  readonly folder: string;
  /** What a browser fetches of it at most, onnxruntime not among it. */
  readonly bytes: number;
  /** SHA-256 of `compiler.json`, which `compile` compares where it is given. */
  readonly sha256: string;
}

/**
 * Writes the compiler for browsers to a folder, `compiler.json` last, so that a folder with it is whole; and onnxruntime
 * beside it, for the accuracy report. @throws OutputError
 */
export async function exportCompiler(folder: string): Promise<CompilerExport> {
  await makeFolder(join(folder, ONNXRUNTIME));
  await rm(join(folder, COMPILER_INDEX), { force: true });
  const files: CompilerIndex['files'] = {};
  const add = async (name: string, contents: Uint8Array | string): Promise<void> => {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    const compressed = await compress(bytes);
    const path = `${name}.gz`;
    await writeAtomic(join(folder, path), [compressed]);
    const sha256 = `0x${createHash('sha256').update(bytes).digest('hex')}`;
    files[name] = { path, compressed: compressed.length, bytes: bytes.length, sha256 };
  };
  await add(COMPILER_FILES.circom, await readFile(CIRCOM_FILE));
  const sources = new Map(GADGET_TEMPLATES.flatMap((template) => [...gadgetSources(template)]));
  await add(COMPILER_FILES.sources, JSON.stringify(Object.fromEntries(sources)));
  const store = gadgetStore(PACKAGE_FOLDER);
  for (const spec of PACKAGED) {
    const width = Number(spec.parameters[0]) + 1;
    await add(COMPILER_FILES.poseidon(width), JSON.stringify({ [width]: poseidonConstants(width) }));
    // Where the package was not built, the browser compiles it.
    const compiled = readObject(store, gadgetRecipe(spec));
    if (compiled !== undefined) await add(COMPILER_FILES.gadget(spec), encodeObject(compiled));
  }
  const from = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
  for (const name of ONNXRUNTIME_FILES) await copyFile(join(from, name), join(folder, ONNXRUNTIME, name));
  const index: CompilerIndex = {
    format: 'zkinfer-compiler',
    version: 1,
    toolVersion: VERSION,
    circom: CIRCOM_VERSION,
    files,
  };
  const sha256 = await writeAtomic(join(folder, COMPILER_INDEX), [`${JSON.stringify(index)}\n`]);
  return { folder, bytes: Object.values(files).reduce((sum, { compressed }) => sum + compressed, 0), sha256 };
}
