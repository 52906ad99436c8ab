/**
 * Networks of very many cheap nodes: no pass may take time quadratic in the number of nodes, nor a stack frame for
 * each. Times are not asserted; a quadratic pass takes minutes here and runs into the time limit.
 */
import assert from 'node:assert/strict';
import { compileModel } from '../../src/compile/compile.js';
import { buildGraph, decodeModel, evaluator } from '../../src/onnx/index.js';
import { quantize } from '../../src/quantize/quantize.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { floats, int64s, makeModel, node, type NodeSpec } from '../onnx/support/make-model.js';

const COUNT = 20_000;

/** Node number i from tensor `from` to tensor `to`. */
const LINKS: Readonly<Record<string, (from: string, to: string, i: number) => NodeSpec>> = {
  Relu: (from, to) => node('Relu', [from], [to]),
  Identity: (from, to) => node('Identity', [from], [to]),
  'Add of a constant': (from, to) => node('Add', [from, 'small'], [to]),
  'Add of the input': (from, to, i) => node(i % 2 === 0 ? 'Add' : 'Sub', [from, 'x'], [to]),
  Reshape: (from, to, i) => node('Reshape', [from, i % 2 === 0 ? 'upright' : 'flat'], [to]),
  Flatten: (from, to) => node('Flatten', [from], [to]),
  Abs: (from, to) => node('Abs', [from], [to]),
  Clip: (from, to) => node('Clip', [from, 'low', 'high'], [to]),
  'Add and Relu in turn': (from, to, i) =>
    i % 2 === 0 ? node('Add', [from, 'small'], [to]) : node('Relu', [from], [to]),
};

describe(`chains of ${COUNT.toLocaleString('en-US')} nodes compile`, () => {
  const compile = async (nodes: readonly NodeSpec[]): Promise<number> => {
    const constants = {
      small: floats([1, 2], [1e-5, -1e-5]),
      low: floats([], [0]),
      high: floats([], [0.9]),
      upright: int64s([2, 1]),
      flat: int64s([1, 2]),
    };
    const graph = buildGraph(decodeModel(makeModel({ inputs: { x: [1, 2] }, outputs: ['y'], constants, nodes })));
    const model = quantize(graph, { activationBits: 8, samples: [], evaluator });
    return (await compileModel(model, { input: 'hashed', output: 'public' })).system.constraintCount;
  };

  for (const [name, link] of Object.entries(LINKS)) {
    it(name, async () => {
      const tensor = (i: number): string => (i === 0 ? 'x' : i === COUNT ? 'y' : `t${i}`);
      assert.ok((await compile(Array.from({ length: COUNT }, (_, i) => link(tensor(i), tensor(i + 1), i)))) > 0);
    });
  }

  it('with the report on accuracy and layers', async () => {
    const tensor = (i: number): string => (i === 0 ? 'x' : i === COUNT ? 'y' : `t${i}`);
    const nodes = Array.from({ length: COUNT }, (_, i) => node('Relu', [tensor(i)], [tensor(i + 1)]));
    const onnx = makeModel({ inputs: { x: [1, 2] }, outputs: ['y'], nodes });
    const { layers } = await compileOnnx(onnx, { name: 'chain' });
    assert.equal(layers.filter(({ op }) => op === 'Relu').length, COUNT);
  });

  it('and so do as many branches that meet in one concatenation', async () => {
    const branches = Array.from({ length: COUNT }, (_, i) => `b${i}`);
    assert.ok(
      (await compile([
        ...branches.map((branch) => node('Relu', ['x'], [branch])),
        node('Concat', branches, ['y'], { axis: 1 }),
      ])) > 0,
    );
  });
});
