/**
 * What an operator's workbench does with inputs of strangers: those that no machine will ever compute with are refused,
 * not retried.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend } from '../../src/groth16/backends.js';
import { openWorkbench } from '../../src/operator/workbench.js';
import { InputRangeError, InputTypeError } from '../../src/integer/errors.js';
import { vkHash } from '../../src/solidity/index.js';
import { writeBuild } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { openProver } from '../../src/workflow/prove.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';

const onnx = makeModel({
  inputs: { x: { dims: [1, 3], type: 'uint8' } },
  outputs: ['y'],
  constants: { w: floats([3, 2], [0.1, -0.2, 0.3, 0.4, -0.5, 0.6]) },
  nodes: [node('Cast', ['x'], ['f'], { to: 1 }), node('MatMul', ['f', 'w'], ['y'])],
});

describe('a build that takes integers', () => {
  let folder: string;
  const backend = chooseBackend('auto', () => undefined);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-integers-'));
    const compiled = await compileOnnx(onnx, { name: 'integers' });
    await writeBuild(folder, compiled.manifest, buildFiles(compiled));
    await setupBuild(folder, backend);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('proves integers at both ends of their type, and refuses fractions and what the type has not', async () => {
    const prover = await openProver(folder, backend);
    try {
      const { proof, publicSignals } = await prover.prove([Float64Array.of(0, 255, 7)]);
      assert.equal((await verifyProof(folder, backend, { proof, publicSignals })).valid, true);
      await assert.rejects(prover.prove([Float64Array.of(0, 2.5, 7)]), InputTypeError);
      for (const value of [-1, 256])
        await assert.rejects(prover.prove([Float64Array.of(0, value, 7)]), InputRangeError);
    } finally {
      await prover.close();
    }
  });

  it('lets an operator refuse such inputs of a request, and go on', async () => {
    const bench = await openWorkbench([folder], backend);
    try {
      const job = (x: readonly number[]) => ({
        vkHash: hash,
        kind: 'compute' as const,
        document: JSON.stringify({ input_data: [x], salt: '5' }),
        context: '1',
        request: {
          chainId: 1,
          market: `0x${'11'.repeat(20)}`,
          requestId: '5',
          inputCommitment: `0x${'00'.repeat(32)}`,
        },
      });
      const hash = vkHash(await readVerificationKey(folder));
      for (const [x, why] of [
        [[1, 2.5, 3], /^INPUT_TYPE/],
        [[1, 300, 3], /^INPUT_RANGE/],
      ] as const) {
        const answer = await bench.run(job(x));
        assert.match('refused' in answer ? answer.refused! : '', why);
      }
      assert.ok('computed' in (await bench.run(job([1, 2, 3]))));
    } finally {
      await bench.close();
    }
  });
});
