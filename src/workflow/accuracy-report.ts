/**
 * What `compile` says of a model's accuracy: measured where it can fail. Calibration rows set the scales, so they say
 * least; held-out rows were not calibrated on, and inputs drawn over the declared range show what the promise of a
 * proof for every input is worth.
 *
 * The trap: an error on the calibration rows alone may be zero while every other input saturates.
 */
import type { Circuit } from '../compile/circuit.js';
import { workOf } from '../compile/linear-layer.js';
import {
  applyOmitted,
  evaluator,
  OnnxRuntimeError,
  openReference,
  type Graph,
  type ModelChoice,
} from '../onnx/index.js';
import {
  measureAccuracy,
  ROWS,
  type AccuracyReport,
  type Finish,
  type FloatReference,
  type IntegerOutputs,
  type RowKind,
} from '../quantize/accuracy.js';
import { accepts, realRange } from '../integer/encode.js';
import type { IntegerInput, IntegerModel, TensorId } from '../integer/integer-model.js';
import { AccumulatorOverflowError, CalibrationError } from '../quantize/errors.js';
import { interpreting, runningIntegerModel } from '../integer/interpreter.js';
import { findingViolation } from '../r1cs/check.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { sizeOf } from '../tensor/shape.js';
import { withoutStop, type Pace } from '../stepwise.js';
import { InconsistentWitnessError, stepwiseCircuit } from './circuit-run.js';
import type { Sample } from './input-json.js';

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

/**
 * An accuracy report and what it compares with. The fields of the report are those of the rows that say most: held-out,
 * else calibration, else drawn.
 */
export interface ComparedAccuracy extends AccuracyReport {
  /** `own`: onnxruntime could not run the file (`why`), so the float evaluator of this package stood in. */
  readonly reference: 'onnxruntime' | 'own';
  readonly why?: string;
  /**
   * How the held-out rows came about: given, or a fifth of the calibration rows, measured on a model calibrated on the
   * others.
   */
  readonly heldOut?: 'given' | 'split';
  readonly sets: readonly MeasuredRows[];
  readonly saturations: readonly Saturation[];
  /** Remedies that were tried on this model and helped, those that help most first; none where no error is large. */
  readonly remedies: readonly Remedy[];
  /** What the user should know, each with what helps. */
  readonly warnings: readonly string[];
}

export interface AccuracyInputs {
  readonly onnx: Uint8Array;
  readonly graph: Graph;
  /** Input shapes and outputs that the graph was made with. */
  readonly choice?: ModelChoice;
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  /** Which outputs name a class. */
  readonly scores: readonly boolean[];
  readonly calibration: readonly Sample[];
  /** Rows that were not calibrated on. */
  readonly heldOut: readonly Sample[];
  /** The range that was declared, if one was. */
  readonly inputRange?: readonly [number, number];
  /**
   * Quantizes again otherwise: for the estimate where no held-out rows are given, and to try a remedy before it is
   * advised.
   */
  readonly requantize: (otherwise: Otherwise) => IntegerModel | Promise<IntegerModel>;
  /** Multiplications that trying remedies may take; default MOST_TRIED, a minute or two. */
  readonly mostTried?: number;
  /** Runs what takes long; default: without a stop. */
  readonly pace?: Pace;
  readonly onStage?: (stage: string) => void;
}

/** Options of quantization; what is not given stays as it was, and `inputRange: null` declares none. */
export interface Otherwise {
  readonly samples?: readonly Sample[];
  readonly activationBits?: number;
  /** Bits given to tensors by what their errors do to the outputs, rather than to all alike. */
  readonly spreadBits?: boolean;
  readonly inputRange?: readonly [number, number] | null;
}

/** What was tried against a large error, and the error that it left. */
export interface Remedy {
  readonly rows: RowKind;
  readonly kind: 'activationBits' | 'calibration' | 'inputRange';
  /** What to do, in words. */
  readonly advice: string;
  /** Largest relative error of any output, without and with it. */
  readonly before: number;
  readonly after: number;
}

/** Samples of a kind that are measured, at most. */
const MOST_ROWS = 200;
/** Fewer, down to LEAST_ROWS, where their multiplications together are more than this; some seconds. */
const MOST_WORK = 2 ** 30;
const LEAST_ROWS = 4;
/** Inputs drawn over the declared range. */
export const DRAWN = 32;
/** Calibration rows from which on a fifth is kept apart for an estimate. */
const LEAST_SPLIT = 20;
/**
 * Wires computed in all for the comparison of the circuit's own outputs, beyond the first two samples; a second or so.
 */
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
export function reportAccuracy(inputs: AccuracyInputs): Promise<ComparedAccuracy> {
  return againstReference(inputs, (reference, finish) => measure(inputs, reference, finish));
}

/**
 * What `compare` finds against onnxruntime, or against this package's own evaluator where onnxruntime cannot run the
 * file.
 */
export async function againstReference<T extends object>(
  { onnx, graph, choice }: Pick<AccuracyInputs, 'onnx' | 'graph' | 'choice'>,
  compare: (reference: FloatReference, finish: Finish) => Promise<T>,
): Promise<T & Pick<ComparedAccuracy, 'reference' | 'why'>> {
  const finish: Finish = (k, reals) => applyOmitted(graph.outputs[k], reals);
  try {
    const reference = await openReference(
      onnx,
      graph.outputs.map(({ labels, named }) => (named ? labels : undefined)),
      choice,
    );
    try {
      return { ...(await compare((sample) => reference.run(sample), finish)), reference: 'onnxruntime' };
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
    return { ...(await compare(own, finish)), reference: 'own', why: error.message };
  }
}

async function measure(
  inputs: AccuracyInputs,
  reference: FloatReference,
  finish: Finish,
): Promise<Omit<ComparedAccuracy, 'reference'>> {
  const { model, circuit, scores, calibration, heldOut: given, requantize } = inputs;
  const pace = inputs.pace ?? withoutStop;
  const throughCircuit = circuitOutputs(model, circuit, pace);
  const inside = (rows: readonly Sample[], of = model): Sample[] => rows.filter((row) => isInside(of, row));
  const sets: MeasuredRows[] = [];
  const saturations: Saturation[] = [];
  const add = async (rows: RowKind, samples: readonly Sample[], of = model): Promise<void> => {
    if (samples.length === 0) return;
    const tally = new SaturationTally(of);
    // One run of the interpreter for both: a large network takes a good part of a second.
    const outputs: IntegerOutputs = async (encoded) => {
      const tensors = await pace(interpreting(of, encoded));
      tally.add(tensors);
      const proved = of === model ? await throughCircuit(encoded) : undefined;
      return proved ?? of.outputs.map(({ tensor }) => tensors.get(tensor) as Float64Array);
    };
    sets.push({
      rows,
      ...(await measureAccuracy(of, outputs, reference, samples.slice(0, mostRows(of)), finish, scores)),
    });
    for (const saturation of tally.found()) saturations.push({ ...saturation, rows });
  };

  const calibrated = inside(calibration);
  await add('calibration', calibrated);
  const apart = rowsApart(calibration, given);
  const { heldOut } = apart;
  if (heldOut === 'given') await add('heldOut', inside(given));
  if (heldOut === 'split') {
    const other = await requantize({ samples: apart.others });
    await add('heldOut', inside(apart.rows, other), other);
  }
  await add('drawn', drawnSamples(model.inputs, DRAWN));
  const foremost = (['heldOut', 'calibration', 'drawn'] as const)
    .map((kind) => sets.find(({ rows }) => rows === kind))
    .find(Boolean) as MeasuredRows;
  const { rows: _, ...report } = foremost;
  const outside = { calibration: calibration.length - calibrated.length, heldOut: given.length - inside(given).length };
  const { remedies, leftOut } = await tryRemedies(inputs, apart, sets, reference, finish);
  const warnings = warningsOf(model, { calibration, sets, saturations, outside, remedies, leftOut });
  return { ...report, ...(heldOut === undefined ? {} : { heldOut }), sets, saturations, remedies, warnings };
}

/** Multiplications of a run of the model, about. */
function workOfRun({ ops }: IntegerModel): number {
  return ops.reduce((sum, op) => sum + (op.kind === 'dense' || op.kind === 'conv' ? workOf(op) : 0), 0);
}

/** Samples of a kind that are measured, at most: fewer where a run of the model takes long. */
function mostRows(model: IntegerModel): number {
  return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_WORK / Math.max(workOfRun(model), 1))));
}

/** The largest error of any output, as a share of its range. */
export function worstOf({ outputs }: AccuracyReport): number {
  return mostOf(outputs.map(({ relativeError }) => relativeError));
}

/** Activation bits that are tried beyond those of the model. */
const MORE_BITS = [2, 4];
/** Activation bits that there are. */
export const [LEAST_BITS, MOST_BITS] = [2, 16];
/** Share of the error that a remedy may leave and still be called one. */
const HELPS = 0.7;
/** Multiplications that trying remedies may take, about. */
const MOST_TRIED = 2 ** 36;

interface Tried {
  readonly remedies: Remedy[];
  /** Whether some were left out, because quantizing and running the model so often would take too long. */
  readonly leftOut: boolean;
}

/**
 * Tries on this model what might help where an error is large, and keeps what does. A remedy that is measured cannot be
 * a wrong one: more bits do not help a layer that saturates, other rows do not help a grid that is coarse.
 */
async function tryRemedies(
  inputs: AccuracyInputs,
  apart: Apart,
  sets: readonly MeasuredRows[],
  reference: FloatReference,
  finish: Finish,
): Promise<Tried> {
  const remedies: Remedy[] = [];
  const run = workOfRun(inputs.model);
  let left = inputs.mostTried ?? MOST_TRIED;
  let leftOut = false;
  for (const set of sets) {
    const before = worstOf(set);
    if (before <= LARGE) continue;
    inputs.onStage?.('trying remedies');
    for (const { otherwise, over, kind, advice } of trialsFor(set.rows, inputs, apart)) {
      const cost = run * ((otherwise.samples ?? inputs.calibration).length + mostRows(inputs.model));
      if (cost > left) {
        leftOut = true;
        continue;
      }
      left -= cost;
      const model = await attempt(() => inputs.requantize(otherwise));
      const report = model && (await strayOn(model, over(model), { reference, finish, pace: inputs.pace }));
      if (report === undefined) continue;
      const after = worstOf(report);
      if (after <= HELPS * before) remedies.push({ rows: set.rows, kind, advice, before, after });
    }
  }
  return { remedies: remedies.sort((a, b) => a.after / a.before - b.after / b.before), leftOut };
}

/** Rows kept apart from calibration, and those that the model they are measured on is calibrated on. */
export interface Apart {
  readonly heldOut?: 'given' | 'split';
  readonly rows: readonly Sample[];
  readonly others: readonly Sample[];
}

/** The given held-out rows, else a fifth of the calibration rows where there are enough. */
export function rowsApart(calibration: readonly Sample[], given: readonly Sample[]): Apart {
  if (given.length > 0) return { heldOut: 'given', rows: given, others: calibration };
  if (calibration.length < LEAST_SPLIT) return { rows: [], others: calibration };
  const split = (kept: boolean): Sample[] => calibration.filter((_, i) => (i % 5 === 4) === kept);
  return { heldOut: 'split', rows: split(true), others: split(false) };
}

/**
 * How far a model strays on these rows, as many as are measured, by the interpreter; undefined where it takes none of
 * them.
 */
export async function strayOn(
  model: IntegerModel,
  rows: readonly Sample[],
  {
    reference,
    finish,
    scores,
    pace = withoutStop,
  }: {
    readonly reference: FloatReference;
    readonly finish: Finish;
    readonly scores?: readonly boolean[];
    readonly pace?: Pace;
  },
): Promise<AccuracyReport | undefined> {
  const taken = rows.slice(0, mostRows(model)).filter((row) => isInside(model, row));
  if (taken.length === 0) return undefined;
  const outputs = (encoded: readonly Float64Array[]) => pace(runningIntegerModel(model, encoded));
  return measureAccuracy(model, outputs, reference, taken, finish, scores);
}

interface Trial extends Pick<Remedy, 'kind' | 'advice'> {
  readonly otherwise: Otherwise;
  /** The rows to measure on: none that the trial calibrates on. */
  readonly over: (model: IntegerModel) => readonly Sample[];
}

function trialsFor(rows: RowKind, { model, calibration, inputRange }: AccuracyInputs, apart: Apart): Trial[] {
  const finer = (over: Trial['over'], samples: readonly Sample[]): Trial[] =>
    MORE_BITS.map((more) => model.activationBits + more)
      .filter((activationBits) => activationBits <= MOST_BITS)
      .map((activationBits) => ({
        kind: 'activationBits',
        advice: `--activation-bits ${activationBits}`,
        otherwise: { activationBits, samples },
        over,
      }));
  switch (rows) {
    case 'calibration':
      return finer(() => calibration, calibration);
    case 'heldOut': {
      // Every other row that errs goes to the calibration data, so that both halves are alike; the rest tells.
      const samples = [...apart.others, ...apart.rows.filter((_, i) => i % 2 === 0)];
      const over = (): Sample[] => apart.rows.filter((_, i) => i % 2 === 1);
      return [
        ...finer(() => apart.rows, apart.others),
        { kind: 'calibration', advice: 'calibrate on rows like the held-out ones', otherwise: { samples }, over },
      ];
    }
    case 'drawn': {
      const over = (): Sample[] => drawnSamples(model.inputs, DRAWN);
      const samples = [...calibration, ...drawnSamples(model.inputs, DRAWN, OTHER_SEED)];
      const covering: Trial = {
        kind: 'calibration',
        advice: 'calibrate on rows that cover such inputs',
        otherwise: { samples },
        over,
      };
      const values = calibration.flat();
      const seen = [leastOf(values.map(leastOf)), mostOf(values.map(mostOf))] as const;
      // Without a declared range inputs get some room beyond the calibration data, where layers may saturate.
      const narrower = ([null, seen] as const).map((range): Trial => ({
        kind: 'inputRange',
        advice:
          range === null
            ? 'declare no --input-range'
            : `declare a narrower --input-range, such as the calibration data's own, ${range.join(',')}`,
        otherwise: { inputRange: range },
        over: (other) => drawnSamples(other.inputs, DRAWN),
      }));
      return [
        ...finer(over, calibration),
        covering,
        ...(inputRange !== undefined && calibration.length > 0 ? narrower : []),
      ];
    }
  }
}

/** The model, or undefined where quantization so cannot be. */
export async function attempt(make: () => IntegerModel | Promise<IntegerModel>): Promise<IntegerModel | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof AccumulatorOverflowError || error instanceof CalibrationError) return undefined;
    throw error;
  }
}

function isInside({ inputs }: IntegerModel, row: Sample): boolean {
  return row.every((values, k) => values.every((value, i) => accepts(inputs[k], i, value)));
}

/**
 * The integer outputs that accuracy is measured on: the circuit's own, by its witness, for as many samples as are a
 * matter of seconds; undefined after that, which leaves the interpreter's. The first witness is checked against every
 * constraint.
 * @throws InconsistentWitnessError
 */
function circuitOutputs(
  model: IntegerModel,
  { plan, constraints, saltCount }: Circuit,
  pace: Pace,
): (integers: readonly Float64Array[]) => Promise<readonly Float64Array[] | undefined> {
  const run = stepwiseCircuit(model, plan);
  const checked = Math.max(LEAST_CHECKED, Math.floor(CHECKED_WIRES / plan.wireCount));
  let done = 0;
  return async (integers) => {
    done += 1;
    if (done > checked) return undefined;
    const { witness, outputs } = await pace(run(integers, 0n, new Array<bigint>(saltCount).fill(1n)));
    if (done === 1) {
      const violated = await pace(findingViolation(constraints, witness));
      if (violated !== undefined) {
        throw new InconsistentWitnessError(
          `the witness violates constraint ${violated} of the circuit; please report it with the model`,
        );
      }
    }
    return outputs;
  };
}

/** For inputs that a trial calibrates on: others than those that are measured. */
const OTHER_SEED = 2;

/** Uniform over the declared range, from a fixed seed, so that a report can be repeated. */
export function drawnSamples(inputs: readonly IntegerInput[], count: number, seed = 1): Sample[] {
  let state = seed;
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

/**
 * Layers that cut off values which they themselves would pass on: the low end of a Relu and the ends of a Clip are the
 * layer's own.
 */
class SaturationTally {
  private readonly operators: ReadonlyMap<string, string>;
  private readonly own: ReadonlySet<string>;
  private readonly counts = new Map<string, { cut: number; all: number }>();

  constructor(private readonly model: IntegerModel) {
    this.operators = new Map(model.layers.map(({ name, op }) => [name, op]));
    this.own = new Set(
      model.layers.filter(({ op, saturates }) => saturates === true || op === 'Clip').map(({ name }) => name),
    );
  }

  /** `tensors`: the model's, for one sample. */
  add(tensors: ReadonlyMap<TensorId, Float64Array>): void {
    for (const op of this.model.ops) {
      if (op.kind !== 'requantize' || this.own.has(op.layer)) continue;
      const count = this.counts.get(op.layer) ?? { cut: 0, all: 0 };
      this.counts.set(op.layer, count);
      const unit = 2 ** op.shift;
      const [bottom, top] = [op.low * unit, (op.low + 2 ** op.bits) * unit];
      for (const value of tensors.get(op.inputs[0]) as Float64Array) {
        if (value >= top || (op.low < 0 && value < bottom)) count.cut += 1;
        count.all += 1;
      }
    }
  }

  /** Those that cut off more than a few, worst first. */
  found(): Omit<Saturation, 'rows'>[] {
    return [...this.counts]
      .map(([layer, { cut, all }]) => ({
        layer,
        op: this.operators.get(layer) ?? '',
        share: all === 0 ? 0 : cut / all,
      }))
      .filter(({ share }) => share > SATURATED)
      .sort((a, b) => b.share - a.share);
  }
}

interface Findings {
  readonly calibration: readonly Sample[];
  readonly sets: readonly MeasuredRows[];
  readonly saturations: readonly Saturation[];
  readonly outside: { readonly calibration: number; readonly heldOut: number };
  readonly remedies: readonly Remedy[];
  /** Whether remedies were left out. */
  readonly leftOut: boolean;
}

function warningsOf(
  model: IntegerModel,
  { calibration, sets, saturations, outside, remedies, leftOut }: Findings,
): string[] {
  const warnings: string[] = [];
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  if (calibration.length > 0 && calibration.length < FEW_ROWS) {
    warnings.push(
      `${calibration.length} calibration row(s) are few: ranges inside the network are guesses for other inputs; give some dozens that are like those to come`,
    );
  }
  for (const [kind, count] of Object.entries(outside)) {
    if (count > 0)
      warnings.push(
        `${count} ${kind === 'heldOut' ? 'held-out' : 'calibration'} row(s) lie outside the declared input range and will be refused; declare a wider --input-range`,
      );
  }
  for (const [k, input] of model.inputs.entries()) {
    const outlier = input.exact
      ? undefined
      : outlierOf(
          calibration.map((sample) => sample[k]),
          input.scale.length > 1,
        );
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
        `${worstElement.maximumError.toPrecision(3)}; scale the elements to like sizes in the model, or make them outputs of layers of their own`,
    );
  }
  for (const kind of ['calibration', 'heldOut', 'drawn'] as const) {
    const [worst] = saturations.filter(({ rows }) => rows === kind);
    const bad =
      sets.find(({ rows }) => rows === kind)?.outputs.filter(({ relativeError }) => relativeError > LARGE) ?? [];
    if (bad.length === 0) continue;
    const what = bad
      .map(({ name, relativeError }) => `'${name}' errs by ${percent(relativeError)} of its range`)
      .join(', ');
    const where =
      worst === undefined
        ? 'no layer saturates'
        : `layer '${worst.layer}' (${worst.op}) cuts off ${percent(worst.share)} of its values there`;
    const tried = remedies
      .filter(({ rows }) => rows === kind)
      .map(({ advice, after }) => `${advice} (leaves ${percent(after)})`);
    const helps =
      tried.length > 0
        ? `tried, and helps: ${tried.join('; ')}`
        : leftOut
          ? 'more --activation-bits or other calibration data may help; the model is too large to try them all'
          : 'more --activation-bits and other calibration data were tried, and did not help';
    warnings.push(`on ${ROWS[kind]} output ${what}; ${where}; ${helps}`);
  }
  return warnings;
}

/**
 * How many times the 97th percentile of the magnitudes the largest is, where that is far; element by element where each
 * has its own grid.
 */
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
