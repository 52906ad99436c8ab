/**
 * Text and JSON as users' programs write them: with a byte-order mark, or, by PowerShell's redirection, in UTF-16.
 */

/** Bytes as text, by their byte-order mark; without one they are UTF-8. The mark itself is left out. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

/** JSON that may begin with a byte-order mark. @throws SyntaxError */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text) as unknown;
}
