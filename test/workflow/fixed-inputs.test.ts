/** Inputs that are constants: found where a shape follows from them, and held to their value by the circuit. */
import assert from 'node:assert/strict';
import { decodeModel, ShapeError, UnknownTensorError, UnsupportedOpError } from '../../src/onnx/index.js';
import { parseFixedInput, type FixedInput } from '../../src/onnx/choose.js';
import { InputRangeError } from '../../src/integer/errors.js';
import { CalibrationError } from '../../src/quantize/errors.js';
import { encodeInputs, inputCodes } from '../../src/integer/encode.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { firstViolation } from '../../src/r1cs/check.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { buildChosen, fixedAsIn } from '../../src/workflow/fixed-inputs.js';
import { inspectOnnx } from '../../src/workflow/inspect.js';
import { prepareWitness } from '../../src/witness/generate.js';
import { floats, int64s, makeModel, node } from '../onnx/support/make-model.js';

/** y = x + [0 .. n - 1], and row `at` of a table: n decides a shape, `at` is data, `scale` may be a constant or not. */
const MODEL = makeModel({
  inputs: {
    x: [3],
    n: { dims: [], type: 'int64' },
    at: { dims: [1], type: 'int64' },
    scale: [2],
  },
  outputs: ['y', 'z'],
  constants: { zero: int64s([0], []), one: int64s([1], []), table: floats([3, 2], [1, 2, 3, 4, 5, 6]) },
  nodes: [
    node('Range', ['zero', 'n', 'one'], ['r']),
    node('Cast', ['r'], ['f'], { to: 1 }),
    node('Add', ['x', 'f'], ['y']),
    node('Gather', ['table', 'at'], ['row']),
    node('Mul', ['row', 'scale'], ['z']),
  ],
});
const row = (n: number, at: number, x = 1): Float64Array[] =>
  [[x, -x, x / 2], [n], [at], [0.3, -1.7]].map((values) => Float64Array.from(values));
const ROWS = [row(3, 1), row(3, 1, 2)];

describe('an input that decides a shape', () => {
  const model = decodeModel(MODEL);
  it('is fixed where all calibration rows agree, and no other input is', () => {
    const { choice, graph } = buildChosen(model, {}, ROWS);
    assert.deepEqual(choice.fixed, [{ name: 'n', values: [3] }]);
    assert.deepEqual(
      graph.inputs.map(({ name, fixed }) => [name, fixed?.[0]]),
      [
        ['x', undefined],
        ['n', 3],
        ['at', undefined],
        ['scale', undefined],
      ],
    );
    assert.match(graph.notes.join(), /Input n is fixed to \[3\]/);
  });
  it('is refused by name where the rows differ, where there are none, and where the value does not fit', () => {
    for (const rows of [[], [row(3, 1), row(4, 1)], [row(4, 1)]]) {
      assert.throws(
        () => buildChosen(model, {}, rows),
        (error) => error instanceof UnsupportedOpError && /Range.*--fix-input/s.test(error.message),
      );
    }
  });
  it('is shown by inspect as it would be compiled', async () => {
    const { supported, notes } = await inspectOnnx(MODEL, { name: 'range', calibration: ROWS });
    assert.ok(supported && notes.some((note) => note.includes('Input n is fixed')));
  });
});

describe('a fixed input', () => {
  const fixed: FixedInput[] = [{ name: 'scale', values: [0.3, -1.7] }];
  let compiled: Awaited<ReturnType<typeof compileOnnx>>;
  before(async () => {
    compiled = await compileOnnx(MODEL, { name: 'fixed', fixed, calibration: ROWS });
  });
  it('stands in the manifest for whoever compiles again, with what was fixed unasked', () => {
    const { options, inputs } = compiled.manifest;
    assert.deepEqual(options?.fixed, [...fixed, { name: 'n', values: [3] }]);
    assert.deepEqual(inputs[1].range, [3, 3]);
    assert.deepEqual(
      inputs[3].elementScale!.map((scale, i) => scale * inputs[3].elementOffset![i]),
      fixed[0].values,
    );
  });
  it('gives the outputs of its value, and no other value is taken', () => {
    const { inputs, outputs } = compiled.model;
    const real = runIntegerModel(compiled.model, encodeInputs(inputs, ROWS[1])).map((values, k) =>
      Array.from(values, (value) => value * outputs[k].scale),
    );
    [2, -1, 3].forEach((value, i) => assert.ok(Math.abs(real[0][i] - value) < 0.03));
    [0.9, -6.8].forEach((value, i) => assert.ok(Math.abs(real[1][i] - value) < 0.08));
    const other = ROWS[0].map((values) => values.slice());
    other[3][1] = -1.6;
    assert.throws(
      () => encodeInputs(inputs, other),
      (error) => error instanceof InputRangeError && error.message.includes('compiled with -1.7'),
    );
    assert.throws(() => encodeInputs(inputs, row(2, 1)), InputRangeError);
  });
  it('is held to it by the circuit, whatever code a prover gives', () => {
    const { circuit, model } = compiled;
    const codes = inputCodes(model.inputs, encodeInputs(model.inputs, ROWS[0]));
    const salts = new Array<bigint>(circuit.saltCount).fill(1n);
    const violated = (given: (number | bigint)[]): number | undefined =>
      firstViolation(
        circuit.constraints,
        prepareWitness(circuit.plan).generate({ publicInputs: [0n], privateInputs: [...given, ...salts] }),
      );
    assert.equal(violated(codes), undefined);
    // Three elements of x come before n; scale's two are the last.
    for (const at of [3, codes.length - 2, codes.length - 1])
      for (const forged of [1, 2]) assert.notEqual(violated(codes.with(at, forged)), undefined, `code ${at}`);
  });
  it('may be every input: then the outputs are constants', async () => {
    const all = makeModel({
      inputs: { shape: { dims: [2], type: 'int64' } },
      outputs: ['y'],
      nodes: [node('ConstantOfShape', ['shape'], ['y'])],
    });
    const { model } = await compileOnnx(all, { name: 'all', calibration: [[Float64Array.of(2, 3)]] });
    assert.deepEqual(
      [model.outputs[0].shape, runIntegerModel(model, encodeInputs(model.inputs, [[2, 3]]))],
      [[2, 3], [new Float64Array(6)]],
    );
  });
  it('is refused where it is none of the model, or its values do not fit', () => {
    const build = (choice: FixedInput[]) => () => buildChosen(decodeModel(MODEL), { fixed: choice }, ROWS);
    assert.throws(build([{ name: 'm', values: [1] }]), UnknownTensorError);
    assert.throws(build([...fixed, ...fixed]), ShapeError);
    assert.throws(build([{ name: 'scale', values: [1] }]), ShapeError);
    assert.throws(build([{ name: 'at', values: [0.5] }]), ShapeError);
    assert.throws(build([{ name: 'at', values: [2 ** 60] }]), ShapeError);
  });
  it('is given by its numbers, or as the calibration rows have it', () => {
    assert.deepEqual(parseFixedInput('a=b=1,-2.5'), { name: 'a=b', values: [1, -2.5] });
    assert.deepEqual(parseFixedInput('steps'), { name: 'steps' });
    for (const text of ['n=x', 'n=1,,2', 'n=Infinity']) assert.throws(() => parseFixedInput(text), ShapeError);
    const { inputs } = buildChosen(decodeModel(MODEL), {}, ROWS).graph;
    assert.deepEqual(fixedAsIn(ROWS, inputs, 'at'), { name: 'at', values: [1] });
    assert.throws(() => fixedAsIn(ROWS, inputs, 'x'), CalibrationError);
    assert.throws(() => fixedAsIn([], inputs, 'at'), CalibrationError);
  });
});
