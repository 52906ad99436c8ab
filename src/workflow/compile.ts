/** `compile` as a function: ONNX bytes in; circuit, integer model, manifest and accuracy report out. No file is touched. */
import { leastOf } from '../tensor/extremes.js';
import { createHash } from 'node:crypto';
import { domainSize, compileModel, type Circuit } from '../compile/compile.js';
import { encodeProgram } from '../compile/program-file.js';
import type { Manifest, Visibility } from '../manifest.js';
import { applyOmitted, buildGraph, decodeModel, evaluator, OnnxRuntimeError, openReference, type Graph } from '../onnx/index.js';
import { isScoreVector, measureAccuracy, type AccuracyReport, type Finish, type IntegerOutputs } from '../quantize/accuracy.js';
import { accepts, realRange } from '../quantize/encode.js';
import type { IntegerInput, IntegerModel } from '../quantize/integer-model.js';
import { runIntegerModel } from '../quantize/interpreter.js';
import { quantize } from '../quantize/quantize.js';
import { integerModelToJson } from '../quantize/serialize.js';
import { createChecker } from '../r1cs/check.js';
import { r1csChunks } from '../r1cs/r1cs-file.js';
import { symLines } from '../r1cs/sym-file.js';
import { nonZeros } from '../r1cs/types.js';
import { sizeOf } from '../tensor/shape.js';
import { VERSION } from '../version.js';
import { InconsistentWitnessError, prepareCircuit } from './circuit-run.js';
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

/** An accuracy report and what it compares with. */
export interface ComparedAccuracy extends AccuracyReport {
  /** `own`: onnxruntime could not run the file (`why`), so the float evaluator of this package stood in. */
  readonly reference: 'onnxruntime' | 'own';
  readonly why?: string;
}

/** Contents of the files that `compile` writes, by name, in pieces: a large system does not fit one buffer. */
export type BuildFiles = Readonly<Record<string, () => Iterable<Uint8Array | string>>>;

/** Samples whose witness is always made and compared. */
const LEAST_CHECKED = 2;
/** Wires computed in all for that comparison beyond the least; some seconds. */
const CHECKED_WIRES = 2 ** 25;
/** Samples on which the accuracy report is made, at most. */
const REPORTED_SAMPLES = 200;

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
  const model = quantize(graph, {
    activationBits: options.activationBits ?? 8,
    samples,
    inputRange: options.inputRange,
    evaluator,
  });
  stage('compiling the circuit');
  const visibility = { input: options.inputVisibility ?? 'hashed', output: options.outputVisibility ?? 'public' } as const;
  const circuit = await compileModel(model, visibility, { gadgetFolders: options.gadgetFolders });
  stage('comparing with float32');
  const accuracy = await compareWithFloat(onnx, graph, model, circuit, samples);
  const manifest = describe(onnx, model, circuit, options.name, visibility);
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

async function compareWithFloat(
  onnx: Uint8Array,
  graph: Graph,
  model: IntegerModel,
  circuit: Circuit,
  samples: readonly Sample[],
): Promise<ComparedAccuracy> {
  const inside = samples.filter((sample) => sample.every((values, k) => values.every((value, i) => accepts(model.inputs[k], i, value))));
  const chosen = inside.length > 0 ? inside.slice(0, REPORTED_SAMPLES) : randomSamples(model.inputs, 32);
  const integers = circuitOutputs(model, circuit);
  const finish: Finish = (k, reals) => applyOmitted(graph.outputs[k], reals);
  try {
    const reference = await openReference(onnx);
    try {
      const run = (sample: Sample): Promise<Float32Array[]> => reference.run(sample);
      return { ...(await measureAccuracy(model, integers, run, chosen, finish)), reference: 'onnxruntime' };
    } finally {
      await reference.close();
    }
  } catch (error) {
    // A file newer than onnxruntime still compiles; the comparison is then with this package's own float evaluator.
    if (!(error instanceof OnnxRuntimeError)) throw error;
    const run = evaluator(graph);
    const own = async (sample: Sample): Promise<Float64Array[]> => {
      const tensors = run(sample);
      return graph.outputs.map((output, k) => finish(k, tensors.get(output.tensor) as Float64Array));
    };
    return { ...(await measureAccuracy(model, integers, own, chosen, finish)), reference: 'own', why: error.message };
  }
}

/**
 * The integer outputs that accuracy is measured on: the circuit's own, by its witness, for as many samples as are a matter of seconds,
 * the interpreter's after that. The first witness is checked against every constraint.
 * @throws InconsistentWitnessError
 */
function circuitOutputs(model: IntegerModel, { program, system, saltCount }: Circuit): IntegerOutputs {
  const run = prepareCircuit(model, program);
  const checked = Math.max(LEAST_CHECKED, Math.floor(CHECKED_WIRES / program.wireCount));
  let done = 0;
  return (integers) => {
    done += 1;
    if (done > checked) return runIntegerModel(model, integers);
    const { witness, outputs } = run(integers, 0n, new Array<bigint>(saltCount).fill(1n));
    if (done === 1) {
      const violated = createChecker(system).violatedConstraints(witness);
      if (violated.length > 0) {
        throw new InconsistentWitnessError(`the witness violates constraint ${violated[0]} of the circuit; please report it with the model`);
      }
    }
    return outputs;
  };
}

/** Uniform over the declared range, from a fixed seed, so that a report can be repeated. */
function randomSamples(inputs: readonly IntegerInput[], count: number): Sample[] {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () =>
    inputs.map((input) =>
      new Float64Array(sizeOf(input.shape)).map((_, i) => {
        const [least, most] = realRange(input, i);
        const value = least + random() * (most - least);
        return input.exact ? Math.round(value) : value;
      }),
    ),
  );
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

function describeInput(input: IntegerInput, circuit: Circuit, k: number): Manifest['inputs'][number] {
  const low = input.low.reduce((least, value) => Math.min(least, value), Infinity);
  const high = input.low.reduce((most, value) => Math.max(most, value), -Infinity) + 2 ** input.bits - 1;
  const packing = { ...circuit.inputPackings[k], offset: low };
  const common = { name: input.name, shape: [...input.shape], scale: leastOf(input.scale), range: [low, high] as [number, number], packing };
  return input.scale.length === 1 ? common : { ...common, elementScale: [...input.scale], elementOffset: [...input.low] };
}
