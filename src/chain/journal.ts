/**
 * What this machine has signed, written before it is sent. An intent (one deployment, one attestation) keeps its nonce,
 * and two transactions with one nonce cannot both be mined; so a process killed between signing and the receipt
 * resumes, and never sends the same intent as a second transaction.
 */
import { z } from 'zod';
import { readRecord, whileLocked, writeFileAtomic } from './files.js';

const hex = z.string().regex(/^0x[0-9a-f]*$/);

export const signedSchema = z.object({
  nonce: z.number().int().nonnegative(),
  /** Hash of every transaction signed for the intent with this nonce; more than one where fees were raised. */
  hashes: z.array(hex).nonempty(),
  /** The newest of them, as `eth_sendRawTransaction` takes it; absent once mined. */
  raw: hex.optional(),
});
export type Signed = z.infer<typeof signedSchema>;

const journalSchema = z.object({
  format: z.literal('zkinfer-journal'),
  version: z.literal(1),
  signed: z.record(hex, signedSchema),
});

/** Intents by their 32-byte hex id, which covers chain (by genesis hash), sender and purpose. */
export interface Journal {
  /**
   * Replaces what is kept for `intent` by what `change` makes of it (undefined: nothing), while no one else can.
   * Returns it. If `change` throws, all stays as it was.
   */
  update<T extends Signed | undefined>(intent: string, change: (known: Signed | undefined) => Promise<T>): Promise<T>;
}

/** A journal in a JSON file, shared by processes. */
export function fileJournal(path: string): Journal {
  return {
    update: (intent, change) =>
      whileLocked(path, async () => {
        const journal = (await readRecord(path, journalSchema)) ?? {
          format: 'zkinfer-journal',
          version: 1,
          signed: {},
        };
        const known = journal.signed[intent];
        const next = await change(known);
        if (next === known) return next;
        if (next === undefined) delete journal.signed[intent];
        else journal.signed[intent] = next;
        await writeFileAtomic(path, `${JSON.stringify(journal, null, 2)}\n`);
        return next;
      }),
  };
}

/** A journal that ends with the process: no protection against a crash, for measurements and one-off library calls. */
export function memoryJournal(): Journal {
  const signed = new Map<string, Signed>();
  return {
    update: async (intent, change) => {
      const next = await change(signed.get(intent));
      if (next === undefined) signed.delete(intent);
      else signed.set(intent, next);
      return next;
    },
  };
}
