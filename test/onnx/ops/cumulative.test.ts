import { agrees } from '../support/compare.js';
import { float, floats, int64s, node, typeCode, type NodeSpec } from '../support/make-model.js';

describe('CumSum, ReduceProd, ThresholdedRelu and DequantizeLinear', () => {
  it('agree with onnxruntime, whatever their attributes are', async () => {
    const sums = (
      [{}, { exclusive: 1 }, { reverse: 1 }, { exclusive: 1, reverse: 1 }] as NonNullable<NodeSpec['attributes']>[]
    ).map((attributes, i) => node('CumSum', ['x', 'axis'], [`sum${i}`], attributes));
    const products = ([{ axes: [1] }, { axes: [0, -1], keepdims: 0 }] as NonNullable<NodeSpec['attributes']>[]).map(
      (attributes, i) => node('ReduceProd', ['x'], [`product${i}`], attributes),
    );
    await agrees({
      inputs: { x: [2, 3, 2] },
      outputs: [...sums, ...products].map(({ outputs: [name] }) => name).concat('relu'),
      constants: { axis: int64s([-2], []) },
      nodes: [...sums, ...products, node('ThresholdedRelu', ['x'], ['relu'], { alpha: float(0.5) })],
    });
  });
  it('read scales for the whole tensor and along an axis', async () => {
    const zero = (data: readonly number[]) => ({
      dims: [data.length],
      dataType: typeCode('int8'),
      int32Data: [...data],
    });
    await agrees(
      {
        inputs: { x: { dims: [2, 3], type: 'int8' } },
        outputs: ['y', 'z'],
        constants: {
          scale: floats([], [0.25]),
          each: floats([3], [0.5, 2, 1]),
          zero: { ...zero([3]), dims: [] },
          zeros: zero([1, 0, 9]),
        },
        nodes: [
          node('DequantizeLinear', ['x', 'scale', 'zero'], ['y']),
          node('DequantizeLinear', ['x', 'each', 'zeros'], ['z']),
        ],
      },
      { whole: true },
    );
  });
});
