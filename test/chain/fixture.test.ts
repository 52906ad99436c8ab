import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFixture } from '../../src/bench/gas-fixtures.js';
import {
  type AttestedModel,
  ContextMismatchError,
  deprecateModel,
  developmentSigner,
  findAttestation,
  memoryJournal,
  openChain,
  openSender,
  readDeployment,
  RevertedError,
  type Sender,
  sendOnce,
  submitInference,
} from '../../src/chain/index.js';
import { attestRequest } from '../../src/chain/submit.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import { contextFor } from '../../src/solidity/index.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { deployBuild, registerBuild, submitProof } from '../../src/workflow/contract.js';
import type { ProofFile } from '../../src/workflow/proof-file.js';
import { proofBinding } from '../../src/workflow/proof-binding.js';
import { openProver, type Prover } from '../../src/workflow/prove.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey } from '../../src/workflow/verify.js';

describe('a trained model on the local chain, one command after the other', () => {
  const backend = chooseBackend('auto', () => undefined);
  const owner = developmentSigner(0);
  let folder: string;
  let build: string;
  let prover: Prover;
  let input: Float64Array[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-fixture-'));
    build = await buildFixture('tabular', folder, backend);
    prover = await openProver(build, backend);
    const { input_data: rows } = JSON.parse(
      await readFile(new URL('../../fixtures/tabular/input.json', import.meta.url), 'utf8'),
    );
    input = rows.map((row: number[]) => Float64Array.from(row.flat()));
  });
  after(async () => {
    await prover.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A proof for the attestations on record, else for the verifier. */
  const prove = async (nonce: bigint, by = prover): Promise<ProofFile & { nonce: bigint }> => {
    const binding = (await proofBinding(build, { account: owner.address, nonce }))!;
    return { ...(await by.prove(input, { context: contextFor(binding) })), binding, nonce };
  };
  const forge = (proved: ProofFile): ProofFile => ({
    ...proved,
    publicSignals: [String(BigInt(proved.publicSignals[0]) ^ 1n), ...proved.publicSignals.slice(1)],
  });

  /** Opens the build's local chain with a sender of development account `account`. */
  async function onChain(
    account: number,
    work: (sender: Sender, model: AttestedModel) => Promise<void>,
  ): Promise<void> {
    const chain = await openChain(build);
    try {
      const { privateKey } = developmentSigner(account);
      const sender = await openSender(build, chain, { environment: { ZKINFER_PRIVATE_KEY: privateKey } });
      const { attestations, model } = await readDeployment(build, chain.rpc);
      const [key, manifest] = [await readVerificationKey(build), await readManifest(build)];
      await work(sender, {
        attestations: attestations!.address,
        modelId: BigInt(model!.id),
        version: model!.version,
        key,
        manifest,
      });
    } finally {
      await chain.close();
    }
  }
  const assertRefused = async (work: Promise<unknown>, errorName: string) => {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof RevertedError, String(error));
      assert.equal(error.errorName, errorName);
      return true;
    });
  };

  it('is deployed, and its verifier alone accepts a proof and refuses a forged output', async () => {
    await deployBuild(build, {});
    const proved = await prove(1n);
    const accepted = await submitProof(build, proved, {});
    assert.equal(accepted.accepted, true);
    assert.match(accepted.transaction!, /^0x[0-9a-f]{64}$/);
    const refused = await submitProof(build, forge(proved), {});
    assert.equal(refused.accepted, false);
    assert.equal(refused.transaction, null);
  });

  it('is registered, attested by a proof, and read back', async () => {
    const before = await prove(2n);
    await registerBuild(build, {});
    await assert.rejects(submitProof(build, before, {}), ContextMismatchError);
    const proved = await prove(2n);
    const { attestation } = await submitProof(build, proved, {});
    const again = await submitProof(build, proved, {});
    assert.equal(again.alreadyAttested, true);
    await onChain(0, async ({ rpc }, model) => {
      const found = await findAttestation(rpc, model.attestations, attestation!.id);
      assert.deepEqual(found, attestation);
      assert.equal(BigInt(found!.output), BigInt(proved.publicSignals[0]));
      assert.equal(found!.prover, owner.address);
    });
  });

  it('is not attested by a forged output, a replay or a stolen proof', async () => {
    const [replayed, own] = [await prove(3n), await prove(4n)];
    await assertRefused(submitProof(build, forge(own), {}), 'InvalidProof');
    await onChain(0, async (sender, model) => {
      await submitInference(sender, model, replayed);
      const request = { ...attestRequest(model, replayed), purpose: 'replay' };
      await assertRefused(sendOnce(sender, request), 'AlreadyAttested');
    });
    await onChain(1, async (thief, model) => {
      await assert.rejects(submitInference(thief, model, own), ContextMismatchError);
      await assertRefused(sendOnce(thief, attestRequest(model, own)), 'InvalidProof');
    });
  });

  it('takes no proof made with the keys of another build', async () => {
    const other = join(folder, 'other');
    await cp(build, other, { recursive: true });
    await setupBuild(other, backend, { force: true });
    const stranger = await openProver(other, backend);
    const proved = await prove(5n, stranger);
    await stranger.close();
    await assertRefused(submitProof(build, proved, {}), 'InvalidProof');
    const key = await readVerificationKey(other);
    await onChain(0, async (sender, model) => {
      await assertRefused(submitInference(sender, { ...model, key }, proved), 'ModelMismatch');
    });
  });

  it('is not attested any more once it is deprecated', async () => {
    await onChain(0, async (sender, model) => {
      const { registry } = await readDeployment(build, sender.rpc);
      await deprecateModel(sender, registry!.address, model.modelId);
    });
    const proved = await prove(6n);
    await assertRefused(submitProof(build, proved, {}), 'VerificationRefused_ModelDeprecated');
    await onChain(0, async (sender, model) => {
      await assertRefused(
        submitInference({ ...sender, journal: memoryJournal() }, model, proved),
        'VerificationRefused_ModelDeprecated',
      );
    });
  });
});
