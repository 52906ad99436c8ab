import { strict as assert } from 'node:assert';
import { getAddress, id } from 'ethers';
import { address, hash, isAddress } from '../../src/cli/chain-values.js';

describe("the command line's addresses", () => {
  it('are read as ethers reads them, which is not loaded for it', () => {
    for (let i = 0; i < 64; i += 1) {
      const lower = id(`account ${i}`).slice(0, 42);
      const sound = getAddress(lower);
      assert.equal(address(lower), sound);
      assert.equal(address(`0x${lower.slice(2).toUpperCase()}`), sound);
      assert.equal(address(sound), sound);
      const letter = sound.slice(2).search(/[a-zA-Z]/) + 2;
      const flipped =
        sound[letter] === sound[letter].toLowerCase() ? sound[letter].toUpperCase() : sound[letter].toLowerCase();
      const wrong = sound.slice(0, letter) + flipped + sound.slice(letter + 1);
      assert.equal(
        isAddress(wrong),
        wrong === wrong.toLowerCase() || wrong.slice(2) === wrong.slice(2).toUpperCase(),
        wrong,
      );
    }
    for (const none of ['', '0x', '0x12', `${'a'.repeat(40)}`, `0x${'g'.repeat(40)}`])
      assert.throws(() => address(none), /give an address/);
    assert.throws(() => hash('0x12'), /give 32 bytes/);
  });
});
