/** Operators that are computed on constants alone, and what is said of those that no circuit holds. */
import assert from 'node:assert/strict';
import { buildGraph, decodeModel, UnsupportedOpError } from '../../../src/onnx/index.js';
import { floats, int64s, makeModel, node } from '../support/make-model.js';

describe('operators whose result has as many elements as the data say', () => {
  it('are computed on constants: boxes are taken by score where they overlap none taken before', () => {
    const box = (at: number): number[] => [0, at, 1, at + 1];
    const boxes = [box(0), box(0.1), box(-0.1), box(10), box(10.1), box(100)].flat();
    const suppress = (most: number, least: number, attributes = {}, given = boxes) => {
      const spec = makeModel({
        inputs: { x: [1] },
        outputs: ['y'],
        opset: 11,
        constants: {
          boxes: floats([1, 6, 4], given),
          scores: floats([1, 1, 6], [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]),
          most: int64s([most]),
          overlap: floats([1], [0.5]),
          least: floats([1], [least]),
        },
        nodes: [
          node('NonMaxSuppression', ['boxes', 'scores', 'most', 'overlap', 'least'], ['chosen'], attributes),
          node('Cast', ['chosen'], ['f'], { to: 1 }),
          node('Add', ['f', 'x'], ['y']),
        ],
      });
      const { nodes } = buildGraph(decodeModel(spec));
      const last = nodes[nodes.length - 1];
      return last.op === 'affine' ? Array.from(last.shift) : [];
    };
    assert.deepEqual(suppress(3, 0), [0, 0, 3, 0, 0, 0, 0, 0, 5]);
    assert.deepEqual(suppress(2, 0), [0, 0, 3, 0, 0, 0]);
    assert.deepEqual(suppress(3, 0.4), [0, 0, 3, 0, 0, 0]);
    const flipped = boxes.map((_, i) => boxes[i - (i % 4) + (((i % 4) + 2) % 4)]);
    assert.deepEqual(suppress(3, 0, {}, flipped), [0, 0, 3, 0, 0, 0, 0, 0, 5]);
    const centered = boxes.map((_, i) => [boxes[i] + 0.5, boxes[i] + 0.5, 1, 1][i % 4]);
    assert.deepEqual(suppress(3, 0, { center_point_box: 1 }, centered), [0, 0, 3, 0, 0, 0, 0, 0, 5]);
  });
  it('and are refused on what the network computes, as are those that no circuit holds, with the reason', () => {
    const refused = (op: string, says: RegExp, inputs = ['x']): void =>
      assert.throws(
        () =>
          buildGraph(
            decodeModel(makeModel({ inputs: { x: [1, 6, 4] }, outputs: ['y'], nodes: [node(op, inputs, ['y'])] })),
          ),
        (error) => error instanceof UnsupportedOpError && says.test(error.message),
        op,
      );
    refused('NonMaxSuppression', /how many boxes.*--output NAME/, ['x', 'x']);
    refused('NonZero', /how many elements/);
    refused('Unique', /how many elements/);
    refused('ImageDecoder', /give its pixels/);
    refused('RandomUniformLike', /differs from run to run/);
    refused('SplitToSequence', /sequences/);
    refused('StringNormalizer', /text/);
    refused('HannWindow', /--fix-input/);
  });
});

describe('MelWeightMatrix', () => {
  it('has the triangles of its bands', () => {
    const spec = makeModel({
      inputs: { x: [1] },
      outputs: ['y'],
      constants: {
        bands: int64s([2], []),
        length: int64s([8], []),
        rate: int64s([8000], []),
        low: floats([], [0]),
        high: floats([], [4000]),
      },
      nodes: [
        node('MelWeightMatrix', ['bands', 'length', 'rate', 'low', 'high'], ['m']),
        node('Add', ['m', 'x'], ['y']),
      ],
    });
    const { nodes } = buildGraph(decodeModel(spec));
    const last = nodes[nodes.length - 1];
    // Evenly spaced on the mel scale: 0, 427, 1114 and 2220 Hz, which are bins 0, 0, 1 and 2 of 1000 Hz by 9/8.
    assert.deepEqual(last.op === 'affine' && Array.from(last.shift), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  });
});
