/** `conformance`: any folder of models against onnxruntime, one row each. */
import { buildGraph, decodeModel, type Graph } from '../onnx/index.js';
import { ZkinferError } from '../errors.js';
import { firstViolation } from '../r1cs/check.js';
import { prepareWitness } from '../witness/generate.js';
import { encodeInputs, inputCodes } from '../quantize/encode.js';
import { compileOnnx } from './compile.js';
import { parseInput } from './input-json.js';

export interface ConformanceRow {
  readonly name: string;
  readonly compiled: boolean;
  /** Why not, where it did not compile. */
  readonly why?: string;
  readonly constraints?: number;
  readonly satisfied?: boolean;
  /** Largest error against onnxruntime on the sample, absolute and relative to the output's range. */
  readonly error?: number;
  readonly relativeError?: number;
  readonly sameClass?: boolean;
  readonly seconds?: number;
}

/** Compiles one model, calibrated on its own sample, and proves nothing: checks the witness and compares the outputs. */
export async function checkConformance(name: string, onnx: Uint8Array, inputText: string): Promise<ConformanceRow> {
  const start = performance.now();
  let graph: Graph;
  try {
    graph = buildGraph(decodeModel(onnx));
  } catch (error) {
    return refused(name, error);
  }
  try {
    const sample = parseInput(inputText, graph.inputs, `${name}/input.json`);
    const { model, circuit, accuracy } = await compileOnnx(onnx, { name, calibration: [sample], scores: true });
    const integers = encodeInputs(model.inputs, sample);
    const codes = inputCodes(model.inputs, integers);
    const witness = prepareWitness(circuit.program).generate({ publicInputs: [0n], privateInputs: [...codes, ...new Array<bigint>(circuit.saltCount).fill(1n)] });
    const { maximumError, outputRange, classAgreement } = accuracy;
    return {
      name,
      compiled: true,
      constraints: circuit.constraints.constraintCount,
      satisfied: firstViolation(circuit.constraints, witness) === undefined,
      error: maximumError,
      relativeError: outputRange > 0 ? maximumError / outputRange : maximumError,
      ...(classAgreement === undefined ? {} : { sameClass: classAgreement === 1 }),
      seconds: (performance.now() - start) / 1000,
    };
  } catch (error) {
    return refused(name, error);
  }
}

function refused(name: string, error: unknown): ConformanceRow {
  if (!(error instanceof ZkinferError)) throw error;
  return { name, compiled: false, why: `${error.name}: ${error.message}` };
}
