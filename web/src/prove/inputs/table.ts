/** A row of a table: chosen from those that the model was not trained on, every number open to change. */
import { h } from '../../common/dom.js';
import type { EditorContext, InputEditor } from './editor.js';

/** Measures of a cell nucleus, in the order of the data set (Wolberg, Street, Mangasarian, UCI 1995). */
const MEASURES = [
  'radius',
  'texture',
  'perimeter',
  'area',
  'smoothness',
  'compactness',
  'concavity',
  'concave points',
  'symmetry',
  'fractal dimension',
];
const FEATURES = ['mean', 'error of', 'worst'].flatMap((kind) => MEASURES.map((measure) => `${kind} ${measure}`));

export function tableEditor({ inputs, examples, changed }: EditorContext): InputEditor {
  const size = inputs[0].shape.reduce((product, one) => product * one, 1);
  const names = size === FEATURES.length ? FEATURES : Array.from({ length: size }, (_, i) => `feature ${i + 1}`);
  const fields = names.map(() => {
    const field = h('input', { type: 'text', on: { input: changed } });
    field.inputMode = 'decimal';
    return field;
  });
  const rows = h('select', { id: 'table-row' });
  examples.forEach((_, i) => {
    const option = h('option', {}, `Row ${i + 1}`);
    option.value = String(i);
    rows.append(option);
  });
  const choose = (): void => {
    const chosen = examples[Number(rows.value)];
    chosen?.[0].forEach((value, i) => void (fields[i].value = String(value)));
    changed();
  };
  rows.addEventListener('change', choose);
  const element = h(
    'div',
    { class: 'grid' },
    examples.length === 0 ? undefined : h('label', {}, h('span', {}, 'A row that the model was not trained on'), rows),
    h(
      'details',
      {},
      h('summary', {}, `Its ${size} numbers`),
      h('div', { class: 'fields narrow' }, ...names.map((name, i) => h('label', {}, h('span', {}, name), fields[i]))),
    ),
  );
  queueMicrotask(choose);
  return {
    name: 'the row of the table',
    element,
    values: () => {
      const values = fields.map(({ value }) => (value.trim() === '' ? NaN : Number(value)));
      fields.forEach((field, i) => field.setAttribute('aria-invalid', String(!Number.isFinite(values[i]))));
      return values.every(Number.isFinite) ? [Float64Array.from(values)] : undefined;
    },
  };
}
