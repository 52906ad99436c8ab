import assert from 'node:assert/strict';
import { compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import type { GadgetObject } from '../../src/circom/object.js';
import { loadCircom } from '../../src/circom/load-circom.js';
import { runCircom, writtenBy } from '../../src/circom/run-circom.js';
import { gadgetSources } from '../../src/circom/sources.js';
import type { GadgetParameter } from '../../src/gadgets/index.js';
import { decodeR1cs } from '../../src/r1cs/r1cs-file.js';
import { decodeSym } from '../../src/r1cs/sym-file.js';
import { FIELD_CASES, INTEGER_CASES, integerParameters, nameOf, type GadgetCase } from '../witness/gadgets/cases.js';
import { analyse, type Interval } from '../../src/determinism/analyse.js';

/**
 * The analysis doubles its cases with every value that may be the largest; the argument does not depend on how many
 * there are.
 */
const CASES = [...INTEGER_CASES, ...FIELD_CASES].filter(
  ({ spec, inputCount }) => !['ArgMax', 'Distances'].includes(spec.template) || inputCount <= 5,
);

function rangesOf({ range: [low, high], inputCount }: GadgetCase): (Interval | undefined)[] {
  const range = high > 1n << 200n ? undefined : { low, high };
  return Array.from({ length: inputCount }, () => range);
}

describe('determinism of the gadgets', () => {
  let objects: Map<string, GadgetObject>;
  before(async () => {
    objects = await compileGadgets(CASES.map(({ spec }) => spec));
  });

  for (const gadget of CASES) {
    const { template } = gadget.spec;
    const parameters = integerParameters(gadget.spec);
    const ambiguous = template === 'InputRange' && (parameters[0] & (parameters[0] + 1)) !== 0;

    it(`${nameOf(gadget.spec)} ${ambiguous ? 'leaves its digits open, and nothing else' : 'determines every wire by its inputs'}`, () => {
      const object = objects.get(gadgetKey(gadget.spec))!;
      const { open, cases } = analyse(object.system, rangesOf(gadget));
      const names = open.map((wire) => object.signals[wire]);
      assert.ok(cases >= 1, 'the contract allows nothing');
      if (ambiguous)
        assert.ok(
          names.every((name) => name.startsWith('digit')),
          names.join(' '),
        );
      else assert.deepEqual(names, []);
    });
  }
});

describe('the determinism analysis finds broken gadgets', () => {
  let circom: Awaited<ReturnType<typeof loadCircom>>;
  before(async () => {
    circom = await loadCircom();
  });

  /** Names of the signals that stay open in a program. */
  const openSignals = (program: string, ranges: (Interval | undefined)[]): string[] => {
    const sources = new Map([['main.circom', `pragma circom 2.1.0;\n${program}`]]);
    const files = runCircom(circom, sources, ['main.circom', '--r1cs', '--sym', '--O1']);
    const system = decodeR1cs(writtenBy(files, 'main.r1cs'));
    const names = decodeSym(new TextDecoder().decode(writtenBy(files, 'main.sym')), system.wireCount);
    return analyse(system, ranges).open.map((wire) => names[wire].replace('main.', ''));
  };

  /** A gadget's own source with one line replaced or removed. */
  const broken = (
    template: string,
    parameters: readonly GadgetParameter[],
    line: string,
    replacement: string,
  ): string => {
    const source = gadgetSources(template).get(`${template}.circom`)!;
    assert.ok(source.includes(line), `${template} has no line ${line}`);
    return `${source.replace(/^pragma.*$/m, '').replace(line, replacement)}\ncomponent main = ${gadgetKey({ template, parameters })};\n`;
  };

  const interval = (low: number, high: number): Interval => ({ low: BigInt(low), high: BigInt(high) });

  it('an output that is only assigned', () => {
    const program =
      'template T() { signal input in; signal output out; out <-- in >> 3; signal square; square <== in * in; } component main = T();';
    assert.deepEqual(openSignals(program, [interval(0, 255)]), ['out']);
  });

  const isZero = (last: string): string => `template T() {
    signal input in; signal output out; signal inv;
    inv <-- in != 0 ? 1 / in : 0;
    out <== 1 - in * inv;
    in * out === 0;
    ${last}
  } component main = T();`;

  it('the inverse of an isZero that is free where it is not used', () => {
    assert.deepEqual(openSignals(isZero(''), [interval(-100, 100)]), ['inv']);
  });

  it('but accepts that inverse once it is pinned to zero', () => {
    assert.deepEqual(openSignals(isZero('inv * out === 0;'), [interval(-100, 100)]), []);
  });

  it('a quotient whose remainder is bounded by an assert, which is no constraint', () => {
    const program = `template T() {
      signal input in; signal output out; signal rest;
      out <-- in \\ 8; rest <-- in % 8; assert(rest < 8);
      in === out * 8 + rest;
    } component main = T();`;
    assert.deepEqual(openSignals(program, [interval(0, 255)]), ['out', 'rest']);
  });

  it('digits so many that the sum wraps around the modulus', () => {
    const program = `template T() {
      signal input in; signal bit[254];
      var sum = 0;
      for (var i = 0; i < 254; i++) { bit[i] <-- (in >> i) & 1; bit[i] * (bit[i] - 1) === 0; sum += bit[i] * (1 << i); }
      in === sum;
    } component main = T();`;
    assert.equal(openSignals(program, [interval(0, 255)]).length, 254);
  });

  it('a digit of a remainder that is not constrained to be a bit', () => {
    const program = broken(
      'Requantize',
      [12, 4],
      'remainder[i] * (remainder[i] - 1) === 0;',
      'if (i != 2) { remainder[i] * (remainder[i] - 1) === 0; }',
    );
    assert.ok(openSignals(program, [interval(0, 4095)]).includes('remainder[2]'));
  });

  it('an output whose top digit is not constrained', () => {
    const program = broken('Requantize', [12, 4], '(out - sum) * (out - sum - (1 << (width - 1))) === 0;', '');
    assert.ok(openSignals(program, [interval(0, 4095)]).includes('out'));
  });

  it('a ReLU that may choose its case', () => {
    const program = broken('RequantizeRelu', [12, 4], 'out * (e - out) === 0;', '');
    assert.ok(openSignals(program, [interval(-4080, 4095)]).includes('out'));
  });

  it('a ReLU that drops the magnitude, so that zero passes for anything', () => {
    const program = broken(
      'RequantizeRelu',
      [12, 4],
      'in === (2 * out - e) * (1 << shift) + dropped;',
      'in === out * (1 << shift) + dropped;',
    );
    assert.ok(openSignals(program, [interval(-4080, 4095)]).length > 0);
  });

  it('a clamp whose flag for the inside may be zero inside', () => {
    const program = broken('RequantizeClamp', [9, 2, 3], 'var H = nonNegative - inside', 'var H = nonNegative - 1');
    assert.ok(openSignals(program, [interval(-512, 543)]).includes('inside'));
  });

  it('a clamp whose flag has too small a weight to exclude other values', () => {
    const program = broken('RequantizeClamp', [9, 2, 3], 'var K = 1 << (h + 2);', 'var K = 1;');
    assert.ok(openSignals(program, [interval(-512, 543)]).includes('inside'));
  });

  it('a clamp of digits whose flag has too small a weight to exclude other values', () => {
    const program = broken('RequantizeClampDigits', [9, 2, 3], 'var K = 1 << (h + 2);', 'var K = 1;');
    assert.ok(openSignals(program, [interval(-512, 543)]).includes('inside'));
  });

  it('digits of an index that are not bound to the value', () => {
    const program = broken('RequantizeDigits', [6, 2], 'in === sum;', '');
    assert.ok(openSignals(program, [interval(0, 63)]).includes('digit[0]'));
  });

  it('a table whose one-hot wires are only assigned', () => {
    const program = broken(
      'Table',
      [4, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]],
      'rowProduct[next] <== ',
      'rowProduct[next] <-- ',
    );
    assert.ok(openSignals(program, new Array<Interval>(4).fill(interval(0, 1))).includes('out'));
  });

  it('a reciprocal whose remainder may be as large as the divisor, or larger', () => {
    const line = 'in - 1 - r === s;';
    assert.ok(openSignals(broken('Reciprocal', [100, 4, 7], line, ''), [interval(1, 15)]).includes('out'));
    assert.ok(openSignals(broken('Reciprocal', [100, 4, 7], line, 'in - r === s;'), [interval(1, 15)]).includes('out'));
  });

  it('a reciprocal of what may be zero', () => {
    assert.ok(
      openSignals(broken('Reciprocal', [100, 4, 7], 'in - 1 - r === s;', 'in - 1 - r === s - 1;'), [
        interval(0, 15),
      ]).includes('out'),
    );
  });

  it('distances to any of equal largest values', () => {
    const program = broken('Distances', [3, 4, 1], 'largest - in[i] - next === sum;', 'largest - in[i] === sum;');
    assert.ok(openSignals(program, [interval(0, 15), interval(0, 15), interval(0, 15)]).includes('before[0]'));
  });

  it('distances to a value that need not be among the inputs', () => {
    const program = broken('Distances', [3, 4, 1], '(previous - next) * (previous - next - 1 + K * sum) === 0;', '');
    assert.ok(openSignals(program, [interval(0, 15), interval(0, 15), interval(0, 15)]).includes('largest'));
  });

  it('lines whose one-hot wires are only assigned', () => {
    const program = broken(
      'Lines',
      [2, 2, [0, 1, 4, 9], [5, 2, -1, -4]],
      'rowProduct[next] <== ',
      'rowProduct[next] <-- ',
    );
    assert.ok(openSignals(program, new Array<Interval>(4).fill(interval(0, 1))).includes('out'));
  });

  it('a square root without the bound above what is left', () => {
    const program = broken('SquareRoot', [3], '2 * out === r + s;', '');
    assert.ok(openSignals(program, [interval(0, 63)]).includes('out'));
  });

  it('thresholds of an interval with one end, or of several intervals at once', () => {
    for (const line of [
      '(rest - lower) * (rest - lower - (1 << (bits - 1))) === 0;',
      '(gap - upper) * (gap - upper - (1 << (bits - 1))) === 0;',
      'chosen * (chosen - 1) === 0;',
    ]) {
      const program = broken('Thresholds', [3, 2, [4, 5, 8], 10], line, '');
      assert.ok(openSignals(program, [interval(0, 9)]).includes('out[1]'), line);
    }
  });

  it('an index that may be any of equal ones', () => {
    const program = broken('ArgMax', [3, 4, 0], 'var gap = largest - in[i] - strict;', 'var gap = largest - in[i];');
    assert.ok(openSignals(program, [interval(0, 15), interval(0, 15), interval(0, 15)]).includes('out'));
  });
});
