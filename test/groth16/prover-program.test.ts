import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { NativeBackend } from '../../src/groth16/binding.js';
import type { Proof, VerificationKey } from '../../src/groth16/types.js';
import { encodeWtns } from '../../src/r1cs/witness.js';
import { cubic, cubicWitness } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';

const CRATE = fileURLToPath(new URL('../../native/', import.meta.url));
/** Built as the crate's own tests are, which `npm test` runs too. */
const PROGRAM = path.join(CRATE, 'target', 'release', 'zkinfer-prover');

describe('zkinfer-prover, the stand-alone program', () => {
  let native: NativeBackend;
  let folder: string;
  let key: VerificationKey;
  let [zkey, wtns, proof, publicSignals]: string[] = [];

  before(async function () {
    native = nativeOrSkip(this);
    const build = [
      'build',
      '--quiet',
      '--release',
      '--locked',
      '--bin',
      'zkinfer-prover',
      '--manifest-path',
      path.join(CRATE, 'Cargo.toml'),
    ];
    const { status, stderr } = spawnSync('cargo', build, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    const file = (name: string): string => path.join(folder, name);
    [zkey, wtns, proof, publicSignals] = ['key.zkey', 'witness.wtns', 'proof.json', 'public.json'].map(file);
    fs.writeFileSync(file('circuit.r1cs'), cubic());
    fs.writeFileSync(wtns, encodeWtns(cubicWitness(5n, 77n)));
    key = await native.setup(file('circuit.r1cs'), zkey);
  });

  after(() => {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]): ReturnType<typeof spawnSync> => spawnSync(PROGRAM, args, { encoding: 'utf8' });

  it("takes rapidsnark's arguments and writes a proof that verifies", async () => {
    assert.equal(run(zkey, wtns, proof, publicSignals).status, 0);
    const signals = JSON.parse(fs.readFileSync(publicSignals, 'utf8')) as string[];
    assert.deepEqual(signals, ['115', '77']);
    assert.equal(await native.verify(key, signals, JSON.parse(fs.readFileSync(proof, 'utf8')) as Proof), true);
  });

  it('names the file and the reason where it fails, and does not panic', () => {
    const damaged = path.join(folder, 'damaged');
    for (const [bytes, args] of [
      [fs.readFileSync(zkey).subarray(0, -1), [damaged, wtns]],
      [fs.readFileSync(wtns).subarray(0, -1), [zkey, damaged]],
      [fs.readFileSync(zkey), [zkey, damaged]],
    ] as const) {
      fs.writeFileSync(damaged, bytes);
      const { status, stderr } = run(...args, proof, publicSignals);
      assert.equal(status, 1);
      assert.match(String(stderr), /^zkinfer-prover: .*damaged: .*\n$/);
    }
  });

  it('says how it is used', () => {
    const { status, stderr } = run(zkey);
    assert.equal(status, 2);
    assert.match(String(stderr), /usage: zkinfer-prover KEY\.zkey WITNESS\.wtns/);
  });
});
