/** A part of the explorer: a title, what is being read, and what was found or went wrong, with a way to try again. */
import { fill, h, note, problem } from '../common/dom.js';

export interface Section {
  readonly element: HTMLElement;
  /** Shows what `read` gives; while it reads says so, and where it fails says why. */
  load(read: () => Promise<Node>): Promise<void>;
}

export function section(title: string, id: string, explanation: string): Section {
  const content = h('div', {});
  const element = h(
    'section',
    { class: 'card', aria: { labelledby: id } },
    h('h2', { id }, title),
    h('p', { class: 'soft small' }, explanation),
    content,
  );
  let latest = 0;
  const load = async (read: () => Promise<Node>): Promise<void> => {
    latest += 1;
    const own = latest;
    content.setAttribute('aria-busy', 'true');
    fill(content, h('p', { class: 'soft' }, 'Reading…'));
    try {
      const found = await read();
      if (own === latest) fill(content, found);
    } catch (error) {
      const again = h('button', { type: 'button', on: { click: () => void load(read) } }, 'Try again');
      if (own === latest) fill(content, note('bad', h('p', {}, problem(error)), again));
    } finally {
      if (own === latest) content.removeAttribute('aria-busy');
    }
  };
  return { element, load };
}
