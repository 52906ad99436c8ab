/**
 * `proof.json` as snarkjs writes it, with the public signals added under `publicSignals` so that one file is enough;
 * snarkjs and rapidsnark ignore the extra field. Their own pair of files is read as well, and the object `{proof, publicSignals}` that
 * snarkjs's functions give.
 */
import { z } from 'zod';
import { ZkinferError } from '../errors.js';
import type { Proof } from '../groth16/types.js';
import { parseJson } from '../user-json.js';

/** A file is not a Groth16 proof with its public signals. */
export class ProofFormatError extends ZkinferError {
  readonly code = 'PROOF_FORMAT';
}

const decimal = z.string().regex(/^\d{1,78}$/, 'not a decimal number');
const signalsSchema = z.array(decimal);
const pair = z.tuple([decimal, decimal]);
const proofSchema = z.object({
  pi_a: z.tuple([decimal, decimal, decimal]),
  pi_b: z.tuple([pair, pair, pair]),
  pi_c: z.tuple([decimal, decimal, decimal]),
  protocol: z.literal('groth16'),
  curve: z.literal('bn128').default('bn128'),
  publicSignals: signalsSchema.optional(),
});
/** What snarkjs's `fullProve` and `prove` give, and `zkinfer prove --json` prints. */
const pairSchema = z.object({ proof: proofSchema, publicSignals: signalsSchema.optional() });

export interface ProofFile {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
}

export function proofToJson({ proof, publicSignals }: ProofFile): string {
  return `${JSON.stringify({ ...proof, publicSignals }, null, 1)}\n`;
}

/** `publicText`: a separate `public.json`, needed where the proof does not carry its signals. @throws ProofFormatError */
export function proofFromJson(text: string, source: string, publicText?: string): ProofFile {
  const value = parse(text, source);
  const paired = typeof value === 'object' && value !== null && 'proof' in value;
  const { proof: content, publicSignals: beside } = paired ? check(pairSchema, value, source) : { proof: check(proofSchema, value, source), publicSignals: undefined };
  const { publicSignals: inside, ...proof } = content;
  const own = beside ?? inside;
  const given = `the public signals for ${source}`;
  const publicSignals = publicText === undefined ? own : check(signalsSchema, parse(publicText, given), given);
  if (!publicSignals) throw new ProofFormatError(`${source} carries no public signals; name their file with --public`);
  return { proof, publicSignals };
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
