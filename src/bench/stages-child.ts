/**
 * One model's stages in a process of its own, so that its peak memory is its own: loading, compile, files, witness,
 * R1CS check. Prints one JSON document. Arguments: model, calibration, input, build folder to write, witness
 * repetitions, gadget folders.
 */
import { readFileSync } from 'node:fs';
import { buildGraph, decodeModel } from '../onnx/index.js';
import { createChecker } from '../r1cs/check.js';
import { witnessBytes } from '../r1cs/witness.js';
import { encodeInputs, inputCodes } from '../integer/encode.js';
import { prepareWitness } from '../witness/generate.js';
import { writeBuild } from '../workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../workflow/compile.js';
import { parseInput, parseSamples } from '../workflow/input-json.js';
import { median } from './statistics.js';

const [modelPath, calibrationPath, inputPath, folder, repetitions, ...gadgetFolders] = process.argv.slice(2);
const onnx = readFileSync(modelPath);
const { inputs } = buildGraph(decodeModel(onnx));
const calibration = parseSamples(readFileSync(calibrationPath, 'utf8'), inputs, calibrationPath);
const input = parseInput(readFileSync(inputPath, 'utf8'), inputs, inputPath);

// The clock of `performance` starts with the process, so loading the code is counted.
const stages: Record<string, number> = {};
let last = 0;
let stage = 'loading';
const next = (name: string): void => {
  const now = performance.now();
  stages[stage] = (stages[stage] ?? 0) + (now - last) / 1000;
  [last, stage] = [now, name];
};
const compiled = await compileOnnx(onnx, { name: 'bench', calibration, gadgetFolders, onStage: next });
next('writing the files');
await writeBuild(folder, compiled.manifest, buildFiles(compiled));
next('done');
const compileSeconds = last / 1000;

const { model, circuit, manifest } = compiled;
const generator = prepareWitness(circuit.plan);
const times: number[] = [];
const checker = createChecker(circuit.system);
let satisfied = true;
for (let i = 0; i < Number(repetitions); i += 1) {
  const begin = performance.now();
  const integers = encodeInputs(model.inputs, input);
  const codes = inputCodes(model.inputs, integers);
  const witness = generator.generate({ publicInputs: [1n], privateInputs: [...codes, 12345678901234567890n] });
  witnessBytes(witness);
  times.push(performance.now() - begin);
  satisfied &&= checker.isSatisfied(witness);
}
process.stdout.write(
  JSON.stringify({
    ...manifest.circuit,
    compileSeconds,
    stages,
    witnessFirstMilliseconds: times[0],
    witnessMedianMilliseconds: median(times),
    satisfied,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
