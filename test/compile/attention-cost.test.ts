import assert from 'node:assert/strict';
import { lowerModel } from '../../src/compile/lower.js';
import { constraintsOf } from '../../src/gadgets/index.js';
import type { Graph } from '../../src/network/graph.js';
import { seeded } from '../onnx/support/random.js';
import { Sketch } from '../quantize/support/graphs.js';
import { quantizeRandomly } from '../quantize/support/samples.js';

/** Constraints of the layer that makes the graph's last tensor, cuts of what it reads not counted, by gadget. */
function costOf(graph: Graph): Map<string, number> {
  const { netlist } = lowerModel(quantizeRandomly(graph, 8, seeded(5), 4), { input: 'private', output: 'private' });
  const last = graph.nodes[graph.nodes.length - 1].name;
  const costs = new Map<string, number>();
  for (const { gadget, layer } of netlist.steps) {
    if (netlist.layers[layer] !== last) continue;
    const [name, cost] =
      gadget < 0 ? ['wire', 1] : [netlist.gadgets[gadget].template, constraintsOf(netlist.gadgets[gadget])];
    costs.set(name, (costs.get(name) ?? 0) + cost);
  }
  return costs;
}

const total = (costs: ReadonlyMap<string, number>): number => [...costs.values()].reduce((sum, cost) => sum + cost, 0);

describe('the constraints of attention', () => {
  for (const n of [4, 16, 64]) {
    it(`are at most 110 for each of ${n} elements of a softmax`, () => {
      const sketch = new Sketch();
      const scores = sketch.dense(sketch.input([1, 8]), n, seeded(3));
      assert.ok(total(costOf(sketch.graph(sketch.softmax(scores)))) <= 110 * n);
    });
  }

  const product = (rows: number, inner: number, columns: number): Map<string, number> => {
    const sketch = new Sketch();
    return costOf(sketch.graph(sketch.matmul(sketch.input([1, rows, inner]), sketch.input([1, inner, columns]))));
  };

  it('are one a multiplication where sums are short', () => {
    assert.deepEqual([...product(4, 8, 4)], [['Multiply', 128]]);
  });

  it('are at most 0.15 a multiplication, and the digits of the results, where sums are long', () => {
    const [rows, inner, columns] = [24, 64, 22];
    const { RequantizeDigits: digits, ...packed } = Object.fromEntries(product(rows, inner, columns));
    assert.ok(Object.values(packed).reduce((sum, cost) => sum + cost, 0) <= 0.15 * rows * inner * columns);
    assert.ok(digits <= 25 * rows * columns, `${digits} for ${rows * columns} results`);
  });
});
