/** Operators on sequences of tokens or steps, and attention with sub-graphs at its scores and weights. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate } from '../../../src/onnx/index.js';
import type { AttributeMessage, NodeMessage } from '../../../src/onnx/schema.js';
import { agrees } from '../support/compare.js';
import {
  float,
  floatList,
  floats,
  int64s,
  makeModel,
  node,
  type ModelSpec,
  type NodeSpec,
} from '../support/make-model.js';

describe('ReverseSequence', () => {
  const reversed = (dims: number[], lengths: number[], attributes: Record<string, number>): ModelSpec => ({
    inputs: { x: dims },
    outputs: ['y'],
    constants: { lengths: int64s(lengths) },
    nodes: [node('ReverseSequence', ['x', 'lengths'], ['y'], attributes)],
  });

  it('reverses the first elements of each sequence, whichever dimension is time', async () => {
    await agrees(reversed([3, 4, 2], [1, 2, 4], { batch_axis: 0, time_axis: 1 }));
    await agrees(reversed([4, 3, 2], [4, 3, 1], { batch_axis: 1, time_axis: 0 }));
  });

  it('refuses lengths that do not fit', () => {
    for (const [lengths, attributes, message] of [
      [[1, 5, 4], { batch_axis: 0, time_axis: 1 }, /length 5 does not fit/],
      [[1, 2], { batch_axis: 0, time_axis: 1 }, /a length for each/],
      [[1, 2, 3], { batch_axis: 0, time_axis: 0 }, /time be another/],
    ] as const) {
      const model = makeModel(reversed([3, 4], [...lengths], attributes));
      assert.throws(() => buildGraph(decodeModel(model)), message);
    }
  });
});

describe('TfIdfVectorizer', () => {
  /** Tokens 0 and 1; 0 1, 1 1 and -1 2. */
  const counted = (dims: number[], attributes: NonNullable<NodeSpec['attributes']>): ModelSpec => ({
    inputs: { x: { dims, type: 'int64' } },
    outputs: ['y'],
    nodes: [
      node('TfIdfVectorizer', ['x'], ['y'], {
        mode: 'TF',
        min_gram_length: 1,
        max_gram_length: 2,
        max_skip_count: 0,
        ngram_counts: [0, 2],
        ngram_indexes: [3, 0, 1, 4, 2],
        pool_int64s: [0, 1, 0, 1, 1, 1, -1, 2],
        ...attributes,
      }),
    ],
  });

  it('counts tokens and pairs of tokens, next to each other or further apart', async () => {
    await agrees(counted([2, 9], {}), { whole: true });
    await agrees(counted([24], { max_skip_count: 3 }), { whole: true });
    await agrees(counted([24], { min_gram_length: 2, max_skip_count: 2 }), { whole: true });
  });

  it('weighs what it counts, or that it is there', async () => {
    const weights = floatList([0.5, 2, 3, 1, -1]);
    await agrees(counted([24], { mode: 'TFIDF', weights }), { whole: true });
    await agrees(counted([24], { mode: 'IDF', weights }), { whole: true });
  });

  it('refuses a pool that is not what its counts say', () => {
    const wrong: NonNullable<NodeSpec['attributes']>[] = [
      { ngram_counts: [0, 9] },
      { ngram_indexes: [0, 1] },
      { ngram_counts: [0, 1] },
    ];
    for (const attributes of wrong) {
      assert.throws(() => buildGraph(decodeModel(makeModel(counted([24], attributes)))), /n-gram/);
    }
  });
});

describe('FlexAttention', () => {
  const ramp = (size: number): number[] => Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 11 - 0.4);
  const [heads, queries, keys, size] = [4, 3, 5, 2];
  const subgraph = (...nodes: NodeMessage[]): AttributeMessage => ({
    type: 5,
    g: {
      name: 'modified',
      node: nodes,
      input: [{ name: 'given', type: { tensorType: { elemType: 1 } } }],
      output: [{ name: 'made', type: { tensorType: { elemType: 1 } } }],
    },
  });
  const model = (domain: string, op: string, attributes: NonNullable<NodeSpec['attributes']>): ModelSpec => ({
    opset: 24,
    domains: { 'ai.onnx.preview': 1 },
    inputs: { q: [1, heads, queries, size] },
    outputs: ['y'],
    constants: { k: floats([1, 2, keys, size], ramp(2 * keys * size)), v: floats([1, 2, keys, 3], ramp(6 * keys)) },
    nodes: [{ ...node(op, ['q', 'k', 'v'], ['y'], attributes), domain }],
  });
  const run = (spec: ModelSpec): number[] => {
    const graph = buildGraph(decodeModel(makeModel(spec)));
    const values = evaluate(graph, [Float64Array.from(ramp(heads * queries * size))]);
    return Array.from(values.get(graph.outputs[0].tensor) as Float64Array);
  };
  const close = (a: readonly number[], b: readonly number[]): void => {
    assert.equal(a.length, b.length);
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-12, `element ${i}: ${value}, ${b[i]}`));
  };

  it('without sub-graphs is attention, keys and values shared by groups of heads', () => {
    const cases: NonNullable<NodeSpec['attributes']>[] = [{}, { scale: float(0.3) }];
    for (const attributes of cases)
      close(run(model('ai.onnx.preview', 'FlexAttention', attributes)), run(model('', 'Attention', attributes)));
  });

  it('computes its sub-graphs at the scores and at the weights', () => {
    const squashed = subgraph({ opType: 'Tanh', input: ['given'], output: ['made'] });
    const doubled = subgraph({ opType: 'Add', input: ['given', 'given'], output: ['made'] });
    const modified = run(model('ai.onnx.preview', 'FlexAttention', { score_mod: squashed, prob_mod: doubled }));
    const capped = run(model('', 'Attention', { softcap: float(1) }));
    close(
      modified,
      capped.map((value) => 2 * value),
    );
  });

  it('refuses a sub-graph that changes the shape', () => {
    const flat = subgraph({ opType: 'Flatten', input: ['given'], output: ['made'] });
    assert.throws(() => run(model('ai.onnx.preview', 'FlexAttention', { prob_mod: flat })), /another shape/);
  });
});
