/** `conformance`: any folder of models against onnxruntime and against expected outputs, one row each. */
import { totalmem } from 'node:os';
import { applyOmitted, decodeModel, evaluate, graphInputs, type Graph } from '../onnx/index.js';
import { ZkinferError } from '../errors.js';
import type { Circuit } from '../compile/compile.js';
import { firstViolation } from '../r1cs/check.js';
import { prepareWitness } from '../witness/generate.js';
import type { RowKind } from '../quantize/accuracy.js';
import { dequantize, encodeInputs, inputCodes } from '../integer/encode.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { runIntegerModel } from '../integer/interpreter.js';
import { buildChosen } from './fixed-inputs.js';
import { compileOnnx, type CompiledModel, type CompileOptions } from './compile.js';
import { parseInput, parseSamples, type Sample } from './input-json.js';
import { errorAgainst, parseOutputs } from './output-json.js';

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
  /** Elements of the sample that are "nan", "inf" or "-inf": taken as 0, since no proof is about them. */
  readonly holes?: number;
  /** The sample against what its author expects of it, where that is given. */
  readonly expected?: ExpectedComparison;
  readonly seconds?: number;
  /** Of the sample, where it was asked for; why there is none where it failed. */
  readonly proof?: ProofFigures;
  readonly notProved?: string;
}

/** A proof of the sample, verified off chain and by the model's contract. */
export interface ProofFigures {
  readonly setupSeconds: number;
  /** Of the proof alone; the witness took `witnessSeconds`. */
  readonly proveSeconds: number;
  readonly witnessSeconds: number;
  /** Of the transaction that verified it. */
  readonly gas: number;
  readonly verified: boolean;
  readonly accepted: boolean;
  /** The outputs are public, or only committed to where they are too many for a contract. */
  readonly outputs: 'public' | 'hashed';
}

/** Proves the sample of a model that was compiled with these options; undefined where it is not to be proved. */
export type ProveSample = (
  onnx: Uint8Array,
  options: CompileOptions,
  compiled: CompiledModel,
  sample: Sample,
) => Promise<ProofFigures | undefined>;

export interface ExpectedComparison {
  /** Every output has the expected shape. */
  readonly shapes: boolean;
  /** Largest error of any output as a share of its own range: of the float network in double precision. */
  readonly float: number;
  /** The same of the integer model. */
  readonly integer: number;
  /** The rows that were measured are the sample, so that what its author expects goes before onnxruntime's word. */
  readonly ofRows?: true;
}

/**
 * What a model is measured with: texts of input files. Without calibration data rows drawn around the sample set the
 * ranges. An input without which the model cannot be built, since a shape follows from it, is fixed (fixed-inputs.ts).
 */
export interface ConformanceInputs {
  readonly input: string;
  readonly calibration?: string;
  /** Rows that were not calibrated on; the sample itself, where none are given. */
  readonly heldOut?: string;
  /** Expected outputs of the sample; see output-json.ts. */
  readonly expected?: string;
}

/**
 * Compiles one model, checks the witness, compares the outputs, and proves the sample where `prove` does. Whatever goes
 * wrong is a row of its own.
 */
export async function checkConformance(
  name: string,
  onnx: Uint8Array,
  { input, calibration, heldOut, expected }: ConformanceInputs,
  prove?: ProveSample,
): Promise<ConformanceRow> {
  const start = performance.now();
  try {
    const decoded = decodeModel(onnx);
    const inputs = graphInputs(decoded, totalmem());
    const { text, holes } = withoutHoles(input);
    const sample = parseInput(text, inputs, `${name}/input.json`);
    const given = calibration === undefined ? undefined : parseSamples(calibration, inputs, `${name}/calibration.json`);
    const { choice, graph } = buildChosen(decoded, {}, given ?? [sample], totalmem());
    const samples = given ?? rowsAround(sample, graph);
    const kept = heldOut === undefined ? [sample] : parseSamples(heldOut, inputs, `${name}/heldout.json`);
    const options = { ...choice, name, calibration: samples, heldOut: kept, scores: true };
    const compiled = await compileOnnx(onnx, options);
    const { model, circuit, accuracy } = compiled;
    const seconds = (performance.now() - start) / 1000;
    const { maximumError, outputRange, classAgreement, reference, samples: measured } = accuracy;
    return {
      name,
      compiled: true,
      constraints: circuit.constraints.constraintCount,
      satisfied: circuit.constraints.constraintCount > MOST_CHECKED_AGAIN || isSatisfied(model, circuit, samples[0]),
      reference,
      rows: (['heldOut', 'calibration', 'drawn'] as const).find((kind) =>
        accuracy.sets.some(({ rows }) => rows === kind),
      ),
      samples: measured,
      error: maximumError,
      relativeError: outputRange > 0 ? maximumError / outputRange : maximumError,
      ...(classAgreement === undefined ? {} : { classAgreement }),
      ...(expected === undefined
        ? {}
        : {
            expected: {
              ...compareExpected(expected, { name, graph, model, sample, holes }),
              ...(heldOut === undefined ? { ofRows: true as const } : {}),
            },
          }),
      ...(holes > 0 ? { holes } : {}),
      seconds,
      ...(await proofOf(() => prove?.(onnx, options, compiled, sample))),
    };
  } catch (error) {
    return { name, compiled: false, why: reason(error) };
  }
}

/**
 * Constraints up to which a witness is made and checked apart from `compile`, which has checked one against every
 * constraint itself, or failed: of larger circuits a second one takes minutes.
 */
const MOST_CHECKED_AGAIN = 2 ** 22;

function isSatisfied(model: IntegerModel, { plan, saltCount, constraints }: Circuit, sample: Sample): boolean {
  const codes = inputCodes(model.inputs, encodeInputs(model.inputs, sample));
  const witness = prepareWitness(plan).generate({
    publicInputs: [0n],
    privateInputs: [...codes, ...new Array<bigint>(saltCount).fill(1n)],
  });
  return firstViolation(constraints, witness) === undefined;
}

function reason(error: unknown): string {
  return error instanceof ZkinferError
    ? `${error.name}: ${error.message}`
    : `internal error, please report it: ${String(error)}`;
}

async function proofOf(
  prove: () => ReturnType<ProveSample> | undefined,
): Promise<Pick<ConformanceRow, 'proof' | 'notProved'>> {
  try {
    const proof = await prove();
    return proof === undefined ? {} : { proof };
  } catch (error) {
    return { notProved: reason(error) };
  }
}

/** Largest error relative to an output's range that a model may have and conform. */
const MOST_ERROR = 0.01;
/** Share of rows with the reference's class that is as good. */
const LEAST_AGREEMENT = 0.99;

/**
 * Whether the model compiles to a circuit that its witness satisfies, has the expected shapes, errs by at most 1 % of
 * an output's range or gives the reference's class on 99 % of the rows (or has the author's outputs within 1 %, where
 * the sample alone was measured: onnxruntime is not always right), and whatever was proved was verified and accepted.
 */
export function conforms(row: ConformanceRow): boolean {
  return (
    row.compiled &&
    row.satisfied === true &&
    row.expected?.shapes !== false &&
    (isWithin(row.relativeError) ||
      (row.classAgreement ?? 0) >= LEAST_AGREEMENT ||
      (row.expected?.ofRows === true && row.expected.shapes && isWithin(row.expected.integer))) &&
    row.notProved === undefined &&
    (row.proof === undefined || (row.proof.verified && row.proof.accepted))
  );
}

function isWithin(relativeError: number | undefined): boolean {
  return relativeError !== undefined && relativeError <= MOST_ERROR;
}

/** Rows drawn around a sample, where nothing else is there to calibrate on. */
const AROUND = 8;
/** How far an element is moved, as a share of the spread of its tensor. */
const MOVED = 0.1;

/**
 * Rows whose elements differ from the sample's by up to a tenth of the spread of their tensor, the sample's own range
 * kept; of integers, which are codes as often as quantities, the sample's. The first two rows hold the ends, so that
 * the sample lies between rows.
 */
export function rowsAround(sample: Sample, { inputs }: Pick<Graph, 'inputs'>): Sample[] {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  };
  return Array.from({ length: AROUND }, (_, row) =>
    sample.map((values, k) => {
      if (inputs[k].integers !== undefined || inputs[k].fixed !== undefined) return values;
      const [least, most] = values.reduce(
        ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
        [Infinity, -Infinity],
      );
      const spread = most - least || Math.abs(most);
      return values.map((value) => {
        const moved = value + MOVED * spread * (row === 0 ? -1 : row === 1 ? 1 : random());
        return least === most ? moved : Math.min(Math.max(moved, least), most);
      });
    }),
  );
}

/** The sample's text with 0 for what is no finite number, and how many there are. */
function withoutHoles(text: string): { readonly text: string; readonly holes: number } {
  const found = text.match(HOLE) ?? [];
  return { text: text.replace(HOLE, '0'), holes: found.length };
}

const HOLE = /"(?:nan|-?inf)"/g;

function compareExpected(
  text: string,
  given: {
    readonly name: string;
    readonly graph: Graph;
    readonly model: IntegerModel;
    readonly sample: Sample;
    readonly holes: number;
  },
): ExpectedComparison {
  const { name, graph, model, sample, holes } = given;
  const expected = parseOutputs(text, `${name}/output.json`);
  const tensors = evaluate(graph, sample);
  const integers = runIntegerModel(model, encodeInputs(model.inputs, sample));
  const worst = (valuesOf: (k: number) => Float64Array): number =>
    graph.outputs.reduce(
      (largest, output, k) =>
        k < expected.length
          ? Math.max(largest, errorAgainst(expected[k], output, applyOmitted(output, valuesOf(k)), holes > 0))
          : largest,
      0,
    );
  return {
    shapes: graph.outputs.every(({ shape }, k) => k >= expected.length || String(shape) === String(expected[k].shape)),
    float: worst((k) => tensors.get(graph.outputs[k].tensor) as Float64Array),
    integer: worst((k) => dequantize(integers[k], model.outputs[k].scale)),
  };
}
