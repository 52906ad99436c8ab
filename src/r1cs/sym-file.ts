/**
 * circom's `.sym`: one line a signal, `label,wire,component,name`; wire -1 where simplification removed the signal.
 * Wire 0, the constant one, has no line.
 */
import { SymFormatError } from './format-error.js';

export { SymFormatError } from './format-error.js';

/** Names by wire (entry 0 is `one`), the first signal where several share a wire. Throws SymFormatError. */
export function decodeSym(text: string, wireCount: number): string[] {
  const names: string[] = new Array(wireCount);
  names[0] = 'one';
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const fields = line.split(',');
    const wire = Number(fields[1]);
    if (fields.length !== 4 || !Number.isInteger(wire) || wire < -1 || wire >= wireCount) {
      throw new SymFormatError(
        `.sym line ${index + 1} is not "label,wire,component,name" with a wire below ${wireCount}: ${line.slice(0, 80)}`,
      );
    }
    if (wire > 0) names[wire] ??= fields[3];
  }
  for (let wire = 0; wire < wireCount; wire++) {
    if (names[wire] === undefined) throw new SymFormatError(`.sym names no signal for wire ${wire}`);
  }
  return names;
}

/** One line a wire, in order; `names[0]` stands for the constant one and gets none. */
export function* symLines(names: Iterable<string>): Generator<string> {
  let wire = 0;
  for (const name of names) {
    if (wire > 0) yield `${wire},${wire},0,${name}\n`;
    wire++;
  }
}
