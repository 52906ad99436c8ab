import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeMessage } from '../../src/onnx/message.js';
import { ModelProto } from '../../src/onnx/schema.js';
import { fixturePath } from '../../src/workflow/fixture.js';
import { float, floats, int64s, makeModel, node } from './support/make-model.js';
import { seeded } from './support/random.js';

const SMALL = makeModel({
  inputs: { x: ['batch', 2, 6, 6] },
  outputs: ['y'],
  constants: { w: floats([2, 1], [0.5, -1]), shape: int64s([0, -1, 2 ** 40]) },
  nodes: [
    node('Conv', ['x', 'w'], ['c'], { kernel_shape: [3, 3], mode: 'same' }),
    node('Gemm', ['c', 'w'], ['y'], { alpha: float(0.5) }),
  ],
});

/** What is made of bytes; undefined where they are refused. */
function outcome(read: (bytes: Uint8Array) => object, bytes: Uint8Array): object | undefined {
  try {
    return read(bytes);
  } catch {
    return undefined;
  }
}

const own = (bytes: Uint8Array): object => decodeMessage(ModelProto, bytes);
const protobufs = (bytes: Uint8Array): object => ModelProto.toObject(ModelProto.decode(bytes), { oneofs: true });
/** protobufjs leaves out lists that are there and empty. */
const plain = (value: object | undefined): unknown =>
  value &&
  JSON.parse(JSON.stringify(value, (_, one: unknown) => (Array.isArray(one) && one.length === 0 ? undefined : one)));

describe('decodeMessage', () => {
  it('reads models as protobufjs does', () => {
    for (const bytes of [SMALL, ...['tabular', 'lenet5'].map((name) => readFileSync(fixturePath(name, 'model.onnx')))])
      assert.deepEqual(plain(own(new Uint8Array(bytes))), plain(protobufs(new Uint8Array(bytes))));
  });

  it('refuses and reads damaged bytes as protobufjs does', () => {
    const random = seeded(11);
    let refused = 0;
    for (let round = 0; round < 6_000; round += 1) {
      const bytes = SMALL.slice(0, random() < 0.3 ? Math.floor(random() * SMALL.length) : SMALL.length);
      for (let k = Math.floor(random() * 4); k >= 0; k -= 1)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const [expected, found] = [outcome(protobufs, bytes), outcome(own, bytes)];
      assert.deepEqual(plain(found), plain(expected), Buffer.from(bytes).toString('hex'));
      if (found === undefined) refused += 1;
    }
    assert.ok(refused > 300 && refused < 5_700, `${refused} of 6,000 are refused`);
  });

  it('refuses messages that are nested without end', () => {
    const nested = (depth: number): Uint8Array => {
      // ModelProto.graph, then node, attribute and g of it, and so on.
      let inner = new Uint8Array();
      for (let k = depth - 1; k >= 0; k -= 1)
        inner = Uint8Array.from([k === 0 ? 0x3a : [0x32, 0x0a, 0x2a][k % 3], ...length(inner.length), ...inner]);
      return inner;
    };
    const length = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...length(value >>> 7)]);
    assert.throws(() => own(nested(2001)), /nested too deeply/);
    assert.doesNotThrow(() => own(nested(99)));
  });

  it('makes no program text, which a content security policy refuses', () => {
    const { Function: evaluate } = globalThis;
    try {
      globalThis.Function = (() => assert.fail('program text is evaluated')) as never;
      own(SMALL);
    } finally {
      globalThis.Function = evaluate;
    }
  });
});
