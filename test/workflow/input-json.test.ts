import assert from 'node:assert/strict';
import { InputShapeError } from '../../src/integer/errors.js';
import { checkSamples, InputFormatError, parseInput, parseSamples } from '../../src/workflow/input-json.js';

const ONE = [{ name: 'x', shape: [1, 2, 2] }];
const TWO = [
  { name: 'a', shape: [1, 2] },
  { name: 'b', shape: [1] },
];

describe('input.json', () => {
  it('gives one flat array per graph input, however it is nested', () => {
    const expected = [Float64Array.of(1, 2, 3, 4)];
    for (const data of ['[[1, 2, 3, 4]]', '[[[1, 2], [3, 4]]]', '[[[[1, 2], [3, 4]]]]']) {
      assert.deepEqual(parseInput(`{"input_data": ${data}}`, ONE, 'f'), expected);
    }
    assert.deepEqual(parseInput('{"input_data": [[1, 2], [3]], "output_data": [[9]]}', TWO, 'f'), [
      Float64Array.of(1, 2),
      Float64Array.of(3),
    ]);
    assert.deepEqual(parseInput('{"input_data": [[true, false], 3]}', TWO, 'f'), [
      Float64Array.of(1, 0),
      Float64Array.of(3),
    ]);
  });

  it('of the wrong shape or with anything but finite numbers is refused with the place', () => {
    const cases: [string, typeof ONE, new (...args: never[]) => Error, RegExp][] = [
      [
        '{"input_data": [[1, 2, 3]]}',
        ONE,
        InputShapeError,
        /f: input_data\[0\]: input 'x' has shape \[1, 2, 2\] = 4 numbers, 3 given/,
      ],
      ['{"input_data": [[1, 2]]}', TWO, InputShapeError, /1 array\(s\), the model 2 input\(s\): a, b/],
      ['{"input_data": [[1, 2, null, 4]]}', ONE, InputFormatError, /f: input_data\[0\]\[2\] is null/],
      ['{"input_data": [[1, 2, "3", 4]]}', ONE, InputFormatError, /is "3"/],
      ['{"input_data": [[1, 2, 1e999, 4]]}', ONE, InputFormatError, /\[2\]/],
      ['{"input_data": [[1, 2, NaN, 4]]}', ONE, InputFormatError, /f is not JSON/],
      ['{"input_data": []}', ONE, InputFormatError, /at least one array/],
      ['{"data": [[1]]}', ONE, InputFormatError, /input_data/],
      ['null', ONE, InputFormatError, /input_data/],
      ['', ONE, InputFormatError, /not JSON/],
    ];
    for (const [text, inputs, kind, wanted] of cases) {
      assert.throws(
        () => parseInput(text, inputs, 'f'),
        (error: Error) => error instanceof kind && wanted.test(error.message),
        text,
      );
    }
  });

  it('of samples may hold all of an input end to end, as EZKL has them', () => {
    const flat = (samples: readonly (readonly Float64Array[])[]) =>
      samples.map((sample) => sample.map((values) => Array.from(values)));
    assert.deepEqual(flat(parseSamples('{"input_data": [[1, 2, 3, 4, 5, 6, 7, 8]]}', ONE, 'f')), [
      [[1, 2, 3, 4]],
      [[5, 6, 7, 8]],
    ]);
    assert.deepEqual(flat(parseSamples('{"input_data": [[1, 2, 4, 5], [3, 6]]}', TWO, 'f')), [
      [[1, 2], [3]],
      [[4, 5], [6]],
    ]);
    // A row of one number for each input is a sample, as ever.
    const scalars = [
      { name: 'a', shape: [1] },
      { name: 'b', shape: [1] },
    ];
    assert.deepEqual(flat(parseSamples('{"input_data": [[1, 2], [3, 4]]}', scalars, 'f')), [
      [[1], [2]],
      [[3], [4]],
    ]);
    assert.throws(() => parseSamples('{"input_data": [[1, 2, 3, 4, 5, 6]]}', ONE, 'f'), InputShapeError);
    assert.throws(() => parseSamples('{"input_data": [[1, 2, 4, 5], [3, 6, 9]]}', TWO, 'f'), InputShapeError);
  });

  it('of samples holds a row for each, or an array of arrays where the model has several inputs', () => {
    assert.deepEqual(
      parseSamples('{"input_data": [[1, 2, 3, 4], [5, 6, 7, 8]]}', ONE, 'f').map(([x]) => Array.from(x)),
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    );
    assert.deepEqual(parseSamples('{"input_data": [[1, 2], [3]]}', TWO, 'f').length, 1);
    const many = parseSamples('{"input_data": [[[1, 2], [3]], [[4, 5], [6]]]}', TWO, 'f');
    assert.deepEqual(
      many.map((sample) => sample.map((values) => Array.from(values))),
      [
        [[1, 2], [3]],
        [[4, 5], [6]],
      ],
    );
    assert.throws(() => parseSamples('{"input_data": [[[1, 2], [3]], [[4, 5]]]}', TWO, 'f'), InputShapeError);
    assert.throws(() => parseSamples('{"input_data": [[1, 2, 3, 4], [5, 6]]}', ONE, 'f'), InputShapeError);
  });

  it('and samples from callers are checked alike', () => {
    assert.throws(() => checkSamples([[Float64Array.of(1, 2, 3)]], ONE), InputShapeError);
    assert.throws(() => checkSamples([[]], ONE), InputShapeError);
    assert.throws(
      () => checkSamples([[Float64Array.of(1, 2, NaN, 4)]], ONE),
      (error: Error) => error instanceof InputFormatError && /'x'\[2\] is NaN/.test(error.message),
    );
  });
});
