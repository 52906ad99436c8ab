/**
 * Proofs and public signals in the encodings that the contracts read: snarkjs's argument order for `verifyProof`, and
 * ERC-7992's (`inputCommitment`, `output`, `proof`) as `IInferenceVerifier.sol` lays them out.
 *
 * The traps: G2 coordinates are swapped against `proof.json` (EIP-197: imaginary part first), and infinity, [0, 1, 0]
 * there, is all zeros here.
 */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { PublicSignalsError } from './errors.js';
import type { Proof, VerificationKey } from '../groth16/types.js';
import type { Manifest, SignalKind } from '../manifest.js';
import { PORT_ROLES } from '../port-roles.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { carrierOf, isCommittedByArgument } from './contract-ports.js';
import { keccak, vkHash, wordHex } from './key.js';

export { PublicSignalsError } from './errors.js';

/** Hashed before the input signals of a model with public input. */
export const PUBLIC_INPUT_DOMAIN = 'zkinfer public input v1';

/** Arguments of `verifyProof`, in order. */
export interface ProofCalldata {
  readonly a: readonly [bigint, bigint];
  readonly b: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly c: readonly [bigint, bigint];
  readonly signals: readonly bigint[];
}

/** Arguments of `IInferenceVerifier.checkInference`, hex with 0x. */
export interface InferenceCalldata {
  readonly inputCommitment: string;
  readonly output: string;
  readonly proof: string;
  readonly context: bigint;
}

/** Arguments of `attestBatch` and `checkInferences`. */
export interface BatchCalldata {
  readonly inputCommitments: readonly string[];
  readonly contexts: readonly bigint[];
  readonly outputs: string;
  readonly proofs: string;
}

export type SignalLayout = Pick<Manifest, 'publicSignals'>;

/** @throws PublicSignalsError for what no contract can read */
export function proofCalldata(proof: Proof, publicSignals: readonly string[]): ProofCalldata {
  const [ax, ay] = affine('A', proof.pi_a);
  const [cx, cy] = affine('C', proof.pi_c);
  const [[bx0, bx1], [by0, by1]] = affineG2(proof.pi_b);
  for (const part of [ax, ay, cx, cy, bx0, bx1, by0, by1, ...publicSignals]) {
    if (!/^\d{1,78}$/.test(part) || BigInt(part) >= 1n << 256n) {
      throw new PublicSignalsError(
        `A proof's coordinates and public signals are numbers of at most 256 bits; ${part.slice(0, 90)} is none.`,
      );
    }
  }
  return {
    a: [BigInt(ax), BigInt(ay)],
    b: [
      [BigInt(bx1), BigInt(bx0)],
      [BigInt(by1), BigInt(by0)],
    ],
    c: [BigInt(cx), BigInt(cy)],
    signals: publicSignals.map((s) => BigInt(s)),
  };
}

/**
 * The coordinates of a point with z = 1, zeros for [0, 1, 0]. The contracts see no z, so another one must not be
 * dropped.
 */
function affine(point: string, [x, y, z]: readonly string[]): readonly [string, string] {
  if (z === '1') return [x, y];
  if (z === '0' && x === '0' && y === '1') return ['0', '0'];
  throw notAffine(point);
}

function affineG2([x, y, z]: Proof['pi_b']): readonly [readonly [string, string], readonly [string, string]] {
  if (z[0] === '1' && z[1] === '0') return [x, y];
  if ([...x, ...y, ...z].join() === '0,0,1,0,0,0')
    return [
      ['0', '0'],
      ['0', '0'],
    ];
  throw notAffine('B');
}

function notAffine(point: string): PublicSignalsError {
  return new PublicSignalsError(
    `The proof's point ${point} is not in affine form: its third coordinate must be 1 (infinity is 0, 1, 0).`,
  );
}

/** One proof, as generated verifiers read it. */
export function inferenceCalldata(
  key: VerificationKey,
  manifest: SignalLayout,
  proof: Proof,
  publicSignals: readonly string[],
): InferenceCalldata {
  const parts = splitSignals(manifest, publicSignals);
  return {
    inputCommitment: parts.inputCommitment,
    output: hex(parts.outputs),
    proof: `${vkHash(key).slice(0, 10)}${[...proofWords(proof), ...parts.behindProof].map(wordHex).join('')}`,
    context: parts.context,
  };
}

/**
 * ERC-7992's `proof` for `ZKMLVerifier`: the nonce of the caller's context, then what the generated verifier reads. Hex
 * with 0x.
 */
export function callersProof(nonce: bigint, proof: string): string {
  return `0x${wordHex(nonce)}${proof.slice(2)}`;
}

/**
 * What the contracts read from the public signals alone: the commitment, the output and the context of an inference.
 */
export function signalCalldata(
  manifest: SignalLayout,
  publicSignals: readonly string[],
): Omit<InferenceCalldata, 'proof'> {
  const { inputCommitment, outputs, context } = splitSignals(manifest, publicSignals);
  return { inputCommitment, output: hex(outputs), context };
}

/** Many proofs of one model for `attestBatch`. */
export function batchCalldata(
  key: VerificationKey,
  manifest: SignalLayout,
  items: readonly { readonly proof: Proof; readonly publicSignals: readonly string[] }[],
): BatchCalldata {
  const parts = items.map((item) => splitSignals(manifest, item.publicSignals));
  const proofs = items.flatMap((item, i) => [...proofWords(item.proof), ...parts[i].behindProof]);
  return {
    inputCommitments: parts.map((p) => p.inputCommitment),
    contexts: parts.map((p) => p.context),
    outputs: hex(parts.flatMap((p) => p.outputs)),
    proofs: `${vkHash(key).slice(0, 10)}${proofs.map(wordHex).join('')}`,
  };
}

function splitSignals(manifest: SignalLayout, publicSignals: readonly string[]) {
  const layout = manifest.publicSignals;
  if (layout.length !== publicSignals.length) {
    throw new PublicSignalsError(
      `The model has ${layout.length} public signals, ${publicSignals.length} were given; use the proof's own public.json.`,
    );
  }
  const values = publicSignals.map((text, i) => {
    const value = /^\d{1,78}$/.test(text) ? BigInt(text) : FIELD_MODULUS;
    if (value >= FIELD_MODULUS)
      throw new PublicSignalsError(`Public signal ${i} is no element of the scalar field: ${text}.`);
    return value;
  });
  const valuesWhere = (isWanted: (kind: SignalKind) => boolean): bigint[] =>
    values.filter((_, i) => isWanted(layout[i].kind));
  const carriedBy = (argument: string): bigint[] => valuesWhere((kind) => carrierOf(kind) === argument);
  const hashedHere = valuesWhere((kind) => PORT_ROLES.some((role) => role === kind && isCommittedByArgument(role)));
  const [commitment] = carriedBy('inputCommitment');
  const inputCommitment =
    hashedHere.length > 0
      ? keccak(new Uint8Array([...utf8ToBytes(PUBLIC_INPUT_DOMAIN), ...hexToBytes(hashedHere.map(wordHex).join(''))]))
      : `0x${wordHex(commitment ?? 0n)}`;
  return {
    outputs: carriedBy('output'),
    behindProof: carriedBy('proof'),
    inputCommitment,
    context: valuesWhere((kind) => kind === 'context')[0] ?? 0n,
  };
}

function proofWords(proof: Proof): bigint[] {
  const { a, b, c } = proofCalldata(proof, []);
  return [...a, ...b[0], ...b[1], ...c];
}

function hex(words: readonly bigint[]): string {
  return `0x${words.map(wordHex).join('')}`;
}
