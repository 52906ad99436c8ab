/** How results read on a terminal. */
import { percent } from '../percent.js';
import { ROWS } from '../quantize/accuracy.js';
import type { ComparedAccuracy } from '../workflow/accuracy-report.js';
import type { LayerReport } from '../workflow/report.js';
import type { OutputReport } from '../workflow/outputs.js';
import type { BoundTo } from '../workflow/proof-context.js';
import { textTable } from './table.js';
import { message, oneLine } from './terminal.js';

export function printLayers(layers: readonly LayerReport[]): string {
  return textTable(
    ['layer', 'op', 'shape', 'constraints', 'bits'],
    layers.map(({ name, op, shape, constraints, bits }) => [name, op ?? '', shape?.join('×') ?? '', constraints, bits]),
  );
}

export function printAccuracy(accuracy: ComparedAccuracy): string {
  const share = (value: number): string => percent(value, 2);
  const against =
    accuracy.reference === 'onnxruntime'
      ? 'float32 (onnxruntime)'
      : `this package's own float evaluator (${message(accuracy.why ?? 'without onnxruntime')})`;
  const lines = accuracy.sets.flatMap(({ rows, samples, outputs }) => {
    const apart = rows === 'heldOut' && accuracy.heldOut === 'split' ? ', by a model calibrated on the others' : '';
    return [
      `  ${samples} ${ROWS[rows]}${apart}:`,
      ...outputs.map(
        ({ name, maximumError, meanError, range, relativeError, classAgreement }) =>
          `    ${oneLine(name)}: maximum error ${maximumError.toPrecision(3)} (${share(relativeError)} of its range ${range.toPrecision(4)}), mean ${meanError.toPrecision(3)}` +
          (classAgreement === undefined ? '' : `, same class ${share(classAgreement)}`),
      ),
    ];
  });
  const saturated = accuracy.saturations
    .slice(0, MOST_SATURATIONS)
    .map(
      ({ layer, op, share: cut, rows }) =>
        `  layer ${oneLine(layer)} (${oneLine(op)}) cuts off ${share(cut)} of its values on ${ROWS[rows]}`,
    );
  return [
    `against ${against}:`,
    ...lines,
    ...saturated,
    ...accuracy.warnings.map((warning) => `  warning: ${message(warning)}`),
  ].join('\n');
}

/** Saturating layers that are printed; `--json` has all. */
const MOST_SATURATIONS = 5;

/** Elements of an output shown before the rest is counted. */
const SHOWN = 12;

export function printOutputs(outputs: readonly OutputReport[]): string {
  return outputs
    .map(({ name, integers, values, class: predicted, label, omitted, classes }) => {
      const shown = values.slice(0, SHOWN).map((value) => value.toPrecision(5));
      const rest = more(values.length);
      return [
        `output ${oneLine(name)}${omitted ? ` (scores before ${omitted}, which is not proved)` : ''}:`,
        `  integers ${integers.slice(0, SHOWN).join(' ')}${rest}`,
        `  values   ${shown.join(' ')}${rest}`,
        ...(predicted === undefined
          ? []
          : [`  class    ${predicted}${label === undefined ? '' : ` (${oneLine(label)})`}`]),
        ...(classes === undefined ? [] : [`  classes  ${classes.slice(0, SHOWN).join(' ')}${more(classes.length)}`]),
      ].join('\n');
    })
    .join('\n');
}

function more(count: number): string {
  return count > SHOWN ? ` … ${count - SHOWN} more` : '';
}

/** Whom a proof is for. */
export function printBoundTo(bound: BoundTo): string {
  switch (bound.kind) {
    case 'account':
      return `bound to ${bound.account} at the contract ${bound.contract} on chain ${bound.chainId}, nonce ${bound.nonce}: nobody else can use it, and nowhere else`;
    case 'anybody':
      return 'bound to nobody: anybody who sees it can show it as their own, and a registry attests none like it';
    case 'number':
      return `bound to the context ${bound.context}, and its file does not say what that stands for`;
  }
}

export function printSeconds(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}

export function printNotes(notes: readonly string[]): string {
  return notes.map((note) => `note: ${message(note)}`).join('\n');
}
