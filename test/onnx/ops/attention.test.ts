import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate } from '../../../src/onnx/index.js';
import { agrees } from '../support/compare.js';
import { float, floats, int64s, makeModel, node, type ModelSpec } from '../support/make-model.js';

const ramp = (size: number): number[] => Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 11 - 0.4);

describe('Einsum', () => {
  const cases: readonly (readonly [string, readonly (readonly number[])[]])[] = [
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'bij, bjk -> bik',
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
    ],
    [
      'aecd,abcd->acbe',
      [
        [1, 3, 2, 4],
        [1, 5, 2, 4],
      ],
    ],
    ['...ii->...i', [[2, 3, 3]]],
    ['ij->', [[2, 3]]],
    ['ij->ji', [[2, 3]]],
    ['ba', [[2, 3]]],
    ['i,i', [[5], [5]]],
    ['i,j->ij', [[3], [2]]],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      '...ij,jk->...ik',
      [
        [2, 1, 2, 3],
        [3, 2],
      ],
    ],
    [
      'b...i,b...i->b...',
      [
        [2, 3, 4],
        [2, 1, 4],
      ],
    ],
    [
      'ij,jk,kl->il',
      [
        [2, 3],
        [3, 2],
        [2, 4],
      ],
    ],
    [
      'ijk,lj->i',
      [
        [2, 3, 2],
        [2, 3],
      ],
    ],
  ];
  for (const [equation, shapes] of cases) {
    it(`${equation} agrees with onnxruntime, between activations and with a constant`, async () => {
      const names = shapes.map((_, i) => `x${i}`);
      const nodes = [node('Einsum', names, ['y'], { equation })];
      const inputs = Object.fromEntries(names.map((name, i) => [name, shapes[i]]));
      await agrees({ inputs, outputs: ['y'], nodes });
      const [first, ...others] = names;
      if (others.length === 0) return;
      const constants = Object.fromEntries(
        others.map((name, i) => [name, floats(shapes[i + 1], ramp(shapes[i + 1].reduce((a, b) => a * b, 1)))]),
      );
      await agrees({ inputs: { [first]: shapes[0] }, outputs: ['y'], constants, nodes });
    });
  }

  it('whose labels do not fit its inputs is an error that shows the equation', () => {
    const spec: ModelSpec = {
      inputs: { x: [2, 3] },
      outputs: ['y'],
      nodes: [node('Einsum', ['x'], ['y'], { equation: 'ijk->i' }, 'sum')],
    };
    assert.throws(() => buildGraph(decodeModel(makeModel(spec))), /sum \(Einsum\).*ijk->i/);
  });
});

describe('Hardmax', () => {
  for (const [opset, attributes] of [
    [13, {}],
    [13, { axis: 0 }],
    [13, { axis: 1 }],
    [11, { axis: 1 }],
  ] as const) {
    it(`of opset ${opset} with ${JSON.stringify(attributes)} agrees with onnxruntime`, async () => {
      await agrees({
        opset,
        inputs: { x: [2, 3, 4] },
        outputs: ['y'],
        nodes: [node('Hardmax', ['x'], ['y'], attributes)],
      });
    });
  }

  it('takes the first of equal elements', async () => {
    await agrees({
      inputs: { x: [3, 4] },
      outputs: ['y'],
      nodes: [node('Floor', ['x'], ['f']), node('Hardmax', ['f'], ['y'])],
    });
  });
});

describe('attention', () => {
  // What PyTorch's exporter writes of one causal head: the mask chosen by Where.
  it('as exporters write it, with a causal mask and rotary embeddings, agrees with onnxruntime', async () => {
    const [tokens, size] = [3, 4];
    const lower = Array.from({ length: tokens * tokens }, (_, i) => Number(i % tokens <= Math.floor(i / tokens)));
    const rotary = (x: string): ModelSpec['nodes'] => [
      node('Slice', [x, 'zero', 'half', 'last'], [`${x}1`]),
      node('Slice', [x, 'half', 'end', 'last'], [`${x}2`]),
      node('Neg', [`${x}2`], [`${x}3`]),
      node('Concat', [`${x}3`, `${x}1`], [`${x}4`], { axis: -1 }),
      node('Mul', [x, 'cos'], [`${x}5`]),
      node('Mul', [`${x}4`, 'sin'], [`${x}6`]),
      node('Add', [`${x}5`, `${x}6`], [`${x}r`]),
    ];
    const graph = await agrees({
      inputs: { x: [1, tokens, size] },
      outputs: ['y'],
      constants: {
        wq: floats([size, size], ramp(16)),
        wk: floats([size, size], ramp(16).reverse()),
        wv: floats(
          [size, size],
          ramp(16).map((value) => value * value),
        ),
        cos: floats([tokens, size], ramp(12)),
        sin: floats([tokens, size], ramp(12).reverse()),
        far: floats([], [-Infinity]),
        scale: floats([], [2]),
        keep: { dims: [tokens, tokens], dataType: 9, int32Data: lower },
        zero: int64s([0]),
        half: int64s([2]),
        end: int64s([1000]),
        last: int64s([-1]),
      },
      nodes: [
        node('MatMul', ['x', 'wq'], ['q']),
        node('MatMul', ['x', 'wk'], ['k']),
        node('MatMul', ['x', 'wv'], ['v']),
        ...rotary('q'),
        ...rotary('k'),
        node('Transpose', ['kr'], ['kt'], { perm: [0, 2, 1] }),
        node('MatMul', ['qr', 'kt'], ['s']),
        node('Div', ['s', 'scale'], ['d']),
        node('Where', ['keep', 'd', 'far'], ['m']),
        node('Softmax', ['m'], ['p'], { axis: -1 }),
        node('MatMul', ['p', 'v'], ['y']),
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
        node('Greater', ['keep', 'zero'], ['k']),
        node('Cast', ['k'], ['b'], { to: 1 }),
        node('Sub', ['one', 'b'], ['gone']),
        node('Mul', ['gone', 'far'], ['bias']),
        node('Add', ['x', 'bias'], ['s']),
        node('Softmax', ['s'], ['p']),
        node('Mul', ['p', 'x'], ['y']),
      ],
    });
  });
});

/** Element by element of a row-major tensor. */
const tensorOf = (shape: readonly number[], element: (...at: number[]) => number): number[] => {
  const size = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: size }, (_, i) =>
    element(...shape.map((length, axis) => Math.floor(i / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % length)),
  );
};

const close = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) < 1e-6, `element ${i} is ${actual[i]}, not ${value}`),
  );
};

// onnxruntime here knows no operator set with these; the expected values are the specification's formulas.
describe('Attention', () => {
  const [heads, tokens, keys, size] = [2, 2, 3, 2];
  const q = tensorOf([1, heads, tokens, size], (_, h, i, d) => Math.sin(1 + h + 2 * i + 3 * d));
  const k = tensorOf([1, 1, keys, size], (_, __, j, d) => Math.cos(j + 2 * d));
  const v = tensorOf([1, 1, keys, size], (_, __, j, d) => j - d / 2);

  /** Weights of keys for a query; `sees` says which keys it sees, `bias` what is added to its scores. */
  const expected = (
    sees: (i: number, j: number) => boolean,
    bias: (i: number, j: number) => number = () => 0,
    cap = 0,
  ): number[] =>
    tensorOf([1, heads, tokens, size], (_, h, i, d) => {
      const scores = Array.from({ length: keys }, (__, j) => {
        const raw =
          [0, 1].reduce((sum, e) => sum + q[(h * tokens + i) * size + e] * k[j * size + e], 0) / Math.sqrt(size);
        return sees(i, j) ? (cap === 0 ? raw : cap * Math.tanh(raw / cap)) + bias(i, j) : -Infinity;
      });
      const powers = scores.map((score) => Math.exp(score));
      const sum = powers.reduce((a, b) => a + b, 0);
      return sum === 0 ? 0 : powers.reduce((total, power, j) => total + (power / sum) * v[j * size + d], 0);
    });

  const run = (
    attributes: Record<string, number | ReturnType<typeof float>>,
    more: ModelSpec['constants'] = {},
    inputs: readonly string[] = [],
  ): Float64Array => {
    const shapes = { q: [1, heads, tokens, size], k: [1, 1, keys, size], v: [1, 1, keys, size] };
    const spec: ModelSpec = {
      opset: 25,
      inputs: shapes,
      outputs: ['y'],
      constants: more,
      nodes: [node('Attention', ['q', 'k', 'v', ...inputs], ['y'], attributes)],
    };
    const graph = buildGraph(decodeModel(makeModel(spec)));
    return evaluate(
      graph,
      [q, k, v].map((values) => Float64Array.from(values)),
    ).get(graph.outputs[0].tensor)!;
  };

  it('shares heads of keys and values among those of the queries', () =>
    close(
      run({}),
      expected(() => true),
    ));
  it('is causal', () =>
    close(
      run({ is_causal: 1 }),
      expected((i, j) => j <= i),
    ));
  it('looks through a window', () =>
    close(
      run({ left_window_size: 0, right_window_size: 1 }),
      expected((i, j) => j >= i && j <= i + 1),
    ));
  it('caps its scores', () =>
    close(
      run({ softcap: float(0.5) }),
      expected(() => true, undefined, 0.5),
    ));
  it('adds a mask of numbers, and gives a query that sees nothing zeros', () => {
    const mask = [0, 0.5, -Infinity, -Infinity, -Infinity, -Infinity];
    close(
      run({}, { mask: floats([tokens, keys], mask) }, ['mask']),
      expected(
        (i, j) => mask[i * keys + j] > -1e9,
        (i, j) => mask[i * keys + j],
      ),
    );
  });
  it('takes a mask of booleans that is shorter than the keys', () => {
    const mask = { dims: [tokens, 2], dataType: 9, int32Data: [1, 1, 0, 1] };
    close(
      run({}, { mask }, ['mask']),
      expected((i, j) => j < 2 && mask.int32Data[i * 2 + j] === 1),
    );
  });
  it('sees as many keys of a cache as are no padding', () => {
    close(
      run({ is_causal: 1 }, { count: int64s([2]) }, ['', '', '', 'count']),
      expected((i, j) => j < 2 && j <= i),
    );
  });

  it('reads and returns its cache, and its weights where they are asked for', () => {
    const spec: ModelSpec = {
      opset: 25,
      inputs: { q: [1, 1, 2], k: [1, 1, 2], v: [1, 1, 2] },
      outputs: ['y', 'keys', 'values', 'weights'],
      constants: { pk: floats([1, 1, 1, 2], [1, 0]), pv: floats([1, 1, 1, 2], [10, 20]) },
      nodes: [
        node('Attention', ['q', 'k', 'v', '', 'pk', 'pv'], ['y', 'keys', 'values', 'weights'], {
          q_num_heads: 1,
          kv_num_heads: 1,
          is_causal: 1,
          qk_matmul_output_mode: 3,
        }),
      ],
    };
    const graph = buildGraph(decodeModel(makeModel(spec)));
    const tensors = evaluate(
      graph,
      [
        [0.5, 1],
        [0, 2],
        [30, 40],
      ].map((values) => Float64Array.from(values)),
    );
    const [y, cache, , weights] = graph.outputs.map(({ tensor }) => tensors.get(tensor)!);
    const share = 1 / (1 + Math.exp((0.5 - 2) / Math.sqrt(2)));
    close(weights, [1 - share, share]);
    close(cache, [1, 0, 0, 2]);
    close(y, [10 + 20 * share, 20 + 20 * share]);
  });
});

describe('RotaryEmbedding', () => {
  const x = tensorOf([1, 1, 2, 6], (_, __, i, k) => i - k / 3);
  for (const interleaved of [0, 1]) {
    it(`turns ${interleaved === 1 ? 'neighbours' : 'halves'} by constant and by computed angles, and leaves the rest`, () => {
      const [cos, sin] = [Math.cos, Math.sin].map((f) => tensorOf([1, 2, 2], (_, i, pair) => f(1 + i + 2 * pair)));
      const expected = tensorOf([1, 1, 2, 6], (_, __, i, k) => {
        if (k >= 4) return x[i * 6 + k];
        const [pair, second] = interleaved === 1 ? [k >> 1, k % 2] : [k % 2, k >> 1];
        const [a, b] =
          interleaved === 1 ? [x[i * 6 + 2 * pair], x[i * 6 + 2 * pair + 1]] : [x[i * 6 + pair], x[i * 6 + pair + 2]];
        const angle = 1 + i + 2 * pair;
        return second === 1 ? a * Math.sin(angle) + b * Math.cos(angle) : a * Math.cos(angle) - b * Math.sin(angle);
      });
      for (const computed of [false, true]) {
        const caches = { cos: floats([1, 2, 2], cos), sin: floats([1, 2, 2], sin) };
        const inputs = { x: [1, 1, 2, 6], ...(computed ? { cos: [1, 2, 2], sin: [1, 2, 2] } : {}) };
        const nodes = [node('RotaryEmbedding', ['x', 'cos', 'sin'], ['y'], { interleaved, rotary_embedding_dim: 4 })];
        const graph = buildGraph(
          decodeModel(makeModel({ opset: 23, inputs, outputs: ['y'], constants: computed ? {} : caches, nodes })),
        );
        const given = computed ? [x, cos, sin] : [x];
        close(
          evaluate(
            graph,
            given.map((values) => Float64Array.from(values)),
          ).get(graph.outputs[0].tensor)!,
          expected,
        );
      }
    });
  }

  it('finds constant angles by position', () => {
    const caches = { cos: floats([3, 1], [9, 0, 1]), sin: floats([3, 1], [9, 1, 0]), at: int64s([2, 1], [1, 2]) };
    const nodes = [node('RotaryEmbedding', ['x', 'cos', 'sin', 'at'], ['y'], { num_heads: 1 })];
    const graph = buildGraph(
      decodeModel(makeModel({ opset: 23, inputs: { x: [1, 2, 2] }, outputs: ['y'], constants: caches, nodes })),
    );
    close(evaluate(graph, [Float64Array.of(3, 4, 5, 6)]).get(graph.outputs[0].tensor)!, [3, 4, -6, 5]);
  });
});

describe('LinearAttention', () => {
  for (const rule of ['linear', 'gated', 'delta', 'gated_delta']) {
    it(`with the rule ${rule} follows its recurrence, two heads of queries sharing one of keys`, () => {
      const [tokens, size, width] = [3, 2, 1];
      const [q, k, v] = [
        tensorOf([1, tokens, 4], (_, t, i) => Math.sin(t + i)),
        tensorOf([1, tokens, size], (_, t, i) => Math.cos(2 * t + i)),
        tensorOf([1, tokens, width], (_, t) => t - 1.2),
      ];
      const [g, beta] = [tensorOf([1, tokens, 1], (_, t) => -0.3 * t), tensorOf([1, tokens, 1], (_, t) => 0.5 + t / 8)];
      const [gated, delta] = [rule.startsWith('gated'), rule.endsWith('delta')];
      let state = [0.5, -1];
      const expected: number[] = [];
      for (let t = 0; t < tokens; t++) {
        const row = [k[2 * t], k[2 * t + 1]];
        if (gated) state = state.map((value) => value * Math.exp(g[t]));
        const added = delta ? beta[t] * (v[t] - row.reduce((sum, value, d) => sum + value * state[d], 0)) : v[t];
        state = state.map((value, d) => value + row[d] * added);
        for (const head of [0, 1])
          expected.push((q[4 * t + 2 * head] * state[0] + q[4 * t + 2 * head + 1] * state[1]) / Math.sqrt(size));
      }
      const constants = {
        s: floats([1, 1, size, width], [0.5, -1]),
        ...(gated ? { g: floats([1, tokens, 1], g) } : {}),
        ...(delta ? { b: floats([1, tokens, 1], beta) } : {}),
      };
      const nodes = [
        node('LinearAttention', ['q', 'k', 'v', 's', gated ? 'g' : '', delta ? 'b' : ''], ['y', 'state'], {
          q_num_heads: 2,
          kv_num_heads: 1,
          update_rule: rule,
        }),
      ];
      const graph = buildGraph(
        decodeModel(
          makeModel({
            opset: 27,
            inputs: { q: [1, tokens, 4], k: [1, tokens, 2], v: [1, tokens, 1] },
            outputs: ['y', 'state'],
            constants,
            nodes,
          }),
        ),
      );
      const tensors = evaluate(
        graph,
        [q, k, v].map((values) => Float64Array.from(values)),
      );
      close(tensors.get(graph.outputs[0].tensor)!, expected);
      close(tensors.get(graph.outputs[1].tensor)!, state);
    });
  }
});
