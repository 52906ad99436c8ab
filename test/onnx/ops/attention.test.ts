import assert from 'node:assert/strict';
import { buildGraph, decodeModel } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { floats, int64s, makeModel, node, type ModelSpec } from '../support/make-model.js';

const ramp = (size: number): number[] => Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 11 - 0.4);

describe('Einsum', () => {
  const cases: readonly (readonly [string, readonly (readonly number[])[]])[] = [
    ['ij,jk->ik', [[2, 3], [3, 4]]],
    ['bij, bjk -> bik', [[2, 2, 3], [2, 3, 2]]],
    ['aecd,abcd->acbe', [[1, 3, 2, 4], [1, 5, 2, 4]]],
    ['...ii->...i', [[2, 3, 3]]],
    ['ij->', [[2, 3]]],
    ['ij->ji', [[2, 3]]],
    ['ba', [[2, 3]]],
    ['i,i', [[5], [5]]],
    ['i,j->ij', [[3], [2]]],
    ['ij,ij->ij', [[2, 3], [2, 3]]],
    ['...ij,jk->...ik', [[2, 1, 2, 3], [3, 2]]],
    ['b...i,b...i->b...', [[2, 3, 4], [2, 1, 4]]],
    ['ij,jk,kl->il', [[2, 3], [3, 2], [2, 4]]],
    ['ijk,lj->i', [[2, 3, 2], [2, 3]]],
  ];
  for (const [equation, shapes] of cases) {
    it(`${equation} agrees with onnxruntime, between activations and with a constant`, async () => {
      const names = shapes.map((_, i) => `x${i}`);
      const nodes = [node('Einsum', names, ['y'], { equation })];
      const inputs = Object.fromEntries(names.map((name, i) => [name, shapes[i]]));
      await agrees({ inputs, outputs: ['y'], nodes });
      const [first, ...others] = names;
      if (others.length === 0) return;
      const constants = Object.fromEntries(others.map((name, i) => [name, floats(shapes[i + 1], ramp(shapes[i + 1].reduce((a, b) => a * b, 1)))]));
      await agrees({ inputs: { [first]: shapes[0] }, outputs: ['y'], constants, nodes });
    });
  }

  it('whose labels do not fit its inputs is an error that shows the equation', () => {
    const spec: ModelSpec = { inputs: { x: [2, 3] }, outputs: ['y'], nodes: [node('Einsum', ['x'], ['y'], { equation: 'ijk->i' }, 'sum')] };
    assert.throws(() => buildGraph(decodeModel(makeModel(spec))), /sum \(Einsum\).*ijk->i/);
  });
});

describe('Hardmax', () => {
  for (const [opset, attributes] of [[13, {}], [13, { axis: 0 }], [13, { axis: 1 }], [11, { axis: 1 }]] as const) {
    it(`of opset ${opset} with ${JSON.stringify(attributes)} agrees with onnxruntime`, async () => {
      await agrees({ opset, inputs: { x: [2, 3, 4] }, outputs: ['y'], nodes: [node('Hardmax', ['x'], ['y'], attributes)] });
    });
  }

  it('takes the first of equal elements', async () => {
    await agrees({ inputs: { x: [3, 4] }, outputs: ['y'], nodes: [node('Floor', ['x'], ['f']), node('Hardmax', ['f'], ['y'])] });
  });
});

describe('attention', () => {
  // What PyTorch's exporter writes of one causal head: the mask chosen by Where.
  it('as exporters write it, with a causal mask and rotary embeddings, agrees with onnxruntime', async () => {
    const [tokens, size] = [3, 4];
    const lower = Array.from({ length: tokens * tokens }, (_, i) => Number(i % tokens <= Math.floor(i / tokens)));
    const rotary = (x: string): ModelSpec['nodes'] => [
      node('Slice', [x, 'zero', 'half', 'last'], [`${x}1`]), node('Slice', [x, 'half', 'end', 'last'], [`${x}2`]), node('Neg', [`${x}2`], [`${x}3`]),
      node('Concat', [`${x}3`, `${x}1`], [`${x}4`], { axis: -1 }), node('Mul', [x, 'cos'], [`${x}5`]), node('Mul', [`${x}4`, 'sin'], [`${x}6`]),
      node('Add', [`${x}5`, `${x}6`], [`${x}r`]),
    ];
    const graph = await agrees({
      inputs: { x: [1, tokens, size] },
      outputs: ['y'],
      constants: {
        wq: floats([size, size], ramp(16)), wk: floats([size, size], ramp(16).reverse()), wv: floats([size, size], ramp(16).map((value) => value * value)),
        cos: floats([tokens, size], ramp(12)), sin: floats([tokens, size], ramp(12).reverse()), far: floats([], [-Infinity]), scale: floats([], [2]),
        keep: { dims: [tokens, tokens], dataType: 9, int32Data: lower }, zero: int64s([0]), half: int64s([2]), end: int64s([1000]), last: int64s([-1]),
      },
      nodes: [
        node('MatMul', ['x', 'wq'], ['q']), node('MatMul', ['x', 'wk'], ['k']), node('MatMul', ['x', 'wv'], ['v']), ...rotary('q'), ...rotary('k'),
        node('Transpose', ['kr'], ['kt'], { perm: [0, 2, 1] }), node('MatMul', ['qr', 'kt'], ['s']), node('Div', ['s', 'scale'], ['d']),
        node('Where', ['keep', 'd', 'far'], ['m']), node('Softmax', ['m'], ['p'], { axis: -1 }), node('MatMul', ['p', 'v'], ['y']),
      ],
    });
    assert.equal(graph.nodes.filter(({ op }) => op === 'matmul').length, 2);
  });

  it('with a mask that the network computes agrees with onnxruntime', async () => {
    await agrees({
      inputs: { x: [2, 3], keep: [1, 3] },
      outputs: ['y'],
      constants: { one: floats([], [1]), far: floats([], [-10000]), zero: floats([], [0]) },
      nodes: [
        node('Greater', ['keep', 'zero'], ['k']), node('Cast', ['k'], ['b'], { to: 1 }), node('Sub', ['one', 'b'], ['gone']), node('Mul', ['gone', 'far'], ['bias']),
        node('Add', ['x', 'bias'], ['s']), node('Softmax', ['s'], ['p']), node('Mul', ['p', 'x'], ['y']),
      ],
    });
  });
});
