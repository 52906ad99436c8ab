/** How an input of a model is made in the page: one kind an input of its own. */
import type { Manifest } from '../../../../src/manifest.js';

/** One flat array for each input of the model, in its own units. */
export type InputValues = readonly Float64Array[];

export interface InputEditor {
  readonly element: HTMLElement;
  /** What stays private, in the reader's words: "your drawing". */
  readonly name: string;
  /** Undefined while there is nothing, or nothing that is an input. */
  values(): InputValues | undefined;
}

export interface EditorContext {
  readonly inputs: Manifest['inputs'];
  /** Inputs to start from, one array of rows. */
  readonly examples: readonly InputValues[];
  /** Called after every change. */
  readonly changed: () => void;
}

export type MakeEditor = (context: EditorContext) => InputEditor;
