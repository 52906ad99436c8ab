import assert from 'node:assert/strict';

import { UsageError } from '../../src/errors.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import type { NativeBackend } from '../../src/groth16/binding.js';

describe('the choice of a backend', () => {
  const absent = (name: string) => () => ({ reason: `no ${name}` });
  const there = (name: 'native' | 'wasm') => () => ({ backend: { name } as NativeBackend });

  it('goes from the addon to WebAssembly to snarkjs, and says why', () => {
    const notices: string[] = [];
    const chosen = (native: boolean, wasm: boolean): string =>
      chooseBackend('auto', (text) => notices.push(text), {
        native: native ? there('native') : absent('addon'),
        wasm: wasm ? there('wasm') : absent('module'),
      }).name;
    assert.deepEqual([chosen(true, true), chosen(false, true), chosen(false, false)], ['native', 'wasm', 'snarkjs']);
    assert.equal(notices.length, 2);
    assert.match(notices[0], /WebAssembly.*no addon/);
    assert.match(notices[1], /snarkjs.*no addon; no module/);
  });

  it('refuses what was asked for and cannot be had', () => {
    const rust = { native: absent('addon'), wasm: absent('module') };
    assert.throws(
      () => chooseBackend('native', () => undefined, rust),
      (error) => error instanceof UsageError && error.message === 'no addon',
    );
    assert.throws(
      () => chooseBackend('wasm', () => undefined, rust),
      (error) => error instanceof UsageError && error.message === 'no module',
    );
  });
});
