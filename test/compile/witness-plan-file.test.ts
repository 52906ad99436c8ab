import assert from 'node:assert/strict';
import { decodeWitnessPlan, encodeWitnessPlan, WitnessPlanFormatError } from '../../src/compile/witness-plan-file.js';
import { prepareWitness } from '../../src/witness/generate.js';
import { seeded } from '../onnx/support/random.js';
import { randomGraph } from '../quantize/support/graphs.js';
import { integerInputs, quantizeRandomly, take } from '../quantize/support/samples.js';
import { ready, witnessFor, type Ready } from './support/run.js';

describe('a stored witness plan', () => {
  let prepared: Ready;
  let bytes: Uint8Array;
  before(async () => {
    const random = seeded(101);
    prepared = await ready(quantizeRandomly(randomGraph(random), 8, random), { input: 'hashed', output: 'hashed' });
    bytes = encodeWitnessPlan(prepared.circuit.plan);
  });

  it('reads back as it was written, from aligned and unaligned memory', () => {
    assert.deepEqual(decodeWitnessPlan(bytes), prepared.circuit.plan);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assert.deepEqual(decodeWitnessPlan(shifted.subarray(3)), prepared.circuit.plan);
  });

  it('makes the same witnesses after reading', () => {
    const generator = prepareWitness(decodeWitnessPlan(bytes));
    for (const inputs of take(6, integerInputs(prepared.model, seeded(1)))) {
      assert.deepEqual(witnessFor({ ...prepared, generator }, inputs), witnessFor(prepared, inputs));
    }
  });

  it('is refused when cut short at any length', () => {
    for (let length = 0; length < bytes.length - 8; length += Math.ceil(bytes.length / 500)) {
      assert.throws(
        () => decodeWitnessPlan(bytes.slice(0, length)),
        WitnessPlanFormatError,
        `${length} of ${bytes.length} bytes`,
      );
    }
  });

  it('is refused when its header lies', () => {
    const headerLength = new DataView(bytes.buffer).getUint32(8, true);
    const header = new TextDecoder().decode(bytes.subarray(16, 16 + headerLength));
    const lies = [
      header.replace('"lengths":', '"lengthz":'),
      header.replace(/"lengths":\[\d+/, '"lengths":[-1'),
      header.replace(/"lengths":\[\d+/, '"lengths":[1e15'),
      'null',
      '[]',
      '{}',
    ];
    for (const lie of lies) {
      const text = new TextEncoder().encode(lie);
      const changed = new Uint8Array(16 + Math.ceil(text.length / 8) * 8 + bytes.length);
      changed.set(bytes.subarray(0, 16));
      new DataView(changed.buffer).setUint32(8, text.length, true);
      changed.set(text, 16);
      changed.set(bytes.subarray(16 + Math.ceil(headerLength / 8) * 8), 16 + Math.ceil(text.length / 8) * 8);
      assert.throws(() => decodeWitnessPlan(changed), WitnessPlanFormatError, lie.slice(0, 60));
    }
  });

  it('is refused when its magic or version is another', () => {
    for (const at of [0, 3, 4]) {
      const changed = bytes.slice();
      changed[at] ^= 0xff;
      assert.throws(() => decodeWitnessPlan(changed), WitnessPlanFormatError);
    }
  });
});
