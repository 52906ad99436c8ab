/**
 * A lineage as indented text, from the attestation down to the data; an ancestor seen before is named, not repeated.
 */
import { lineageGraph } from './lineage-graph.js';
import type { Lineage } from './lineage.js';

export function drawLineageText(lineage: Lineage): string {
  const nodes = lineageGraph(lineage);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const seen = new Set<string>();
  const lines: string[] = [];
  // A stack of its own: a run may have more checkpoints in a row than calls can be nested.
  const open = [{ node: nodes[0], lead: '', hang: '' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, lead, hang } = next;
    const again = seen.has(node.id);
    seen.add(node.id);
    lines.push(`${lead}${node.title}  ${again ? `${node.details[0]}  (shown above)` : node.details.join('  ')}`);
    if (again) continue;
    const below = node.parents.map((id, i) => {
      const last = i === node.parents.length - 1;
      return { node: byId.get(id)!, lead: `${hang}${last ? '└─ ' : '├─ '}`, hang: `${hang}${last ? '   ' : '│  '}` };
    });
    for (const one of below.reverse()) open.push(one);
  }
  return lines.join('\n');
}
