/**
 * The worker in which a browser compiles a model: it answers one request and is ended. `compile.ts` is its one caller.
 */
import { sha256 as sha256Hash } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Manifest } from '../manifest.js';
import { chooseFrom, decodeModel, graphInputs } from '../onnx/index.js';
import { atOnce, type Pace, type Stepwise } from '../stepwise.js';
import { compileOn, type CompilerPlatform } from '../workflow/compile-model.js';
import { parseSamples, type Sample } from '../workflow/input-json.js';
import { openCompiler } from './exported-compiler.js';
import { toMessage } from './errors.js';
import { withManifest } from './memory-build.js';
import { placeOnnxRuntime } from './onnxruntime.js';
import { platform, type WorkerScope } from './platform.js';
import type { Input } from './protocol.js';
import type { CompileAsked, CompileReply, BuildInMemory } from './compile-protocol.js';

/** The version of this package, written by `scripts/build-browser.mjs`. */
declare const ZKINFER_VERSION: string;

const scope = globalThis as unknown as WorkerScope;

/** Bytes that a model may take where the browser does not say what memory the device has, and at most. */
const USUAL_MEMORY = 2 ** 32;

/** Milliseconds between two words on how far the work is. */
const BETWEEN = 100;

function* hashing(pieces: Iterable<Uint8Array | string>, bytes: number): Stepwise<string> {
  const hash = sha256Hash.create();
  let done = 0;
  for (const piece of pieces) {
    hash.update(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
    done += piece.length;
    yield done / bytes;
  }
  return `0x${bytesToHex(hash.digest())}`;
}

/** Runs work to its end: whoever wants it ended ends the worker. */
function telling(onShare: (share: number) => void): Pace {
  let last = performance.now();
  return async (work) => {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (performance.now() - last < BETWEEN) continue;
      onShare(step.value);
      last = performance.now();
    }
  };
}

async function compile(asked: CompileAsked): Promise<BuildInMemory> {
  const { onnx, compiler, sha256, onnxruntime } = asked;
  const { calibration, heldOut, ...options } = asked.options;
  let stage = 'fetching the compiler';
  const tell = (share: number): void => scope.postMessage({ share, stage } satisfies CompileReply);
  tell(0);
  const exported = await openCompiler(compiler, ZKINFER_VERSION, sha256);
  placeOnnxRuntime(onnxruntime);
  const { deviceMemory = USUAL_MEMORY / 2 ** 30 } = platform.navigator;
  const own: CompilerPlatform = {
    compileGadgets: exported.compileGadgets,
    sha256: (pieces) => atOnce(hashing(pieces, Infinity)),
    sha256Of: (pieces, bytes, pace) => pace(hashing(pieces, bytes)),
    pace: telling,
    memoryBytes: Math.min(deviceMemory * 2 ** 30, USUAL_MEMORY),
    version: ZKINFER_VERSION,
  };
  const samples = (given: readonly Input[] | string | undefined, what: string): Sample[] | undefined =>
    typeof given === 'string'
      ? parseSamples(given, graphInputs(chooseFrom(decodeModel(onnx), options), own.memoryBytes), what)
      : given?.map((row) => row.map((values) => Float64Array.from(values)));
  const compiled = await compileOn(own, onnx, {
    ...options,
    calibration: samples(calibration, 'the calibration data'),
    heldOut: samples(heldOut, 'the held-out samples'),
    onStage(name) {
      stage = name;
      tell(0);
    },
    onProgress: tell,
  });
  const files: [string, Uint8Array][] = Object.entries(compiled.files).map(([name, contents]) => [
    name,
    joined(contents()),
  ]);
  const hashes = files.map(([name, bytes]) => [name, own.sha256([bytes])]);
  const manifest: Manifest = { ...compiled.manifest, files: Object.fromEntries(hashes) as Manifest['files'] };
  const { accuracy, layers } = compiled;
  return {
    manifest,
    files: withManifest(manifest, files),
    accuracy,
    layers,
    poseidon: exported.poseidonConstants(),
  };
}

/** Pieces laid end to end; a piece may be overwritten once the next one is asked for. */
function joined(pieces: Iterable<Uint8Array | string>): Uint8Array {
  let bytes = new Uint8Array(1 << 16);
  let length = 0;
  for (const piece of pieces) {
    const part = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
    if (length + part.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, length + part.length));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(part, length);
    length += part.length;
  }
  return bytes.slice(0, length);
}

scope.onmessage = ({ data }) => {
  compile(data as CompileAsked).then(
    (gives) =>
      scope.postMessage(
        { gives } satisfies CompileReply,
        Array.from(gives.files.values(), ({ buffer }) => buffer as ArrayBuffer),
      ),
    (error: unknown) => scope.postMessage({ error: toMessage(error) } satisfies CompileReply),
  );
};
