import assert from 'node:assert/strict';
import { Interface, Wallet, ZeroAddress } from 'ethers';
import { setupSignalCircuit, type SignalCircuit } from '../../src/bench/signal-circuit.js';
import { signalLayout } from '../../src/bench/signal-layout.js';
import { ATTESTATIONS_ABI, REGISTRY_ABI } from '../../src/chain/abi.js';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { type Attestation, findAttestation, listAttestations } from '../../src/chain/attestations.js';
import { ContextMismatchError, NotDeployedError, RevertedError } from '../../src/chain/errors.js';
import { memoryJournal } from '../../src/chain/journal.js';
import {
  deployAttestations,
  deployRegistry,
  deprecateModel,
  registerModel,
  registryContracts,
  type RegistryContracts,
  updateModel,
} from '../../src/chain/registry.js';
import { readModel } from '../../src/chain/read-registry.js';
import { watchAttestations } from '../../src/chain/watch-attestations.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import {
  attestationIdOf,
  type AttestedModel,
  attestRequest,
  batchRequest,
  type ProvedInference,
  submitBatch,
  submitInference,
} from '../../src/chain/submit.js';
import { type Sender, sendOnce, simulate } from '../../src/chain/transactions.js';
import { deployVerifier } from '../../src/chain/verifier.js';
import { type CompiledContract, compileSolidity, contextFor, renderVerifier } from '../../src/solidity/index.js';
import { type Fault, seededRandom, startFaultProxy } from './fault-proxy.js';

describe('models and attestations on a chain', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let contracts: RegistryContracts;
  let circuits: SignalCircuit[];
  let verifiers: string[];
  let artifacts: CompiledContract[];
  let model: AttestedModel;
  let otherModel: AttestedModel;
  let owner: Sender;
  let prover: Sender;
  let thief: Sender;
  let nextNonce = 1n;

  const manifests = [signalLayout('first', 3, 10, 20), signalLayout('second', 3, 10, 20)];
  const senderOf = (account: number, over: Partial<Sender> = {}): Sender => ({
    rpc,
    signer: developmentSigner(account),
    journal: memoryJournal(),
    timeoutMs: 20_000,
    ...over,
  });
  /** A proof by circuit `which` that `user` may use: output 1000 in the first of ten scores. */
  const prove = async (
    user: Sender,
    which = 0,
    nonce = nextNonce++,
    use: { chainId?: number; contract?: string } = {},
  ): Promise<ProvedInference> => {
    const { chainId = rpc.chainId, contract = contracts.attestations.address } = use;
    return {
      ...(await circuits[which].prove([
        1000n,
        55_555n + nonce,
        contextFor({ chainId, contract, account: user.signer.address, nonce }),
      ])),
      nonce,
    };
  };
  const registration = (which: number) => ({
    manifest: manifests[which],
    key: circuits[which].keyFor(3),
    verifier: verifiers[which],
    artifact: artifacts[which],
  });
  const attested = (registered: { modelId: bigint; version: number }, which: number): AttestedModel => ({
    ...registered,
    attestations: contracts.attestations.address,
    key: circuits[which].keyFor(3),
    manifest: manifests[which],
  });
  const assertRefused = async (work: Promise<unknown>, errorName: string, args?: Record<string, string>) => {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof RevertedError, String(error));
      assert.equal(error.errorName, errorName);
      if (args) assert.deepEqual(error.args, args);
      return true;
    });
  };

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    [owner, prover, thief] = [senderOf(0), senderOf(1), senderOf(2)];
    circuits = [await setupSignalCircuit(3), await setupSignalCircuit(3)];
    const names = ['First', 'Second'];
    const sources = names.map((contractName, i) => [
      `${contractName}.sol`,
      renderVerifier(circuits[i].keyFor(3), manifests[i], { contractName }),
    ]);
    const [compiled, deployed] = await Promise.all([
      compileSolidity(Object.fromEntries(sources)),
      deployRegistry(owner),
    ]);
    contracts = deployed;
    artifacts = names.map((name) => compiled[name]);
    verifiers = [];
    for (const [i, name] of names.entries()) {
      verifiers.push((await deployVerifier(owner, compiled[name], circuits[i].keyFor(3))).address);
    }
    model = attested(await registerModel(owner, contracts.registry.address, registration(0)), 0);
    otherModel = attested(await registerModel(owner, contracts.registry.address, registration(1)), 1);
  });
  after(async () => {
    rpc.provider.destroy();
    await Promise.all(circuits.map((circuit) => circuit.close()));
    await anvil.stop();
  });

  it('reads back what was registered', async () => {
    const found = await readModel(rpc, contracts.registry.address, model.modelId);
    assert.equal(found.owner, owner.signer.address);
    assert.equal(found.version, 1);
    assert.equal(found.deprecated, false);
    assert.equal(found.modelHash, manifests[0].modelHash);
    assert.equal(found.circuitHash, manifests[0].circuitHash);
    assert.equal(found.verifier, verifiers[0]);
    assert.notEqual(model.modelId, otherModel.modelId);
  });

  it('takes addresses in lower case, as some tools print them', async () => {
    const [registry, verifier] = [contracts.registry.address, verifiers[0]].map((one) => one.toLowerCase());
    const registered = await registerModel(senderOf(5), registry, { ...registration(0), verifier });
    const again = await updateModel(senderOf(5), registry, registered.modelId, { ...registration(0), verifier });
    assert.deepEqual(again, registered);
    const lower = attested(registered, 0);
    const proved = await prove(owner);
    const { attestation } = await submitInference(
      owner,
      { ...lower, attestations: lower.attestations.toLowerCase() },
      proved,
    );
    assert.equal(attestation.modelId, registered.modelId);
  });

  it('registers a model once, however often that is asked for', async () => {
    const again = await registerModel(owner, contracts.registry.address, registration(0));
    assert.equal(again.modelId, model.modelId);
  });

  it('attests a proved inference and reads it back by id, by model and by prover', async () => {
    const inference = await prove(prover);
    const { attestation, accepted, alreadyAttested, transaction } = await submitInference(prover, model, inference);
    assert.equal(accepted, true);
    assert.equal(alreadyAttested, false);
    const expected: Attestation = {
      id: attestationIdOf(model, inference),
      modelId: model.modelId,
      version: 1,
      prover: prover.signer.address,
      inputCommitment: `0x${BigInt(inference.publicSignals[1]).toString(16).padStart(64, '0')}`,
      context: BigInt(inference.publicSignals[2]),
      output: `0x${(1000).toString(16).padStart(64, '0')}`,
      blockNumber: attestation.blockNumber,
      transaction,
    };
    assert.deepEqual(attestation, expected);
    const binding = {
      chainId: rpc.chainId,
      contract: contracts.attestations.address,
      account: prover.signer.address,
      nonce: inference.nonce,
    };
    assert.equal(attestation.context, contextFor(binding));
    const address = contracts.attestations.address;
    assert.deepEqual(await findAttestation(rpc, address, attestation.id), expected);
    assert.deepEqual((await listAttestations(rpc, address, { modelId: model.modelId })).at(-1), expected);
    assert.deepEqual((await listAttestations(rpc, address, { prover: prover.signer.address })).at(-1), expected);
    assert.deepEqual(await listAttestations(rpc, address, { modelId: otherModel.modelId }), []);
    assert.deepEqual(await listAttestations(rpc, address, { prover: thief.signer.address }), []);
  });

  it('finds no attestation where there is none', async () => {
    assert.equal(await findAttestation(rpc, contracts.attestations.address, `0x${'12'.repeat(32)}`), undefined);
  });

  it('computes the id that the contract computes', async () => {
    const inference = await prove(prover);
    const { attestations, modelId, version } = model;
    const [, commitment, context] = inference.publicSignals.map(BigInt);
    const commitmentBytes = `0x${commitment.toString(16).padStart(64, '0')}`;
    const data = ATTESTATIONS_ABI.encodeFunctionData('attestationId', [modelId, version, commitmentBytes, context]);
    assert.equal(await rpc.provider.call({ to: attestations, data }), attestationIdOf(model, inference));
  });

  it('attests once when asked twice, even if the journal was lost in between', async () => {
    const inference = await prove(prover);
    const first = await submitInference(prover, model, inference);
    const sent = await rpc.provider.getTransactionCount(prover.signer.address);
    const second = await submitInference({ ...prover, journal: memoryJournal() }, model, inference);
    assert.equal(second.alreadyAttested, true);
    assert.deepEqual(second.attestation, first.attestation);
    assert.equal(second.gasUsed, first.gasUsed);
    assert.equal(await rpc.provider.getTransactionCount(prover.signer.address), sent);
  });

  describe('refuses', () => {
    it('a forged output', async () => {
      const proved = await prove(prover);
      const forged = { ...proved, publicSignals: ['1001', ...proved.publicSignals.slice(1)] };
      await assertRefused(submitInference(prover, model, forged), 'InvalidProof', {});
    });

    it('a forged output of an inference that is attested already', async () => {
      const proved = await prove(prover);
      await submitInference(prover, model, proved);
      const forged = { ...proved, publicSignals: ['1001', ...proved.publicSignals.slice(1)] };
      await assertRefused(submitInference(prover, model, forged), 'InvalidProof', {});
    });

    it('an output with bits that the model does not have', async () => {
      const proved = await prove(prover);
      const forged = { ...proved, publicSignals: [String(1n << 201n), ...proved.publicSignals.slice(1)] };
      await assertRefused(submitInference(prover, model, forged), 'OutputMismatch', {});
    });

    it('a proof of another model', async () => {
      const inference = await prove(prover, 1);
      const request = attestRequest(otherModel, inference);
      const [, ...rest] = ATTESTATIONS_ABI.decodeFunctionData('attest', request.data);
      const data = ATTESTATIONS_ABI.encodeFunctionData('attest', [model.modelId, ...rest]);
      await assertRefused(sendOnce(prover, { ...request, purpose: 'wrong model', data }), 'ModelMismatch', {});
    });

    it('a model that does not exist', async () => {
      await assertRefused(submitInference(prover, { ...model, modelId: 99n }, await prove(prover)), 'ModelNotFound', {
        modelId: '99',
      });
      await assertRefused(readModel(rpc, contracts.registry.address, 99n), 'ModelNotFound', { modelId: '99' });
    });

    it('a replay, also with the proof re-randomized', async () => {
      const nonce = nextNonce++;
      const first = await prove(prover, 0, nonce);
      const again = await prove(prover, 0, nonce);
      assert.notDeepEqual(again.proof, first.proof);
      await submitInference(prover, model, first);
      for (const inference of [first, again]) {
        const request = { ...attestRequest(model, inference), purpose: `replay ${inference.proof.pi_a[0]}` };
        await assertRefused(sendOnce(prover, request), 'AlreadyAttested', {
          attestationId: attestationIdOf(model, first),
        });
      }
    });

    it("a stolen proof, made for another sender's context", async () => {
      const inference = await prove(prover);
      const steal = async (): Promise<void> => {
        const sent = await rpc.provider.getTransactionCount(thief.signer.address);
        await assert.rejects(submitInference(thief, model, inference), ContextMismatchError);
        assert.equal(await rpc.provider.getTransactionCount(thief.signer.address), sent);
        await assertRefused(sendOnce(thief, attestRequest(model, inference)), 'InvalidProof');
      };
      await steal();
      await submitInference(prover, model, inference);
      await steal();
    });

    it("a stolen proof whose context was rewritten to the thief's", async () => {
      const { proof, publicSignals } = await prove(prover);
      const own = contextFor({ chainId: rpc.chainId, contract: model.attestations, account: thief.signer.address });
      const rewritten = [...publicSignals.slice(0, 2), String(own)];
      await assertRefused(submitInference(thief, model, { proof, publicSignals: rewritten }), 'InvalidProof', {});
    });

    it('a proof that its own prover made for another contract, another chain or another nonce', async () => {
      const elsewhere = await deployAttestations({ ...owner, journal: memoryJournal() }, contracts.registry.address);
      const nonce = nextNonce++;
      const other = { ...model, attestations: elsewhere.address };
      const proved = await prove(prover, 0, nonce, { contract: elsewhere.address });
      const forAnotherChain = await prove(prover, 0, nonce, { chainId: rpc.chainId + 1 });
      const underAnotherNonce = { ...(await prove(prover, 0, nonce)), nonce: nonce + 1n };
      for (const inference of [proved, forAnotherChain, underAnotherNonce]) {
        await assert.rejects(submitInference(prover, model, inference), ContextMismatchError);
        await assert.rejects(submitBatch(prover, model, [inference]), ContextMismatchError);
        await assertRefused(sendOnce(prover, attestRequest(model, inference)), 'InvalidProof');
        await assertRefused(sendOnce(prover, batchRequest(model, [inference])), 'InvalidProof');
      }
      assert.equal((await submitInference(prover, other, proved)).accepted, true);
    });

    it('on another chain the proofs of this one, though every contract has the same address there', async () => {
      const first = await startAnvil();
      const second = await startAnvil({ chainId: 31_338 });
      try {
        const made = [];
        for (const node of [first, second]) {
          const at = await connect(node.url);
          const account: Sender = {
            rpc: at,
            signer: developmentSigner(0),
            journal: memoryJournal(),
            timeoutMs: 20_000,
          };
          const there = await deployRegistry(account);
          const compiled = await compileSolidity({
            'First.sol': renderVerifier(circuits[0].keyFor(3), manifests[0], { contractName: 'First' }),
          });
          const { address: verifier } = await deployVerifier(account, compiled.First, circuits[0].keyFor(3));
          const registered = await registerModel(account, there.registry.address, { ...registration(0), verifier });
          made.push({ account, at, model: { ...attested(registered, 0), attestations: there.attestations.address } });
        }
        const [here, there] = made;
        assert.equal(here.model.attestations, there.model.attestations);
        const inference = await prove(here.account, 0, nextNonce++, {
          chainId: here.at.chainId,
          contract: here.model.attestations,
        });
        await assert.rejects(submitInference(there.account, there.model, inference), ContextMismatchError);
        await assertRefused(sendOnce(there.account, attestRequest(there.model, inference)), 'InvalidProof');
        assert.equal((await submitInference(here.account, here.model, inference)).accepted, true);
        for (const { at } of made) at.provider.destroy();
      } finally {
        await Promise.all([first.stop(), second.stop()]);
      }
    });

    it('any proof of a deprecated model, while old attestations stay', async () => {
      const registered = await registerModel(owner, contracts.registry.address, {
        ...registration(0),
        uri: 'to be retired',
      });
      const retired = attested(registered, 0);
      const before = await submitInference(prover, retired, await prove(prover));
      await deprecateModel(owner, contracts.registry.address, retired.modelId);
      await assertRefused(
        submitInference(prover, retired, await prove(prover)),
        'VerificationRefused_ModelDeprecated',
        {
          modelId: String(retired.modelId),
        },
      );
      assert.deepEqual(await findAttestation(rpc, retired.attestations, before.attestation.id), before.attestation);
      assert.equal((await readModel(rpc, contracts.registry.address, retired.modelId)).deprecated, true);
    });

    it('changes to a model by anyone but its owner', async () => {
      const refusedArgs = { modelId: String(model.modelId), caller: thief.signer.address };
      await assertRefused(
        deprecateModel(thief, contracts.registry.address, model.modelId),
        'NotModelOwner',
        refusedArgs,
      );
      await assertRefused(
        updateModel(thief, contracts.registry.address, model.modelId, registration(1)),
        'NotModelOwner',
        refusedArgs,
      );
    });

    it('a model whose verifier holds another key', async () => {
      const wrong = { ...registration(0), verifier: verifiers[1] };
      await assert.rejects(registerModel(owner, contracts.registry.address, wrong), NotDeployedError);
      const right = await readModel(rpc, contracts.registry.address, model.modelId);
      const data = REGISTRY_ABI.encodeFunctionData('registerModelWithVerifier', [right, verifiers[1]]);
      const request = {
        purpose: 'mismatch',
        to: contracts.registry.address,
        data,
        action: 'registering',
        abis: [REGISTRY_ABI],
      };
      await assertRefused(sendOnce(owner, request), 'VerificationKeyMismatch');
    });

    it('an attestations address where there is no contract', async () => {
      await assert.rejects(
        submitInference(prover, { ...model, attestations: ZeroAddress }, await prove(prover)),
        NotDeployedError,
      );
    });
  });

  it('keeps attestations of the old version when a model is updated, and takes only proofs of the new one', async () => {
    const registry = contracts.registry.address;
    const first = attested(await registerModel(owner, registry, { ...registration(0), uri: 'to be updated' }), 0);
    const old = await submitInference(prover, first, await prove(prover));
    const updated = await updateModel(owner, registry, first.modelId, registration(1));
    assert.equal(updated.version, 2);
    assert.deepEqual(
      await updateModel({ ...owner, journal: memoryJournal() }, registry, first.modelId, registration(1)),
      updated,
    );
    await assertRefused(submitInference(prover, first, await prove(prover)), 'ModelMismatch');
    const { attestation } = await submitInference(prover, attested(updated, 1), await prove(prover, 1));
    assert.equal(attestation.version, 2);
    assert.deepEqual(await findAttestation(rpc, first.attestations, old.attestation.id), old.attestation);
  });

  describe('in a batch', () => {
    it('attests many inferences in one transaction, each only once', async () => {
      const inferences = await Promise.all(Array.from({ length: 5 }, () => prove(prover)));
      await submitInference(prover, model, inferences[1]);
      const sent = await rpc.provider.getTransactionCount(prover.signer.address);
      const { attestations } = await submitBatch(prover, model, [...inferences, inferences[0]]);
      assert.deepEqual(
        attestations.map(({ id }) => id),
        [...inferences, inferences[0]].map((one) => attestationIdOf(model, one)),
      );
      assert.equal(await rpc.provider.getTransactionCount(prover.signer.address), sent + 1);
      const again = await submitBatch({ ...prover, journal: memoryJournal() }, model, inferences);
      assert.equal(again.transaction, null);
      assert.deepEqual(again.attestations, attestations.slice(0, 5));
      const listed = await listAttestations(rpc, model.attestations, {
        modelId: model.modelId,
        prover: prover.signer.address,
      });
      // The second was attested before the batch.
      const expected = [1, 0, 2, 3, 4].map((i) => attestations[i]);
      assert.deepEqual(listed.slice(-5), expected);
    });

    it('attests nothing when one proof is forged', async () => {
      const inferences = await Promise.all(Array.from({ length: 3 }, () => prove(prover)));
      const forged = { ...inferences[1], publicSignals: ['7', ...inferences[1].publicSignals.slice(1)] };
      await assertRefused(submitBatch(prover, model, [inferences[0], forged, inferences[2]]), 'InvalidProof', {});
      assert.equal(await findAttestation(rpc, model.attestations, attestationIdOf(model, inferences[0])), undefined);
    });

    it("refuses a stolen proof among one's own, and a proof given twice", async () => {
      const [own, stolen] = [await prove(thief), await prove(prover)];
      await assert.rejects(submitBatch(thief, model, [own, stolen]), ContextMismatchError);
      await assertRefused(simulate(thief, batchRequest(model, [own, stolen])), 'InvalidProof');
      await assertRefused(simulate(thief, batchRequest(model, [own, own])), 'AlreadyAttested');
    });
  });

  it('yields attestations to a watcher as they come, and ends when told to', async () => {
    const stop = new AbortController();
    const fromBlock = (await rpc.provider.getBlockNumber()) + 1;
    const seen: string[] = [];
    const watching = (async () => {
      const filter = { modelId: model.modelId, prover: prover.signer.address };
      for await (const { id } of watchAttestations(rpc, model.attestations, filter, {
        fromBlock,
        signal: stop.signal,
      })) {
        seen.push(id);
        if (seen.length === 2) stop.abort();
      }
    })();
    const first = await submitInference(prover, model, await prove(prover));
    await submitInference(thief, model, await prove(thief));
    const second = await submitInference(prover, model, await prove(prover));
    await watching;
    assert.deepEqual(seen, [first.attestation.id, second.attestation.id]);
  });

  it('lists attestations from an RPC that answers for seven blocks at most', async () => {
    await submitInference(prover, model, await prove(prover));
    await rpc.provider.send('anvil_mine', ['0x28']);
    await submitInference(prover, model, await prove(prover));
    const proxy = await startFaultProxy(anvil.url, (method, _, params) => {
      if (method !== 'eth_getLogs') return 'none';
      const [{ fromBlock, toBlock }] = params as { fromBlock: string; toBlock: string }[];
      return Number(toBlock) - Number(fromBlock) >= 7 ? 'limitExceeded' : 'none';
    });
    const narrow = await connect(proxy.url);
    const filter = { modelId: model.modelId };
    assert.deepEqual(
      await listAttestations(narrow, model.attestations, filter),
      await listAttestations(rpc, model.attestations, filter),
    );
    narrow.provider.destroy();
    await proxy.close();
  });

  it('attests each of 12 inferences exactly once over an RPC that breaks a third of all requests', async () => {
    const random = seededRandom(7);
    const faults: Fault[] = ['drop', 'loseAnswer', 'delay', 'unavailable', 'truncate', 'wrongId'];
    let calm = true;
    const proxy = await startFaultProxy(anvil.url, (method) => {
      if (calm || random() > 1 / 3) return 'none';
      if (method === 'eth_sendRawTransaction' && random() < 0.4)
        return random() < 0.5 ? 'nonceTooLow' : 'executedButNonceTooLow';
      return faults[Math.floor(random() * faults.length)];
    });
    const broken = await connect(proxy.url, { retry: { attemptTimeoutMs: 10_000, deadlineMs: 60_000, backoffMs: 10 } });
    calm = false;
    const account = senderOf(3, { rpc: broken, timeoutMs: 60_000 });
    const inferences = await Promise.all(Array.from({ length: 12 }, () => prove(account)));
    // Every inference asked for twice, all at once.
    const results = await Promise.all(
      [...inferences, ...inferences].map((one) => submitInference(account, model, one)),
    );
    const found = await listAttestations(rpc, model.attestations, { prover: account.signer.address });
    assert.deepEqual(found.map(({ id }) => id).sort(), inferences.map((one) => attestationIdOf(model, one)).sort());
    results.forEach((result, i) => assert.equal(result.attestation.id, attestationIdOf(model, inferences[i % 12])));
    assert.equal(await rpc.provider.getTransactionCount(account.signer.address), 12);
    broken.provider.destroy();
    await proxy.close();
  });

  it('knows every function, event and error by the signature the contracts have', async () => {
    const compiled = await registryContracts();
    for (const [ours, theirs] of [
      [REGISTRY_ABI, compiled.ModelRegistry],
      [ATTESTATIONS_ABI, compiled.ZKMLVerifier],
    ] as const) {
      const lines = new Set(new Interface(theirs.abi as never).format());
      for (const line of ours.format()) {
        if (line.startsWith('error')) continue; // Errors come from any contract in the call.
        assert.ok(lines.has(line), `${line} is not in ${theirs.source}`);
      }
      const all = [compiled.ModelRegistry, compiled.ZKMLVerifier].flatMap(({ abi }) =>
        new Interface(abi as never).format(),
      );
      for (const line of ours.format()) assert.ok(all.includes(line), `${line} is in no contract`);
    }
  });

  it('lets no account attest that could not pay for it', async () => {
    const poor = { ...prover, signer: Wallet.createRandom() };
    await assert.rejects(submitInference(poor, model, await prove(poor)), /send it some ether/);
  });
});
