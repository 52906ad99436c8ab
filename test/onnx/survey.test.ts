import assert from 'node:assert/strict';
import { constantOps, decodeModel, supportedOps, surveyModel } from '../../src/onnx/index.js';
import { ModelProto } from '../../src/onnx/schema.js';
import { floats, makeModel, node } from './support/make-model.js';

describe('surveyModel', () => {
  it('lists every node with operator, tensors and shape', () => {
    const bytes = makeModel({
      inputs: { x: ['batch', 4] },
      outputs: ['y'],
      constants: { w: floats([4, 3], new Array<number>(12).fill(1)) },
      nodes: [node('MatMul', ['x', 'w'], ['h'], {}, 'fc'), node('Relu', ['h'], ['y'])],
    });
    const survey = surveyModel(decodeModel(bytes));
    assert.deepEqual(survey.inputs, [{ name: 'x', type: 'float', shape: [1, 4] }]);
    assert.deepEqual(survey.outputs, [{ name: 'y', type: 'float', shape: [1, 3] }]);
    assert.deepEqual(survey.nodes, [
      { name: 'fc', op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'], shape: [1, 3], supported: true },
      { name: 'y', op: 'Relu', inputs: ['h'], outputs: ['y'], shape: [1, 3], supported: true },
    ]);
    assert.deepEqual(survey.unsupported, []);
  });

  it('goes on after an unsupported operator and reports all of them', () => {
    const bytes = makeModel({
      inputs: { x: [1, 4] },
      outputs: ['y', 'z'],
      nodes: [
        node('Unique', ['x'], ['e'], {}, 'first'),
        node('Relu', ['e'], ['y'], {}, 'after'),
        node('NonMaxSuppression', ['x'], ['z'], {}, 'second'),
      ],
    });
    const survey = surveyModel(decodeModel(bytes));
    assert.deepEqual(
      survey.nodes.map(({ name, supported }) => [name, supported]),
      [
        ['first', false],
        ['after', true],
        ['second', false],
      ],
    );
    assert.match(survey.nodes[1].why ?? '', /shape of e is not known/);
    assert.equal(survey.unsupported.length, 2);
    assert.match(survey.unsupported[0], /first \(Unique\)/);
    assert.match(survey.unsupported[1], /second \(NonMaxSuppression\)/);
  });

  it('takes shapes behind an unsupported operator from the file where it has them', () => {
    const decoded = ModelProto.toObject(
      ModelProto.decode(
        makeModel({
          inputs: { x: [1, 4] },
          outputs: ['y'],
          nodes: [node('Unique', ['x'], ['e']), node('Flatten', ['e'], ['y'], { axis: 7 }, 'flat')],
        }),
      ),
    );
    decoded.graph.valueInfo = [
      { name: 'e', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: 4 }] } } } },
    ];
    const survey = surveyModel(decodeModel(ModelProto.encode(ModelProto.fromObject(decoded)).finish()));
    assert.deepEqual(survey.nodes[0].shape, [1, 4]);
    assert.match(survey.nodes[1].why ?? '', /flat \(Flatten\).*axis 7/);
  });

  it('reports an input with an unknown dimension', () => {
    const bytes = makeModel({ inputs: { x: [1, 'length'] }, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] });
    const survey = surveyModel(decodeModel(bytes));
    assert.match(survey.unsupported[0], /Dimension 1 \(length\) of graph input x/);
    assert.equal(survey.inputs[0].shape, undefined);
  });
});

describe('the operator table', () => {
  it('has the operators that the README names, and keeps those for constants apart', () => {
    const ops = supportedOps();
    for (const op of 'Gemm MatMul Add Sub Mul Div Conv BatchNormalization Relu LeakyRelu PRelu Clip MaxPool AveragePool GlobalAveragePool GlobalMaxPool Flatten Reshape Transpose Squeeze Unsqueeze Concat Slice Pad Identity Dropout Cast ArgMax Softmax LogSoftmax'.split(
      ' ',
    )) {
      assert.ok(ops.includes(op), op);
    }
    assert.ok(!ops.includes('Range') && constantOps().includes('Range'));
  });
});
