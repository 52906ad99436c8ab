import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import * as snarkjs from 'snarkjs';
import type { Groth16Backend } from '../../src/groth16/types.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { readManifest, writeBuild } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { forgeOutput } from '../../src/workflow/forge.js';
import { openProver, openWitness, type ProveResult } from '../../src/workflow/prove.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import { backend, temporaryFolder, toyBuild } from './support/folders.js';
import { toyModel } from './support/toy.js';

const INPUT = [Float64Array.of(0.5, -0.25)];

async function proveIn(folder: string, by: Groth16Backend, context?: bigint): Promise<ProveResult> {
  const prover = await openProver(folder, by);
  try {
    return await prover.prove(INPUT, { context });
  } finally {
    await prover.close();
  }
}

describe('proofs of a build', () => {
  let folder: string;
  let proved: ProveResult;
  before(async () => {
    folder = await toyBuild();
    proved = await proveIn(folder, backend(), 42n);
  });
  after(() => (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate());

  it('say what the network computes: relu(x W + b) within a few steps', () => {
    const [output] = proved.outputs;
    const expected = [0.5 * 1 - 0.25 * 0.25 + 0.1, Math.max(0, 0.5 * -0.5 - 0.25 - 0.1)];
    expected.forEach((value, i) => assert.ok(Math.abs(output.values[i] - value) < 0.02, output.values.join()));
    // Nothing says that these are scores of classes.
    assert.ok(!('class' in output));
    assert.equal(output.integers[0] * output.scale, output.values[0]);
  });

  it("verify with snarkjs itself on the build's verification_key.json", async () => {
    const key = JSON.parse(readFileSync(path.join(folder, 'verification_key.json'), 'utf8')) as object;
    const verify = (signals: readonly string[]): Promise<boolean> =>
      snarkjs.groth16.verify(key as never, [...signals], proved.proof as never);
    assert.equal(await verify(proved.publicSignals), true);
    for (let i = 0; i < proved.publicSignals.length; i += 1) {
      const changed = proved.publicSignals.map((signal, k) =>
        k === i ? String((BigInt(signal) + 1n) % FIELD_MODULUS) : signal,
      );
      assert.equal(await verify(changed), false);
    }
  });

  it('carry the context as their last public signal and do not verify under another', async () => {
    assert.equal(proved.publicSignals.at(-1), '42');
    const stolen = { proof: proved.proof, publicSignals: [...proved.publicSignals.slice(0, -1), '43'] };
    assert.equal((await verifyProof(folder, backend(), proved)).valid, true);
    assert.equal((await verifyProof(folder, backend(), stolen)).valid, false);
  });

  it('do not verify with another output, another key, or signals missing or added', async () => {
    const manifest = await readManifest(folder);
    const forged = forgeOutput(proved, manifest, proved.outputs[0]);
    assert.notDeepEqual(forged.publicSignals, proved.publicSignals);
    const { valid, outputs } = await verifyProof(folder, backend(), forged);
    assert.equal(valid, false);
    assert.equal(outputs, undefined);
    for (const publicSignals of [proved.publicSignals.slice(1), [...proved.publicSignals, '0'], []]) {
      const { valid: taken, reason } = await verifyProof(folder, backend(), { ...proved, publicSignals });
      assert.equal(taken, false);
      assert.match(
        reason!,
        new RegExp(
          `the key is for ${proved.publicSignals.length} public signals, and the proof comes with ${publicSignals.length}`,
        ),
      );
    }
    const other = await toyBuild();
    await setupBuild(other, backend(), { force: true });
    assert.equal((await verifyProof(other, backend(), proved)).valid, false);
  });

  it('differ each time, and so do the salts and commitments', async () => {
    const again = await proveIn(folder, backend(), 42n);
    assert.notDeepEqual(again.proof, proved.proof);
    assert.notEqual(again.salts.input, proved.salts.input);
    assert.equal(again.publicSignals[0], proved.publicSignals[0]);
    assert.notEqual(again.publicSignals[1], proved.publicSignals[1]);
  });

  it('leave neither salt nor input in any file of the build', () => {
    const { input: salt } = proved.salts;
    assert.ok(salt !== undefined && BigInt(salt) < FIELD_MODULUS);
    const hex = BigInt(salt).toString(16).padStart(64, '0');
    const forms = [Buffer.from(salt), Buffer.from(hex), Buffer.from(hex, 'hex'), Buffer.from(hex, 'hex').reverse()];
    for (const name of readdirSync(folder)) {
      const at = path.join(folder, name);
      if (!statSync(at).isFile()) continue;
      const bytes = readFileSync(at);
      for (const form of forms) assert.ok(!bytes.includes(form), name);
    }
    assert.ok(!readdirSync(folder).some((name) => /wtns|witness|salt|opening|input\.json/.test(name)));
  });

  it('need no key for the witness alone', async () => {
    const { infer } = await openWitness(folder);
    const { outputs, publicSignals } = infer(INPUT, 42n);
    assert.deepEqual(outputs, proved.outputs);
    assert.equal(publicSignals[0], proved.publicSignals[0]);
  });

  it('are made and verified by snarkjs alone, too, from keys to verification', async () => {
    // Without a commitment the circuit is small enough for snarkjs to make its keys in seconds.
    const own = path.join(temporaryFolder(), 'public');
    const compiled = await compileOnnx(toyModel(), { name: 'toy', inputVisibility: 'public', activationBits: 4 });
    assert.ok(compiled.manifest.circuit.domainSize <= 256, String(compiled.manifest.circuit.domainSize));
    await writeBuild(own, compiled.manifest, buildFiles(compiled));
    const { manifest } = await setupBuild(own, snarkjsBackend);
    assert.deepEqual(manifest.keys, { kind: 'development', backend: 'snarkjs' });
    const made = await proveIn(own, snarkjsBackend);
    assert.deepEqual(made.salts, {});
    assert.equal((await verifyProof(own, snarkjsBackend, made)).valid, true);
    assert.equal((await verifyProof(own, backend(), made)).valid, true);
    assert.equal((await readVerificationKey(own)).nPublic, made.publicSignals.length);
  });
});
