/**
 * What an input may be: the ends of what was declared, every calibration row, integers as they are, and any number of
 * elements.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { InputRangeError, InputTypeError } from '../../src/integer/errors.js';
import { CalibrationError } from '../../src/quantize/errors.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { buildGraph, decodeModel, type ElementType } from '../../src/onnx/index.js';
import { evaluator } from '../../src/network/evaluate.js';
import { chooseInputs } from '../../src/quantize/input-range.js';
import { UnitClasses } from '../../src/network/unit-classes.js';
import type { IntegerInput } from '../../src/integer/integer-model.js';
import { quantize } from '../../src/quantize/quantize.js';
import { restoreIntegerModel, storeIntegerModel } from '../../src/integer/serialize.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { floats, int64s, makeModel, node, type NodeSpec } from '../onnx/support/make-model.js';
import { seeded } from '../onnx/support/random.js';

const dense = (size: number, type: ElementType = 'float'): Uint8Array =>
  makeModel({
    inputs: { x: { dims: [1, size], type } },
    outputs: ['y'],
    constants: {
      w: floats(
        [size, 2],
        Array.from({ length: 2 * size }, (_, i) => ((i * 7) % 11) / 10 - 0.5),
      ),
    },
    nodes: [
      ...(type === 'float' ? [] : [node('Cast', ['x'], ['f'], { to: 1 })]),
      node('MatMul', [type === 'float' ? 'x' : 'f', 'w'], ['y']),
    ],
  });

const quantized = (
  onnx: Uint8Array,
  options: { samples?: Float64Array[][]; inputRange?: readonly [number, number]; bits?: number },
) =>
  quantize(buildGraph(decodeModel(onnx)), {
    activationBits: options.bits ?? 8,
    samples: options.samples ?? [],
    inputRange: options.inputRange,
    evaluator,
  });

const GRAPH = buildGraph(decodeModel(dense(3)));

describe('inputs', () => {
  it('at the ends of any declared range are accepted, at any number of bits', () => {
    const onnx = dense(1);
    const end = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(end, end, fc.integer({ min: 2, max: 12 }), (a, b, bits) => {
        const range = [Math.min(a, b), Math.max(a, b)] as const;
        if (range[1] - range[0] < 1e-9) return;
        const { inputs } = quantized(onnx, { inputRange: range, bits });
        for (const value of range) encodeInputs(inputs, [[value]]);
      }),
      {
        seed: 11,
        numRuns: 1500,
        examples: [
          [-0.3, 0.3, 8],
          [-0.1, 0.1, 8],
          [-1e-3, 1e-3, 8],
          [0.1, 0.3, 8],
          [-7, -0.2, 8],
          [-1, 1, 2],
        ],
      },
    );
  });

  it('of the calibration data are accepted, whatever they are', () => {
    const value = fc
      .double({ noNaN: true, min: -1e5, max: 1e5 })
      .map((number) => (Math.abs(number) < 1e-9 ? 0 : number));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 2, max: 12 }),
        (data, bits) => {
          const samples = data.map((row) => [Float64Array.from(row)]);
          const { inputs } = quantized(dense(3), { samples, bits });
          for (const sample of samples) encodeInputs(inputs, sample);
        },
      ),
      { seed: 12, numRuns: 500 },
    );
  });

  it('of any size are accepted at the ends and between: tiny, huge, on one side of zero, far from it, each feature in its own units', () => {
    const exponent = fc.integer({ min: -30, max: 30 });
    const feature = fc.tuple(
      exponent,
      fc.double({ noNaN: true, min: -1, max: 1 }),
      fc.constantFrom(0, 1, 1e3, 1e9, -1e6, 1e15),
    );
    fc.assert(
      fc.property(
        fc.array(feature, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 2, max: 12 }),
        fc.infiniteStream(fc.double({ noNaN: true, min: -1, max: 1 })),
        (features, bits, draw) => {
          const next = (): number => draw.next().value as number;
          const row = (): Float64Array[] => [
            Float64Array.from(features, ([power, middle, spans]) => 10 ** power * (middle + spans + next())),
          ];
          const samples = Array.from({ length: 6 }, row);
          const accepted = (inputs: readonly IntegerInput[], rows: readonly (readonly ArrayLike<number>[])[]): void => {
            for (const one of rows) {
              encodeInputs(inputs, one).forEach((integers, k) => {
                const { low, bits: width } = inputs[k];
                integers.forEach((value, i) => {
                  const least = low[low.length === 1 ? 0 : i];
                  assert.ok(Number.isSafeInteger(value) && value >= least && value <= least + 2 ** width - 1);
                });
              });
            }
          };
          const choose = (options: { samples: Float64Array[][]; declared?: readonly [number, number] }) =>
            chooseInputs(
              GRAPH,
              bits,
              options.samples,
              { range: options.declared },
              {
                units: new UnitClasses(GRAPH),
                evaluate: evaluator(GRAPH),
              },
            ).inputs;
          accepted(choose({ samples }), samples);
          const [least, most] = [samples[0][0][0], samples[1][0][0]].sort((x, y) => x - y) as [number, number];
          accepted(choose({ samples: [], declared: [least, most] }), [[[least, most, (least + most) / 2]]]);
        },
      ),
      { seed: 13, numRuns: 1500 },
    );
  });

  it('outside are still refused, by name', () => {
    const { inputs } = quantized(dense(1), { inputRange: [-0.3, 0.3] });
    for (const value of [-0.304, 0.304, NaN, Infinity])
      assert.throws(() => encodeInputs(inputs, [[value]]), InputRangeError);
  });

  for (const [type, least, most] of [
    ['uint8', 0, 255],
    ['int8', -128, 127],
    ['bool', 0, 1],
    ['uint16', 0, 65535],
    ['int16', -32768, 32767],
  ] as const) {
    it(`of type ${type} are exact over the whole type, and fractions are refused`, async () => {
      const { model } = await compileOnnx(dense(3, type), { name: 'integers' });
      const [{ scale, low, bits }] = model.inputs;
      assert.deepEqual([scale[0], low[0], low[0] + 2 ** bits - 1], [1, least, most]);
      const values = [least, most, Math.floor((least + most) / 2)];
      assert.deepEqual(Array.from(encodeInputs(model.inputs, [values])[0]), values);
      assert.throws(() => encodeInputs(model.inputs, [[least, 0.5, most]]), InputTypeError);
      assert.throws(() => encodeInputs(model.inputs, [[least - 1, 0, most]]), InputRangeError);
    });
  }

  for (const type of ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const) {
    it(`of type ${type} go to onnxruntime in their own type, and sums and products of them are exact`, async () => {
      const onnx = dense(3, type);
      const { accuracy } = await compileOnnx(onnx, { name: 'typed', inputRange: [0, 100] });
      assert.deepEqual([accuracy.reference, accuracy.why], ['onnxruntime', undefined]);
      const arithmetic = makeModel({
        inputs: { x: { dims: [1, 3], type: 'int64' } },
        outputs: { sum: 'int64', product: 'int64', less: 'int64' },
        constants: { c: int64s([3, 7, 11], [1, 3]) },
        nodes: [
          node('Add', ['x', 'c'], ['sum']),
          node('Mul', ['x', 'c'], ['product']),
          node('Sub', ['c', 'x'], ['less']),
        ],
      });
      const rows = Array.from({ length: 12 }, (_, k) => [
        Float64Array.of((k * 31) % 1000, (k * 977) % 1000, (k * k) % 1000),
      ]);
      const compiled = await compileOnnx(arithmetic, { name: 'arithmetic', inputRange: [0, 1000], calibration: rows });
      for (const set of compiled.accuracy.sets)
        for (const { maximumError } of set.outputs) assert.equal(maximumError, 0);
    });
  }

  it('of integer types are exact through every operator that keeps integers, and wide ones as well', async () => {
    const rows = Array.from({ length: 10 }, (_, k) => [
      Float64Array.from({ length: 4 }, (_unused, i) => ((k * 7919 + i * 104_729) % 2001) - 1000),
    ]);
    const constants = {
      c: int64s([3, -7, 11, 0], [1, 4]),
      low: int64s([-700], []),
      high: int64s([300], []),
      zero: int64s([0], []),
      pads: int64s([0, 1, 0, 0]),
      five: int64s([5], []),
      at: int64s([2, 0]),
      first: int64s([1]),
      end: int64s([3]),
      mask: { ...int64s([1, 0, 0, 1], [1, 4]) },
      axes: int64s([1]),
      w: int64s([1, -2, 3, 4, -5, 6, 7, 8], [4, 2]),
      shape: int64s([2, 2]),
    };
    const operators: Record<string, NodeSpec[]> = {
      Abs: [node('Abs', ['x'], ['y'])],
      Neg: [node('Neg', ['x'], ['y'])],
      Relu: [node('Relu', ['x'], ['y'])],
      Clip: [node('Clip', ['x', 'low', 'high'], ['y'])],
      'Clip below': [node('Clip', ['x', '', 'high'], ['y'])],
      'Clip above': [node('Clip', ['x', 'low'], ['y'])],
      Min: [node('Min', ['x', 'c'], ['y'])],
      'Min of one number': [node('Min', ['x', 'five'], ['y'])],
      Max: [node('Max', ['x', 'c'], ['y'])],
      'Max of one number': [node('Max', ['x', 'five'], ['y'])],
      'Add, Sub and Mul': [
        node('Add', ['x', 'c'], ['a']),
        node('Mul', ['a', 'c'], ['m']),
        node('Sub', ['m', 'x'], ['y']),
      ],
      'Add of activations': [node('Abs', ['x'], ['a']), node('Add', ['a', 'x'], ['y'])],
      'Mul of activations': [node('Abs', ['x'], ['a']), node('Mul', ['a', 'x'], ['y'])],
      ReduceSum: [node('ReduceSum', ['x', 'axes'], ['y'])],
      ReduceMax: [node('ReduceMax', ['x'], ['y'], { axes: [1] })],
      ReduceMin: [node('ReduceMin', ['x'], ['y'], { axes: [1] })],
      ReduceSumSquare: [node('ReduceSumSquare', ['x'], ['y'], { axes: [1] })],
      ReduceL1: [node('ReduceL1', ['x'], ['y'], { axes: [1] })],
      Pow: [node('Pow', ['x', 'two'], ['y'])],
      Concat: [node('Abs', ['x'], ['a']), node('Concat', ['a', 'x', 'c'], ['y'], { axis: 1 })],
      Pad: [node('Abs', ['x'], ['a']), node('Pad', ['a', 'pads', 'five'], ['y'])],
      'Gather, Reshape and Transpose': [
        node('Reshape', ['x', 'shape'], ['r']),
        node('Transpose', ['r'], ['t']),
        node('Gather', ['t', 'first'], ['y'], { axis: 1 }),
      ],
      'Slice and Split': [node('Slice', ['x', 'first', 'end', 'first'], ['s']), node('Abs', ['s'], ['y'])],
      MatMul: [node('MatMul', ['x', 'w'], ['y'])],
      'Abs before floats': [
        node('Abs', ['x'], ['a']),
        node('Clip', ['a', 'zero', 'high'], ['b']),
        node('Cast', ['b'], ['y'], { to: 1 }),
      ],
    };
    const [own, wrong]: [string[], string[]] = [[], []];
    for (const [name, nodes] of Object.entries(operators)) {
      const type = name === 'Abs before floats' ? 'float' : 'int64';
      const onnx = makeModel({
        inputs: { x: { dims: [1, 4], type: 'int64' } },
        outputs: { y: type },
        constants: { ...constants, two: int64s([2], []) },
        nodes,
      });
      const { accuracy } = await compileOnnx(onnx, {
        name: 'kept',
        calibration: rows,
        inputRange: [-1000, 1000],
        activationBits: 4,
      });
      // onnxruntime has no Relu of int64; the float evaluator of this package is exact there.
      if (accuracy.reference !== 'onnxruntime') own.push(name);
      for (const { rows: kind, outputs } of accuracy.sets)
        for (const { maximumError } of outputs) if (maximumError !== 0) wrong.push(`${name}, ${kind}: ${maximumError}`);
    }
    assert.deepEqual([own, wrong], [['Relu'], []]);
  });

  it('of a type that would wrap around are refused, unless the declared range rules it out', async () => {
    const onnx = makeModel({
      inputs: { x: { dims: [1, 2], type: 'int32' } },
      outputs: { y: 'int32' },
      nodes: [node('Mul', ['x', 'x'], ['y'])],
    });
    await assert.rejects(
      compileOnnx(onnx, { name: 'wraps', inputRange: [0, 50_000] }),
      (error: Error) => error instanceof CalibrationError && /would wrap around.*--input-range/.test(error.message),
    );
    const { accuracy } = await compileOnnx(onnx, { name: 'fits', inputRange: [0, 30_000] });
    assert.equal(accuracy.outputs[0].maximumError, 0);
  });

  it('of integer types are taken in the declared range alone, and the report says what the circuit holds', async () => {
    const { model, manifest } = await compileOnnx(dense(3, 'int64'), { name: 'declared', inputRange: [0, 100] });
    const stored = restoreIntegerModel(storeIntegerModel(model).json);
    for (const { inputs } of [model, stored]) {
      assert.deepEqual(Array.from(encodeInputs(inputs, [[0, 100, 50]])[0]), [0, 100, 50]);
      for (const outside of [101, 127, -1]) {
        assert.throws(
          () => encodeInputs(inputs, [[0, outside, 50]]),
          (error: Error) =>
            error instanceof InputRangeError && /outside the declared range \[0, 100\]/.test(error.message),
        );
      }
    }
    assert.ok(
      manifest.notes.some((note) =>
        /integers from 0 to 100 are taken; the circuit itself holds 7 bits, 0 to 127/.test(note),
      ),
      manifest.notes.join('\n'),
    );
  });

  it('of an integer type are refused as fractions, and outside the type, wherever they come from', async () => {
    const onnx = dense(3, 'uint8');
    const fraction = [[Float64Array.of(1, 2.5, 3)]];
    const negative = [[Float64Array.of(1, -2, 3)]];
    await assert.rejects(compileOnnx(onnx, { name: 'bytes', calibration: fraction }), InputTypeError);
    await assert.rejects(compileOnnx(onnx, { name: 'bytes', heldOut: fraction }), InputTypeError);
    await assert.rejects(compileOnnx(onnx, { name: 'bytes', calibration: negative }), InputRangeError);
    // A stored model says the same: what is written and read back still takes integers alone.
    const { model } = await compileOnnx(onnx, { name: 'bytes' });
    const stored = restoreIntegerModel(storeIntegerModel(model).json);
    assert.throws(() => encodeInputs(stored.inputs, fraction[0]), InputTypeError);
    assert.throws(() => encodeInputs(stored.inputs, negative[0]), InputRangeError);
  });

  it("of a wide integer type take the calibration data's range and zero, and need one to be said", async () => {
    const samples = [[Float64Array.of(450, 227, 92)], [Float64Array.of(888, 63, 968)]];
    const { model, accuracy } = await compileOnnx(dense(3, 'int64'), { name: 'ids', calibration: samples });
    assert.deepEqual(Array.from(encodeInputs(model.inputs, [[1, 2, 3]])[0]), [1, 2, 3]);
    assert.equal(accuracy.reference, 'onnxruntime');
    assert.ok(accuracy.outputs[0].relativeError < 0.002);
    assert.throws(() => quantized(dense(3, 'int64'), {}), CalibrationError);
    assert.equal(quantized(dense(3, 'int32'), { inputRange: [-5, 9.5] }).inputs[0].low[0], -5);
  });

  it('of 200,000 elements compile with calibration and are run by the circuit', async () => {
    const size = 200_000;
    const onnx = makeModel({
      inputs: { x: [1, size] },
      outputs: ['y'],
      nodes: [node('ReduceMean', ['x'], ['y'], { axes: [1], keepdims: 1 })],
    });
    const random = seeded(3);
    const calibration = [0, 1].map(() => [Float64Array.from({ length: size }, () => 2 * random() - 1)]);
    // Every sample that is measured is run by the circuit, by the interpreter and by onnxruntime.
    const { model, accuracy } = await compileOnnx(onnx, {
      name: 'wide',
      calibration,
      inputVisibility: 'private',
      activationBits: 2,
    });
    assert.equal(encodeInputs(model.inputs, calibration[0])[0].length, size);
    assert.equal(accuracy.sets[0].samples, 2);
    assert.ok(accuracy.sets[0].outputs[0].maximumError < 0.01);
  });

  it('of which a layer keeps none are nothing, with calibration data and without', async () => {
    const onnx = makeModel({
      inputs: { x: [1, 4] },
      outputs: ['y', 'z'],
      constants: { starts: int64s([2]), ends: int64s([2]), axes: int64s([1]) },
      nodes: [
        node('Slice', ['x', 'starts', 'ends', 'axes'], ['z']),
        node('Relu', ['z'], ['none']),
        node('Concat', ['x', 'none'], ['y'], { axis: 1 }),
      ],
    });
    for (const calibration of [undefined, [[Float64Array.of(0.1, 0.2, 0.3, 0.4)]]]) {
      const { accuracy, manifest } = await compileOnnx(onnx, { name: 'empty', calibration });
      assert.deepEqual(
        manifest.outputs.map(({ shape }) => shape),
        [
          [1, 4],
          [1, 0],
        ],
      );
      assert.ok(accuracy.outputs.every(({ relativeError }) => relativeError < 0.01));
    }
  });

  it('are bounded by no argument list: nothing in the source spreads what can grow', () => {
    const src = new URL('../../src/', import.meta.url);
    const found: string[] = [];
    for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.startsWith('bench')) continue;
      for (const spread of spreadArguments(readFileSync(new URL(file, src), 'utf8')))
        found.push(`${file.replaceAll('\\', '/')}: ${spread}`);
    }
    assert.deepEqual(
      found.filter((spread) => !FEW.has(spread)),
      [],
    );
  });

  it('spread as arguments are found by the test for them', () => {
    const one = 'const most = Math.max(\n  0,\n  ...rows.map((row) => row.length),\n);';
    assert.deepEqual(spreadArguments(one), ['Math.max ...rows']);
    assert.deepEqual(
      spreadArguments('list.push(...(await more())); String.fromCharCode(...bytes); [].concat(...lists);'),
      ['push ...(await', 'String.fromCharCode ...bytes', 'concat ...lists'],
    );
    assert.deepEqual(spreadArguments('Math.min.apply(null, values)'), ['.apply(']);
    assert.deepEqual(
      spreadArguments('verify: async (...args) => (await load()).verify(...args); gelu.apply(3);\nf(...args)'),
      ['f ...args'],
    );
    assert.deepEqual(
      spreadArguments('const f = (...rest: never[]): void => undefined; f([...rest], { ...rest });'),
      [],
    );
  });
});

/** Spreads of a few arguments each, whatever the data: pairs, corners of a product, what the caller wrote down. */
const FEW = new Set([
  'quantize/input-range.ts: sharedGrid ...DEFAULT_RANGE',
  'compile/emitter.ts: wire ...this',
  'onnx/ops/integers.ts: assume ...rangeOf',
  'quantize/layers/move.ts: Math.max ...hull',
  'compile/layers/requantize.ts: requantizeGadget ...interval',
  'compile/layers/table.ts: instance ...range',
  'compile/layers/thresholds.ts: wire ...at',
  'compile/layers/multiply.ts: Math.min ...corners',
  'compile/layers/multiply.ts: Math.max ...corners',
  'compile/layers/matmul.ts: Math.min ...corners',
  'compile/layers/matmul.ts: Math.max ...corners',
  'tensor/intervals.ts: Math.min ...corners',
  'tensor/intervals.ts: Math.max ...corners',
  'tensor/intervals.ts: Math.min ...product',
  'tensor/intervals.ts: Math.max ...product',
  'solidity/cached.ts: contractSources ...names',
  'circom/run-circom.ts: fs.writeSync ...rest',
  'groth16/binding.ts: callback ...args',
  'workflow/fixture.ts: join ...names',
]);

/**
 * Calls with a spread argument, or by `apply`, over any number of lines: the function's name and what is spread.
 * Comments do not count.
 */
function spreadArguments(text: string): string[] {
  const code = text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  // Other things than functions have an `apply` of their own.
  const found = /\.apply\(\s*(?:null|undefined|this)\b/.test(code) ? ['.apply('] : [];
  for (const { index } of code.matchAll(/\.\.\.(?=[\w($[])/g)) {
    // Back to the bracket that is open here: an argument list's, if a name stands before it.
    let depth = 0;
    let at = index - 1;
    while (at >= 0 && !(depth === 0 && '([{'.includes(code[at]))) {
      if (')]}'.includes(code[at])) depth += 1;
      if ('([{'.includes(code[at])) depth -= 1;
      at -= 1;
    }
    const callee = code[at] === '(' ? /(?:\b(?:Math|String|fs)\.)?\w+$/.exec(code.slice(0, at))?.[0] : undefined;
    const operand = /^\.\.\.(?:\(await|\w+)?/.exec(code.slice(index))![0];
    const isParameter = /^\.\.\.\w+\s*(?::|\)\s*(?:=>|:))/.test(code.slice(index));
    // A function may hand on what it was called with.
    const isHandedOn = operand === '...args' && /\(\.\.\.args\)\s*=>[^\n]*$/.test(code.slice(0, index));
    if (callee !== undefined && !isParameter && !isHandedOn) found.push(`${callee} ${operand}`);
  }
  return found;
}
