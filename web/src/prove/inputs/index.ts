/** The editor of each kind of input. */
import type { InputKind } from '../../../shared/site-info.js';
import { digitEditor } from './digit.js';
import type { MakeEditor } from './editor.js';
import { tableEditor } from './table.js';
import { valuesEditor } from './values.js';

export const EDITORS: Record<InputKind, MakeEditor> = {
  digit: digitEditor,
  table: tableEditor,
  values: valuesEditor,
};
