/**
 * Arithmetic on integers: the quantized model has the float network's integers on every one, and those are what the
 * type's arithmetic gives.
 */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, evaluate, evaluator, UnsupportedOpError } from '../../../src/onnx/index.js';
import type { ElementType } from '../../../src/onnx/model.js';
import { encodeInputs } from '../../../src/integer/encode.js';
import { runIntegerModel } from '../../../src/integer/interpreter.js';
import { quantize } from '../../../src/quantize/quantize.js';
import { makeModel, node, typeCode, type ModelSpec, type NodeSpec } from '../support/make-model.js';

/**
 * x op c for every x of the list and every c, as one row each, by the circuit's integers and by the float network's.
 */
function exactly(
  op: string,
  type: 'int8' | 'uint8' | 'int16' | 'int32' | 'uint32',
  x: readonly number[],
  c: readonly number[] | undefined,
  attributes: NodeSpec['attributes'],
  expected: (x: number, c: number) => number,
  to: ElementType = type,
): void {
  const by = c ?? [0];
  const size = x.length * by.length;
  const spec: ModelSpec = {
    opset: 26,
    inputs: { x: { dims: [size], type } },
    outputs: { y: to },
    ...(c === undefined
      ? {}
      : {
          constants: {
            c: {
              dims: [size],
              dataType: typeCode(type),
              [type === 'uint32' ? 'uint64Data' : 'int32Data']: Array.from({ length: size }, (_, i) => c[i % c.length]),
            },
          },
        }),
    nodes: [node(op, c === undefined ? ['x'] : ['x', 'c'], ['y'], attributes)],
  };
  const graph = buildGraph(decodeModel(makeModel(spec)));
  const sample = [Float64Array.from({ length: size }, (_, i) => x[Math.floor(i / by.length)])];
  const wanted = Array.from(sample[0], (value, i) => expected(value, by[i % by.length]) + 0);
  assert.deepEqual(
    Array.from(evaluate(graph, sample).get(graph.outputs[0].tensor)!, (value) => value + 0),
    wanted,
  );
  const model = quantize(graph, { activationBits: 4, samples: [sample], evaluator });
  assert.deepEqual(Array.from(runIntegerModel(model, encodeInputs(model.inputs, sample))[0]), wanted);
}

const bytes = Array.from({ length: 64 }, (_, i) => i * 4 - 128 + (i % 4));
const wide = [-1e6, -65537, -7, -1, 0, 1, 6, 7, 12345, 999999];
const byte = (value: number): number => (value << 24) >> 24;

describe('integers by constants', () => {
  it('divide towards zero', () => {
    exactly('Div', 'int8', bytes, [1, 3, -5, 127], {}, (x, c) => Math.trunc(x / c));
    exactly('Div', 'int32', wide, [7, 4, -10, 100000], {}, (x, c) => Math.trunc(x / c));
  });
  it("have remainders of the divisor's sign, or the dividend's", () => {
    exactly('Mod', 'int8', bytes, [3, -5, 127], {}, (x, c) => x - c * Math.floor(x / c));
    exactly('Mod', 'int32', wide, [7, -64], { fmod: 1 }, (x, c) => x % c);
  });
  it('are shifted to the right with their sign, and to the left within their type', () => {
    exactly(
      'BitShift',
      'int8',
      bytes,
      [0, 1, 3, 9, -1],
      { direction: 'RIGHT' },
      (x, c) => x >> (c < 0 || c > 7 ? 31 : c),
    );
    exactly('BitShift', 'int8', bytes, [0, 1, 6, 8], { direction: 'LEFT' }, (x, c) => byte(x << c));
    exactly(
      'BitShift',
      'uint8',
      bytes.map((x) => x + 128),
      [2, 7],
      { direction: 'LEFT' },
      (x, c) => (x << c) & 255,
    );
    exactly('BitShift', 'int16', [-300, 5, 299], [3], { direction: 'LEFT' }, (x, c) => (x << (c + 16)) >> 16);
  });
  it('are masked, joined and flipped bit by bit', () => {
    for (const type of ['int8', 'uint8'] as const) {
      const x = type === 'int8' ? bytes : bytes.map((value) => value + 128);
      const masks = type === 'int8' ? [0, 12, -16, 85, -1] : [0, 12, 240, 85, 255];
      exactly('BitwiseAnd', type, x, masks, {}, (a, b) => a & b);
      exactly('BitwiseOr', type, x, masks, {}, (a, b) => a | b);
      exactly('BitwiseXor', type, x, masks, {}, (a, b) => a ^ b);
      exactly('BitwiseNot', type, x, undefined, {}, (a) => (type === 'int8' ? ~a : 255 - a));
    }
  });
  it('of 32 bits are exact where an interval in between leaves their type', () => {
    const ends = [-(2 ** 31) + 5, -70000, -1, 0, 3, 2 ** 31 - 9];
    exactly('BitwiseAnd', 'int32', ends, [-1, 65535, -256], {}, (a, b) => a & b);
    exactly('BitwiseOr', 'int32', ends, [0, 65535, -256], {}, (a, b) => a | b);
    exactly('BitwiseXor', 'int32', ends, [-1, 65535], {}, (a, b) => a ^ b);
    exactly('BitwiseNot', 'int32', ends, undefined, {}, (a) => ~a);
    const small = [0, 1, 5, 9];
    exactly('Min', 'uint32', small, [3, 7], {}, Math.min);
    exactly('Mod', 'uint32', small, [3, 7], {}, (a, b) => a % b);
    exactly('Sub', 'uint32', small, [0, 4], {}, (a, b) => (a - b) >>> 0);
  });
  it('keep their bits when they are cast to the other sign', () => {
    exactly('BitCast', 'int8', bytes, undefined, { to: typeCode('uint8') }, (x) => x & 255, 'uint8');
    exactly(
      'BitCast',
      'uint8',
      bytes.map((x) => x + 128),
      undefined,
      { to: typeCode('int8') },
      byte,
      'int8',
    );
  });
});

describe('integers of two inputs', () => {
  it('are masked and joined bit by bit', () => {
    for (const [op, expected] of [
      ['BitwiseAnd', (a: number, b: number) => a & b],
      ['BitwiseOr', (a: number, b: number) => a | b],
      ['BitwiseXor', (a: number, b: number) => a ^ b],
    ] as const) {
      const dims = [bytes.length];
      const spec: ModelSpec = {
        opset: 18,
        inputs: { a: { dims, type: 'int8' }, b: { dims, type: 'int8' } },
        outputs: { y: 'int8' },
        nodes: [node(op, ['a', 'b'], ['y'])],
      };
      const graph = buildGraph(decodeModel(makeModel(spec)));
      const sample = [Float64Array.from(bytes), Float64Array.from(bytes).reverse()];
      const model = quantize(graph, { activationBits: 4, samples: [sample], evaluator });
      assert.deepEqual(
        Array.from(runIntegerModel(model, encodeInputs(model.inputs, sample))[0]),
        bytes.map((a, i) => expected(a, sample[1][i])),
      );
    }
  });
  it('are divided by constants alone', () => {
    const spec: ModelSpec = {
      opset: 14,
      inputs: { a: { dims: [2], type: 'int8' }, b: { dims: [2], type: 'int8' } },
      outputs: { y: 'int8' },
      nodes: [node('Div', ['a', 'b'], ['y'], {}, 'quotient')],
    };
    assert.throws(
      () => buildGraph(decodeModel(makeModel(spec))),
      (error) => error instanceof UnsupportedOpError && /quotient \(Div\).*divisor/.test(error.message),
    );
  });
});
