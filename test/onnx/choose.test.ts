import assert from 'node:assert/strict';
import {
  buildGraph,
  chooseFrom,
  decodeModel,
  DynamicShapeError,
  evaluate,
  openReference,
  parseInputShape,
  ShapeError,
  UnknownTensorError,
  type ModelChoice,
} from '../../src/onnx/index.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { makeModel, node } from './support/make-model.js';

/** Two inputs of one open width, one of them with a name that needs care, and two outputs. */
const MODEL = makeModel({
  inputs: { 'in:0=a b': ['batch', 2, 'width'], other: ['batch', 'width'] },
  outputs: ['sum', 'product'],
  nodes: [
    node('ReduceSum', ['in:0=a b'], ['reduced'], { keepdims: 0 }),
    node('Relu', ['other'], ['r']),
    node('Add', ['r', 'reduced'], ['sum']),
    node('Mul', ['r', 'other'], ['product']),
  ],
});
const inputs = decodeModel(MODEL).inputs;
const choice: ModelChoice = { shapes: [parseInputShape('in:0=a b=3,2,4', inputs)] };
const build = (chosen: ModelChoice) => buildGraph(chooseFrom(decodeModel(MODEL), chosen));

describe('the shapes given for inputs', () => {
  it('fix the dimensions that the file leaves open, in every input that names one of them', () => {
    const graph = build(choice);
    assert.deepEqual(
      graph.inputs.map(({ shape }) => shape),
      [
        [3, 2, 4],
        [3, 4],
      ],
    );
    assert.deepEqual(
      graph.outputs.map(({ shape }) => shape),
      [
        [3, 4],
        [3, 4],
      ],
    );
    assert.deepEqual(graph.notes, [], 'no dimension was set to 1');
  });
  it('are what onnxruntime is fed, for the outputs chosen', async () => {
    const reference = await openReference(MODEL, [], { ...choice, outputs: ['product'] });
    const data = [
      Float64Array.from({ length: 24 }, (_, i) => i / 7 - 1),
      Float64Array.from({ length: 12 }, (_, i) => i / 5 - 1),
    ];
    const [made, ...none] = await reference.run(data);
    await reference.close();
    assert.equal(none.length, 0);
    const graph = build({ ...choice, outputs: ['product'] });
    const own = evaluate(graph, data).get(graph.outputs[0].tensor)!;
    own.forEach((value, i) => assert.ok(Math.abs(value - made[i]) < 1e-6));
  });
  it('are asked for where one is missing', () => {
    assert.throws(
      () => build({}),
      (error) => error instanceof DynamicShapeError && error.message.includes('--shape in:0=a b=batch,2,width'),
    );
  });
  it('are refused where they contradict the file, each other or the model', () => {
    const refuse = (texts: readonly string[], kind: typeof ShapeError | typeof UnknownTensorError): void =>
      assert.throws(() => build({ shapes: texts.map((text) => parseInputShape(text, inputs)) }), kind);
    refuse(['in:0=a b=3,5,4'], ShapeError);
    refuse(['in:0=a b=3,2'], ShapeError);
    refuse(['in:0=a b=3,2,4', 'other=3,5'], ShapeError);
    refuse(['other=3,4', 'other=3,4'], ShapeError);
    refuse(['another=3,4'], UnknownTensorError);
    refuse(['3,4'], UnknownTensorError);
    for (const text of ['other=3,x', 'other=0,4', 'other=3,,4', 'other=-1']) refuse([text], ShapeError);
  });
});

describe('the outputs chosen', () => {
  it('are computed alone, in the order of the file', () => {
    assert.deepEqual(
      build({ ...choice, outputs: ['product', 'sum'] }).outputs.map(({ name }) => name),
      ['sum', 'product'],
    );
    const graph = build({ ...choice, outputs: ['sum'] });
    assert.ok(graph.nodes.every(({ op }) => op !== 'multiply'));
    assert.throws(() => build({ ...choice, outputs: ['some'] }), UnknownTensorError);
    assert.throws(() => build({ ...choice, outputs: [] }), UnknownTensorError);
  });
  it('stand in the manifest with the shapes, for whoever compiles again', async () => {
    const shapes = [{ name: 'other', shape: [1, 2] }];
    const sample = [new Float64Array([1, -1, 0.5, 2]), new Float64Array([1, -2])];
    const { manifest } = await compileOnnx(MODEL, { name: 'chosen', shapes, outputs: ['sum'], calibration: [sample] });
    assert.deepEqual([manifest.options?.shapes, manifest.options?.outputs], [shapes, ['sum']]);
    assert.deepEqual(
      manifest.outputs.map(({ name, shape }) => [name, shape]),
      [['sum', [1, 2]]],
    );
  });
});
