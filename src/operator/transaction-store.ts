/**
 * The journal of signed transactions for a process that alone works on a folder: a file for each intent, so that a long
 * life makes no file large, and no lock that a killed process would leave behind.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord, writeFileAtomic } from '../chain/files.js';
import { type Journal, signedSchema } from '../chain/journal.js';

/** `folder` must be this process's own (see `ownership.ts`). */
export function transactionStore(folder: string): Journal {
  const turns = new Map<string, Promise<unknown>>();
  return {
    update(intent, change) {
      const path = join(folder, `${intent}.json`);
      const work = async () => {
        const known = await readRecord(path, signedSchema);
        const next = await change(known);
        if (next === undefined) await rm(path, { force: true });
        else if (next !== known) await writeFileAtomic(path, JSON.stringify(next));
        return next;
      };
      const turn = (turns.get(intent) ?? Promise.resolve()).then(work, work);
      turns.set(intent, turn);
      void turn.catch(() => undefined).finally(() => turns.get(intent) === turn && turns.delete(intent));
      return turn;
    },
  };
}
