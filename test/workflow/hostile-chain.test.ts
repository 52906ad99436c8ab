/**
 * Contracts that say what a build's would say of themselves, and are none; found by a folder's own records, which
 * anybody may have written.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import {
  type Anvil,
  type ContractArtifact,
  connect,
  deployContract,
  deployRegistry,
  developmentSigner,
  fileJournal,
  ForeignCodeError,
  memoryJournal,
  NotDeployedError,
  RecordError,
  registryOf,
  type Rpc,
  type Sender,
  sendOnce,
  startAnvil,
  unknownCode,
  updateDeployment,
} from '../../src/chain/index.js';
import { REGISTRY_ABI } from '../../src/chain/abi.js';
import { compileCached, contextFor, PROOF_SYSTEM_ID, vkHash } from '../../src/solidity/index.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { compileVerifier, deployBuild, registerBuild, submitProof } from '../../src/workflow/contract.js';
import { auditBuild } from '../../src/workflow/audit.js';
import { proofBinding } from '../../src/workflow/proof-binding.js';
import { openProver } from '../../src/workflow/prove.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import type { ProofFile } from '../../src/workflow/proof-file.js';
import { impostorFor } from '../chain/impostor.js';
import { backend, toyBuild } from './support/folders.js';

describe('a chain with contracts of somebody else', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  /** Somebody else, with another account than the default one. */
  let stranger: Sender;
  let folder: string;
  let impostor: ContractArtifact;
  let proof: ProofFile;

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    stranger = { rpc, signer: developmentSigner(3), journal: memoryJournal() };
    folder = await toyBuild();
    impostor = impostorFor(await readVerificationKey(folder));
    const prover = await openProver(folder, backend());
    proof = await prover.prove([Float64Array.of(0.5, -0.25)]);
    await prover.close();
  });
  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
  });

  it("is refused by register and submit where the verifier on record answers with the build's key and is another contract", async () => {
    const { address } = await deployContract(stranger, impostor, 'deploying an impostor');
    await updateDeployment(folder, rpc, { verifier: { address, vkHash: vkHash(await readVerificationKey(folder)) } });
    for (const use of [
      () => registerBuild(folder, { rpc: anvil.url }),
      () => submitProof(folder, proof, { rpc: anvil.url }),
    ]) {
      await assert.rejects(
        use(),
        (error: Error) =>
          error instanceof ForeignCodeError &&
          error.message.includes(`${address} on chain 31337`) &&
          error.message.includes('zkinfer deploy'),
      );
    }
    await deployBuild(folder, { rpc: anvil.url });
    assert.equal((await submitProof(folder, proof, { rpc: anvil.url })).accepted, true);
  });

  it("is refused by deploy where the folder's journal names another's deployment for the build's own", async () => {
    const copy = await toyBuild();
    const artifact = await compileVerifier(copy, compileCached);
    // What whoever made the folder knows: the account, and what it will deploy.
    const theirs = await deployContract(stranger, impostor, 'deploying an impostor');
    const journal = fileJournal(path.join(copy, 'transactions.json'));
    const named: string[] = [];
    const listening: Sender = {
      rpc,
      signer: developmentSigner(),
      journal: {
        update: async (intent) => {
          named.push(intent);
          throw new Error('enough');
        },
      },
    };
    await assert.rejects(deployContract(listening, artifact, 'deploying'), /enough/);
    await journal.update(named[0], async () => ({ nonce: 0, hashes: [theirs.transaction] }));
    await assert.rejects(
      deployBuild(copy, { rpc: anvil.url }),
      (error: Error) => error instanceof RecordError && /transactions\.json/.test(error.message),
    );
  });

  it("has a registered model that is refused by submit where its hashes or its verifier are not the build's", async () => {
    const copy = await toyBuild();
    await deployBuild(copy, { rpc: anvil.url });
    const { modelId, registry, attestations, notKnown } = await registerBuild(copy, { rpc: anvil.url });
    assert.deepEqual(notKnown, []);
    const binding = (await proofBinding(copy, { account: developmentSigner().address, nonce: 1n }))!;
    const prover = await openProver(copy, backend());
    const bound = { ...(await prover.prove([Float64Array.of(0.5, -0.25)], { context: contextFor(binding) })), binding };
    await prover.close();
    const result = await submitProof(copy, bound, { rpc: anvil.url });
    assert.deepEqual([result.accepted, result.notKnown], [true, []]);
    const sound = await auditBuild(copy, { rpc: anvil.url });
    assert.deepEqual(
      sound.findings.filter(({ subject }) => subject === "registry's code").map(({ verdict }) => verdict),
      ['established'],
    );

    const key = await readVerificationKey(copy);
    const manifest = await readManifest(copy);
    const record = (id: string) =>
      updateDeployment(copy, rpc, {
        registry: { address: registry },
        attestations: { address: attestations },
        model: { id, version: 1, vkHash: vkHash(key), transaction: `0x${'0'.repeat(64)}` },
      });
    const submit = () => submitProof(copy, bound, { rpc: anvil.url });
    // Another registry than the attestations read; a model of another file; the build's own hashes with a verifier that
    // takes everything.
    await updateDeployment(copy, rpc, { registry: { address: (await deployRegistry(stranger)).registry.address } });
    await assert.rejects(
      submit(),
      (error: Error) => error instanceof NotDeployedError && /reads the registry at/.test(error.message),
    );
    const commitment = {
      modelHash: manifest.modelHash,
      circuitHash: manifest.circuitHash,
      vkHash: vkHash(key),
      proofSystemId: PROOF_SYSTEM_ID,
      uri: '',
    };
    const { address: trusting } = await deployContract(stranger, impostor, 'deploying an impostor');
    const registered = async (changes: Partial<typeof commitment>): Promise<string> => {
      const data = REGISTRY_ABI.encodeFunctionData('registerModelWithVerifier', [
        { ...commitment, ...changes },
        trusting,
      ]);
      const receipt = await sendOnce(stranger, {
        purpose: data,
        to: registry,
        data,
        action: 'registering',
        abis: [REGISTRY_ABI],
      });
      return String(
        receipt.logs.flatMap(
          (log) => REGISTRY_ABI.parseLog({ topics: [...log.topics], data: log.data })?.args.modelId ?? [],
        )[0],
      );
    };
    await record(await registered({ modelHash: `0x${'3'.repeat(64)}` }));
    await assert.rejects(
      submit(),
      (error: Error) => error instanceof NotDeployedError && /its model hash is 0x3333/.test(error.message),
    );
    await record(await registered({}));
    await assert.rejects(submit(), ForeignCodeError);
    await record(modelId);
    assert.equal((await submit()).alreadyAttested, true);
  });

  it('has a registry and attestations whose code is another, which is said', async () => {
    const { registry, attestations } = await deployRegistry(stranger);
    assert.equal((await registryOf(rpc, attestations.address)).toLowerCase(), registry.address.toLowerCase());
    assert.deepEqual(await unknownCode(rpc, { registry: registry.address, attestations: attestations.address }), []);
    const second = await deployRegistry({ ...stranger, journal: memoryJournal() });
    const [ofAttestations] = await unknownCode(rpc, {
      registry: second.registry.address,
      attestations: attestations.address,
    });
    assert.match(ofAttestations, /attestations contract/);
    const { address } = await deployContract(stranger, impostor, 'deploying an impostor');
    const unknown = await unknownCode(rpc, { registry: address, attestations: address });
    assert.equal(unknown.length, 2);
    await assert.rejects(registryOf(rpc, `0x${'de'.repeat(20)}`), NotDeployedError);
  });
});
