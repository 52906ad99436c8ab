/**
 * A lineage drawn, and told. The drawing is an image: what is in an image runs no script and loads nothing, whatever a
 * licence on the chain says.
 */
import { lineageGraph } from '../../../src/provenance/lineage-graph.js';
import { drawLineageSvg } from '../../../src/provenance/lineage-svg.js';
import type { Lineage } from '../../../src/provenance/lineage.js';
import { h, oneLine } from '../common/dom.js';

/** Nodes that are drawn at most: the layout's time grows with their square. */
const MOST_DRAWN = 150;
const MOST_TOLD = 500;

export function showLineage(lineage: Lineage): HTMLElement {
  const nodes = lineageGraph(lineage);
  const told = h(
    'ol',
    {},
    ...nodes
      .slice(0, MOST_TOLD)
      .map(({ title, details }) =>
        h('li', {}, h('b', {}, oneLine(title)), ': ', details.map((one) => oneLine(one)).join('; ')),
      ),
  );
  const inWords = h('details', {}, h('summary', {}, `The same in words (${nodes.length} steps)`), told);
  if (nodes.length > MOST_DRAWN)
    return h('div', {}, h('p', { class: 'soft' }, `${nodes.length} artifacts are too many to draw.`), inWords);
  const image = h('img', {});
  const url = URL.createObjectURL(new Blob([drawLineageSvg(lineage)], { type: 'image/svg+xml' }));
  image.alt = `From the ${nodes[0].title} back to the data, ${nodes.length} steps; the same in words below.`;
  image.addEventListener('load', () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
  return h(
    'div',
    { class: 'grid' },
    h('div', { class: 'paper', tabindex: '0', role: 'region', aria: { label: 'Lineage, drawn' } }, image),
    inWords,
  );
}
