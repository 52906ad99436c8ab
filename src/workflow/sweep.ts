/**
 * What a bit more or less would buy: constraints and error for each number of activation bits. No circuit is compiled
 * for it.
 */
import { countConstraints } from '../compile/netlist.js';
import { loweringModel } from '../compile/lower.js';
import { proofSystemOf } from '../proof-systems/index.js';
import type { RowKind } from '../quantize/accuracy.js';
import { svgCurve, svgDocument, svgLine, svgScale, svgText } from '../svg.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { againstReference, worstOf, type ComparedAccuracy } from './accuracy-report.js';
import { tryBits } from './accuracy-target.js';
import { visibilityOf } from '../port-roles.js';
import { prepareModel, type CompileOptions } from './compile.js';
import { paced } from './pace.js';

export interface SweptBits {
  readonly bits: number;
  readonly constraints: number;
  readonly domainSize: number;
  /** Largest error of any output, as a share of its own range; and on which rows. */
  readonly relativeError: number;
  readonly rows: RowKind;
  readonly classAgreement?: number;
}

export interface Sweep extends Pick<ComparedAccuracy, 'reference' | 'why'> {
  /** By number of bits, upwards; a number with which the model cannot be quantized is left out. */
  readonly points: readonly SweptBits[];
}

/** Quantizes the model with each number of bits, and measures it as `compile` does before it makes a circuit. */
export async function sweepBits(onnx: Uint8Array, options: CompileOptions, bits: readonly number[]): Promise<Sweep> {
  let current = '';
  const pace = paced((share) => options.onProgress?.(share, current), options.signal);
  const { requantizeTo, compared } = prepareModel(onnx, options, pace);
  const visibility = visibilityOf(options);
  return againstReference(compared, async (reference, finish) => {
    const points: SweptBits[] = [];
    for (const count of bits) {
      options.onStage?.((current = `${count} bits`));
      const attempted = await tryBits({ ...compared, requantize: requantizeTo(count) }, count, {
        reference,
        finish,
        spread: options.spreadBits,
      });
      if (attempted === undefined) continue;
      const { netlist, signals } = await pace(loweringModel(attempted.model, visibility));
      const constraints = countConstraints(netlist);
      const domainSize = proofSystemOf({}).domainSize({ constraints, publicSignals: signals.length });
      const { report, rows } = attempted;
      const agreement = report.classAgreement === undefined ? {} : { classAgreement: report.classAgreement };
      points.push({ bits: count, constraints, domainSize, relativeError: worstOf(report), rows, ...agreement });
    }
    return { points };
  });
}

const [WIDTH, HEIGHT] = [640, 420];
const MARGIN = { left: 80, right: 40, top: 40, bottom: 55 };
/** An error below this is drawn as this: the axis is logarithmic. */
const LEAST_ERROR = 1e-6;

/** Error against constraints as an SVG: one point a number of bits, the error's axis logarithmic. */
export function drawSweep({ points }: Sweep, title: string): string {
  const errors = points.map(({ relativeError }) => Math.log10(Math.max(relativeError, LEAST_ERROR)));
  const constraints = points.map((point) => point.constraints);
  const decades = [Math.floor(leastOf(errors)), Math.ceil(mostOf(errors))];
  const x = svgScale(leastOf(constraints), mostOf(constraints), MARGIN.left, WIDTH - MARGIN.right);
  const y = svgScale(decades[0], decades[1], HEIGHT - MARGIN.bottom, MARGIN.top);
  const parts = [svgText(MARGIN.left, 22, title, 'start', 15)];
  for (let decade = decades[0]; decade <= decades[1]; decade += 1) {
    parts.push(svgLine(MARGIN.left, y(decade), WIDTH - MARGIN.right, y(decade), '#dddddd'));
    parts.push(svgText(MARGIN.left - 8, y(decade) + 4, `${Number((100 * 10 ** decade).toPrecision(1))} %`, 'end'));
  }
  for (const end of new Set([leastOf(constraints), mostOf(constraints)]))
    parts.push(svgText(x(end), HEIGHT - MARGIN.bottom + 18, end.toLocaleString('en-US'), 'middle'));
  parts.push(svgText((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, 'constraints', 'middle'));
  parts.push(
    svgCurve(
      points.map((point, i) => [x(point.constraints), y(errors[i])] as const),
      '#0b6e99',
    ),
  );
  points.forEach((point, i) =>
    parts.push(svgText(x(point.constraints) + 6, y(errors[i]) - 6, `${point.bits} bits`, 'start', 11)),
  );
  return svgDocument(WIDTH, HEIGHT, title, parts);
}
