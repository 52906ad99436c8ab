import assert from 'node:assert/strict';
import { float, floatList, floats, int64s, node, type ModelSpec } from '../support/make-model.js';
import { agreesOn, gridRows, ml, mlModel, strings } from './support.js';

const rows = gridRows(4, 20, 0.5);
const whole = gridRows(4, 20, 1);

async function agrees(spec: Partial<ModelSpec> & Pick<ModelSpec, 'nodes'>, on = rows, version = 3) {
  return agreesOn(mlModel({ inputs: { x: [1, 4] }, outputs: ['y'], ...spec }, version), on);
}

/** The position of the largest of four numbers, as a classifier finds it. */
const position = node('ArgMax', ['x'], ['at'], { axis: 1, keepdims: 0 });

describe('feature operators of ai.onnx.ml', () => {
  it('Scaler with one scale or one for each feature agrees with onnxruntime', async () => {
    await agrees({
      nodes: [ml('Scaler', ['x'], ['y'], { offset: floatList([1, -2, 0.5, 3]), scale: floatList([2, 0.5, -1, 4]) })],
    });
    await agrees({ nodes: [ml('Scaler', ['x'], ['y'], { offset: floatList([0.25]), scale: floatList([3]) })] });
  });
  it('Imputer of a number agrees with onnxruntime', async () => {
    await agrees({
      nodes: [
        ml('Imputer', ['x'], ['y'], {
          imputed_value_floats: floatList([9, 8, 7, 6]),
          replaced_value_float: float(0.5),
        }),
      ],
    });
    await agrees({ nodes: [ml('Imputer', ['x'], ['y'], { imputed_value_floats: floatList([3]) })] });
  });
  it('Imputer of NaN is left out, with a note', async () => {
    const graph = await agrees({
      nodes: [
        ml('Imputer', ['x'], ['i'], { imputed_value_floats: floatList([9]), replaced_value_float: float(NaN) }),
        node('Relu', ['i'], ['y']),
      ],
    });
    assert.match(graph.notes.join(), /NaN/);
  });
  it('Imputer of an infinity, which no number is, leaves a row as it is, as onnxruntime does', async () => {
    const infinity = { imputed_value_floats: floatList([0]), replaced_value_float: float(Infinity) };
    await agrees({ nodes: [ml('Imputer', ['x'], ['i'], infinity), node('Relu', ['i'], ['y'])] });
  });
  it('Imputer of what a function makes outside its domain agrees with onnxruntime', async () => {
    const nan = { imputed_value_floats: floatList([7]), replaced_value_float: float(NaN) };
    await agrees({ nodes: [node('Log', ['x'], ['l']), ml('Imputer', ['l'], ['y'], nan)] }, [
      Float64Array.of(1, -1, 2, -0.5),
    ]);
  });
  it('Binarizer is strict at its threshold, as onnxruntime is', async () => {
    await agrees({ nodes: [ml('Binarizer', ['x'], ['y'], { threshold: float(0.5) })] });
  });
  it('ArrayFeatureExtractor picks columns as onnxruntime does', async () => {
    await agrees({ constants: { c: int64s([2, 0, 2]) }, nodes: [ml('ArrayFeatureExtractor', ['x', 'c'], ['y'])] });
  });
  it('ArrayFeatureExtractor looks a computed position up in a table', async () => {
    await agrees({
      constants: { table: floats([1, 4], [5, -1, 5, 2.5]) },
      nodes: [position, ml('ArrayFeatureExtractor', ['table', 'at'], ['y'])],
    });
  });
  it('ArrayFeatureExtractor looks a computed position up in each row of a table', async () => {
    const graph = await agrees({
      constants: { table: floats([3, 4], [5, -1, 5, 2.5, 0, 1, 2, 3, 7, 7, 7, 8]) },
      nodes: [position, ml('ArrayFeatureExtractor', ['table', 'at'], ['y'])],
    });
    assert.deepEqual(graph.outputs[0].shape, [3, 1]);
  });
  it('FeatureVectorizer joins its inputs as onnxruntime does', async () => {
    await agrees({
      constants: { a: floats([1, 2], [1, 2]) },
      nodes: [
        node('Relu', ['x'], ['r']),
        ml('FeatureVectorizer', ['r', 'a', 'x'], ['y'], { inputdimensions: [4, 2, 4] }),
      ],
    });
  });
  it('OneHotEncoder of integers agrees with onnxruntime', async () => {
    const graph = await agrees({
      nodes: [position, ml('OneHotEncoder', ['at'], ['y'], { cats_int64s: [3, 0, 2], zeros: 1 })],
    });
    assert.deepEqual(graph.outputs[0].shape, [1, 3]);
  });
  for (const norm of ['MAX', 'L1', 'L2']) {
    it(`Normalizer by the ${norm} norm agrees with onnxruntime, on a row of zeros too`, async () => {
      await agrees({ nodes: [ml('Normalizer', ['x'], ['y'], { norm })] });
      await agreesOn(
        mlModel({ inputs: { x: [1, 4] }, outputs: ['y'], nodes: [ml('Normalizer', ['x'], ['y'], { norm })] }),
        [new Float64Array(4)],
      );
    });
  }
});

describe('label operators of ai.onnx.ml', () => {
  it('LabelEncoder from integers to floats agrees with onnxruntime', async () => {
    await agrees({
      nodes: [
        position,
        ml('LabelEncoder', ['at'], ['y'], {
          keys_int64s: [0, 3, 1],
          values_floats: floatList([2.5, -1, 7]),
          default_float: float(0.5),
        }),
      ],
    });
  });
  it('LabelEncoder from floats to floats agrees with onnxruntime', async () => {
    await agrees(
      {
        nodes: [
          ml('LabelEncoder', ['x'], ['y'], {
            keys_floats: floatList([1, -1, 0]),
            values_floats: floatList([10, 20, 30]),
            default_float: float(-5),
          }),
        ],
      },
      whole,
    );
  });
  it('LabelEncoder to strings, and from strings back to integers, agrees with onnxruntime', async () => {
    const names = { keys_int64s: [0, 1, 2], values_strings: strings(['b', 'a', 'b']), default_string: 'none' };
    const graph = await agrees({
      outputs: { y: 'string' },
      nodes: [position, ml('LabelEncoder', ['at'], ['y'], names)],
    });
    assert.deepEqual(graph.outputs[0].labels, ['b', 'a', 'none']);
    await agrees({
      outputs: { y: 'int64' },
      nodes: [
        position,
        ml('LabelEncoder', ['at'], ['s'], names),
        ml('LabelEncoder', ['s'], ['y'], {
          keys_strings: strings(['none', 'a']),
          values_int64s: [40, 50],
          default_int64: 60,
        }),
      ],
    });
  });
  it('CategoryMapper agrees with onnxruntime', async () => {
    await agrees({
      outputs: { y: 'string' },
      nodes: [
        position,
        ml('CategoryMapper', ['at'], ['y'], {
          cats_int64s: [0, 2],
          cats_strings: strings(['p', 'q']),
          default_string: 'r',
        }),
      ],
    });
  });
});
