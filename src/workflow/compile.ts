/** `compile` as a function: ONNX bytes in; circuit, integer model, manifest and accuracy report out. No file is touched. */
import { leastOf } from '../tensor/extremes.js';
import { createHash } from 'node:crypto';
import { domainSize, compileModel, type Circuit } from '../compile/compile.js';
import { encodeProgram } from '../compile/program-file.js';
import type { Manifest, Visibility } from '../manifest.js';
import { buildGraph, decodeModel, evaluator } from '../onnx/index.js';
import { isScoreVector } from '../quantize/accuracy.js';
import type { IntegerInput, IntegerModel } from '../quantize/integer-model.js';
import { quantize } from '../quantize/quantize.js';
import { integerModelToJson } from '../quantize/serialize.js';
import { r1csChunks } from '../r1cs/r1cs-file.js';
import { symLines } from '../r1cs/sym-file.js';
import { nonZeros } from '../r1cs/types.js';
import { VERSION } from '../version.js';
import { reportAccuracy, type ComparedAccuracy, type Otherwise } from './accuracy-report.js';
import { checkSamples, type Sample } from './input-json.js';
import { reportLayers, type LayerReport } from './report.js';
import { wireNames } from './sym.js';

export interface CompileOptions {
  /** Name of the build, and of its contract. */
  readonly name: string;
  /** Default 8. */
  readonly activationBits?: number;
  /** Samples in the model's own units; without any, scales come from worst-case bounds. */
  readonly calibration?: readonly Sample[];
  /** Samples that were not calibrated on, for the accuracy report. */
  readonly heldOut?: readonly Sample[];
  /** Declared real range of every input element; default: the calibration data's. */
  readonly inputRange?: readonly [number, number];
  /** Default hashed. */
  readonly inputVisibility?: Visibility;
  /** Default public. */
  readonly outputVisibility?: Visibility;
  /** Where compiled gadgets are looked for and kept; see `circom/compile.ts`. Default: the user's cache, then the package's own. */
  readonly gadgetFolders?: readonly string[];
  readonly onStage?: (stage: string) => void;
}

export interface CompiledModel {
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  /** Complete but for `files` and `keys`. */
  readonly manifest: Manifest;
  readonly accuracy: ComparedAccuracy;
  readonly layers: readonly LayerReport[];
  readonly seconds: number;
}

/** Contents of the files that `compile` writes, by name, in pieces: a large system does not fit one buffer. */
export type BuildFiles = Readonly<Record<string, () => Iterable<Uint8Array | string>>>;

/** SHA-256 of pieces laid end to end, in hex with 0x. */
export function sha256(pieces: Iterable<Uint8Array | string>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return `0x${hash.digest('hex')}`;
}

/** @throws any error class of the stages: onnx/errors, quantize/errors, CircomError */
export async function compileOnnx(onnx: Uint8Array, options: CompileOptions): Promise<CompiledModel> {
  const start = performance.now();
  const stage = options.onStage ?? (() => undefined);
  stage('reading the model');
  const graph = buildGraph(decodeModel(onnx));
  const samples = checkSamples(options.calibration ?? [], graph.inputs);
  stage('quantizing');
  const { activationBits = 8, inputRange } = options;
  const requantize = (otherwise: Otherwise = {}): IntegerModel => {
    const { inputRange: range = inputRange, ...rest } = otherwise;
    return quantize(graph, { activationBits, samples, evaluator, ...rest, inputRange: range ?? undefined });
  };
  const model = requantize();
  stage('compiling the circuit');
  const visibility = { input: options.inputVisibility ?? 'hashed', output: options.outputVisibility ?? 'public' } as const;
  const circuit = await compileModel(model, visibility, { gadgetFolders: options.gadgetFolders });
  stage('comparing with float32');
  const heldOut = checkSamples(options.heldOut ?? [], graph.inputs);
  const accuracy = await reportAccuracy({ onnx, graph, model, circuit, calibration: samples, heldOut, inputRange, requantize, onStage: stage });
  const manifest = { ...describe(onnx, model, circuit, options.name, visibility), accuracy: onRecord(accuracy) };
  return { model, circuit, manifest, accuracy, layers: reportLayers(model, circuit), seconds: (performance.now() - start) / 1000 };
}

/** The files of a compiled build, manifest not among them. */
export function buildFiles({ model, circuit }: CompiledModel): BuildFiles {
  return {
    'integer-model.json': () => [integerModelToJson(model)],
    'circuit.r1cs': () => r1csChunks(circuit.system),
    'circuit.sym': () => symLines(wireNames(circuit.netlist, circuit.program, circuit.signals)),
    'circuit.plan': () => [encodeProgram(circuit.program)],
  };
}

function describe(
  onnx: Uint8Array,
  model: IntegerModel,
  circuit: Circuit,
  name: string,
  visibility: { readonly input: Visibility; readonly output: Visibility },
): Manifest {
  const { system } = circuit;
  return {
    format: 'zkinfer-build',
    version: 1,
    name,
    toolVersion: VERSION,
    modelHash: sha256([onnx]),
    circuitHash: sha256(r1csChunks(system)),
    activationBits: model.activationBits,
    visibility: { ...visibility, parameters: 'fixed' },
    inputs: model.inputs.map((input, k) => describeInput(input, circuit, k)),
    outputs: model.outputs.map((output, k) => ({
      name: output.name,
      shape: [...output.shape],
      scale: output.scale,
      range: [...circuit.outputRanges[k]] as [number, number],
      packing: { ...circuit.outputPackings[k] },
      ...(output.omitted ? { omitted: output.omitted } : {}),
      scores: isScoreVector(output.shape),
    })),
    publicSignals: circuit.signals.map((signal) => ({ ...signal })),
    circuit: {
      constraints: system.constraintCount,
      wires: system.wireCount,
      nonZeros: nonZeros(system),
      publicSignals: circuit.signals.length,
      domainSize: domainSize(system),
    },
    notes: [...model.notes],
    files: {},
  };
}

/** What of an accuracy report the manifest keeps. */
function onRecord({ reference, heldOut, sets, warnings }: ComparedAccuracy): Manifest['accuracy'] {
  return {
    reference,
    ...(heldOut === undefined ? {} : { heldOut }),
    sets: sets.map(({ rows, samples, outputs }) => ({
      rows,
      samples,
      outputs: outputs.map(({ worstElement: _, ...output }) => output),
    })),
    warnings: [...warnings],
  };
}

function describeInput(input: IntegerInput, circuit: Circuit, k: number): Manifest['inputs'][number] {
  const low = input.low.reduce((least, value) => Math.min(least, value), Infinity);
  const high = input.low.reduce((most, value) => Math.max(most, value), -Infinity) + 2 ** input.bits - 1;
  const packing = { ...circuit.inputPackings[k], offset: low };
  const common = { name: input.name, shape: [...input.shape], scale: leastOf(input.scale), range: [low, high] as [number, number], packing };
  return input.scale.length === 1 ? common : { ...common, elementScale: [...input.scale], elementOffset: [...input.low] };
}
