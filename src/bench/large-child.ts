/**
 * Compile of one large model in a process of its own, so that its peak memory is its own: four calibration rows, drawn,
 * and a declared input range of 0 to 1. Prints one JSON document. Arguments: the ONNX file, elements of its input, the
 * build folder to write.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeBuild } from '../workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../workflow/compile.js';

/**
 * What a large compile costs. `processor`: seconds of all threads, which a busy machine changes less than it does the
 * clock.
 */
export interface LargeRun {
  readonly constraints: number;
  readonly nonZeros: number;
  readonly domainSize: number;
  readonly circuitHash: string;
  readonly seconds: number;
  readonly processor: number;
  readonly peakMegabytes: number;
  readonly stages: Readonly<
    Record<string, { readonly seconds: number; readonly processor: number; readonly peakMegabytes: number }>
  >;
  /** Bytes of each file of the build. */
  readonly files: Readonly<Record<string, number>>;
}

const ROWS = 4;

const [modelPath, inputSize, folder] = process.argv.slice(2);
const stages: Record<string, LargeRun['stages'][string]> = {};
let stage = 'loading';
let last = { time: 0, processor: 0 };
const peak = (): number => process.resourceUsage().maxRSS / 1024;
const next = (name: string): void => {
  const { user, system } = process.cpuUsage();
  // The clock of `performance` starts with the process, so loading the code is counted.
  const now = { time: performance.now() / 1000, processor: (user + system) / 1e6 };
  const before = stages[stage] ?? { seconds: 0, processor: 0 };
  stages[stage] = {
    seconds: before.seconds + now.time - last.time,
    processor: before.processor + now.processor - last.processor,
    peakMegabytes: peak(),
  };
  [last, stage] = [now, name];
};

let state = 1;
const row = (): Float64Array[] => [
  Float64Array.from({ length: Number(inputSize) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  }),
];

const onnx = readFileSync(modelPath);
const compiled = await compileOnnx(onnx, {
  name: 'large',
  calibration: Array.from({ length: ROWS }, row),
  inputRange: [0, 1],
  onStage: next,
});
next('writing the files');
await writeBuild(folder, compiled.manifest, buildFiles(compiled));
next('done');
const { circuit, circuitHash } = compiled.manifest;
const files = Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]));
const run: LargeRun = {
  ...circuit,
  circuitHash,
  seconds: last.time,
  processor: last.processor,
  peakMegabytes: peak(),
  stages,
  files,
};
process.stdout.write(JSON.stringify(run));
