/**
 * What may be written to a terminal. Names come from files and chains that somebody else made: in one, an escape
 * sequence could move the cursor, clear what was said, or set the clipboard, and a right-to-left mark could turn a line
 * round.
 */

/**
 * C0 but tab and line feed, DEL and C1; marks and overrides of direction; separators that end a line; halves of
 * surrogate pairs.
 */
const UNSAFE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/** Text with what a terminal would obey made visible, as in `\x1b`; lines stay. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line, for names and cells: a name must not begin a line of its own. */
export function oneLine(text: string): string {
  return printable(text).replace(/\n/g, '\\n').replace(/\t/g, '\\t');
}

/** Lines after the first set in, so that nothing inside a message looks like a line of the program. */
export function message(text: string): string {
  return printable(text).replace(/\n/g, '\n  ');
}

/** JSON that a terminal shows as it is: what is unsafe stands in JSON's own escapes, so the document stays the same. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
