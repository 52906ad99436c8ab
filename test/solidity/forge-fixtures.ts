/**
 * What the forge suite works on: generated verifiers and proofs for them. The model `scorer` has a real circuit and
 * real proofs (scripts/make-contract-fixtures.mjs); the others have keys with known secrets, which give models of every
 * visibility without a circuit each. Proofs are ABI-encoded, so that Solidity reads them with one abi.decode.
 */
import { AbiCoder } from 'ethers';
import type { Proof, VerificationKey } from '../../src/groth16/types.js';
import {
  type VerifierManifest,
  batchCalldata,
  contextFor,
  inferenceCalldata,
  proofCalldata,
  renderVerifier,
} from '../../src/solidity/index.js';
import { ATTESTATIONS, CHAIN_ID, PAYOUT, PROVER } from './forge-addresses.js';
import { trapdoor } from './trapdoor.js';

type Item = { readonly proof: Proof; readonly publicSignals: readonly string[] };

export interface ScorerFixture {
  readonly key: VerificationKey;
  readonly proofs: readonly (Item & {
    readonly contract: string;
    readonly nonce: number;
    readonly pixels: readonly number[];
  })[];
}

type Signals = VerifierManifest['publicSignals'];

const tensor = (name: string, shape: number[], range: [number, number], bits: number, words: number) => ({
  name,
  shape,
  scale: 1 / 128,
  range,
  packing: { offset: range[0], bits, perWord: Math.floor(253 / bits), words },
});

const scores = { ...tensor('scores', [1, 10], [-524288, 524287], 20, 1), scores: true };
const pixels = tensor('pixels', [1, 4], [0, 255], 8, 1);
/** Fourteen elements of 100 bits: two to a word. */
const wide = { ...tensor('wide', [2, 7], [-(2 ** 40), 2 ** 40], 100, 7), scores: false };

export function manifestOf(
  name: string,
  publicSignals: Signals,
  outputs = [scores],
  inputs = [pixels],
): VerifierManifest {
  return {
    name,
    modelHash: `0x${'11'.repeat(32)}`,
    circuitHash: `0x${'22'.repeat(32)}`,
    inputs,
    outputs,
    publicSignals,
  };
}

/** Output public, input hashed: what zkinfer makes unless told otherwise. */
export const SCORER = manifestOf('scorer', [
  { kind: 'output', tensor: 0, word: 0 },
  { kind: 'inputCommitment' },
  { kind: 'context' },
]);
const RIVAL = { ...SCORER, name: 'rival' };
const OPEN = manifestOf(
  'open',
  [
    ...Array.from({ length: 7 }, (_, word) => ({ kind: 'output' as const, tensor: 0, word })),
    { kind: 'input', tensor: 0, word: 0 },
    { kind: 'context' },
  ],
  [wide],
);
const SECRET = manifestOf('secret', [{ kind: 'outputCommitment' }, { kind: 'context' }]);
/** As many public signals as a verifier takes, nearly all of them words of input. */
const BROAD = manifestOf(
  'broad',
  [
    { kind: 'output', tensor: 0, word: 0 },
    ...Array.from({ length: 118 }, (_, word) => ({ kind: 'input' as const, tensor: 0, word })),
    { kind: 'context' },
  ],
  [scores],
  [tensor('image', [1, 118 * 31], [0, 255], 8, 118)],
);
const SILENT = manifestOf('silent', [{ kind: 'context' }]);

/** Files of `verifier-contracts/test/generated`, by name. */
export async function contractFixtures(scorer: ScorerFixture): Promise<Record<string, string>> {
  const context = (i: number) =>
    contextFor({ chainId: CHAIN_ID, contract: ATTESTATIONS, account: PROVER, nonce: i + 1 });
  const madeFor = (contract: string) => scorer.proofs.filter((one) => one.contract === contract);
  const made = async (manifest: VerifierManifest, count: number, signals: (i: number) => bigint[]) => {
    const { key, prove } = await trapdoor(manifest.publicSignals.length);
    return { manifest, key, items: Array.from({ length: count }, (_, i) => prove([...signals(i), context(i)])) };
  };
  const models = [
    { manifest: SCORER, key: scorer.key, items: madeFor(ATTESTATIONS) },
    await made(RIVAL, 4, (i) => [BigInt(i), 1000n + BigInt(i)]),
    await made(OPEN, 4, (i) => [
      ...Array.from({ length: 7 }, (_, w) => (BigInt(w + i) << 100n) + BigInt(w)),
      BigInt(i),
    ]),
    await made(SECRET, 4, (i) => [7777n + BigInt(i)]),
    await made(SILENT, 4, () => []),
    await made(BROAD, 2, (i) => [BigInt(i), ...Array.from({ length: 118 }, (_, w) => BigInt(w * (i + 1)))]),
  ];
  return Object.fromEntries([
    ['payout.json', JSON.stringify({ items: encodeItems(scorer.key, SCORER, madeFor(PAYOUT)) })],
    ...models.flatMap(({ manifest, key, items }) => [
      [`${manifest.name}.sol`, renderVerifier(key, manifest)],
      [
        `${manifest.name}.json`,
        JSON.stringify({ items: encodeItems(key, manifest, items), batch: encodeBatch(key, manifest, items) }),
      ],
    ]),
  ]);
}

const PROVED =
  'tuple(bytes32 inputCommitment, bytes output, uint256 context, uint256 nonce, bytes proof, uint256[8] points, uint256[] signals)';

/** `Proved[]` of utils/Fixtures.sol. */
function encodeItems(key: VerificationKey, manifest: VerifierManifest, items: readonly Item[]): string {
  return AbiCoder.defaultAbiCoder().encode(
    [`${PROVED}[]`],
    [
      items.map(({ proof, publicSignals }, i) => {
        const { a, b, c, signals } = proofCalldata(proof, publicSignals);
        return {
          ...inferenceCalldata(key, manifest, proof, publicSignals),
          nonce: i + 1,
          points: [...a, ...b[0], ...b[1], ...c],
          signals,
        };
      }),
    ],
  );
}

/** `Batch` of utils/Fixtures.sol. */
function encodeBatch(key: VerificationKey, manifest: VerifierManifest, items: readonly Item[]): string {
  const { inputCommitments, contexts, outputs, proofs } = batchCalldata(key, manifest, items);
  return AbiCoder.defaultAbiCoder().encode(
    ['tuple(bytes32[], uint256[], bytes, bytes)'],
    [[inputCommitments, contexts, outputs, proofs]],
  );
}
