/**
 * What `compile` says of a model's accuracy: measured where it can fail. Calibration rows set the scales, so they say least; held-out
 * rows were not calibrated on, and inputs drawn over the declared range show what the promise of a proof for every input is worth.
 *
 * The trap: an error on the calibration rows alone may be zero while every other input saturates.
 */
import type { Circuit } from '../compile/compile.js';
import { applyOmitted, evaluator, OnnxRuntimeError, openReference, type Graph } from '../onnx/index.js';
import { measureAccuracy, type AccuracyReport, type Finish, type FloatReference, type IntegerOutputs } from '../quantize/accuracy.js';
import { accepts, encodeInputs, realRange } from '../quantize/encode.js';
import type { IntegerInput, IntegerModel } from '../quantize/integer-model.js';
import { interpret, runIntegerModel } from '../quantize/interpreter.js';
import { createChecker } from '../r1cs/check.js';
import { mostOf } from '../tensor/extremes.js';
import { sizeOf } from '../tensor/shape.js';
import { InconsistentWitnessError, prepareCircuit } from './circuit-run.js';
import type { Sample } from './input-json.js';

/** Rows of which kind: set the scales; given or kept apart; drawn uniformly over the declared range. */
export type RowKind = 'calibration' | 'heldOut' | 'drawn';

export interface MeasuredRows extends AccuracyReport {
  readonly rows: RowKind;
}

/** A layer whose values are cut off at an end that the layer itself does not have. */
export interface Saturation {
  readonly layer: string;
  readonly op: string;
  /** Share of its values, 0 to 1, on the rows named. */
  readonly share: number;
  readonly rows: RowKind;
}

/** An accuracy report and what it compares with. The fields of the report are those of the rows that say most: held-out, else calibration, else drawn. */
export interface ComparedAccuracy extends AccuracyReport {
  /** `own`: onnxruntime could not run the file (`why`), so the float evaluator of this package stood in. */
  readonly reference: 'onnxruntime' | 'own';
  readonly why?: string;
  /** How the held-out rows came about: given, or a fifth of the calibration rows, measured on a model calibrated on the others. */
  readonly heldOut?: 'given' | 'split';
  readonly sets: readonly MeasuredRows[];
  readonly saturations: readonly Saturation[];
  /** What the user should know, each with what helps. */
  readonly warnings: readonly string[];
}

export interface AccuracyInputs {
  readonly onnx: Uint8Array;
  readonly graph: Graph;
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  /** Which outputs name a class. */
  readonly scores: readonly boolean[];
  readonly calibration: readonly Sample[];
  /** Rows that were not calibrated on. */
  readonly heldOut: readonly Sample[];
  /** Quantizes again on other rows, for the estimate where no held-out rows are given. */
  readonly requantize: (samples: readonly Sample[]) => IntegerModel;
}

/** Samples of a kind that are measured, at most. */
const MOST_ROWS = 200;
/** Inputs drawn over the declared range. */
const DRAWN = 32;
/** Calibration rows from which on a fifth is kept apart for an estimate. */
const LEAST_SPLIT = 20;
/** Wires computed in all for the comparison of the circuit's own outputs, beyond the first two samples; a second or so. */
const CHECKED_WIRES = 2 ** 22;
const LEAST_CHECKED = 2;
/** Share of a layer's values that may be cut off before it is said. */
const SATURATED = 0.01;
/** Calibration rows that are few for a network of any depth. */
const FEW_ROWS = 10;
/** An error of this share of an output's range is large. */
const LARGE = 0.05;
/** An element that errs by this share of its own range is lost beside larger ones. */
const UNEQUAL = 0.25;
/** A largest value this many times the 97th percentile is an outlier. */
const OUTLIER = 8;

/** @throws InconsistentWitnessError where the circuit's own outputs are not the integer model's */
export async function reportAccuracy(inputs: AccuracyInputs): Promise<ComparedAccuracy> {
  const { onnx, graph } = inputs;
  const finish: Finish = (k, reals) => applyOmitted(graph.outputs[k], reals);
  try {
    const reference = await openReference(onnx);
    try {
      return { ...(await measure(inputs, (sample) => reference.run(sample), finish)), reference: 'onnxruntime' };
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
    return { ...(await measure(inputs, own, finish)), reference: 'own', why: error.message };
  }
}

async function measure(inputs: AccuracyInputs, reference: FloatReference, finish: Finish): Promise<Omit<ComparedAccuracy, 'reference'>> {
  const { model, circuit, scores, calibration, heldOut: given, requantize } = inputs;
  const integers = circuitOutputs(model, circuit);
  const inside = (rows: readonly Sample[], of = model): Sample[] => rows.filter((row) => isInside(of, row));
  const sets: MeasuredRows[] = [];
  const saturations: Saturation[] = [];
  const add = async (rows: RowKind, samples: readonly Sample[], of = model, outputs = integers): Promise<void> => {
    if (samples.length === 0) return;
    const chosen = samples.slice(0, MOST_ROWS);
    sets.push({ rows, ...(await measureAccuracy(of, outputs, reference, chosen, finish, scores)) });
    if (rows !== 'calibration') for (const saturation of saturationsOf(of, chosen)) saturations.push({ ...saturation, rows });
  };

  const calibrated = inside(calibration);
  await add('calibration', calibrated);
  let heldOut: ComparedAccuracy['heldOut'];
  if (given.length > 0) {
    heldOut = 'given';
    await add('heldOut', inside(given));
  } else if (calibration.length >= LEAST_SPLIT) {
    heldOut = 'split';
    const apart = calibration.filter((_, i) => i % 5 === 4);
    const other = requantize(calibration.filter((_, i) => i % 5 !== 4));
    await add('heldOut', inside(apart, other), other, (encoded) => runIntegerModel(other, encoded));
  }
  await add('drawn', drawnSamples(model.inputs, DRAWN));
  const foremost = (['heldOut', 'calibration', 'drawn'] as const).map((kind) => sets.find(({ rows }) => rows === kind)).find(Boolean) as MeasuredRows;
  const { rows: _, ...report } = foremost;
  const outside = { calibration: calibration.length - calibrated.length, heldOut: given.length - inside(given).length };
  const warnings = warningsOf(model, { calibration, sets, saturations, outside });
  return { ...report, ...(heldOut === undefined ? {} : { heldOut }), sets, saturations, warnings };
}

function isInside({ inputs }: IntegerModel, row: Sample): boolean {
  return row.every((values, k) => values.every((value, i) => accepts(inputs[k], i, value)));
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
function drawnSamples(inputs: readonly IntegerInput[], count: number): Sample[] {
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

/** Layers that cut off values which they themselves would pass on: the low end of a Relu and the ends of a Clip are the layer's own. */
function saturationsOf(model: IntegerModel, samples: readonly Sample[]): Omit<Saturation, 'rows'>[] {
  const operators = new Map(model.layers.map(({ name, op }) => [name, op]));
  const counts = new Map<string, { cut: number; all: number }>();
  for (const sample of samples) {
    const tensors = interpret(model, encodeInputs(model.inputs, sample));
    for (const op of model.ops) {
      if (op.kind !== 'requantize' || operators.get(op.layer) === 'Clip') continue;
      const count = counts.get(op.layer) ?? { cut: 0, all: 0 };
      counts.set(op.layer, count);
      const unit = 2 ** op.shift;
      const [bottom, top] = [op.low * unit, (op.low + 2 ** op.bits) * unit];
      for (const value of tensors.get(op.inputs[0]) as Float64Array) {
        if (value >= top || (op.low < 0 && value < bottom)) count.cut += 1;
        count.all += 1;
      }
    }
  }
  return [...counts]
    .map(([layer, { cut, all }]) => ({ layer, op: operators.get(layer) ?? '', share: all === 0 ? 0 : cut / all }))
    .filter(({ share }) => share > SATURATED)
    .sort((a, b) => b.share - a.share);
}

interface Findings {
  readonly calibration: readonly Sample[];
  readonly sets: readonly MeasuredRows[];
  readonly saturations: readonly Saturation[];
  readonly outside: { readonly calibration: number; readonly heldOut: number };
}

function warningsOf(model: IntegerModel, { calibration, sets, saturations, outside }: Findings): string[] {
  const warnings: string[] = [];
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  if (calibration.length > 0 && calibration.length < FEW_ROWS) {
    warnings.push(`${calibration.length} calibration row(s) are few: ranges inside the network are guesses for other inputs; give some dozens that are like those to come`);
  }
  for (const [kind, count] of Object.entries(outside)) {
    if (count > 0) warnings.push(`${count} ${kind === 'heldOut' ? 'held-out' : 'calibration'} row(s) lie outside the declared input range and will be refused; declare a wider --input-range`);
  }
  for (const [k, input] of model.inputs.entries()) {
    const outlier = input.exact ? undefined : outlierOf(calibration.map((sample) => sample[k]), input.scale.length > 1);
    if (outlier !== undefined) {
      warnings.push(
        `input '${input.name}': its largest calibration value is ${outlier.toFixed(0)} times the 97th percentile, and the grid is as coarse as that value needs; ` +
          'clip such values before the model, and in the calibration data',
      );
    }
  }
  const known = sets.find(({ rows }) => rows === 'heldOut') ?? sets.find(({ rows }) => rows === 'calibration');
  for (const { name, relativeError, worstElement } of known?.outputs ?? []) {
    if (worstElement === undefined || relativeError > LARGE || worstElement.relativeError <= UNEQUAL) continue;
    warnings.push(
      `output '${name}': its elements share one scale, and element ${worstElement.index}, whose own range is ${worstElement.range.toPrecision(3)}, errs by ` +
        `${worstElement.maximumError.toPrecision(3)}; scale the elements to like sizes in the model, or make them outputs of their own`,
    );
  }
  for (const kind of ['heldOut', 'drawn'] as const) {
    const of = kind === 'heldOut' ? 'held-out rows' : 'inputs drawn over the declared range';
    const [worst] = saturations.filter(({ rows }) => rows === kind);
    const bad = sets.find(({ rows }) => rows === kind)?.outputs.filter(({ relativeError }) => relativeError > LARGE) ?? [];
    if (bad.length === 0) continue;
    const what = bad.map(({ name, relativeError }) => `'${name}' errs by ${percent(relativeError)} of its range`).join(', ');
    warnings.push(
      worst !== undefined
        ? `on ${of} output ${what}: layer '${worst.layer}' (${worst.op}) cuts off ${percent(worst.share)} of its values there; calibrate on rows that cover such inputs, or declare a narrower --input-range`
        : `on ${of} output ${what} without saturation: take more --activation-bits`,
    );
  }
  return warnings;
}

/** How many times the 97th percentile of the magnitudes the largest is, where that is far; element by element where each has its own grid. */
function outlierOf(rows: readonly Float64Array[], byElement: boolean): number | undefined {
  const size = rows[0]?.length ?? 0;
  if (!byElement) return outlierAmong(rows.flatMap((values) => Array.from(values)));
  const found = Array.from({ length: size }, (_, i) => outlierAmong(rows.map((values) => values[i])) ?? 0);
  const largest = mostOf(found);
  return largest > 0 ? largest : undefined;
}

/** Values fewer than these have no 99th percentile to speak of. */
const LEAST_VALUES = 50;

function outlierAmong(values: readonly number[]): number | undefined {
  if (values.length < LEAST_VALUES) return undefined;
  const magnitudes = Float64Array.from(values, Math.abs).sort();
  const usual = magnitudes[Math.floor(0.97 * magnitudes.length)];
  const ratio = magnitudes[magnitudes.length - 1] / usual;
  return usual > 0 && ratio > OUTLIER ? ratio : undefined;
}
