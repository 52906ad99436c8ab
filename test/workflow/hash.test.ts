import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { sha256Of } from '../../src/workflow/hash.js';

describe('sha256Of', () => {
  /** Pieces in one buffer that is overwritten for each, of lengths below and above what the thread takes at a time. */
  function* pieces(lengths: readonly number[]): Generator<Uint8Array> {
    const buffer = new Uint8Array(Math.max(...lengths));
    for (const [index, length] of lengths.entries()) yield buffer.fill(index + 1).subarray(0, length);
  }

  it('hashes in a thread what it hashes without one', async () => {
    const lengths = [1, 9_000_001, ...Array.from({ length: 15 }, () => 4_000_003), 0, 77];
    const expected = createHash('sha256');
    for (const piece of pieces(lengths)) expected.update(piece);
    const bytes = lengths.reduce((sum, length) => sum + length, 0);
    const hash = `0x${expected.digest('hex')}`;
    assert.equal(await sha256Of(pieces(lengths), bytes), hash);
    assert.equal(await sha256Of(pieces(lengths), 1), hash);
  });

  it('passes on what making a piece throws', async () => {
    function* broken(): Generator<Uint8Array> {
      yield new Uint8Array(8);
      throw new RangeError('no more');
    }
    await assert.rejects(sha256Of(broken(), 2 ** 30), RangeError);
  });
});
