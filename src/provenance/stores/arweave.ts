/**
 * Blocks on Arweave, through an HTTP gateway: each block is the data of one transaction tagged with its content
 * identifier, found again by the gateway's GraphQL index. Arweave stores in chunks of 256 KiB, the size of a UnixFS
 * leaf.
 *
 * The trap: a tag is what anyone says about their data. Many transactions may bear one identifier, and only the hash
 * tells which of them has the block; so they are tried, oldest first, until one fits.
 */
import { readFile } from 'node:fs/promises';
import ArweaveClient from 'arweave';
import { z } from 'zod';
import { decodeText } from '../../user-json.js';
import { HashMismatchError, NotStoredError, StoreError } from '../errors.js';
import { request } from './http.js';
import { type BlockStore, hasHash, MAX_BLOCK } from './store.js';

/** The tag that names a block. */
const TAG = 'IPFS-CID';
/** Transactions tried for one block: as many as a page of the index has. */
const CANDIDATES = 100;
const INDEX_LIMIT = 1 << 20;

const QUERY = `query($cid: String!) { transactions(tags: [{ name: "${TAG}", values: [$cid] }], sort: HEIGHT_ASC, first: ${CANDIDATES}) { edges { node { id } } } }`;

const indexSchema = z.object({
  data: z.object({
    transactions: z.object({
      edges: z.array(z.object({ node: z.object({ id: z.string().regex(/^[\w-]{43}$/) }) })).max(CANDIDATES),
    }),
  }),
});
/** RSA key of an Arweave wallet; what else is in the file does not matter. */
const walletSchema = z.looseObject({ kty: z.literal('RSA'), n: z.string(), e: z.string(), d: z.string() });

/**
 * `gateway`: `https://arweave.net`, say. `walletFile`: the JSON Web Key of the wallet that pays for `put`; reading
 * needs none. A block that the index already has is not paid for again.
 */
export function arweaveStore(gateway: URL, walletFile?: string): BlockStore {
  const name = `the Arweave gateway at ${gateway.host}`;
  const client = ArweaveClient.init({
    protocol: gateway.protocol.slice(0, -1),
    host: gateway.hostname,
    ...(gateway.port === '' ? {} : { port: gateway.port }),
  });
  const find = async (cid: string): Promise<string[]> => {
    const body = JSON.stringify({ query: QUERY, variables: { cid } });
    const answer = await request(new URL('/graphql', gateway), INDEX_LIMIT, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    try {
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      return indexSchema
        .parse(JSON.parse(answer.body.toString('utf8')))
        .data.transactions.edges.map(({ node }) => node.id);
    } catch (cause) {
      throw new StoreError(`${name} has no usable GraphQL index at /graphql; use a gateway that has one`, { cause });
    }
  };
  const search: BlockStore['get'] = async (cid) => {
    const found = await find(String(cid));
    if (found.length === 0)
      throw new NotStoredError(
        `${name} does not have ${cid}; what was uploaded in the last minutes may not be indexed yet`,
      );
    let lies = 0;
    for (const id of found) {
      const { status, body } = await request(new URL(`/raw/${id}`, gateway), MAX_BLOCK).catch(() => ({
        status: 0,
        body: Buffer.alloc(0),
      }));
      if (status === 200 && (await hasHash(cid, body))) return body;
      if (status === 200) lies++;
    }
    if (lies > 0)
      throw new HashMismatchError(
        `${name} has ${lies} transactions tagged as ${cid}, and what it gives for them has another hash; it was thrown away`,
      );
    throw new StoreError(`${name} knows ${cid} but does not give its data; try again later, or use another gateway`);
  };
  return {
    name,
    get: search,
    put: async (cid, block) => {
      const known = await search(cid).catch((error: unknown) => {
        if (error instanceof NotStoredError || error instanceof HashMismatchError) return undefined;
        throw error;
      });
      if (known !== undefined) return;
      const wallet = await readWallet(walletFile);
      try {
        const transaction = await client.createTransaction({ data: new Uint8Array(block) }, wallet);
        transaction.addTag(TAG, String(cid));
        transaction.addTag('Content-Type', 'application/vnd.ipld.raw');
        await client.transactions.sign(transaction, wallet);
        const { status } = await client.transactions.post(transaction);
        if (status !== 200) throw new Error(`status ${status}`);
      } catch (cause) {
        throw new StoreError(
          `${name} does not take ${cid} (${(cause as Error).message.slice(0, 200)}); check the wallet's balance and the gateway`,
          { cause },
        );
      }
    },
  };
}

async function readWallet(file: string | undefined): Promise<Parameters<ArweaveClient['createTransaction']>[1]> {
  if (file === undefined)
    throw new StoreError(
      'storing on Arweave costs AR: set ZKINFER_ARWEAVE_WALLET to the file of the wallet that pays (a JSON Web Key)',
    );
  let text: string;
  try {
    text = decodeText(await readFile(file));
  } catch (cause) {
    throw new StoreError(`the wallet ${file} (ZKINFER_ARWEAVE_WALLET) cannot be read`, { cause });
  }
  try {
    return walletSchema.parse(JSON.parse(text)) as Parameters<ArweaveClient['createTransaction']>[1];
  } catch {
    // The cause would repeat parts of the key.
    throw new StoreError(
      `${file} (ZKINFER_ARWEAVE_WALLET) is not an Arweave wallet: a JSON Web Key of type RSA is expected`,
    );
  }
}
