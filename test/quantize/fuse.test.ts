import assert from 'node:assert/strict';
import { evaluator } from '../../src/network/evaluate.js';
import type { Graph } from '../../src/network/graph.js';
import { fuse } from '../../src/quantize/fuse.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES, numbers, randomGraph, Sketch, type Random } from './support/graphs.js';
import { randomSamples } from './support/samples.js';

function assertSameFunction(graph: Graph, fused: Graph, random: Random): void {
  const [before, after] = [evaluator(graph), evaluator(fused)];
  for (const sample of randomSamples(graph, 10, random, 3)) {
    const [expected, actual] = [before(sample), after(sample)];
    for (const { tensor } of graph.outputs) {
      const [one, other] = [expected.get(tensor)!, actual.get(tensor)!];
      assert.equal(other.length, one.length);
      one.forEach((value, i) =>
        assert.ok(
          Math.abs(value - other[i]) <= 1e-9 * Math.max(1, Math.abs(value)),
          `${tensor}[${i}]: ${value} became ${other[i]}`,
        ),
      );
    }
  }
}

function fused(build: (sketch: Sketch, random: Random) => string): string[] {
  const random = seeded(17);
  const sketch = new Sketch();
  const graph = sketch.graph(build(sketch, random));
  const result = fuse(graph);
  assertSameFunction(graph, result, random);
  return result.nodes.map((node) => node.op);
}

describe('fusion', () => {
  it('keeps the function of every layer kind', () => {
    for (const { make } of LAYER_CASES) {
      const random = seeded(19);
      const graph = make(random);
      assertSameFunction(graph, fuse(graph), random);
    }
  });

  it('keeps the function of random networks', () => {
    const random = seeded(23);
    for (let i = 0; i < 200; i += 1) {
      const graph = randomGraph(random);
      assertSameFunction(graph, fuse(graph), random);
    }
  });

  it('folds a batch normalization into the convolution before it', () => {
    assert.deepEqual(
      fused((s, r) => s.perChannel(s.conv(s.input([1, 2, 4, 4]), 3, r), r)),
      ['conv'],
    );
  });

  it('folds a batch normalization into the grouped convolution after it where nothing is padded', () => {
    assert.deepEqual(
      fused((s, r) => s.conv(s.perChannel(s.input([1, 4, 3, 3]), r), 6, r, { groups: 2 })),
      ['conv'],
    );
  });

  it('leaves a shift in front of a padded convolution, whose zeros must stay zeros', () => {
    const padded = { padsBegin: [1, 0], padsEnd: [0, 0] };
    assert.deepEqual(
      fused((s, r) => s.conv(s.perChannel(s.input([1, 2, 3, 3]), r), 2, r, padded)),
      ['affine', 'conv'],
    );
    const unshifted = (s: Sketch): string =>
      s.affine(s.input([1, 2, 3, 3]), new Float64Array(18).fill(2.5), new Float64Array(18));
    assert.deepEqual(
      fused((s, r) => s.conv(unshifted(s), 2, r, padded)),
      ['conv'],
    );
  });

  it('folds standardization into a dense layer on either side', () => {
    const map = (s: Sketch, x: string, r: Random): string => s.affine(x, numbers(r, s.size(x)), numbers(r, s.size(x)));
    assert.deepEqual(
      fused((s, r) => map(s, s.dense(map(s, s.input([1, 4]), r), 3, r), r)),
      ['dense'],
    );
  });

  it('leaves a map that differs from row to row in front of a dense layer', () => {
    assert.deepEqual(
      fused((s, r) => s.dense(s.affine(s.input([2, 3]), numbers(r, 6), numbers(r, 6)), 2, r)),
      ['affine', 'dense'],
    );
  });

  it('carries a map through a flatten to the dense layer behind it', () => {
    assert.deepEqual(
      fused((s, r) => s.dense(s.flatten(s.perChannel(s.input([1, 2, 2, 2]), r)), 3, r)),
      ['move', 'dense'],
    );
  });

  it('moves a relu behind the max pooling that follows it, and a clip too', () => {
    const pool = { kernel: [2, 2], strides: [2, 2] };
    assert.deepEqual(
      fused((s) => s.max(s.relu(s.input([1, 1, 4, 4])), pool)),
      ['max', 'prelu'],
    );
    assert.deepEqual(
      fused((s) => s.max(s.clip(s.input([1, 1, 4, 4]), -0.5, 0.7), pool)),
      ['max', 'clip'],
    );
  });

  it('does not move an activation that falls behind a maximum', () => {
    const pool = { kernel: [2, 2], strides: [2, 2] };
    assert.deepEqual(
      fused((s) => s.max(s.prelu(s.input([1, 1, 4, 4]), [-0.5]), pool)),
      ['prelu', 'max'],
    );
  });

  it('does not take away a tensor that something else reads', () => {
    const ops = fused((s, r) => {
      const x = s.dense(s.input([1, 3]), 3, r);
      return s.sum([s.affine(x, numbers(r, 3), numbers(r, 3)), x], [1, 1]);
    });
    assert.deepEqual(ops, ['dense', 'affine', 'sum']);
    const sketch = new Sketch();
    const random = seeded(1);
    const x = sketch.dense(sketch.input([1, 3]), 3, random);
    const y = sketch.affine(x, numbers(random, 3), numbers(random, 3));
    assert.equal(fuse(sketch.graph(x, y)).nodes.length, 2);
  });
});
