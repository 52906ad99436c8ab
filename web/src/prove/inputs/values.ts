/** Inputs of any model, as numbers: typed, drawn by lot from the declared range, or from a file in EZKL's format. */
import { h, problem } from '../../common/dom.js';
import type { EditorContext, InputEditor, InputValues } from './editor.js';

const MOST_BYTES = 2 ** 24;
/** Digits of a number that is shown; what is proved is read back from what is shown. */
const DIGITS = 6;

export function valuesEditor({ inputs, changed }: EditorContext): InputEditor {
  const sizes = inputs.map(({ shape }) => shape.reduce((product, one) => product * one, 1));
  const areas = inputs.map(() => {
    const area = h('textarea', { on: { input: changed } });
    area.spellcheck = false;
    return area;
  });
  const trouble = h('p', { class: 'small', role: 'alert' });
  const put = (values: readonly (readonly number[])[]): void => {
    values.forEach((one, k) => void (areas[k].value = one.map((value) => Number(value.toPrecision(DIGITS))).join(' ')));
    trouble.textContent = '';
    changed();
  };
  const drawn = (): void =>
    put(
      inputs.map(({ range: [low, high], scale, elementScale, elementOffset }, k) =>
        Array.from({ length: sizes[k] }, (_, i) => {
          const integer = low + Math.random() * (high - low);
          return elementScale === undefined
            ? scale * integer
            : elementScale[i % elementScale.length] * (integer + (elementOffset?.[i % elementScale.length] ?? 0));
        }),
      ),
    );
  const file = h('input', { type: 'file' });
  file.accept = 'application/json,.json';
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    readFile(chosen, sizes)
      .then(put)
      .catch((error: unknown) => void (trouble.textContent = problem(error)));
  });
  return {
    name: 'your numbers',
    element: h(
      'div',
      { class: 'grid' },
      ...inputs.map(({ name, shape }, k) =>
        h('label', {}, h('span', {}, `${name} [${shape.join(', ')}]: ${sizes[k]} numbers`), areas[k]),
      ),
      h('div', { class: 'row' }, h('button', { type: 'button', on: { click: drawn } }, 'Draw by lot')),
      h('label', {}, h('span', {}, 'Or a file: {"input_data": [[…]]}'), file),
      trouble,
    ),
    values: (): InputValues | undefined => {
      const values = areas.map(({ value }) =>
        value
          .split(/[\s,;[\]]+/)
          .filter((one) => one !== '')
          .map(Number),
      );
      const fits = values.every((one, k) => one.length === sizes[k] && one.every(Number.isFinite));
      return fits ? values.map((one) => Float64Array.from(one)) : undefined;
    },
  };
}

async function readFile(file: File, sizes: readonly number[]): Promise<number[][]> {
  if (file.size > MOST_BYTES) throw new Error('the file is larger than 16 MB');
  let data: unknown;
  try {
    data = (JSON.parse(await file.text()) as { input_data?: unknown } | null)?.input_data;
  } catch {
    throw new Error('the file is not JSON');
  }
  if (!Array.isArray(data) || data.length !== sizes.length)
    throw new Error(
      `"input_data" must be an array with ${sizes.length} array${sizes.length === 1 ? '' : 's'} of numbers`,
    );
  return data.map((one: unknown, k) => {
    const flat: unknown[] = Array.isArray(one) ? one.flat(8) : [];
    const numbers = flat.map(Number);
    if (numbers.length !== sizes[k] || !numbers.every(Number.isFinite))
      throw new Error(`input_data[${k}] must hold ${sizes[k]} numbers`);
    return numbers;
  });
}
