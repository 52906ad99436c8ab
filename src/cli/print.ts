/** How results read on a terminal. */
import { ROWS } from '../quantize/accuracy.js';
import type { ComparedAccuracy } from '../workflow/accuracy-report.js';
import type { LayerReport } from '../workflow/report.js';
import type { OutputReport } from '../workflow/outputs.js';
import { table } from './table.js';

export function printLayers(layers: readonly LayerReport[]): string {
  return table(
    ['layer', 'op', 'shape', 'constraints', 'bits'],
    layers.map(({ name, op, shape, constraints, bits }) => [name, op ?? '', shape?.join('×') ?? '', constraints, bits]),
  );
}

export function printAccuracy(accuracy: ComparedAccuracy): string {
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const against = accuracy.reference === 'onnxruntime' ? 'float32 (onnxruntime)' : "this package's own float evaluator (onnxruntime refused the file)";
  const lines = accuracy.sets.flatMap(({ rows, samples, outputs }) => {
    const apart = rows === 'heldOut' && accuracy.heldOut === 'split' ? ', by a model calibrated on the others' : '';
    return [
      `  ${samples} ${ROWS[rows]}${apart}:`,
      ...outputs.map(
        ({ name, maximumError, meanError, range, relativeError, classAgreement }) =>
          `    ${name}: maximum error ${maximumError.toPrecision(3)} (${share(relativeError)} of its range ${range.toPrecision(4)}), mean ${meanError.toPrecision(3)}` +
          (classAgreement === undefined ? '' : `, same class ${share(classAgreement)}`),
      ),
    ];
  });
  const saturated = accuracy.saturations
    .slice(0, MOST_SATURATIONS)
    .map(({ layer, op, share: cut, rows }) => `  layer ${layer} (${op}) cuts off ${share(cut)} of its values on ${ROWS[rows]}`);
  return [`against ${against}:`, ...lines, ...saturated, ...accuracy.warnings.map((warning) => `  warning: ${warning}`)].join('\n');
}

/** Saturating layers that are printed; `--json` has all. */
const MOST_SATURATIONS = 5;

/** Elements of an output shown before the rest is counted. */
const SHOWN = 12;

export function printOutputs(outputs: readonly OutputReport[]): string {
  return outputs
    .map(({ name, integers, values, class: predicted, omitted }) => {
      const shown = values.slice(0, SHOWN).map((value) => value.toPrecision(5));
      const rest = values.length > SHOWN ? ` … ${values.length - SHOWN} more` : '';
      return [
        `output ${name}${omitted ? ` (scores before ${omitted}, which is not proved)` : ''}:`,
        `  integers ${integers.slice(0, SHOWN).join(' ')}${rest}`,
        `  values   ${shown.join(' ')}${rest}`,
        ...(predicted === undefined ? [] : [`  class    ${predicted}`]),
      ].join('\n');
    })
    .join('\n');
}

export function printSeconds(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}

export function printNotes(notes: readonly string[]): string {
  return notes.map((note) => `note: ${note}`).join('\n');
}
