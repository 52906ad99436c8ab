import assert from 'node:assert/strict';
import { setupSignalCircuit, type SignalCircuit } from '../../src/bench/signal-circuit.js';
import { signalLayout } from '../../src/bench/signal-layout.js';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { deployContract } from '../../src/chain/deploy.js';
import { ForeignCodeError, NotDeployedError } from '../../src/chain/errors.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { type ModelToRegister, registerModel, updateModel } from '../../src/chain/registry.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import type { Sender } from '../../src/chain/transactions.js';
import { deployVerifier, submitToVerifier, verifyOnChain, verifyProofData } from '../../src/chain/verifier.js';
import type { ProofAndSignals, VerificationKey } from '../../src/groth16/types.js';
import {
  type CompiledContract,
  compileSolidity,
  renderVerifier,
  PublicSignalsError,
} from '../../src/solidity/index.js';
import { impostorFor } from './impostor.js';
import { trapdoor } from '../solidity/trapdoor.js';

describe('a generated verifier on a chain', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let sender: Sender;
  let circuit: SignalCircuit;
  let key: VerificationKey;
  let artifact: CompiledContract;
  let proved: ProofAndSignals;

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
    circuit = await setupSignalCircuit(3);
    key = circuit.keyFor(3);
    const source = renderVerifier(key, signalLayout('toy', 3), { contractName: 'ToyVerifier' });
    artifact = (await compileSolidity({ 'Verifier.sol': source })).ToyVerifier;
    proved = await circuit.prove([123n, 456n, 789n]);
  });
  after(async () => {
    rpc.provider.destroy();
    await circuit.close();
    await anvil.stop();
  });

  it('is deployed once, however often that is asked for', async () => {
    const first = await deployVerifier(sender, artifact, key);
    const second = await deployVerifier(sender, artifact, key);
    assert.equal(second.address, first.address);
    assert.equal(await rpc.provider.getTransactionCount(sender.signer.address), 1);
  });

  it('accepts a proof in a transaction with gas enough to run the whole pairing', async () => {
    const { address } = await deployVerifier(sender, artifact, key);
    const result = await submitToVerifier(sender, address, key, artifact, proved.proof, proved.publicSignals);
    assert.equal(result.accepted, true);
    assert.ok(result.gasUsed > 181_000 + 3 * 6_150, `only ${result.gasUsed} gas: the pairing did not run`);
    const again = await submitToVerifier(sender, address, key, artifact, proved.proof, proved.publicSignals);
    assert.equal(again.transaction, result.transaction);
  });

  it('refuses a forged output, and no transaction is paid for it', async () => {
    const { address } = await deployVerifier(sender, artifact, key);
    const before = await rpc.provider.getTransactionCount(sender.signer.address);
    const forged = ['124', ...proved.publicSignals.slice(1)];
    assert.equal(await verifyOnChain(rpc, address, proved.proof, forged), false);
    const result = await submitToVerifier(sender, address, key, artifact, proved.proof, forged);
    assert.deepEqual(result, { transaction: null, gasUsed: 0, accepted: false });
    assert.equal(await rpc.provider.getTransactionCount(sender.signer.address), before);
  });

  it('is not asked about another number of signals, or about numbers that it cannot hold', async () => {
    const { address } = await deployVerifier(sender, artifact, key);
    for (const signals of [[], proved.publicSignals.slice(1), [...proved.publicSignals, '0']]) {
      await assert.rejects(submitToVerifier(sender, address, key, artifact, proved.proof, signals), PublicSignalsError);
    }
    const large = String((1n << 256n) + 5n);
    assert.equal(
      (await submitToVerifier(sender, address, key, artifact, proved.proof, [large, ...proved.publicSignals.slice(1)]))
        .accepted,
      false,
    );
    const broken = { ...proved.proof, pi_a: [large, proved.proof.pi_a[1], '1'] as const };
    assert.equal(
      (await submitToVerifier(sender, address, key, artifact, broken, proved.publicSignals)).accepted,
      false,
    );
    assert.throws(() => verifyProofData(broken, proved.publicSignals), PublicSignalsError);
  });

  it('is not taken for the verifier of another key', async () => {
    const other = await setupSignalCircuit(3);
    const { address } = await deployVerifier(sender, artifact, key);
    await assert.rejects(
      submitToVerifier(sender, address, other.keyFor(3), artifact, proved.proof, proved.publicSignals),
      NotDeployedError,
    );
    await other.close();
  });

  it('is told from a contract that answers with its key and accepts everything', async () => {
    const { address } = await deployContract(sender, impostorFor(key), 'deploying an impostor');
    const forged = ['124', ...proved.publicSignals.slice(1)];
    assert.equal(await verifyOnChain(rpc, address, proved.proof, forged), true);
    await assert.rejects(submitToVerifier(sender, address, key, artifact, proved.proof, forged), ForeignCodeError);
    const commitment = { modelHash: `0x${'1'.repeat(64)}`, circuitHash: `0x${'2'.repeat(64)}` };
    const { address: registry } = await deployContract(sender, artifact, 'deploying what stands for a registry');
    for (const register of [
      registerModel,
      (by: Sender, to: string, model: ModelToRegister) => updateModel(by, to, 1n, model),
    ]) {
      await assert.rejects(
        register(sender, registry, { manifest: commitment, key, verifier: address, artifact }),
        ForeignCodeError,
      );
    }
  });

  // 33 signals are added in a loop, fewer one after another.
  for (const signals of [1, 33]) {
    it(`with ${signals} signals reverts for want of gas, and never calls a valid proof invalid`, async () => {
      const large = await trapdoor(signals);
      const source = renderVerifier(large.key, signalLayout('large', signals), { contractName: 'LargeVerifier' });
      const { address } = await deployVerifier(
        sender,
        (await compileSolidity({ 'Verifier.sol': source })).LargeVerifier,
        large.key,
      );
      const { proof, publicSignals } = large.prove();
      const call = { to: address, data: verifyProofData(proof, publicSignals) };
      const least = Number(await rpc.provider.estimateGas(call));
      for (let gas = least; gas > least - 30_000; gas -= 500) {
        const answer = await rpc.provider.call({ ...call, gasLimit: gas }).catch(() => 'reverted');
        assert.ok(answer === 'reverted' || BigInt(answer) === 1n, `${gas} gas: ${answer}`);
      }
      assert.equal(BigInt(await rpc.provider.call({ ...call, gasLimit: least })), 1n);
    });
  }

  it('is missed by name where nothing is deployed', async () => {
    const nowhere = '0x000000000000000000000000000000000000dEaD';
    await assert.rejects(
      submitToVerifier(sender, nowhere, key, artifact, proved.proof, proved.publicSignals),
      (error) => {
        assert.ok(error instanceof NotDeployedError);
        assert.match(error.message, /no contract at 0x0+dEaD on chain 31337/);
        return true;
      },
    );
  });
});
