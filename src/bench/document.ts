/** Measured text in a document written by hand: a block between two marks, replaced by each run. */
import { UsageError } from '../errors.js';

/** `document` with `content` between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. @throws UsageError where it lacks the marks */
export function withBlock(document: string, name: string, content: string): string {
  const marks = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [begin, end] = marks.map((mark) => document.indexOf(mark));
  if (begin < 0 || end < begin) throw new UsageError(`the document has no ${marks.join(' … ')} block to write to`);
  return `${document.slice(0, begin + marks[0].length)}\n${content}\n${document.slice(end)}`;
}

/** A Markdown table; all columns but the first are aligned to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)).join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
