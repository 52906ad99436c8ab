/**
 * What an operator has promised, on disk before it acts: an append-only file of JSON lines, flushed one by one. A duty
 * is a request that it took or disputes, from the decision to the block that settles it for good. Everything else is
 * read from the chain, so the journal cannot contradict it; what it adds is which requests to look at after a restart.
 *
 * The trap: a process killed while it writes leaves half a line at the end. That line was never acted on, and is
 * dropped.
 */
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../chain/files.js';
import { RecordError } from '../chain/errors.js';

const entrySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('chain'), genesis: z.string(), market: z.string(), operator: z.string() }),
  /** Everything in blocks up to here has been looked at. */
  z.object({ kind: z.literal('cursor'), block: z.number().int() }),
  z.object({
    kind: z.literal('open'),
    id: z.string(),
    role: z.enum(['operator', 'challenger']),
    uri: z.string(),
    terms: z.string(),
  }),
  z.object({ kind: z.literal('close'), id: z.string(), outcome: z.string() }),
]);
type JournalEntry = z.infer<typeof entrySchema>;

export interface Duty {
  readonly id: bigint;
  readonly role: 'operator' | 'challenger';
  /** Of the input. */
  readonly uri: string;
  /** Hash of the request's terms (`hashOfTerms`): after a reorganization its number may be another request's. */
  readonly terms: string;
}

export interface OperatorJournal {
  /** Block to go on from; undefined at first. */
  readonly cursor: number | undefined;
  readonly duties: ReadonlyMap<bigint, Duty>;
  /** Resolves when it is on disk. */
  begin(duty: Duty): Promise<void>;
  end(id: bigint, outcome: string): Promise<void>;
  advance(block: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal at `path` and shortens it to what still matters. @throws RecordError where it is another operator's
 * or damaged
 */
export async function openJournal(
  path: string,
  identity: { readonly genesis: string; readonly market: string; readonly operator: string },
): Promise<OperatorJournal> {
  const entries = await readEntries(path);
  const [first] = entries;
  if (
    first !== undefined &&
    (first.kind !== 'chain' ||
      first.genesis !== identity.genesis ||
      first.market !== identity.market ||
      first.operator !== identity.operator)
  ) {
    throw new RecordError(`${path} is the journal of another operator, market or chain; give another --data folder`);
  }
  let cursor: number | undefined;
  const duties = new Map<bigint, Duty>();
  for (const entry of entries) {
    if (entry.kind === 'cursor') cursor = entry.block;
    else if (entry.kind === 'open') duties.set(BigInt(entry.id), { ...entry, id: BigInt(entry.id) });
    else if (entry.kind === 'close') duties.delete(BigInt(entry.id));
  }
  const kept: JournalEntry[] = [{ kind: 'chain', ...identity }];
  if (cursor !== undefined) kept.push({ kind: 'cursor', block: cursor });
  for (const { id, role, uri, terms } of duties.values()) kept.push({ kind: 'open', id: String(id), role, uri, terms });
  await writeFileAtomic(path, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''));

  const file = await open(path, 'a');
  let writing: Promise<unknown> = Promise.resolve();
  const append = (entry: JournalEntry): Promise<void> => {
    const turn = writing.then(async () => {
      await file.appendFile(`${JSON.stringify(entry)}\n`);
      await file.datasync();
    });
    writing = turn.catch(() => undefined);
    return turn;
  };
  return {
    get cursor() {
      return cursor;
    },
    duties,
    async begin(duty) {
      await append({ kind: 'open', ...duty, id: String(duty.id) });
      duties.set(duty.id, duty);
    },
    async end(id, outcome) {
      await append({ kind: 'close', id: String(id), outcome });
      duties.delete(id);
    },
    async advance(block) {
      if (block === cursor) return;
      cursor = block;
      await append({ kind: 'cursor', block });
    },
    async close() {
      await writing;
      await file.close();
    },
  };
}

async function readEntries(path: string): Promise<JournalEntry[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // What follows the last newline was cut off while it was written.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    try {
      return entrySchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new RecordError(`${path} is damaged in line ${i + 1}; move it away to start afresh from the chain`, {
        cause,
      });
    }
  });
}
