/** `conformance`: any folder of models against onnxruntime, one row each. */
import { buildGraph, decodeModel } from '../onnx/index.js';
import { ZkinferError } from '../errors.js';
import { firstViolation } from '../r1cs/check.js';
import { prepareWitness } from '../witness/generate.js';
import type { RowKind } from '../quantize/accuracy.js';
import { encodeInputs, inputCodes } from '../quantize/encode.js';
import { compileOnnx } from './compile.js';
import { parseInput, parseSamples } from './input-json.js';

export interface ConformanceRow {
  readonly name: string;
  readonly compiled: boolean;
  /** Why not, where it did not compile. */
  readonly why?: string;
  readonly constraints?: number;
  readonly satisfied?: boolean;
  /** What the outputs were compared with, on which rows, and how many. */
  readonly reference?: 'onnxruntime' | 'own';
  readonly rows?: RowKind;
  readonly samples?: number;
  /** Of the output that errs most against its own range: its largest error, absolute and relative to that range. */
  readonly error?: number;
  readonly relativeError?: number;
  /** Least share of rows, of all outputs that are scores, on which both name the same class. */
  readonly classAgreement?: number;
  readonly seconds?: number;
}

/**
 * What a model is measured with: texts of input files. Without calibration data its own sample sets the ranges, and is
 * measured.
 */
export interface ConformanceInputs {
  readonly input: string;
  readonly calibration?: string;
  /** Rows that were not calibrated on; the sample itself, where there is calibration data and none are given. */
  readonly heldOut?: string;
}

/**
 * Compiles one model and proves nothing: checks the witness and compares the outputs. Whatever goes wrong is a row of
 * its own.
 */
export async function checkConformance(
  name: string,
  onnx: Uint8Array,
  { input, calibration, heldOut }: ConformanceInputs,
): Promise<ConformanceRow> {
  const start = performance.now();
  try {
    const { inputs } = buildGraph(decodeModel(onnx));
    const sample = parseInput(input, inputs, `${name}/input.json`);
    const samples =
      calibration === undefined ? [sample] : parseSamples(calibration, inputs, `${name}/calibration.json`);
    const kept =
      heldOut !== undefined
        ? parseSamples(heldOut, inputs, `${name}/heldout.json`)
        : calibration === undefined
          ? []
          : [sample];
    const { model, circuit, accuracy } = await compileOnnx(onnx, {
      name,
      calibration: samples,
      heldOut: kept,
      scores: true,
    });
    const codes = inputCodes(model.inputs, encodeInputs(model.inputs, samples[0]));
    const witness = prepareWitness(circuit.plan).generate({
      publicInputs: [0n],
      privateInputs: [...codes, ...new Array<bigint>(circuit.saltCount).fill(1n)],
    });
    const { maximumError, outputRange, classAgreement, reference, samples: measured } = accuracy;
    return {
      name,
      compiled: true,
      constraints: circuit.constraints.constraintCount,
      satisfied: firstViolation(circuit.constraints, witness) === undefined,
      reference,
      rows: (['heldOut', 'calibration', 'drawn'] as const).find((kind) =>
        accuracy.sets.some(({ rows }) => rows === kind),
      ),
      samples: measured,
      error: maximumError,
      relativeError: outputRange > 0 ? maximumError / outputRange : maximumError,
      ...(classAgreement === undefined ? {} : { classAgreement }),
      seconds: (performance.now() - start) / 1000,
    };
  } catch (error) {
    const why =
      error instanceof ZkinferError
        ? `${error.name}: ${error.message}`
        : `internal error, please report it: ${String(error)}`;
    return { name, compiled: false, why };
  }
}
