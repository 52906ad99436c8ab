import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Interface } from 'ethers';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { deployContract } from '../../src/chain/deploy.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { verifyOnChain } from '../../src/chain/verifier.js';
import { UsageError } from '../../src/errors.js';
import type { Manifest } from '../../src/manifest.js';
import { InputShapeError } from '../../src/integer/errors.js';
import { compileSolidity, inferenceCalldata, renderVerifier } from '../../src/solidity/index.js';
import { joinSamples, parseRun } from '../../src/workflow/batch-input.js';
import { readManifest, writeBuild } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { BuildMismatchError } from '../../src/workflow/errors.js';
import { openingOf } from '../../src/workflow/opening-file.js';
import { openSignals } from '../../src/workflow/opening.js';
import { openProver, openWitness, type ProveResult } from '../../src/workflow/prove.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import { makeModel, node } from '../onnx/support/make-model.js';
import { backend, temporaryFolder } from './support/folders.js';
import { toyModel } from './support/toy.js';

const ROWS = [
  [0.5, -0.25],
  [-0.75, 0.5],
  [0.25, 1],
];
const FILE = JSON.stringify({ input_data: ROWS });

describe('a proof of many rows', () => {
  const onnx = toyModel();
  const options = {
    name: 'toy',
    batch: ROWS.length,
    scores: true,
    calibration: ROWS.map((row) => [Float64Array.from(row)]),
  };
  let folder: string;
  let manifest: Manifest;
  let proved: ProveResult;
  let classes: ProveResult;
  let classFolder: string;
  let alone: ReadonlyArray<readonly number[]>;

  async function build(classOnly: boolean): Promise<string> {
    const made = join(temporaryFolder(), 'build');
    const compiled = await compileOnnx(onnx, { ...options, classOnly });
    await writeBuild(made, compiled.manifest, buildFiles(compiled));
    await setupBuild(made, backend());
    return made;
  }

  async function prove(of: string): Promise<ProveResult> {
    const prover = await openProver(of, backend());
    try {
      return await prover.prove(parseRun(FILE, prover.manifest, 'rows.json'), { context: 42n });
    } finally {
      await prover.close();
    }
  }

  before(async () => {
    [folder, classFolder] = [await build(false), await build(true)];
    manifest = await readManifest(folder);
    [proved, classes] = [await prove(folder), await prove(classFolder)];
    const one = await compileOnnx(onnx, { ...options, batch: undefined });
    const single = join(temporaryFolder(), 'single');
    await writeBuild(single, one.manifest, buildFiles(one));
    const { infer } = await openWitness(single);
    alone = ROWS.map((row) => infer([Float64Array.from(row)]).outputs[0].integers);
  });

  it('says of each row what a proof of the row alone says', async () => {
    assert.deepEqual(proved.outputs[0].integers, alone.flat());
    assert.deepEqual(
      proved.outputs[0].classes,
      alone.map((scores) => scores.indexOf(Math.max(...scores))),
    );
    assert.deepEqual(classes.outputs[0].integers, proved.outputs[0].classes);
    const { valid, outputs } = await verifyProof(folder, backend(), proved);
    assert.equal(valid, true);
    assert.deepEqual(outputs, proved.outputs);
  });

  it('does not verify with two rows exchanged', async () => {
    const { packing } = manifest.outputs[0];
    const word = BigInt(proved.publicSignals[0]);
    const rowBits = BigInt(2 * packing.bits);
    const mask = (1n << rowBits) - 1n;
    const [first, second] = [word & mask, (word >> rowBits) & mask];
    const swapped = ((word >> (2n * rowBits)) << (2n * rowBits)) | (first << rowBits) | second;
    assert.notEqual(swapped, word);
    const publicSignals = [String(swapped), ...proved.publicSignals.slice(1)];
    assert.equal((await verifyProof(folder, backend(), { ...proved, publicSignals })).valid, false);
  });

  it('opens to its rows in their order, and to no others', async () => {
    const opening = openingOf(proved);
    const open = async (rows: readonly (readonly number[])[]): Promise<boolean | undefined> => {
      const input = parseRun(JSON.stringify({ input_data: rows }), manifest, 'rows.json');
      return (await openSignals(folder, proved.publicSignals, { opening, input })).input;
    };
    assert.equal(await open(ROWS), true);
    assert.equal(await open([ROWS[1], ROWS[0], ROWS[2]]), false);
    assert.equal(await open([ROWS[0], ROWS[0], ROWS[2]]), false);
  });

  it('takes as many rows as the batch has, and says which row is out of range', async () => {
    for (const rows of [ROWS.slice(1), [...ROWS, ROWS[0]]])
      assert.throws(() => parseRun(JSON.stringify({ input_data: rows }), manifest, 'rows.json'), InputShapeError);
    const { infer, model } = await openWitness(folder);
    const rows = [ROWS[0], [1e6, 0], ROWS[1]].map((row) => [Float64Array.from(row)]);
    assert.throws(
      () => infer(joinSamples(rows, { inputs: model.inputs, batch: 3 })),
      /row 1 of the batch.*\[0\] is 1000000/,
    );
    assert.throws(() => infer([Float64Array.of(1, 2)]), InputShapeError);
  });

  it('is of no build whose manifest names another number of rows', async () => {
    const compiled = await compileOnnx(onnx, options);
    for (const batch of [2, undefined]) {
      const other = join(temporaryFolder(), 'build');
      await writeBuild(other, { ...compiled.manifest, batch }, buildFiles(compiled));
      await assert.rejects(openWitness(other), BuildMismatchError);
    }
  });

  it('can be made again from what the manifest records, where classes alone are proved', async () => {
    const recorded = await readManifest(classFolder);
    assert.deepEqual(recorded.options?.classOnly, ['y']);
    const { scores: _, ...rest } = options;
    const again = await compileOnnx(onnx, { ...rest, batch: recorded.batch, classOnly: recorded.options?.classOnly });
    assert.equal(again.manifest.circuitHash, recorded.circuitHash);
  });

  it('is refused where nothing is known to be scores, and the number of rows is none', async () => {
    await assert.rejects(compileOnnx(onnx, { ...options, scores: false, classOnly: true }), UsageError);
    for (const batch of [0, 1.5, 2 ** 17]) await assert.rejects(compileOnnx(onnx, { ...options, batch }), UsageError);
  });

  it('is no tally where an input of the model is called what the labels are', async () => {
    const named = makeModel({
      inputs: { label: [1, 2] },
      outputs: ['y'],
      nodes: [node('Relu', ['label'], ['y'], {}, 'relu')],
    });
    const asked = { name: 'toy', scores: true, inputRange: [-1, 1] as const };
    await assert.rejects(compileOnnx(named, { ...asked, tally: true }), UsageError);
    assert.equal((await compileOnnx(named, { ...asked, classOnly: true })).manifest.inputs[0].name, 'label');
  });

  describe('before a contract', () => {
    let anvil: Anvil;
    let rpc: Rpc;
    before(async () => {
      anvil = await startAnvil();
      rpc = await connect(anvil.url);
    });
    after(async () => {
      rpc.provider.destroy();
      await anvil.stop();
    });

    async function deployed(of: string) {
      const [key, about] = [await readVerificationKey(of), await readManifest(of)];
      const sources = { 'Verifier.sol': renderVerifier(key, about, { contractName: 'ToyVerifier' }) };
      const artifact = (await compileSolidity(sources)).ToyVerifier;
      const sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
      const { address } = await deployContract(sender, artifact, 'the verifier');
      const abi = new Interface(artifact.abi as never);
      const call = async (name: string, values: readonly unknown[]): Promise<unknown> => {
        const [result] = abi.decodeFunctionResult(
          name,
          await rpc.provider.call({ to: address, data: abi.encodeFunctionData(name, values) }),
        );
        return result as unknown;
      };
      return { key, about, address, call };
    }

    it('is accepted, and read row by row', async () => {
      const { key, about, address, call } = await deployed(folder);
      assert.equal(await verifyOnChain(rpc, address, proved.proof, proved.publicSignals), true);
      const { output, inputCommitment, proof, context } = inferenceCalldata(
        key,
        about,
        proved.proof,
        proved.publicSignals,
      );
      assert.equal(await call('checkInference', [inputCommitment, context, output, proof]), 0n);
      for (const [row, scores] of alone.entries()) {
        const elements = (await call('unpackOutputRow', [output, row])) as bigint[];
        assert.deepEqual(elements.map(Number), scores);
        assert.equal(await call('largestInOutputRow', [output, row]), BigInt(scores.indexOf(Math.max(...scores))));
      }
      await assert.rejects(call('unpackOutputRow', [output, ROWS.length]));
      await assert.rejects(call('largestInOutputRow', [output, ROWS.length]));
      await assert.rejects(call('unpackOutputRow', [`${output}00`, 0]));
    });
  });
});
