/**
 * The ledger a command works on: named by the user, else the one on record in the working folder (a build, or any
 * folder of its own) for this chain, else, to write, a new one. Content is kept in `FOLDER/provenance` unless another
 * store is named.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Chain,
  type Deployment,
  deployRegistry,
  NotDeployedError,
  openChain,
  openSender,
  readDeployment,
  requireCode,
  type Rpc,
  type Sender,
  updateDeployment,
} from '../chain/index.js';
import { deployProvenance } from './ledger.js';
import { openStore } from './stores/open.js';
import type { BlockStore } from './stores/store.js';

export interface LedgerOptions {
  /** Without it: a local chain kept in the folder. */
  readonly rpc?: string;
  /** Address of the ledger. */
  readonly ledger?: string;
  /** As `openStore` takes it. */
  readonly store?: string;
}

export interface LedgerWriteOptions extends LedgerOptions {
  /** Registry of the models, where a new ledger is deployed. */
  readonly registry?: string;
  /** Blocks to wait for. */
  readonly confirmations?: number;
}

export interface OpenLedger {
  readonly rpc: Rpc;
  readonly ledger: string;
  readonly deployment: Deployment;
  readonly store: BlockStore;
}

/** Runs `work` with the ledger to read. @throws NotDeployedError where there is none */
export async function withLedger<T>(
  folder: string,
  options: LedgerOptions,
  work: (open: OpenLedger) => Promise<T>,
): Promise<T> {
  return await withChain(folder, options, async ({ rpc }) => {
    const deployment = await readDeployment(folder, rpc);
    const ledger = options.ledger ?? deployment.provenance?.address;
    if (ledger === undefined)
      throw new NotDeployedError(
        `no provenance ledger is on record in ${folder} for chain ${rpc.chainId}; give --ledger, or record an artifact first`,
      );
    await requireCode({ rpc }, ledger, 'provenance ledger');
    return await work({ rpc, ledger, deployment, store: storeOf(folder, options) });
  });
}

/** Runs `work` with the ledger and a signer; deploys registry and ledger where the folder has none. */
export async function withLedgerSender<T>(
  folder: string,
  options: LedgerWriteOptions,
  work: (open: OpenLedger, sender: Sender) => Promise<T>,
): Promise<T> {
  return await withChain(folder, { ...options, create: true }, async (chain) => {
    const { rpc } = chain;
    const sender = await openSender(
      folder,
      chain,
      options.confirmations === undefined ? {} : { confirmations: options.confirmations },
    );
    const ledger = options.ledger ?? (await ledgerFor(folder, sender, options));
    await requireCode(sender, ledger, 'provenance ledger');
    const result = await work(
      { rpc, ledger, deployment: await readDeployment(folder, rpc), store: storeOf(folder, options) },
      sender,
    );
    await chain.save();
    return result;
  });
}

/** Where the list of a batch's checkpoints is kept. */
export const checkpointsFile = (folder: string, root: string): string =>
  join(folder, 'provenance', `checkpoints-${root}.json`);

const storeOf = (folder: string, { store }: LedgerOptions): BlockStore =>
  openStore(store ?? join(folder, 'provenance', 'blocks'));

async function ledgerFor(folder: string, sender: Sender, { registry }: LedgerWriteOptions): Promise<string> {
  const known = await readDeployment(folder, sender.rpc);
  if (known.provenance !== undefined) return known.provenance.address;
  const over = registry ?? known.registry?.address ?? (await newRegistry(folder, sender));
  await requireCode(sender, over, 'registry');
  const { address, transaction, blockNumber } = await deployProvenance(sender, over);
  await updateDeployment(folder, sender.rpc, { provenance: { address, transaction, block: blockNumber } });
  return address;
}

async function newRegistry(folder: string, sender: Sender): Promise<string> {
  const { registry, attestations } = await deployRegistry(sender);
  await updateDeployment(folder, sender.rpc, {
    registry: { address: registry.address },
    attestations: { address: attestations.address },
  });
  return registry.address;
}

async function withChain<T>(
  folder: string,
  options: LedgerOptions & { readonly create?: boolean },
  work: (chain: Chain) => Promise<T>,
): Promise<T> {
  if (options.rpc === undefined && !options.create && !(await exists(join(folder, 'local-chain')))) {
    throw new NotDeployedError(
      `there is no local chain in ${folder}; name the folder that was recorded in with --build, or a chain with --rpc`,
    );
  }
  const chain = await openChain(folder, options.rpc);
  try {
    return await work(chain);
  } finally {
    await chain.close();
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
