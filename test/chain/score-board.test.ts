import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { ATTESTATIONS_ABI } from '../../src/chain/abi.js';
import { codeDiffers } from '../../src/chain/code.js';
import { deployContract } from '../../src/chain/deploy.js';
import { RevertedError } from '../../src/chain/errors.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { deployRegistry, registerModel, type RegistryContracts } from '../../src/chain/registry.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import {
  type ChunkOnBoard,
  deployScoreBoard,
  openScore,
  readScore,
  recordChunk,
  scoreBoardCode,
  type ScoredModel,
  SCORE_BOARD_ABI,
} from '../../src/chain/score-board.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { type Sender, sendOnce } from '../../src/chain/transactions.js';
import type { VisibilityOptions } from '../../src/port-roles.js';
import { compileSolidity, inferenceCalldata, renderVerifier } from '../../src/solidity/index.js';
import { runIntegerModel } from '../../src/integer/interpreter.js';
import { encodeInputs } from '../../src/integer/encode.js';
import { readManifest, writeBuild } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { datasetId, datasetTree } from '../../src/workflow/dataset-tree.js';
import { ScoreError } from '../../src/workflow/errors.js';
import { openProver } from '../../src/workflow/prove.js';
import { type LabelledRows, type Score, scoreBuild } from '../../src/workflow/score.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import { seeded } from '../onnx/support/random.js';
import { backend, temporaryFolder } from '../workflow/support/folders.js';
import { toyModel } from '../workflow/support/toy.js';

const BATCH = 2;
/** The contract with a size limit of its own code is compiled once for both models. */
const options = {
  name: 'toy',
  scores: true,
  inputRange: [-1, 1] as const,
  tally: true,
  batch: BATCH,
};

/** Nine rows, five chunks, the last half full. */
function dataOf(seed: number): LabelledRows {
  const random = seeded(seed);
  const rows = Array.from({ length: 9 }, () => [Float64Array.of(2 * random() - 1, 2 * random() - 1)]);
  return { rows, labels: rows.map(() => Math.floor(2 * random())) };
}

describe('a proved score', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let sender: Sender;
  let contracts: RegistryContracts;
  let folder: string;
  let model: ScoredModel;
  let other: ScoredModel;
  /** Of a commitment to the tally, and of rows that nothing binds. */
  let hashed: ScoredModel;
  let unbound: ScoredModel;
  let folderOfPrivate: string;
  let otherScore: Score;
  let score: Score;
  let out: string;
  const data = dataOf(3);

  async function build(turned: boolean, visibility: VisibilityOptions = {}): Promise<string> {
    const made = join(temporaryFolder(), 'build');
    const compiled = await compileOnnx(toyModel({ turned }), { ...options, ...visibility });
    await writeBuild(made, compiled.manifest, buildFiles(compiled));
    await setupBuild(made, backend());
    return made;
  }

  const prove = (of: string, at: string, rows: LabelledRows): Promise<Score> =>
    scoreBuild(of, { ...rows, backend: backend(), out: at });

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
    contracts = await deployRegistry(sender);
    const { address: board } = await deployScoreBoard(sender, contracts.attestations.address);
    const folders = [
      await build(false),
      await build(true),
      await build(false, { outputVisibility: 'hashed' }),
      await build(false, { inputVisibility: 'private' }),
    ];
    [folder, , , folderOfPrivate] = folders;
    const keys = await Promise.all(folders.map(readVerificationKey));
    const manifests = await Promise.all(folders.map(readManifest));
    const sources = Object.fromEntries(
      keys.map((key, i) => [`V${i}.sol`, renderVerifier(key, manifests[i], { contractName: `V${i}` })]),
    );
    const compiled = await compileSolidity(sources);
    const models: ScoredModel[] = [];
    for (const [i, key] of keys.entries()) {
      const artifact = compiled[`V${i}`];
      const { address: verifier } = await deployContract(sender, artifact, 'the verifier');
      const manifest = manifests[i];
      models.push({
        ...(await registerModel(sender, contracts.registry.address, { manifest, key, verifier, artifact })),
        board,
        key,
        manifest,
      });
    }
    [model, other, hashed, unbound] = models;
    out = join(temporaryFolder(), 'score');
    score = await prove(folder, out, data);
    otherScore = await prove(folders[1], join(temporaryFolder(), 'score'), data);
  });
  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
  });

  const onBoard = (of: Score, chunks = of.chunks.length, rows = of.rows) => ({ ...of.dataset, chunks, rows });
  const chunkOf = (of: Score, chunk: number): ChunkOnBoard => {
    const { file, path } = of.chunks[chunk];
    return { chunk, path, ...file };
  };
  /** Sends a chunk whatever is on record. */
  async function send(by: ScoredModel, id: string, item: ChunkOnBoard): Promise<void> {
    const call = inferenceCalldata(by.key, by.manifest, item.proof, item.publicSignals);
    const values = [id, item.chunk, call.inputCommitment, item.path, call.output, call.proof];
    const data = SCORE_BOARD_ABI.encodeFunctionData('recordChunk', values);
    const purpose = `${id} ${item.chunk} ${Math.random()}`;
    await sendOnce(sender, {
      purpose,
      to: by.board,
      data,
      action: 'recording',
      abis: [SCORE_BOARD_ABI, ATTESTATIONS_ABI],
    });
  }
  const refused = async (work: Promise<unknown>, name: string): Promise<void> => {
    await assert.rejects(work, (error) => error instanceof RevertedError && error.message.includes(name), name);
  };
  /** What is done on the chain in `work` is undone after it. */
  async function undone(work: () => Promise<void>): Promise<void> {
    const snapshot = await rpc.provider.send('evm_snapshot', []);
    sender = { ...sender, journal: memoryJournal() };
    try {
      await work();
    } finally {
      await rpc.provider.send('evm_revert', [snapshot]);
      sender = { ...sender, journal: memoryJournal() };
    }
  }

  it('is the confusion matrix that the model gives row by row', async () => {
    const { model: integer } = await compileOnnx(toyModel(), { ...options, tally: false, batch: undefined });
    const expected = [
      [0, 0],
      [0, 0],
    ];
    data.rows.forEach((row, i) => {
      const [scores] = runIntegerModel(integer, encodeInputs(integer.inputs, row));
      expected[data.labels[i]][scores[1] > scores[0] ? 1 : 0] += 1;
    });
    assert.deepEqual(score.confusion, expected);
    assert.equal(score.right, expected[0][0] + expected[1][1]);
    assert.equal(score.rows, data.rows.length);
    assert.ok(score.right > 0 && score.right < score.rows);
  });

  it('goes on where it stopped, makes damaged and foreign proofs again, and mixes with no other data', async () => {
    const path = (chunk: number): string => join(out, `chunk-${chunk}.json`);
    const kept = await readFile(path(1), 'utf8');
    await rm(path(0));
    await writeFile(path(2), 'half a pro');
    await writeFile(path(3), kept);
    const again = await prove(folder, out, data);
    assert.equal(again.resumed, 2);
    assert.deepEqual(again.confusion, score.confusion);
    assert.deepEqual(again.dataset, score.dataset);
    assert.equal(await readFile(path(1), 'utf8'), kept);
    await assert.rejects(prove(folder, out, dataOf(4)), ScoreError);
    await assert.rejects(prove(folder, out, { ...data, labels: data.labels.map((label) => 1 - label) }), ScoreError);
    await writeFile(join(out, 'dataset.json'), '{"format": "zkinfer-score-dataset", "salts": [1]}');
    await assert.rejects(prove(folder, out, data), ScoreError);
  });

  it('is of one data set where two runs begin at once: the salts of neither are lost', async () => {
    const at = join(temporaryFolder(), 'score');
    const some = { rows: data.rows.slice(0, 2), labels: data.labels.slice(0, 2) };
    const runs = await Promise.all([1, 2, 3].map(() => prove(folder, at, some)));
    assert.equal(new Set(runs.map(({ dataset }) => dataset.id)).size, 1);
    assert.deepEqual((await prove(folder, at, some)).dataset, runs[0].dataset);
    assert.deepEqual((await readdir(at)).sort(), ['chunk-0.json', 'dataset.json']);
  });

  it('takes labels that are classes, one for each row', async () => {
    const at = join(temporaryFolder(), 'score');
    for (const labels of [data.labels.slice(1), data.labels.map(() => 2), data.labels.map(() => 0.5)])
      await assert.rejects(prove(folder, at, { rows: data.rows, labels }), ScoreError);
    await assert.rejects(prove(folder, at, { rows: [], labels: [] }), ScoreError);
  });

  it('stands on a board whose code can be compared', async () => {
    const wanted = await scoreBoardCode();
    assert.equal(await codeDiffers(rpc, model.board, wanted), false);
    assert.equal(await codeDiffers(rpc, contracts.registry.address, wanted), true);
    assert.equal(await codeDiffers(rpc, sender.signer.address, wanted), true);
    // One instruction changed.
    const code = await rpc.provider.getCode(model.board);
    await undone(async () => {
      await rpc.provider.send('anvil_setCode', [model.board, code.replace(/57/, '50')]);
      assert.equal(await codeDiffers(rpc, model.board, wanted), true);
    });
  });

  it('is added up by a contract, in any order, and stands there when it is whole', async () => {
    await undone(async () => {
      const id = await openScore(sender, model, onBoard(score));
      assert.equal(await openScore(sender, model, onBoard(score)), id);
      for (const chunk of [3, 0, 4, 1]) assert.ok((await recordChunk(sender, model, id, chunkOf(score, chunk))) > 0);
      assert.equal(await readScore(rpc, model.board, id), undefined);
      assert.equal(await recordChunk(sender, model, id, chunkOf(score, 1)), 0);
      await recordChunk(sender, model, id, chunkOf(score, 2));
      const found = await readScore(rpc, model.board, id);
      assert.deepEqual(found, { rows: score.rows, right: score.right, confusion: score.confusion.flat() });
      for (const chunk of [0, 4]) await refused(send(model, id, chunkOf(score, chunk)), 'ChunkAlreadyRecorded');
    });
  });

  it('counts each chunk once, however often and in whatever order chunks come, under whichever number', async () => {
    await undone(async () => {
      const id = await openScore(sender, model, onBoard(score));
      const random = seeded(11);
      const pick = (): number => Math.floor(random() * score.chunks.length);
      const done = new Set<number>();
      const rowsOf = (chunk: number): number => Math.min(BATCH, score.rows - BATCH * chunk);
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const [bring, named] = [pick(), random() < 0.6 ? undefined : pick()];
        const item = { ...chunkOf(score, bring), chunk: named ?? bring };
        if (item.chunk === bring && !done.has(bring)) {
          await send(model, id, item);
          done.add(bring);
        } else {
          await assert.rejects(send(model, id, item), RevertedError);
        }
        const [progress] = SCORE_BOARD_ABI.decodeFunctionResult(
          'progressOf',
          await rpc.provider.call({
            to: model.board,
            data: SCORE_BOARD_ABI.encodeFunctionData('progressOf', [id]),
          }),
        );
        assert.equal(Number(progress.recorded), done.size);
        assert.equal(
          Number(progress.counted),
          [...done].reduce((sum, chunk) => sum + rowsOf(chunk), 0),
        );
        const found = await readScore(rpc, model.board, id);
        assert.equal(found?.right, done.size === score.chunks.length ? score.right : undefined);
      }
      assert.equal(done.size, score.chunks.length);
    });
  });

  it('refuses every way to make a score better than it is', async () => {
    await undone(async () => {
      const id = await openScore(sender, model, onBoard(score));
      await recordChunk(sender, model, id, chunkOf(score, 0));
      // A chunk twice, as itself and as another.
      await refused(send(model, id, chunkOf(score, 0)), 'ChunkAlreadyRecorded');
      await refused(send(model, id, { ...chunkOf(score, 0), chunk: 1 }), 'NotInDataset');
      await refused(send(model, id, { ...chunkOf(score, 0), chunk: 1, path: score.chunks[1].path }), 'NotInDataset');
      await refused(send(model, id, { ...chunkOf(score, 0), chunk: 5 }), 'NotInDataset');
      await refused(send(model, id, { ...chunkOf(score, 0), chunk: 8 }), 'NotInDataset');
      for (const path of [[], score.chunks[1].path.slice(1), [...score.chunks[1].path, score.dataset.root]])
        await refused(send(model, id, { ...chunkOf(score, 1), path }), 'NotInDataset');
      // A chunk of the same rows under other salts, of reordered rows, and of exchanged labels: another commitment.
      const others = {
        salted: data,
        reordered: { rows: [data.rows[1], data.rows[0]], labels: [data.labels[1], data.labels[0]] },
        relabelled: { rows: data.rows.slice(2, 4), labels: data.labels.slice(2, 4).map((label) => 1 - label) },
      };
      for (const [name, rows] of Object.entries(others)) {
        const forged = await prove(folder, join(temporaryFolder(), name), rows);
        const item = { ...chunkOf(forged, 0), chunk: 1, path: score.chunks[1].path };
        await refused(send(model, id, item), 'NotInDataset');
      }
      // Another model's proof of the same chunk, and one with other counts.
      const [words, ...signals] = score.chunks[1].file.publicSignals;
      const better = { ...chunkOf(score, 1), publicSignals: [String(BigInt(words) + 1n), ...signals] };
      await refused(send(model, id, better), 'InvalidProof');
      const foreign = { ...chunkOf(otherScore, 1), path: score.chunks[1].path };
      await refused(send(model, id, foreign), 'NotInDataset');
      const grafted = {
        ...chunkOf(score, 1),
        proof: otherScore.chunks[1].file.proof,
      };
      await refused(send(model, id, grafted), 'InvalidProof');
      await refused(send({ ...model, key: other.key }, id, chunkOf(score, 1)), 'ModelMismatch');
      // Before it is complete.
      const early = rpc.provider.call({ to: model.board, data: SCORE_BOARD_ABI.encodeFunctionData('scoreOf', [id]) });
      await assert.rejects(early, (error: { data?: string }) =>
        String(error.data).startsWith(SCORE_BOARD_ABI.getError('ScoreNotComplete')!.selector),
      );
    });
  });

  it('takes no commitment for a tally: whoever proves chooses its salt, and with it the bits that would be counted', async () => {
    await undone(async () => {
      await refused(openScore(sender, hashed, onBoard(score)), 'NotATally');
    });
  });

  it('takes no proof of rows that are not committed to, which could be chosen after the data set was named', async () => {
    const prover = await openProver(folderOfPrivate, backend());
    const [a, b] = data.rows.map(([row]) => row);
    const proved = await prover.prove([Float64Array.of(...a, ...b), Float64Array.from(data.labels.slice(0, 2))], {});
    await prover.close();
    await undone(async () => {
      const { root, id: dataset } = datasetTree([0n], BATCH);
      const id = await openScore(sender, unbound, { root, id: dataset, chunks: 1, rows: BATCH });
      await refused(send(unbound, id, { chunk: 0, path: [], ...proved }), 'NotInDataset');
    });
  });

  it('cannot be claimed of a part of the data, of more rows or of fewer', async () => {
    await undone(async () => {
      // The same root with fewer chunks is another data set, of whose rows there are too few or too many.
      const fewer = await openScore(sender, model, { ...withId(3, score.rows) });
      for (const chunk of [0, 1]) await refused(send(model, fewer, chunkOf(score, chunk)), 'NotInDataset');
      const four = await openScore(sender, model, withId(6, score.rows));
      for (const chunk of [0, 1, 2, 3]) await send(model, four, chunkOf(score, chunk));
      await send(model, four, chunkOf(score, 4));
      assert.equal(await readScore(rpc, model.board, four), undefined);
      const few = await openScore(sender, model, withId(5, 3));
      await send(model, few, chunkOf(score, 0));
      await refused(send(model, few, chunkOf(score, 1)), 'RowsMismatch');
      const many = await openScore(sender, model, withId(5, score.rows + 1));
      for (const chunk of [0, 1, 2, 3]) await send(model, many, chunkOf(score, chunk));
      await refused(send(model, many, chunkOf(score, 4)), 'RowsMismatch');
      for (const [chunks, rows] of [
        [0, 9],
        [5, 0],
      ])
        await refused(openScore(sender, model, withId(chunks, rows)), 'EmptyDataset');
    });
    function withId(chunks: number, rows: number) {
      const { root } = score.dataset;
      return { root, id: datasetId(root, chunks, rows), chunks, rows };
    }
  });
});
