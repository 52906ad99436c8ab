/**
 * The chain of commands without `--rpc`: a local chain kept in a folder. Opening it starts an anvil from the saved
 * state, closing it saves the state and ends the anvil; so nothing runs between commands and the next command finds the
 * contracts, blocks and receipts of the last. A second process waits for the first.
 *
 * Two traps. State saved only at the end is lost by Ctrl-C, so `save` is called after every mined transaction as well.
 * And an anvil that loads a state keeps the first block it made at its own start beside the loaded one, dumps both in
 * no order, and takes either after the next load; a chain known by its first block would be another each time.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { type Anvil, startAnvil } from './anvil.js';
import { LocalNodeError } from './errors.js';
import { acquireLock, writeFileAtomic } from './files.js';
import { connect, type Rpc } from './rpc.js';

const gunzip = promisify(gunzipCallback);

export interface LocalChain {
  readonly rpc: Rpc;
  readonly url: string;
  /** Writes the chain's state to the folder. */
  save(): Promise<void>;
  /** Saves, ends the node, lets the next process in. Safe to call twice. */
  close(): Promise<void>;
}

/** The part of anvil's dump that is looked at here. */
interface SavedState {
  blocks: SavedBlock[];
}
interface SavedBlock {
  readonly header: { readonly number: string; readonly timestamp: string };
}

/** Opens the chain kept in `folder`, or makes one there. */
export async function openLocalChain(folder: string): Promise<LocalChain> {
  const release = await acquireLock(folder);
  const state = join(folder, 'state.json');
  let anvil: Anvil | undefined;
  try {
    anvil = await start(state);
    const { url, stop } = anvil;
    const rpc = await connect(url);
    const first = (await rpc.provider.getBlock(0))!;
    const save = async () => {
      // anvil's dump: hex of the gzipped JSON that its --load-state reads.
      const dump = (await rpc.provider.send('anvil_dumpState', [])) as string;
      const saved = JSON.parse((await gunzip(Buffer.from(dump.slice(2), 'hex'))).toString()) as SavedState;
      const isFirst = ({ header }: SavedBlock) => Number(header.timestamp) === first.timestamp;
      saved.blocks = saved.blocks.filter((block) => Number(block.header.number) !== 0 || isFirst(block));
      await writeFileAtomic(state, JSON.stringify(saved));
    };
    let closing: Promise<void> | undefined;
    const finish = async () => {
      try {
        await save();
      } finally {
        rpc.provider.destroy();
        await stop();
        await release();
      }
    };
    return { rpc, url, save, close: () => (closing ??= finish()) };
  } catch (error) {
    await anvil?.stop();
    await release();
    throw error;
  }
}

async function start(state: string): Promise<Anvil> {
  const saved = await access(state).then(
    () => true,
    () => false,
  );
  try {
    return await startAnvil(saved ? { loadState: state } : {});
  } catch (cause) {
    if (!saved) throw cause;
    throw new LocalNodeError(
      `the local chain saved in ${state} cannot be restored; remove that file and deploy again`,
      { cause },
    );
  }
}
