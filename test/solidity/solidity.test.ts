import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AbiCoder, id, keccak256 } from 'ethers';
import fc from 'fast-check';
import solc from 'solc';
import type { VerificationKey } from '../../src/groth16/types.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import {
  PROOF_SYSTEM_ID,
  SolidityCompileError,
  batchCalldata,
  callersProof,
  compileSolidity,
  contractName,
  contractSources,
  contextFor,
  inferenceCalldata,
  keyWords,
  proofCalldata,
  renderVerifier,
  vkHash,
} from '../../src/solidity/index.js';
import { SCORER, type ScorerFixture, manifestOf } from './forge-fixtures.js';
import { trapdoor } from './trapdoor.js';

const scorer = JSON.parse(
  readFileSync(new URL('../../verifier-contracts/test/fixtures/scorer.json', import.meta.url), 'utf8'),
) as ScorerFixture;
const { key } = scorer;
const [{ proof, publicSignals }] = scorer.proofs;

describe('the verifier generator', () => {
  it('names contracts after their models', () => {
    assert.equal(contractName('mnist-mlp'), 'MnistMlpVerifier');
    assert.equal(contractName('lenet5.v2'), 'Lenet5V2Verifier');
    assert.equal(contractName('3d net'), 'Model3dNetVerifier');
    assert.equal(contractName('模型'), 'ModelVerifier');
  });

  it('gives the same source for the same key and one without imports under the MIT licence', () => {
    const source = renderVerifier(key, SCORER);
    assert.equal(source, renderVerifier(key, SCORER));
    assert.match(source, /^\/\/ SPDX-License-Identifier: MIT/);
    assert.doesNotMatch(source, /^import /m);
    for (const word of keyWords(key)) assert.ok(source.includes(word.toString(16)), 'a word of the key is missing');
  });

  it('lets no model name break out of a comment', () => {
    const source = renderVerifier(key, { ...SCORER, name: 'x\n} contract Evil { //' }, { contractName: 'Plain' });
    assert.doesNotMatch(source, /^} contract Evil/m);
    assert.throws(() => renderVerifier(key, SCORER, { contractName: 'a b' }), { code: 'VERIFIER_RENDER' });
  });

  it('refuses a key and a manifest of different circuits', () => {
    const other = manifestOf('other', [{ kind: 'inputCommitment' }, { kind: 'context' }]);
    assert.throws(() => renderVerifier(key, other), {
      code: 'VERIFIER_RENDER',
      message: /3 public signals, the manifest 2/,
    });
  });

  it('refuses signals in another order than output, input, context', () => {
    const [output, commitment, context] = SCORER.publicSignals;
    const swapped = manifestOf('swapped', [commitment, output, context]);
    assert.throws(() => renderVerifier(key, swapped), { code: 'SIGNAL_LAYOUT' });
    const without = manifestOf('without', [output, commitment]);
    assert.throws(() => renderVerifier(key, without), { code: 'SIGNAL_LAYOUT' });
  });

  it('refuses damaged keys by the name of the part', () => {
    const broken = (change: Partial<VerificationKey>) => () => keyWords({ ...key, ...change });
    assert.throws(broken({ curve: 'bls12381' as never }), { code: 'INVALID_VERIFICATION_KEY', message: /bls12381/ });
    assert.throws(broken({ IC: key.IC.slice(1) }), { code: 'INVALID_VERIFICATION_KEY', message: /3 IC points for 3/ });
    assert.throws(broken({ vk_alpha_1: ['0', '1', '0'] }), { code: 'INVALID_VERIFICATION_KEY', message: /vk_alpha_1/ });
    assert.throws(broken({ vk_alpha_1: ['x', '1', '1'] }), { code: 'INVALID_VERIFICATION_KEY', message: /coordinate/ });
    const [x, y] = key.vk_gamma_2;
    assert.throws(broken({ vk_gamma_2: [[x[1], x[0]], y, ['1', '0']] }), {
      code: 'INVALID_VERIFICATION_KEY',
      message: /vk_gamma_2.*curve/,
    });
    const bent: [string, string, string] = [key.IC[2][0], key.IC[1][1], '1'];
    assert.throws(broken({ IC: key.IC.with(2, bent) }), {
      code: 'INVALID_VERIFICATION_KEY',
      message: /IC\[2\].*curve/,
    });
  });

  it('compiles to the same bytecode wherever its source lies', async () => {
    const source = renderVerifier(key, SCORER);
    const here = await compileSolidity({ 'Verifier.sol': source });
    const there = await compileSolidity({ 'elsewhere/V.sol': source });
    assert.equal(here.ScorerVerifier.deployedBytecode, there.ScorerVerifier.deployedBytecode);
    assert.ok((here.ScorerVerifier.deployedBytecode.length - 2) / 2 <= 24_576);
  });

  it('fits a contract with as many signals as it accepts, and says so for more', async () => {
    const signals = (words: number) => [
      ...Array.from({ length: words }, (_, word) => ({ kind: 'input' as const, tensor: 0, word })),
      { kind: 'context' as const },
    ];
    const image = (words: number) => ({
      name: 'image',
      shape: [words * 31],
      scale: 1,
      range: [0, 255] as [number, number],
      packing: { offset: 0, bits: 8, perWord: 31, words },
    });
    const { key: large } = await trapdoor(128);
    const source = renderVerifier(large, manifestOf('large', signals(127), [], [image(127)]));
    const { LargeVerifier } = await compileSolidity({ 'Verifier.sol': source });
    assert.ok(
      (LargeVerifier.deployedBytecode.length - 2) / 2 <= 24_576,
      `${LargeVerifier.deployedBytecode.length / 2 - 1} bytes`,
    );
    const { key: larger } = await trapdoor(129);
    assert.throws(() => renderVerifier(larger, manifestOf('larger', signals(128), [], [image(128)])), {
      code: 'VERIFIER_RENDER',
      message: /at most 128/,
    });
  });
});

describe('the source of a verifier', () => {
  const tensors = (side: string) =>
    Array.from({ length: 12 }, (_, i) => ({
      name: `${side}${i}`,
      scores: false,
      shape: [20],
      scale: 1,
      range: [-5, 255] as [number, number],
      packing: { offset: -5, bits: 20, perWord: 12, words: 2 },
    }));
  const words = (kind: 'output' | 'input') =>
    Array.from({ length: 24 }, (_, i) => ({ kind, tensor: i >> 1, word: i & 1 }));

  it('leaves its fixed addresses free in a model of two dozen tensors: no variable of so many is moved there from the stack', async () => {
    const manifest = manifestOf(
      'wide',
      [...words('output'), ...words('input'), { kind: 'context' }],
      tensors('out'),
      tensors('in'),
    );
    const { WideVerifier } = await compileSolidity({
      'Verifier.sol': renderVerifier((await trapdoor(49)).key, manifest),
    });
    assert.match(WideVerifier.deployedBytecode, /^0x6080604052/); // Free memory begins at 0x80.
  });

  it('compiles by the older code generator too, as other tools do by default, optimized or not', async () => {
    for (const optimized of [true, false]) {
      const output = JSON.parse(
        solc.compile(
          JSON.stringify({
            language: 'Solidity',
            sources: { 'Verifier.sol': { content: renderVerifier(key, SCORER) } },
            settings: {
              viaIR: false,
              optimizer: { enabled: optimized },
              outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
            },
          }),
        ),
      ) as { errors?: { severity: string }[] };
      assert.deepEqual(
        (output.errors ?? []).filter(({ severity }) => severity === 'error'),
        [],
      );
    }
  });
});

describe('the Solidity compiler', () => {
  it('reports what solc says, with file and line', async () => {
    await assert.rejects(
      compileSolidity({ 'Bad.sol': 'pragma solidity ^0.8.24;\ncontract Bad { uint256 x = "no"; }\n' }),
      (error) => {
        assert.ok(error instanceof SolidityCompileError);
        assert.equal(error.diagnostics.length, 1);
        assert.match(error.message, /Bad\.sol:2/);
        return true;
      },
    );
  });

  it('finds the imports of the contracts in the package and in node_modules', () => {
    const sources = contractSources('ModelRegistry.sol');
    assert.ok(sources['interfaces/IModelRegistry.sol']);
    assert.ok(sources['@openzeppelin/contracts/token/ERC721/ERC721.sol']);
  });
});

describe('calldata', () => {
  it('swaps G2 coordinates as EIP-197 wants them', () => {
    const { a, b, c, signals } = proofCalldata(proof, publicSignals);
    assert.deepEqual(a, proof.pi_a.slice(0, 2).map(BigInt));
    assert.deepEqual(b, [
      [BigInt(proof.pi_b[0][1]), BigInt(proof.pi_b[0][0])],
      [BigInt(proof.pi_b[1][1]), BigInt(proof.pi_b[1][0])],
    ]);
    assert.deepEqual(c, proof.pi_c.slice(0, 2).map(BigInt));
    assert.deepEqual(signals, publicSignals.map(BigInt));
  });

  it('splits public signals into input commitment, output and context', () => {
    const call = inferenceCalldata(key, SCORER, proof, publicSignals);
    assert.equal(BigInt(call.output), BigInt(publicSignals[0]));
    assert.equal(BigInt(call.inputCommitment), BigInt(publicSignals[1]));
    assert.equal(call.context, BigInt(publicSignals[2]));
    assert.equal(call.proof.slice(0, 10), vkHash(key).slice(0, 10));
    assert.equal((call.proof.length - 2) / 2, 4 + 32 * 8);
    assert.equal(callersProof(5n, call.proof), `0x${'5'.padStart(64, '0')}${call.proof.slice(2)}`);
    const batch = batchCalldata(key, SCORER, scorer.proofs.slice(0, 3));
    assert.equal((batch.proofs.length - 2) / 2, 4 + 3 * 256);
    assert.equal(batch.contexts.length, 3);
  });

  it('refuses signals of another circuit and numbers outside the field', () => {
    assert.throws(() => inferenceCalldata(key, SCORER, proof, publicSignals.slice(1)), { code: 'PUBLIC_SIGNALS' });
    assert.throws(() => inferenceCalldata(key, SCORER, proof, ['1', '2', '9'.repeat(78)]), { code: 'PUBLIC_SIGNALS' });
  });

  it('computes contexts as ethers encodes and hashes them, below the scalar field', () => {
    const address = fc.bigInt(0n, (1n << 160n) - 1n).map((value) => `0x${value.toString(16).padStart(40, '0')}`);
    const word = fc.bigInt(0n, (1n << 256n) - 1n);
    fc.assert(
      fc.property(word, address, address, word, (chainId, contract, account, nonce) => {
        const encoded = AbiCoder.defaultAbiCoder().encode(
          ['bytes32', 'uint256', 'address', 'address', 'uint256'],
          [id('zkinfer context v1'), chainId, contract, account, nonce],
        );
        const context = contextFor({ chainId, contract, account, nonce });
        assert.equal(context, BigInt(keccak256(encoded)) >> 3n);
        assert.ok(context < FIELD_MODULUS);
      }),
    );
    const binding = { chainId: 1, contract: `0x${'c'.repeat(40)}`, account: `0x${'a'.repeat(40)}` };
    assert.equal(contextFor(binding), contextFor({ ...binding, contract: `0x${'C'.repeat(40)}`, nonce: 0n }));
    const wrong = [
      { contract: '0x12' },
      { account: 'me' },
      { chainId: -1 },
      { chainId: 1.5 },
      { nonce: 1n << 256n },
      { nonce: 2 ** 60 },
    ];
    for (const part of wrong) assert.throws(() => contextFor({ ...binding, ...part }), { code: 'CONTEXT' });
  });

  it('knows the proof system by ERC-7992', () => {
    assert.equal(PROOF_SYSTEM_ID, id('groth16-bn254-v1').slice(0, 10));
  });
});
