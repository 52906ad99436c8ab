/** What stands below a list that is read backwards from the newest block: how much was found, and a button for more. */
import { h, problem } from '../common/dom.js';
import { type Window, windowsBackwards } from '../common/older.js';
import type { Place } from './place.js';

/** Reads the newest window at once. `read` adds to the list what a window has, and says what the list now holds. */
export async function olderBlocks(place: Place, read: (window: Window) => Promise<string>): Promise<HTMLElement> {
  const windows = windowsBackwards(place.head, place.from);
  const state = h('p', { class: 'soft small', role: 'status' });
  const more = h('button', { type: 'button', on: { click: () => void older() } }, 'Look in older blocks');
  const older = async (): Promise<void> => {
    const { value: window, done } = windows.next();
    if (done || window === undefined) return;
    more.setAttribute('disabled', '');
    try {
      state.textContent = await read(window);
      if (window.first <= place.from) more.hidden = true;
    } catch (error) {
      state.textContent = problem(error);
    }
    more.removeAttribute('disabled');
  };
  await older();
  return h('div', { class: 'row spread' }, state, more);
}
