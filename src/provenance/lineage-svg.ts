/**
 * A lineage as a stand-alone SVG: one box a node, arrows from what was made to what it was made from. The layered
 * layout (Sugiyama) is dagre's. The same lineage gives the same bytes.
 */
import { escapeXml } from '../svg.js';
import { mostOf } from '../tensor/extremes.js';
import { Graph, layout } from '@dagrejs/dagre';
import { lineageGraph, type LineageNode } from './lineage-graph.js';
import type { Lineage } from './lineage.js';

/** Sizes in pixels. Text is set in a fixed-width face, so that widths are known without measuring. */
const FONT = 12;
const CHARACTER = 7.3;
const LINE = 16;
const PADDING = 10;
const MARGIN = 16;

/** Fill and border; light enough for black text in print. */
const COLOURS: Record<LineageNode['kind'], readonly [string, string]> = {
  attestation: ['#e8f5e9', '#2e7d32'],
  model: ['#e3f2fd', '#1565c0'],
  'model-version': ['#e3f2fd', '#1565c0'],
  checkpoint: ['#fff8e1', '#b26a00'],
  'checkpoint-batch': ['#fff8e1', '#b26a00'],
  'training-run': ['#f3e5f5', '#6a1b9a'],
  'data-set': ['#fbe9e7', '#bf360c'],
  unknown: ['#eeeeee', '#555555'],
};

export function drawLineageSvg(lineage: Lineage): string {
  const nodes = lineageGraph(lineage);
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 36, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, sizeOf(node));
  for (const { id, parents } of nodes) for (const parent of parents) graph.setEdge(id, parent);
  layout(graph);
  const { width, height } = graph.graph() as { width: number; height: number };
  const edges = graph.edges().map((edge: { v: string; w: string }) => {
    const { points } = graph.edge(edge) as { points: readonly { readonly x: number; readonly y: number }[] };
    return `<path d="M${points.map(({ x, y }) => `${round(x)} ${round(y)}`).join('L')}" fill="none" stroke="#555" marker-end="url(#to)"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="monospace" font-size="${FONT}">`,
    `<title>lineage of ${escapeXml(nodes[0].title)}</title>`,
    '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...edges,
    ...nodes.map((node) => box(node, graph.node(node.id) as Box)),
    '</svg>',
    '',
  ].join('\n');
}

interface Box {
  /** Of the centre. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function sizeOf({ title, details }: LineageNode): { width: number; height: number } {
  const longest = mostOf([title, ...details].map((line) => [...line].length));
  return { width: Math.ceil(longest * CHARACTER) + 2 * PADDING, height: (1 + details.length) * LINE + 2 * PADDING };
}

function box({ kind, title, details }: LineageNode, { x, y, width, height }: Box): string {
  const [fill, border] = COLOURS[kind];
  const [left, top] = [round(x - width / 2), round(y - height / 2)];
  const text = (line: string, i: number, style = ''): string =>
    `<text x="${round(left + PADDING)}" y="${round(top + PADDING + FONT + i * LINE)}"${style}>${escapeXml(line)}</text>`;
  return [
    `<g><rect x="${left}" y="${top}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${border}"/>`,
    text(title, 0, ' font-weight="bold"'),
    ...details.map((line, i) => text(line, i + 1)),
    '</g>',
  ].join('\n');
}

const round = (value: number): number => Math.round(10 * value) / 10;
