/**
 * The inputs of promised requests, on this operator's own disk until the request is settled: who asked may delete the
 * input the moment it is answered, and dispute. A file for each request, named by number and terms, readable by its
 * owner alone, flushed with its folder before the promise is made. It holds the salt that opens the input's commitment;
 * the output's follows from it (`outputSaltOf`).
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../atomic-file.js';
import { writeFileAtomic } from '../chain/files.js';
import { type MarketRequest, hashOfTerms } from '../ledger/index.js';

export interface KeptInputs {
  /** Resolves when it is on disk. */
  keep(request: MarketRequest, document: string): Promise<void>;
  find(request: MarketRequest): Promise<string | undefined>;
  /** For a request that is settled. */
  drop(promised: Promised): Promise<void>;
}

/** A request by number and `hashOfTerms`. */
export interface Promised {
  readonly id: bigint;
  readonly terms: string;
}

const nameOf = ({ id, terms }: Promised): string => `${id}-${terms.slice(2, 34)}.json`;
const promised = (request: MarketRequest): Promised => ({ id: request.id, terms: hashOfTerms(request) });

/**
 * Opens the folder and removes what is no longer `open`: a process can be killed between settling a request and
 * forgetting it.
 */
export async function openKeptInputs(folder: string, open: Iterable<Promised>): Promise<KeptInputs> {
  await makeFolder(folder, 0o700);
  const wanted = new Set(Array.from(open, nameOf));
  for (const name of await readdir(folder)) if (!wanted.has(name)) await rm(join(folder, name), { force: true });
  const path = (of: Promised): string => join(folder, nameOf(of));
  const find = async (request: MarketRequest): Promise<string | undefined> =>
    await readFile(path(promised(request)), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  return {
    find,
    async keep(request, document) {
      if ((await find(request)) !== document) await writeFileAtomic(path(promised(request)), document);
    },
    async drop(settled) {
      await rm(path(settled), { force: true });
    },
  };
}
