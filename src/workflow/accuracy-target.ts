/**
 * The fewest activation bits that hold what the user asks of accuracy: constraints grow with bits, so they are the
 * cheapest. Measured on rows that were not calibrated on wherever there are any, by the interpreter, before a circuit
 * is made.
 */
import { percent } from '../percent.js';
import { ROWS, type AccuracyReport, type Finish, type FloatReference, type RowKind } from '../quantize/accuracy.js';
import { mostSensitive } from '../quantize/sensitivity.js';
import { USUAL_BITS } from './enough-bits.js';
import { AccuracyTargetError } from './errors.js';
import {
  againstReference,
  attempt,
  DRAWN,
  drawnSamples,
  LEAST_BITS,
  MOST_BITS,
  rowsApart,
  strayOn,
  worstOf,
  type AccuracyInputs,
} from './accuracy-report.js';
import type { IntegerModel } from '../integer/integer-model.js';
import type { Sample } from './input-json.js';

/** What must hold on rows that were not calibrated on. */
export interface AccuracyTarget {
  /** Largest error of any output, as a share of its own range. */
  readonly maxError?: number;
  /** Least share of rows on which an output that names a class names that of the float network. */
  readonly minAgreement?: number;
}

/** Bits that hold a target, for all tensors alike or in the middle of a spread. */
interface ChosenBits {
  readonly bits: number;
  readonly spreadBits: boolean;
}

/** A number of bits, and how far the model then strays on rows that it was not calibrated on, if there are any. */
export interface Attempt {
  readonly bits: number;
  readonly model: IntegerModel;
  readonly report: AccuracyReport;
  readonly rows: RowKind;
}

/**
 * From the usual number of bits down while the target is held, or up until it is.
 * @throws AccuracyTargetError where no number of bits holds it: by how much the best one misses, and on which output
 */
export async function fewestBits(
  inputs: Omit<AccuracyInputs, 'model' | 'circuit'>,
  target: AccuracyTarget,
): Promise<ChosenBits> {
  const { scores, onStage } = inputs;
  if (target.minAgreement !== undefined && !scores.includes(true)) {
    throw new AccuracyTargetError(
      'no output is known to name a class, so nothing can agree: say that the outputs are scores (--scores or --labels), or ask for a maximum error',
    );
  }
  const { bits, spreadBits } = await againstReference(inputs, async (reference, finish): Promise<ChosenBits> => {
    const tried: Attempt[] = [];
    const holds = async (bits: number, spread = false): Promise<boolean> => {
      const attempted = await tryBits(inputs, bits, { reference, finish, spread });
      if (attempted === undefined) return false;
      tried.push(attempted);
      onStage?.(`${bits} bits${spread ? ' in the middle' : ''}: ${inWords(attempted.report)}`);
      return isHeld(attempted.report, target);
    };
    const alike = await fewestThat(holds);
    // At one number of bits both cost about the same, so a spread is better where fewer are enough for it.
    let spread = alike ?? MOST_BITS + 1;
    while (spread > LEAST_BITS && (await holds(spread - 1, true))) spread -= 1;
    if (spread < (alike ?? MOST_BITS + 1)) return { bits: spread, spreadBits: true };
    if (alike !== undefined) return { bits: alike, spreadBits: false };
    throw new AccuracyTargetError(missed(tried, target, mostSensitive(inputs.graph, inputs.calibration)));
  });
  return { bits, spreadBits };
}

/** From the usual number of bits down while they hold, or up until they do; undefined where none do. */
async function fewestThat(holds: (bits: number) => Promise<boolean>): Promise<number | undefined> {
  let bits = USUAL_BITS;
  if (await holds(bits)) {
    while (bits > LEAST_BITS && (await holds(bits - 1))) bits -= 1;
    return bits;
  }
  while (bits < MOST_BITS) {
    bits += 1;
    if (await holds(bits)) return bits;
  }
  return undefined;
}

/** The model with so many bits, measured; undefined where there is none, or it takes none of the rows. */
export async function tryBits(
  { scores, calibration, heldOut, requantize, pace }: Omit<AccuracyInputs, 'model' | 'circuit'>,
  bits: number,
  {
    spread = false,
    ...against
  }: { readonly reference: FloatReference; readonly finish: Finish; readonly spread?: boolean },
): Promise<Attempt | undefined> {
  const apart = rowsApart(calibration, heldOut);
  const model = await attempt(() => requantize({ activationBits: bits, samples: apart.others, spreadBits: spread }));
  if (model === undefined) return undefined;
  const [rows, samples] = measuredOn(model, apart.rows, calibration);
  const report = await strayOn(model, samples, { ...against, scores, pace });
  return report && { bits, model, report, rows };
}

/** Held-out rows, else calibration rows, else inputs drawn over the declared range. */
function measuredOn(
  model: IntegerModel,
  heldOut: readonly Sample[],
  calibration: readonly Sample[],
): [RowKind, readonly Sample[]] {
  if (heldOut.length > 0) return ['heldOut', heldOut];
  return calibration.length > 0 ? ['calibration', calibration] : ['drawn', drawnSamples(model.inputs, DRAWN)];
}

export function isHeld(report: AccuracyReport, { maxError = Infinity, minAgreement = 0 }: AccuracyTarget): boolean {
  return worstOf(report) <= maxError && (report.classAgreement ?? 1) >= minAgreement;
}

function inWords(report: AccuracyReport): string {
  const agreement = report.classAgreement === undefined ? '' : `, same class in ${percent(report.classAgreement)}`;
  return `an error of ${percent(worstOf(report))}${agreement}`;
}

function missed(
  tried: readonly Attempt[],
  { maxError, minAgreement }: AccuracyTarget,
  layer: string | undefined,
): string {
  const wanted = [
    ...(maxError === undefined ? [] : [`an error of at most ${percent(maxError)}`]),
    ...(minAgreement === undefined ? [] : [`the same class in at least ${percent(minAgreement)}`]),
  ].join(' and ');
  const error = ({ report }: Attempt): number => worstOf(report);
  const agreement = ({ report }: Attempt): number => report.classAgreement ?? 1;
  const better = (a: Attempt, b: Attempt): Attempt =>
    maxError === undefined ? (agreement(b) > agreement(a) ? b : a) : error(b) < error(a) ? b : a;
  if (tried.length === 0)
    return `no number of activation bits gives ${wanted}: the model could not be quantized, or takes none of the rows`;
  const best = tried.reduce(better);
  const worst = best.report.outputs.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  return (
    `no number of activation bits gives ${wanted} on the ${ROWS[best.rows]}; nearest is ${best.bits} bits with ${inWords(best.report)}, ` +
    `output '${worst.name}' the worst${layer === undefined ? '' : `; rounding '${layer}' disturbs the outputs most`}. Compile with --activation-bits ${best.bits} and without the target to see which layers saturate, or calibrate on rows that cover more`
  );
}
