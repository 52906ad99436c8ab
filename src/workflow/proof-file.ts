/**
 * `proof.json` as snarkjs writes it, with the public signals added under `publicSignals` so that one file is enough;
 * snarkjs and rapidsnark ignore the extra field, and `context`, which says what the proof's context hashes. Their own pair of files is read as well, and the object `{proof, publicSignals}` that
 * snarkjs's functions give.
 */
import { z } from 'zod';
import { ZkinferError } from '../errors.js';
import type { Proof } from '../groth16/types.js';
import type { ProofBinding } from './proof-context.js';
import { parseJson } from '../user-json.js';

/** A file is not a Groth16 proof with its public signals. */
export class ProofFormatError extends ZkinferError {
  readonly code = 'PROOF_FORMAT';
}

const decimal = z.string().regex(/^\d{1,78}$/, 'not a decimal number');
const signalsSchema = z.array(decimal);
const pair = z.tuple([decimal, decimal]);
const hexAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'not an address');
const bindingSchema = z
  .object({ chainId: decimal, contract: hexAddress, account: hexAddress, nonce: decimal })
  .transform(({ chainId, contract, account, nonce }): ProofBinding => ({ chainId: BigInt(chainId), contract, account, nonce: BigInt(nonce) }))
  .refine(({ chainId, nonce }) => BigInt(chainId) < 1n << 256n && BigInt(nonce) < 1n << 256n, 'numbers of more than 256 bits');
const proofSchema = z.object({
  pi_a: z.tuple([decimal, decimal, decimal]),
  pi_b: z.tuple([pair, pair, pair]),
  pi_c: z.tuple([decimal, decimal, decimal]),
  protocol: z.literal('groth16'),
  curve: z.literal('bn128').default('bn128'),
  publicSignals: signalsSchema.optional(),
  context: bindingSchema.optional(),
});
/** What snarkjs's `fullProve` and `prove` give, and `zkinfer prove --json` prints. */
const pairSchema = z.object({ proof: proofSchema, publicSignals: signalsSchema.optional() });

export interface ProofFile {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
  /** What the proof's context is said to be made of; nothing is believed that does not hash to it (`boundTo`). */
  readonly binding?: ProofBinding;
}

export function proofToJson({ proof, publicSignals, binding }: ProofFile): string {
  return `${JSON.stringify({ ...proof, publicSignals, ...(binding ? { context: bindingToJson(binding) } : {}) }, null, 1)}\n`;
}

/** A binding as JSON holds it: numbers in decimal, as a nonce may have 256 bits. */
function bindingToJson({ chainId, contract, account, nonce }: ProofBinding): Record<string, string> {
  return { chainId: String(chainId), contract, account, nonce: String(nonce) };
}

/** `publicText`: a separate `public.json`, needed where the proof does not carry its signals. @throws ProofFormatError */
export function proofFromJson(text: string, source: string, publicText?: string): ProofFile {
  const value = parse(text, source);
  const paired = typeof value === 'object' && value !== null && 'proof' in value;
  const { proof: content, publicSignals: beside } = paired ? check(pairSchema, value, source) : { proof: check(proofSchema, value, source), publicSignals: undefined };
  const { publicSignals: inside, context: kept, ...proof } = content;
  const own = beside ?? inside;
  const given = `the public signals for ${source}`;
  const publicSignals = publicText === undefined ? own : check(signalsSchema, parse(publicText, given), given);
  if (!publicSignals) throw new ProofFormatError(`${source} carries no public signals; name their file with --public`);
  return { proof, publicSignals, ...(kept ? { binding: kept } : {}) };
}

function parse(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ProofFormatError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProofFormatError(`${source} is not a Groth16 proof: ${issue.path.join('.') || 'top level'}: ${issue.message}`);
}
