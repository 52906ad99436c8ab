import assert from 'node:assert/strict';
import { CircomError } from '../../src/circom/circom-error.js';
import { loadCircom } from '../../src/circom/load-circom.js';
import { runCircom, writtenBy } from '../../src/circom/run-circom.js';

const PROGRAM = `pragma circom 2.1.0;
include "parts/Square.circom";
component main = Square();
`;
const SQUARE = `pragma circom 2.1.0;
template Square() { signal input in; signal output out; out <== in * in; }
`;

describe('circom on sources in memory', () => {
  let circom: Awaited<ReturnType<typeof loadCircom>>;
  before(async () => {
    circom = await loadCircom();
  });

  it('includes sources below its folder, gives what it writes, and leaves the sources as they are', () => {
    const sources = new Map([
      ['main.circom', PROGRAM],
      ['parts/Square.circom', SQUARE],
    ]);
    const [first, second] = [0, 1].map(() => runCircom(circom, sources, ['main.circom', '--r1cs', '--sym', '--O1']));
    assert.deepEqual(
      [...first.keys()].sort(),
      ['main.circom', 'main.r1cs', 'main.sym', 'parts/Square.circom'],
      'nothing else is written',
    );
    assert.equal(Buffer.from(writtenBy(first, 'main.r1cs')).toString('latin1', 0, 4), 'r1cs');
    assert.deepEqual(first.get('main.r1cs'), second.get('main.r1cs'), 'equal sources make equal files');
    assert.deepEqual([...sources.keys()], ['main.circom', 'parts/Square.circom']);
    assert.throws(() => writtenBy(first, 'main.wasm'), CircomError);
  });

  it('overwrites what it wrote before where the new file is shorter', () => {
    const stale = new Map([
      ['main.circom', PROGRAM.replace('parts/', '')],
      ['Square.circom', SQUARE],
      ['main.sym', 'x'.repeat(10_000)],
    ]);
    const files = runCircom(circom, stale, ['main.circom', '--sym', '--O1']);
    assert.doesNotMatch(new TextDecoder().decode(writtenBy(files, 'main.sym')), /x{2}/);
  });

  it("refuses with circom's own message, without colours", () => {
    const refused = (program: string): void =>
      void runCircom(circom, new Map([['main.circom', program]]), ['main.circom']);
    assert.throws(() => refused(PROGRAM), /CircomError: .*parts\/Square\.circom/s);
    assert.throws(() => refused('pragma circom 2.1.0;\ncomponent main = Absent();'), /Calling unknown symbol/);
    assert.throws(
      () => refused('pragma circom 2.1.0;\ncomponent main = Absent();'),
      (error: Error) => !error.message.includes('\u001b'),
    );
    assert.throws(() => runCircom(circom, new Map(), ['main.circom']), CircomError);
  });

  it('ends a program that asks for more memory than there is', () => {
    const endless =
      'pragma circom 2.1.0;\ntemplate A() { signal output out; out <== f(0); }\n' +
      'function f(n) { return f(n + 1); }\ncomponent main = A();\n';
    assert.throws(() => runCircom(circom, new Map([['main.circom', endless]]), ['main.circom', '--r1cs']), CircomError);
  });
});
