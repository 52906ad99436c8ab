import assert from 'node:assert/strict';
import { type Fragment, FunctionFragment, id as keccakText, Interface, Wallet, ZeroHash } from 'ethers';
import {
  type Anvil,
  connect,
  deployContract,
  deployRegistry,
  developmentSigner,
  memoryJournal,
  RevertedError,
  type Rpc,
  type Sender,
  startAnvil,
} from '../../src/chain/index.js';
import {
  type Artifact,
  artifactId,
  ArtifactMismatchError,
  ArtifactNotFoundError,
  batchCheckpoints,
  CheckpointError,
  checkpointsFromJson,
  checkpointsToJson,
  deployProvenance,
  drawLineageSvg,
  drawLineageText,
  isInBatch,
  type ArtifactKind,
  lineageOfArtifact,
  lineageOfModel,
  type NamedCheckpoint,
  PROVENANCE_ABI,
  readArtifact,
  recordArtifact,
  signArtifact,
  SignatureError,
  stepOf,
  toStruct,
} from '../../src/provenance/index.js';
import { compileContracts, compileSolidity } from '../../src/solidity/index.js';

/** A wallet contract of one key, ERC-1271. */
const WALLET = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;
contract KeyWallet {
    address private immutable _KEY;
    constructor(address key) { _KEY = key; }
    function isValidSignature(bytes32 hash, bytes calldata s) external view returns (bytes4) {
        return ecrecover(hash, uint8(s[64]), bytes32(s[0:32]), bytes32(s[32:64])) == _KEY ? bytes4(0x1626ba7e) : bytes4(0);
    }
}`;

describe('the provenance ledger on a chain', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let sender: Sender;
  let ledger: string;
  const me = developmentSigner(0);

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    sender = { rpc, signer: me, journal: memoryJournal() };
    const { registry } = await deployRegistry(sender);
    ledger = (await deployProvenance(sender, registry.address)).address;
  });
  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
  });

  const artifact = (
    kind: ArtifactKind,
    content: string,
    parents: readonly string[] = [],
    over: Partial<Artifact> = {},
  ): Artifact => ({
    kind,
    codec: kind === 'checkpoint-batch' ? 0 : 0x70,
    contentHash: keccakText(content),
    parents,
    licence: 'CC-BY-4.0',
    parentsBps: parents.length > 0 ? 5_000 : 0,
    contributors: [{ account: me.address, weight: 1 }],
    ...over,
  });
  const record = async (one: Artifact): Promise<string> => (await recordArtifact(sender, ledger, one)).artifactId;
  const at = () => ({ chainId: rpc.chainId, ledger });

  it('is called by the interface that its compiled contract has', async () => {
    const { ProvenanceLedger } = await compileContracts('ledger/ProvenanceLedger.sol');
    const compiled = new Interface(ProvenanceLedger.abi as ConstructorParameters<typeof Interface>[0]);
    // What the signature leaves out: which of an event's values are indexed, what a function returns and whether it
    // writes.
    const shape = (fragment: Fragment) => ({
      indexed: fragment.inputs.map(({ indexed }) => indexed === true),
      ...(fragment instanceof FunctionFragment
        ? { view: fragment.constant, outputs: fragment.outputs.map((one) => one.format('sighash')) }
        : {}),
    });
    for (const fragment of PROVENANCE_ABI.fragments) {
      const same = compiled.fragments.find(
        (one) => one.type === fragment.type && one.format('sighash') === fragment.format('sighash'),
      );
      assert.ok(same, fragment.format('full'));
      assert.deepEqual(shape(fragment), shape(same), fragment.format('full'));
    }
  });

  it('names artifacts as the contract does', async () => {
    const one = artifact('model-version', 'named', [keccakText('a'), keccakText('b')], {
      licence: 'ünïcode',
      contributors: [
        { account: me.address, weight: 7 },
        { account: Wallet.createRandom().address, weight: 0 },
      ],
    });
    const answer = await rpc.provider.call({
      to: ledger,
      data: PROVENANCE_ABI.encodeFunctionData('idOf', [toStruct(one)]),
    });
    assert.equal(artifactId(at(), one), answer);
  });

  it('has an artifact once, however often it is recorded, and gives it back whole', async () => {
    const one = artifact('data-set', 'once');
    const first = await recordArtifact(sender, ledger, one);
    const again = await recordArtifact({ ...sender, journal: memoryJournal() }, ledger, one);
    assert.deepEqual([first.alreadyRecorded, again.alreadyRecorded], [false, true]);
    assert.equal(again.transaction, first.transaction);
    const { id, index, blockNumber, transaction, ...read } = await readArtifact(rpc, ledger, first.artifactId);
    assert.deepEqual(read, one);
    assert.equal(transaction, first.transaction);
    assert.ok(id === first.artifactId && index >= 1 && blockNumber >= 1);
    assert.ok(first.gasUsed <= 120_000, String(first.gasUsed));
  });

  it('takes an artifact of several only with the signature of each, of wallet contracts too', async () => {
    const [alice, bob] = [developmentSigner(1), developmentSigner(2)];
    const { KeyWallet } = await compileSolidity({ 'KeyWallet.sol': WALLET });
    const wallet = (await deployContract(sender, KeyWallet, 'deploying a wallet', ['address'], [bob.address])).address;
    const one = artifact('data-set', 'shared', [], {
      contributors: [alice.address, me.address, wallet].map((account) => ({ account, weight: 1 })),
    });
    const signature = await signArtifact(alice, at(), one);
    const bobs = bob.signingKey.sign(artifactId(at(), one)).serialized;
    await assert.rejects(
      recordArtifact(sender, ledger, one),
      (error: Error) => error instanceof SignatureError && error.message.includes(alice.address),
    );
    await assert.rejects(
      recordArtifact(
        sender,
        ledger,
        one,
        new Map([
          [alice.address, bobs],
          [wallet, bobs],
        ]),
      ),
      SignatureError,
    );
    const wrongWallet = recordArtifact(
      sender,
      ledger,
      one,
      new Map([
        [alice.address, signature],
        [wallet, signature],
      ]),
    );
    await assert.rejects(
      wrongWallet,
      (error: Error) => error instanceof RevertedError && error.errorName === 'InvalidContributorSignature',
    );
    const other = { ...one, licence: 'MIT' };
    await assert.rejects(
      recordArtifact(
        sender,
        ledger,
        other,
        new Map([
          [alice.address, signature],
          [wallet, bobs],
        ]),
      ),
      SignatureError,
    );
    const { artifactId: id } = await recordArtifact(
      sender,
      ledger,
      one,
      new Map([
        [alice.address, signature],
        [wallet, bobs],
      ]),
    );
    assert.equal(id, artifactId(at(), one));
    await assert.rejects(signArtifact(bob, at(), one), SignatureError);
  });

  it('refuses what comes from nowhere, with the reason of the contract', async () => {
    const refused = (one: Artifact, name: string) =>
      assert.rejects(record(one), (error: Error) => error instanceof RevertedError && error.errorName === name);
    await refused(artifact('training-run', 'orphan'), 'InvalidArtifact');
    await refused(artifact('training-run', 'no parent', [keccakText('nowhere')]), 'ParentNotFound');
    await assert.rejects(readArtifact(rpc, ledger, ZeroHash), ArtifactNotFoundError);
    await assert.rejects(lineageOfModel(rpc, ledger, 1n, 1), ArtifactNotFoundError);
  });

  it('is not believed through an RPC that changes what was recorded', async () => {
    const id = await record(artifact('data-set', 'honest'));
    const provider = new Proxy(rpc.provider, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name, target);
        if (name !== 'getLogs') return typeof own === 'function' ? own.bind(target) : own;
        return async (filter: Parameters<typeof target.getLogs>[0]) => {
          const [log] = await target.getLogs(filter);
          return [
            {
              ...log,
              topics: log.topics,
              data: log.data.replace(
                Buffer.from('CC-BY-4.0').toString('hex'),
                Buffer.from('CC0-1.0!!').toString('hex'),
              ),
            },
          ];
        };
      },
    });
    await assert.rejects(readArtifact({ ...rpc, provider }, ledger, id), ArtifactMismatchError);
  });

  it('holds a thousand checkpoints under one root and accepts the inclusion proof of each of those asked for', async () => {
    const data = await record(artifact('data-set', 'for checkpoints'));
    const run = await record(artifact('training-run', 'of checkpoints', [data]));
    const checkpoints: NamedCheckpoint[] = Array.from({ length: 1_000 }, (_, i) => ({
      name: `epoch-${i}.pt`,
      step: BigInt(i),
      codec: 0x55,
      contentHash: keccakText(`weights ${i}`),
    }));
    const batch = batchCheckpoints(checkpoints.toReversed());
    const one = artifact('checkpoint-batch', '', [run], { contentHash: batch.root });
    const { gasUsed } = await recordArtifact(sender, ledger, one);
    assert.ok(gasUsed <= 150_000, String(gasUsed));
    for (const step of [0n, 1n, 499n, 999n]) {
      const inclusion = batch.prove(step);
      assert.equal(await isInBatch(rpc, ledger, one, inclusion), true);
      for (const leaf of [
        { ...inclusion.leaf, step: step + 1n },
        { ...inclusion.leaf, codec: 0x70 },
        { ...inclusion.leaf, contentHash: keccakText('other') },
      ]) {
        assert.equal(await isInBatch(rpc, ledger, one, { ...inclusion, leaf }), false);
      }
    }
    const kept = checkpointsFromJson(checkpointsToJson(batch), batch.root);
    assert.deepEqual(kept.checkpoints, checkpoints);
    assert.deepEqual(kept.prove(7n), batch.prove(7n));
    assert.throws(() => batch.prove(1_000n), CheckpointError);
    assert.throws(() => checkpointsFromJson(checkpointsToJson(batch), keccakText('other')), CheckpointError);
    assert.throws(() => checkpointsFromJson('{"format":"zkinfer-checkpoints"', batch.root), CheckpointError);
    assert.throws(() => batchCheckpoints([...checkpoints, checkpoints[3]]), CheckpointError);
  });

  it('reads the step of a checkpoint from its name', () => {
    for (const [name, step] of [
      ['epoch-0012.pt', 12n],
      ['checkpoint-500', 500n],
      ['run2-step100.h5', 100n],
      ['7', 7n],
      ['ckpt.step5', 5n],
    ] as const)
      assert.equal(stepOf(name), step, name);
    assert.throws(() => stepOf('final.pt'), CheckpointError);
  });

  describe('draws a lineage', () => {
    it('in which an ancestor of several is read and shown once', async () => {
      const data = await record(artifact('data-set', 'diamond'));
      const runs = [
        await record(artifact('training-run', 'left', [data])),
        await record(artifact('training-run', 'right', [data])),
      ];
      const checkpoint = await record(artifact('checkpoint', 'merged', runs));
      const lineage = await lineageOfArtifact(rpc, ledger, checkpoint);
      assert.deepEqual(
        lineage.artifacts.map(({ id }) => id),
        [data, ...runs, checkpoint],
      );
      const text = drawLineageText(lineage);
      assert.match(
        text,
        /^checkpoint  .*\n├─ training run  .*\n│  └─ data set  .*CC-BY-4\.0.*\n└─ training run  .*\n   └─ data set  \S+  \(shown above\)$/,
      );
      const svg = drawLineageSvg(lineage);
      assert.equal(svg, drawLineageSvg(lineage));
      assert.equal(svg.match(/<g>/g)?.length, 4);
      assert.equal(svg.match(/marker-end/g)?.length, 4);
    });

    it('that no recorded licence can break or steer a terminal with', async () => {
      const licence = `</text><script>alert(1)</script>&"'\u001b[2J\u0000\u202e${'x'.repeat(500)}`;
      const lineage = await lineageOfArtifact(
        rpc,
        ledger,
        await record(artifact('data-set', 'hostile', [], { licence })),
      );
      assert.equal(lineage.artifacts[0].licence, licence);
      assert.doesNotMatch(drawLineageText(lineage), /[\u0000-\u0009\u000b-\u001f\u202e]/);
      const svg = drawLineageSvg(lineage);
      assert.doesNotMatch(svg, /<script|[\u0000-\u0009\u000b-\u001f\u202e]/);
      assert.ok(drawLineageText(lineage).length < 400);
    });
  });
});
