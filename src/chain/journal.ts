/**
 * What this machine has signed, written before it is sent. An intent (one deployment, one attestation) keeps its nonce, and
 * two transactions with one nonce cannot both be mined; so a process killed between signing and the receipt resumes, and
 * never sends the same intent as a second transaction.
 */
import { z } from 'zod';
import { readRecord, whileLocked, writeFileAtomic } from './files.js';

const hex = z.string().regex(/^0x[0-9a-f]*$/);

const signedSchema = z.object({
  nonce: z.number().int().nonnegative(),
  /** Hash of every transaction signed for the intent with this nonce; more than one where fees were raised. */
  hashes: z.array(hex).nonempty(),
  /** The newest of them, as `eth_sendRawTransaction` takes it; absent once mined. */
  raw: hex.optional(),
});
export type Signed = z.infer<typeof signedSchema>;

const journalSchema = z.object({ format: z.literal('zkinfer-journal'), version: z.literal(1), signed: z.record(hex, signedSchema) });

/** Intents by their 32-byte hex id, which covers chain (by genesis hash), sender and purpose. */
export interface Journal {
  get(intent: string): Promise<Signed | undefined>;
  set(intent: string, signed: Signed | undefined): Promise<void>;
}

/** A journal in a JSON file, shared by processes. */
export function fileJournal(path: string): Journal {
  const read = async () => (await readRecord(path, journalSchema)) ?? { format: 'zkinfer-journal', version: 1, signed: {} };
  return {
    get: async (intent) => (await read()).signed[intent],
    set: (intent, signed) =>
      whileLocked(path, async () => {
        const journal = await read();
        if (signed === undefined) delete journal.signed[intent];
        else journal.signed[intent] = signed;
        await writeFileAtomic(path, `${JSON.stringify(journal, null, 2)}\n`);
      }),
  };
}

/** A journal that ends with the process: no protection against a crash, for measurements and one-off library calls. */
export function memoryJournal(): Journal {
  const signed = new Map<string, Signed>();
  return {
    get: async (intent) => signed.get(intent),
    set: async (intent, value) => void (value === undefined ? signed.delete(intent) : signed.set(intent, value)),
  };
}
