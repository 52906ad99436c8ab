/**
 * The activation bits that `compile` takes where it is told neither bits nor a target: 8, or more where the model is
 * small and 8 would lose it. Measured on calibration rows that the model measured was not calibrated on, where there are
 * enough to keep some apart; rows given as held out stay for the report alone.
 */
import { countConstraints } from '../compile/netlist.js';
import { lowerModel } from '../compile/lower.js';
import type { PortVisibility } from '../manifest.js';
import { applyOmitted, evaluator, type Graph } from '../onnx/index.js';
import type { AccuracyReport } from '../quantize/accuracy.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { sizeOf } from '../tensor/shape.js';
import { attempt, rowsApart, strayOn, type AccuracyInputs } from './accuracy-report.js';
import type { Sample } from './input-json.js';

/** Bits without need, and with it at most: beyond, tables are as large as they may be. */
export const USUAL_BITS = 8;
const MOST_RAISED = 12;
/**
 * What a model may lose without more bits being tried: less than the 1 % that is promised, because the model
 * measured is calibrated on fewer rows than the one compiled, and on few of all rows that there will be. Half of it
 * where the circuit is tiny.
 */
const LOSS = 0.008;
const LOSS_TINY = 0.004;
/** What a row counts that is decided otherwise, as a share of all rows, in units of an error relative to a range. */
const FLIPPED = 4;
/** Constraints up to which a circuit may be made larger for it: a proof then still takes about a second. */
const SMALL = 2 ** 17;
/** Share of the loss that two bits more must leave at most: where rows saturate, no number of bits helps. */
const HELPS = 1 / 2;
/** Constraints up to which each fifth of the rows is measured in turn, and all bits are tried: it takes a second. */
const TINY = 2 ** 12;

/**
 * The fewest activation bits from 8 to 12 that hold an error of less than 1 %, and every decision, in a circuit of at
 * most 2^17 constraints.
 */
export async function enoughBits(
  {
    graph,
    calibration,
    scores,
    requantize,
    pace,
  }: Pick<AccuracyInputs, 'graph' | 'calibration' | 'scores' | 'requantize' | 'pace'>,
  visibility: PortVisibility,
): Promise<number> {
  if (calibration.length === 0) return USUAL_BITS;
  const against = ownReference(graph);
  const folds = foldsOf(calibration);
  const losses: Loss[] = [];
  for (let bits = USUAL_BITS; bits <= MOST_RAISED; bits += 1) {
    const each: Loss[] = [];
    let allowed = LOSS;
    for (const { rows, others } of folds) {
      const model = await attempt(() => requantize({ activationBits: bits, samples: others }));
      if (model === undefined) break;
      if (each.length === 0) {
        const size = sizeOfCircuit(model, visibility);
        if (size > SMALL) break;
        if (size <= TINY) allowed = LOSS_TINY;
      }
      const report = await strayOn(model, rows, { ...against, scores, pace });
      if (report === undefined) break;
      each.push(lossOf(report, against.isWhole));
      if (allowed === LOSS) break;
    }
    if (each.length === 0) break;
    const loss = {
      error: mostOf(each.map(({ error }) => error)),
      flips: each.reduce((sum, { flips }) => sum + flips, 0) / each.length,
    };
    losses.push(loss);
    if (totalOf(loss) <= allowed) return bits;
    const before = losses[losses.length - 3];
    if (allowed === LOSS && before !== undefined && totalOf(loss) > HELPS * totalOf(before)) break;
  }
  // Rows may stand on a decision's edge, as the support vectors of a classifier do: some flip at any number of bits.
  for (const measure of [totalOf, ({ error }: Loss) => error]) {
    const values = losses.map(measure);
    const least = leastOf(values);
    if (least <= HELPS * values[0]) return USUAL_BITS + values.indexOf(least);
  }
  return USUAL_BITS;
}

interface Fold {
  readonly rows: readonly Sample[];
  /** The rows that the model which is measured on `rows` is calibrated on. */
  readonly others: readonly Sample[];
}

/** Fifths of the rows, each with the other rows; all rows with themselves where they are few. */
function foldsOf(calibration: readonly Sample[]): Fold[] {
  const { rows, others } = rowsApart(calibration, []);
  if (rows.length === 0) return [{ rows: calibration, others: calibration }];
  const rest = [0, 1, 2, 3].map((fold) => ({
    rows: calibration.filter((_, i) => i % 5 === fold),
    others: calibration.filter((_, i) => i % 5 !== fold),
  }));
  return [{ rows, others }, ...rest];
}

interface Loss {
  /** The largest error of an output relative to its range. */
  readonly error: number;
  /** The share of rows on which a label, or the class that scores name, is another; weighted. */
  readonly flips: number;
}

const totalOf = ({ error, flips }: Loss): number => Math.max(error, flips);

function lossOf({ outputs }: AccuracyReport, isWhole: (name: string) => boolean): Loss {
  const decided = outputs.filter(({ name }) => isWhole(name));
  const flips = decided.map(({ meanError, range }) => FLIPPED * (range > 0 ? meanError / range : meanError));
  const otherClass = outputs.map(({ classAgreement = 1 }) => FLIPPED * (1 - classAgreement));
  return {
    error: mostOf([0, ...outputs.filter(({ name }) => !isWhole(name)).map(({ relativeError }) => relativeError)]),
    flips: mostOf([0, ...flips, ...otherClass]),
  };
}

/**
 * This package's own evaluator: what a circuit loses is the same against it. Each row is evaluated once, whatever the
 * number of bits that are tried.
 */
function ownReference(graph: Graph) {
  const run = evaluator(graph);
  const known = new Map<Sample, Float64Array[]>();
  const finish = (k: number, reals: Float64Array): Float64Array => applyOmitted(graph.outputs[k], reals);
  const reference = async (sample: Sample): Promise<Float64Array[]> => {
    const before = known.get(sample);
    if (before !== undefined) return before;
    const tensors = run(sample);
    const outputs = graph.outputs.map((output, k) => finish(k, tensors.get(output.tensor) as Float64Array));
    known.set(sample, outputs);
    return outputs;
  };
  /** Whether all values of an output are whole numbers, such as labels, on the rows evaluated so far. */
  const isWhole = (name: string): boolean => {
    const k = graph.outputs.findIndex((output) => output.name === name);
    return [...known.values()].every((outputs) => outputs[k].every(Number.isInteger));
  };
  return { reference, finish, isWhole };
}

/** Constraints; what cuts alone take where that is too much, for a large model is lowered for seconds. */
function sizeOfCircuit(model: IntegerModel, visibility: PortVisibility): number {
  const cuts = model.ops.reduce((sum, op) => sum + (op.kind === 'requantize' ? sizeOf(op.shape) * op.bits : 0), 0);
  return cuts > SMALL ? cuts : countConstraints(lowerModel(model, visibility).netlist);
}
