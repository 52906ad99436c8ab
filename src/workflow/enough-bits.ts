/**
 * The activation bits that `compile` takes where it is told neither bits nor a target: 8, or more where the model is
 * small and 8 would lose it. Measured on calibration rows that the model measured was not calibrated on, where there are
 * enough to keep some apart; rows given as held out stay for the report alone.
 */
import { countConstraints } from '../compile/netlist.js';
import { lowerModel } from '../compile/lower.js';
import type { PortVisibility } from '../manifest.js';
import { applyOmitted, evaluator, type Graph } from '../onnx/index.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { leastOf } from '../tensor/extremes.js';
import { sizeOf } from '../tensor/shape.js';
import { attempt, rowsApart, strayOn, worstOf, type AccuracyInputs } from './accuracy-report.js';
import type { Sample } from './input-json.js';

/** Bits without need, and with it at most: beyond, tables are as large as they may be. */
export const USUAL_BITS = 8;
const MOST_RAISED = 12;
/**
 * The error, of any output against its own range, above which more bits are tried: 1 %, and a tenth of it because the
 * model measured is calibrated on fewer rows than the one compiled.
 */
const ERROR = 0.011;
/** Constraints up to which a circuit may be made larger for it: a proof then still takes about a second. */
const SMALL = 2 ** 17;
/** Share of the error that two bits more must leave at most: where rows saturate, no number of bits helps. */
const HELPS = 1 / 2;

/** The fewest activation bits from 8 to 12 that hold an error of about 1 % in a circuit of at most 2^17 constraints. */
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
  const apart = rowsApart(calibration, []);
  const [rows, others] = apart.rows.length > 0 ? [apart.rows, apart.others] : [calibration, calibration];
  const errors: number[] = [];
  for (let bits = USUAL_BITS; bits <= MOST_RAISED; bits += 1) {
    const model = await attempt(() => requantize({ activationBits: bits, samples: others }));
    if (model === undefined || !isSmall(model, visibility)) break;
    const report = await strayOn(model, rows, { ...against, scores, pace });
    if (report === undefined) break;
    const error = worstOf(report);
    if (error <= ERROR) return bits;
    errors.push(error);
    if (error > HELPS * (errors[errors.length - 3] ?? Infinity)) break;
  }
  const least = leastOf(errors);
  return least <= HELPS * errors[0] ? USUAL_BITS + errors.indexOf(least) : USUAL_BITS;
}

/** This package's own evaluator: what a circuit loses is the same against it. */
function ownReference(graph: Graph) {
  const run = evaluator(graph);
  const finish = (k: number, reals: Float64Array): Float64Array => applyOmitted(graph.outputs[k], reals);
  const reference = async (sample: Sample): Promise<Float64Array[]> => {
    const tensors = run(sample);
    return graph.outputs.map((output, k) => finish(k, tensors.get(output.tensor) as Float64Array));
  };
  return { reference, finish };
}

/** Whether the circuit is small; what cuts alone take is looked at first, for a large model is lowered for seconds. */
function isSmall(model: IntegerModel, visibility: PortVisibility): boolean {
  const cuts = model.ops.reduce((sum, op) => sum + (op.kind === 'requantize' ? sizeOf(op.shape) * op.bits : 0), 0);
  return cuts <= SMALL && countConstraints(lowerModel(model, visibility).netlist) <= SMALL;
}
