/** What the model says: a bar for each class, or the numbers. */
import type { OutputReport } from '../../../src/workflow/outputs.js';
import { h, oneLine } from '../common/dom.js';

/** Bars that are drawn; of more scores the largest are. */
const MOST_BARS = 20;
const MOST_NUMBERS = 200;

/** The answer in a word; undefined where the outputs are no scores of classes. */
export function answerOf({ class: index, label }: OutputReport): string | undefined {
  return index === undefined ? label : (label ?? String(index));
}

export function showScores(
  outputs: readonly OutputReport[],
  labels: readonly (readonly string[] | undefined)[],
): HTMLElement {
  return h('div', { class: 'grid' }, ...outputs.map((output, k) => showOutput(output, labels[k])));
}

function showOutput(output: OutputReport, labels: readonly string[] | undefined): HTMLElement {
  const { name, values, class: best, omitted } = output;
  const answer = answerOf(output);
  const hint =
    omitted === undefined
      ? undefined
      : h('p', { class: 'soft small' }, `Scores before the ${omitted}, which is not proved.`);
  if (best === undefined) {
    const shown = values.slice(0, MOST_NUMBERS).map((value) => value.toPrecision(5));
    const more = values.length > MOST_NUMBERS ? ` … and ${values.length - MOST_NUMBERS} more` : '';
    return h('div', {}, h('h3', {}, oneLine(name)), h('p', { class: 'mono' }, shown.join('  ') + more), hint);
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const order = values.map((_, i) => i);
  const shown = order.length <= MOST_BARS ? order : order.sort((a, b) => values[b] - values[a]).slice(0, MOST_BARS);
  return h(
    'div',
    { class: 'grid' },
    h('p', { class: 'answer' }, 'It says ', h('b', { id: 'answer' }, oneLine(answer ?? ''))),
    h(
      'ul',
      { class: 'bars' },
      ...shown.map((i) => {
        const bar = h('div', { class: 'fill' });
        bar.style.width = `${Math.round(4 + (96 * (values[i] - low)) / (high - low || 1))}%`;
        return h(
          'li',
          i === best ? { class: 'best' } : {},
          h('span', {}, oneLine(labels?.[i] ?? String(i), 24)),
          h('span', { class: 'track', aria: { hidden: 'true' } }, bar),
          h('span', { class: 'value' }, values[i].toFixed(2)),
        );
      }),
    ),
    hint,
  );
}
