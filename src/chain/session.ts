/**
 * What a command holds while it works on a chain: the RPC or the build's own local chain, the signer, the build's
 * journal.
 */
import { join } from 'node:path';
import { fileJournal } from './journal.js';
import { openLocalChain } from './local-chain.js';
import { connect, type ConnectOptions, type Rpc } from './rpc.js';
import { resolveSigner } from './signer.js';
import type { Sender } from './transactions.js';

export interface Chain {
  readonly rpc: Rpc;
  /** True for the chain kept in the build folder. */
  readonly embedded: boolean;
  /** Saves the state of a local chain; does nothing for a remote node. */
  save(): Promise<void>;
  /** Must be called; ends the local node, if there is one. Safe to call twice. */
  close(): Promise<void>;
}

/** The chain behind `rpcUrl`, or without one the local chain kept in `BUILD/local-chain`. */
export async function openChain(buildFolder: string, rpcUrl?: string, options: ConnectOptions = {}): Promise<Chain> {
  if (rpcUrl === undefined) return { ...(await openLocalChain(join(buildFolder, 'local-chain'))), embedded: true };
  const rpc = await connect(rpcUrl, options);
  return { rpc, embedded: false, save: async () => undefined, close: async () => rpc.provider.destroy() };
}

/** A sender on `chain` by the environment's signer, journalled in the build folder's `transactions.json`. */
export async function openSender(
  buildFolder: string,
  chain: Chain,
  options: Pick<Sender, 'confirmations' | 'timeoutMs'> & { readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Sender> {
  const { environment, ...patience } = options;
  return {
    rpc: chain.rpc,
    signer: await resolveSigner(chain.rpc.chainId, environment),
    journal: fileJournal(join(buildFolder, 'transactions.json')),
    onMined: () => chain.save(),
    ...patience,
  };
}
