/**
 * `proof.json` as snarkjs writes it, with the public signals added under `publicSignals` so that one file is enough;
 * snarkjs and rapidsnark ignore the extra field, and their own pair of files is read as well.
 */
import { z } from 'zod';
import { ZkinferError } from '../errors.js';
import type { Proof } from '../groth16/types.js';

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

export interface ProofFile {
  readonly proof: Proof;
  readonly publicSignals: readonly string[];
}

export function proofToJson({ proof, publicSignals }: ProofFile): string {
  return `${JSON.stringify({ ...proof, publicSignals }, null, 1)}\n`;
}

/** `publicText`: a separate `public.json`, needed where the proof does not carry its signals. @throws ProofFormatError */
export function proofFromJson(text: string, source: string, publicText?: string): ProofFile {
  const { publicSignals: own, ...proof } = parse(proofSchema, text, source);
  const publicSignals = publicText === undefined ? own : parse(signalsSchema, publicText, `the public signals for ${source}`);
  if (!publicSignals) throw new ProofFormatError(`${source} carries no public signals; name their file with --public`);
  return { proof, publicSignals };
}

function parse<T>(schema: z.ZodType<T>, text: string, source: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProofFormatError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProofFormatError(`${source} is not a Groth16 proof: ${issue.path.join('.') || 'top level'}: ${issue.message}`);
}
