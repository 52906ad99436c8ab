/**
 * Functions of one value against onnxruntime, over the whole domain, and what the integers make of them where there is
 * no value.
 */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate, openReference } from '../../../src/onnx/index.js';
import { FUNCTION_OPERATORS } from '../../../src/onnx/ops/functions.js';
import { float, floats, makeModel, node, type ModelSpec, type NodeSpec } from '../support/make-model.js';

/** Steps over each range: coprime to nothing in particular, with the ends and zero among them. */
const COUNT = 401;

const line = (low: number, high: number): number[] =>
  Array.from({ length: COUNT }, (_, i) => Math.fround(low + ((high - low) * i) / (COUNT - 1)));

interface FunctionCase {
  readonly op: string;
  readonly range: readonly [number, number];
  readonly attributes?: NodeSpec['attributes'];
  readonly opset?: number;
}

const CASES: readonly FunctionCase[] = [
  { op: 'Acos', range: [-1, 1] },
  { op: 'Acosh', range: [1, 40] },
  { op: 'Asin', range: [-1, 1] },
  { op: 'Asinh', range: [-40, 40] },
  { op: 'Atan', range: [-40, 40] },
  { op: 'Atanh', range: [-0.999, 0.999] },
  { op: 'Ceil', range: [-10, 10] },
  { op: 'Celu', range: [-10, 10] },
  { op: 'Celu', range: [-10, 10], attributes: { alpha: float(2.5) } },
  { op: 'Cos', range: [-20, 20] },
  { op: 'Cosh', range: [-8, 8] },
  { op: 'Elu', range: [-10, 10] },
  { op: 'Elu', range: [-10, 10], attributes: { alpha: float(0.3) }, opset: 7 },
  { op: 'Erf', range: [-7, 7] },
  { op: 'Exp', range: [-20, 20] },
  { op: 'Floor', range: [-10, 10] },
  { op: 'Gelu', range: [-10, 10], opset: 20 },
  { op: 'Gelu', range: [-10, 10], attributes: { approximate: 'tanh' }, opset: 20 },
  { op: 'HardSigmoid', range: [-10, 10] },
  { op: 'HardSigmoid', range: [-10, 10], attributes: { alpha: float(0.5), beta: float(0.1) } },
  { op: 'HardSwish', range: [-10, 10] },
  { op: 'Log', range: [0.001, 40] },
  { op: 'Mish', range: [-20, 20], opset: 18 },
  { op: 'Reciprocal', range: [0.05, 20] },
  { op: 'Reciprocal', range: [-20, -0.05] },
  { op: 'Round', range: [-10, 10], opset: 11 },
  { op: 'Selu', range: [-10, 10] },
  { op: 'Selu', range: [-10, 10], attributes: { alpha: float(2), gamma: float(3) } },
  { op: 'Shrink', range: [-2, 2], attributes: { bias: float(0.25), lambd: float(0.75) } },
  { op: 'Sigmoid', range: [-40, 40] },
  { op: 'Sigmoid', range: [-40, 40], opset: 7 },
  { op: 'Sign', range: [-2, 2] },
  { op: 'Sin', range: [-20, 20] },
  { op: 'Sinh', range: [-8, 8] },
  { op: 'Softplus', range: [-40, 40] },
  { op: 'Softsign', range: [-40, 40] },
  { op: 'Sqrt', range: [0, 40] },
  { op: 'Tan', range: [-1.5, 1.5] },
  { op: 'Tanh', range: [-20, 20] },
  { op: 'ThresholdedRelu', range: [-4, 4], attributes: { alpha: float(1.5) }, opset: 10 },
];

/** Runs a model with one input x on both sides. */
async function both(spec: ModelSpec, x: readonly number[]): Promise<[ours: Float64Array, theirs: ArrayLike<number>]> {
  const bytes = makeModel(spec);
  const graph = buildGraph(decodeModel(bytes));
  const ours = evaluate(graph, [Float64Array.from(x)]).get(graph.outputs[0].tensor)!;
  const reference = await openReference(bytes);
  try {
    return [ours, (await reference.run([Float32Array.from(x)]))[0]];
  } finally {
    await reference.close();
  }
}

function assertClose(ours: Float64Array, theirs: ArrayLike<number>, x: readonly number[]): void {
  const scale = Math.max(...Array.from(theirs, Math.abs));
  ours.forEach((value, i) =>
    assert.ok(
      Math.abs(value - theirs[i]) <= 2e-6 * scale + 1e-5 * Math.abs(theirs[i]),
      `of ${x[i]}: ${value} here, ${theirs[i]} there`,
    ),
  );
}

describe('functions of one value', () => {
  for (const { op, range, attributes = {}, opset = 17 } of CASES) {
    const shown = Object.entries(attributes).map(
      ([name, value]) => ` ${name} ${JSON.stringify((value as { f?: number }).f ?? value)}`,
    );
    it(`${op}${shown.join('')}, opset ${opset}, agrees with onnxruntime from ${range[0]} to ${range[1]}`, async () => {
      const x = line(...range);
      assertClose(
        ...(await both(
          { opset, inputs: { x: [COUNT] }, outputs: ['y'], nodes: [node(op, ['x'], ['y'], attributes)] },
          x,
        )),
        x,
      );
    });
  }

  it('are all compared, but for what this onnxruntime does not have', () => {
    const compared = new Set(CASES.map(({ op }) => op));
    assert.deepEqual(
      Object.keys(FUNCTION_OPERATORS).filter((op) => !compared.has(op)),
      ['Swish'],
    );
  });

  for (const exponent of [0.5, -1, -0.5, 1.7, 0]) {
    it(`Pow with exponent ${exponent} agrees with onnxruntime`, async () => {
      const x = line(0.05, 9);
      const spec = {
        inputs: { x: [COUNT] },
        outputs: ['y'],
        constants: { c: floats([], [exponent]) },
        nodes: [node('Pow', ['x', 'c'], ['y'])],
      };
      assertClose(...(await both(spec, x)), x);
    });
  }

  it('Pow with a constant base agrees with onnxruntime', async () => {
    const x = line(-4, 4);
    const spec = {
      inputs: { x: [COUNT] },
      outputs: ['y'],
      constants: { c: floats([], [2.5]) },
      nodes: [node('Pow', ['c', 'x'], ['y'])],
    };
    assertClose(...(await both(spec, x)), x);
  });

  it('division by an activation agrees with onnxruntime', async () => {
    const x = line(0.5, 4);
    const spec = {
      inputs: { x: [COUNT] },
      outputs: ['y'],
      constants: { c: floats([], [3]) },
      nodes: [node('Sqrt', ['x'], ['r']), node('Div', ['c', 'r'], ['q']), node('Div', ['q', 'x'], ['y'])],
    };
    assertClose(...(await both(spec, x)), x);
  });

  it('are computed on constants, without a node', () => {
    const graph = buildGraph(
      decodeModel(
        makeModel({
          inputs: { x: [2] },
          outputs: ['y'],
          constants: { c: floats([2], [4, 9]) },
          nodes: [node('Sqrt', ['c'], ['r']), node('Mul', ['x', 'r'], ['y'])],
        }),
      ),
    );
    assert.deepEqual(
      graph.nodes.map((made) => made.op === 'affine' && Array.from(made.scale)),
      [[2, 3]],
    );
  });

  it('take floats alone, but for Sign', () => {
    const spec = (op: string): ModelSpec => ({
      inputs: { x: { dims: [2], type: 'int64' } },
      outputs: { y: 'int64' },
      nodes: [node(op, ['x'], ['y'], {}, 'f')],
    });
    assert.throws(() => buildGraph(decodeModel(makeModel(spec('Sqrt')))), /Node f \(Sqrt\).*defined on floats.*int64/);
    assert.equal(buildGraph(decodeModel(makeModel(spec('Sign')))).nodes[0].op, 'function');
  });

  it('refuse an approximation of Gelu that they do not know', () => {
    const spec = {
      opset: 20,
      inputs: { x: [2] },
      outputs: ['y'],
      nodes: [node('Gelu', ['x'], ['y'], { approximate: 'fast' }, 'g')],
    };
    assert.throws(
      () => buildGraph(decodeModel(makeModel(spec))),
      /Node g \(Gelu\).*approximate = "fast".*none and tanh/,
    );
  });
});
