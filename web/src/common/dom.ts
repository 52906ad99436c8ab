/**
 * Elements without markup from text: whatever is shown becomes a text node, so nothing that a chain, a file or a server
 * says is ever read as HTML.
 */

type Child = Node | string | undefined;

/** Properties that elements here are made with; `aria` and `data` go to attributes. */
interface Properties {
  readonly class?: string;
  readonly id?: string;
  readonly type?: string;
  readonly title?: string;
  readonly href?: string;
  readonly scope?: string;
  readonly role?: string;
  readonly tabindex?: string;
  readonly disabled?: boolean;
  readonly aria?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  { class: classes, aria = {}, on = {}, disabled, ...attributes }: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (classes !== undefined) element.className = classes;
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(key, value);
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  if (disabled) element.setAttribute('disabled', '');
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  element.append(...children.filter((child): child is Node | string => child !== undefined));
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** The page's element with this id. @throws Error where the page has none of that kind */
export function byId<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** Text of strangers for one line: control and direction characters replaced, clipped. */
export function oneLine(text: string, most = 200): string {
  const characters = [...text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')];
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}

/** An identifier, whole for copying and as a title, shown by its ends. */
export function hash(text: string): HTMLElement {
  const clean = oneLine(text, 400);
  const shown = clean.length <= 20 ? clean : `${clean.slice(0, 10)}…${clean.slice(-6)}`;
  return h('code', { title: clean }, shown);
}

/** Terms and what they are. */
export function facts(entries: readonly (readonly [string, Child])[]): HTMLElement {
  return h('dl', { class: 'facts' }, ...entries.flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]));
}

export function table(caption: string, heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', aria: { label: caption } },
    h(
      'table',
      {},
      h('caption', { class: 'hidden-text' }, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells.map((cell) => h('td', {}, cell))))),
    ),
  );
}

/** What went wrong, for people: the error's own words, as every error of this package has them. */
export function problem(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return oneLine(text, 600);
}

export const note = (kind: 'good' | 'bad' | 'warn' | 'plain', ...children: readonly Child[]): HTMLElement =>
  h('div', { class: kind === 'plain' ? 'note' : `note ${kind}` }, ...children);

export const tag = (kind: 'good' | 'bad' | 'warn' | 'plain', text: string): HTMLElement =>
  h('span', { class: kind === 'plain' ? 'tag' : `tag ${kind}` }, text);

/** A number of seconds as people read it. */
export function seconds(value: number): string {
  return value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
