import assert from 'node:assert/strict';
import { decodeText, parseJson } from '../../src/user-json.js';
import { proofFromJson, ProofFormatError, proofToJson } from '../../src/workflow/proof-file.js';
import { boundTo, isUsableBy } from '../../src/workflow/proof-context.js';
import { contextFor } from '../../src/solidity/index.js';

const proof = {
  pi_a: ['1', '2', '1'],
  pi_b: [
    ['1', '2'],
    ['3', '4'],
    ['1', '0'],
  ],
  pi_c: ['5', '6', '1'],
  protocol: 'groth16',
  curve: 'bn128',
} as const;
const publicSignals = ['7', '8'];

describe('a proof file', () => {
  it('is read in every form that snarkjs and this package give it', () => {
    const wanted = { proof, publicSignals };
    const { curve: _, ...short } = proof;
    const forms = [
      { ...proof, publicSignals },
      { proof, publicSignals },
      { proof: { ...proof, publicSignals } },
      { proof: short, publicSignals },
      { file: 'proof.json', proof, publicSignals, seconds: 1 },
    ];
    for (const form of forms) {
      assert.deepEqual(proofFromJson(JSON.stringify(form), 'proof.json'), wanted);
      assert.deepEqual(proofFromJson(`\ufeff${JSON.stringify(form)}`, 'proof.json'), wanted);
    }
    for (const form of [proof, { proof }]) {
      assert.deepEqual(
        proofFromJson(JSON.stringify(form), 'proof.json', `\ufeff${JSON.stringify(publicSignals)}`),
        wanted,
      );
      assert.throws(() => proofFromJson(JSON.stringify(form), 'proof.json'), /carries no public signals/);
    }
  });

  it('of another kind is refused', () => {
    for (const text of [
      '{"proof": null, "publicSignals": []}',
      '{"proof": {}, "publicSignals": ["1"]}',
      JSON.stringify({ proof, publicSignals: [1] }),
      '[]',
      'null',
      '',
    ]) {
      assert.throws(() => proofFromJson(text, 'proof.json'), ProofFormatError, text);
    }
  });
});

describe('a text file', () => {
  it('is read with any byte-order mark, or none', () => {
    const text = '{"a": "ü 東"}';
    const big = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      big,
    ]) {
      assert.equal(decodeText(bytes), text);
      assert.deepEqual(parseJson(decodeText(bytes)), { a: 'ü 東' });
    }
  });
});

describe('a context', () => {
  const binding = { chainId: 31337n, contract: `0x${'c0'.repeat(20)}`, account: `0x${'ac'.repeat(20)}`, nonce: 9n };

  it('says whom a proof is for, where what is kept beside it hashes to it', () => {
    const context = contextFor(binding);
    const bound = boundTo(context, binding);
    assert.deepEqual(bound, { kind: 'account', ...binding });
    assert.ok(isUsableBy(bound, { chainId: 31337, account: binding.account.toUpperCase().replace('0X', '0x') }));
    assert.ok(!isUsableBy(bound, { chainId: 1, account: binding.account }));
    assert.ok(!isUsableBy(bound, { chainId: 31337, account: binding.contract }));
    assert.ok(!isUsableBy(bound, { chainId: 31337, account: binding.account, contract: binding.account }));
    assert.deepEqual(boundTo(0n), { kind: 'anybody' });
    for (const other of [undefined, { ...binding, nonce: 8n }, { ...binding, chainId: 1n }])
      assert.deepEqual(boundTo(context, other), { kind: 'number', context });
  });

  it('is kept in the proof file', () => {
    const file = { proof, publicSignals, binding };
    assert.deepEqual(proofFromJson(proofToJson(file as never), 'proof.json'), file);
  });
});
