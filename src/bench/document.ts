/**
 * Measured text in documents written by hand: a block between two marks, replaced by each run of the command that
 * measures it. Which page has which block is said here once, and a test checks that the marks are there.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { writeAtomic } from '../atomic-file.js';
import { UsageError } from '../errors.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The page of each measured block. */
export const PAGES = {
  accuracy: 'docs/benchmarks.md',
  stages: 'docs/benchmarks.md',
  large: 'docs/benchmarks.md',
  'large-keys': 'docs/benchmarks.md',
  bench: 'docs/benchmarks.md',
  setup: 'docs/benchmarks.md',
  browser: 'docs/benchmarks.md',
  gas: 'docs/gas.md',
  ceremony: 'docs/ceremony.md',
  latency: 'docs/operator.md',
  faults: 'docs/operator.md',
  outcome: 'docs/ledger-simulation.md',
  lies: 'docs/ledger-simulation.md',
  askers: 'docs/ledger-simulation.md',
  operators: 'docs/operators.md',
  models: 'docs/models.md',
  web: 'docs/web.md',
} as const;

export type BlockName = keyof typeof PAGES;

/** Writes measured blocks into their pages. @throws UsageError where a page lacks a block's marks */
export async function writeBlocks(blocks: Readonly<Partial<Record<BlockName, string>>>): Promise<void> {
  for (const [name, content] of Object.entries(blocks)) {
    const page = ROOT + PAGES[name as BlockName];
    await writeAtomic(page, [withBlock(await readFile(page, 'utf8'), name, content)]);
  }
}

/**
 * `document` with `content` between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. @throws UsageError where it lacks
 * the marks
 */
export function withBlock(document: string, name: string, content: string): string {
  const [begin, end] = marksOf(name);
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new UsageError(`the document has no ${begin} … ${end} block to write to`);
  return `${document.slice(0, from + begin.length)}\n${content}\n${document.slice(to)}`;
}

/** What stands in a block. @throws UsageError where the document lacks the marks */
export function blockOf(document: string, name: string): string {
  const [begin, end] = marksOf(name);
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new UsageError(`the document has no ${begin} … ${end} block`);
  return document.slice(from + begin.length + 1, to - 1);
}

function marksOf(name: string): [string, string] {
  return [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
}

/** A Markdown table; all columns but the first are aligned to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)).join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
