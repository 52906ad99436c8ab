/** Stores by name, as users give them; what is opened hashes everything it fetches. */
import { UsageError } from '../../errors.js';
import { arweaveStore } from './arweave.js';
import { folderStore } from './folder.js';
import { kuboStore } from './kubo.js';
import { type BlockStore, rehashed } from './store.js';

/**
 * A folder's path, `kubo:URL` (of its RPC) or `arweave:URL` (of a gateway). The wallet that pays for Arweave is the
 * file named by ZKINFER_ARWEAVE_WALLET. @throws UsageError
 */
export function openStore(where: string, environment: NodeJS.ProcessEnv = process.env): BlockStore {
  const remote = /^(kubo|arweave):(.*)$/s.exec(where);
  if (remote === null) return rehashed(folderStore(where));
  const [, kind, address] = remote;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      `the store ${kind}: must be followed by an http or https URL, as in kubo:http://127.0.0.1:5001`,
    );
  return rehashed(kind === 'kubo' ? kuboStore(url) : arweaveStore(url, environment.ZKINFER_ARWEAVE_WALLET));
}
