/**
 * `deployment.json`: what a build has on which chain. Chains are told apart by the hash of their first block, since
 * every fresh local chain has the same chain id.
 */
import { join } from 'node:path';
import { isAddress } from 'ethers';
import { z } from 'zod';
import { readRecord, whileLocked, writeFileAtomic } from './files.js';
import type { Rpc } from './rpc.js';

const address = z.string().refine(isAddress, 'not an address');
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const contract = z.object({ address, transaction: hash.optional(), block: z.number().int().nonnegative().optional() });

const deploymentSchema = z.object({
  chainId: z.number().int().positive(),
  /** The build's generated verifier, and the hash of the key in it. */
  verifier: contract.extend({ vkHash: hash }).optional(),
  registry: contract.optional(),
  attestations: contract.optional(),
  /** The ledger of artifacts over that registry. */
  provenance: contract.optional(),
  /** The build in the registry: model number in decimal, and the version that is this build. */
  model: z
    .object({ id: z.string().regex(/^\d+$/), version: z.number().int().positive(), vkHash: hash, transaction: hash })
    .optional(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

const recordSchema = z.object({
  format: z.literal('zkinfer-deployment'),
  version: z.literal(1),
  chains: z.record(hash, deploymentSchema),
});

const path = (buildFolder: string) => join(buildFolder, 'deployment.json');

/** What the build in `buildFolder` has on the chain behind `rpc`. */
export async function readDeployment(buildFolder: string, rpc: Rpc): Promise<Deployment> {
  const record = await readRecord(path(buildFolder), recordSchema);
  return record?.chains[rpc.genesisHash] ?? { chainId: rpc.chainId };
}

/**
 * What is on record for all chains, in the order they were first written; several may be local chains with one chain
 * id.
 */
export async function recordedDeployments(buildFolder: string): Promise<readonly Deployment[]> {
  return Object.values((await readRecord(path(buildFolder), recordSchema))?.chains ?? {});
}

/** Adds or replaces the given parts and writes the record. */
export async function updateDeployment(buildFolder: string, rpc: Rpc, parts: Partial<Deployment>): Promise<Deployment> {
  return await whileLocked(path(buildFolder), async () => {
    const record = (await readRecord(path(buildFolder), recordSchema)) ?? {
      format: 'zkinfer-deployment',
      version: 1,
      chains: {},
    };
    const deployment = { ...record.chains[rpc.genesisHash], ...parts, chainId: rpc.chainId };
    record.chains[rpc.genesisHash] = deployment;
    await writeFileAtomic(path(buildFolder), `${JSON.stringify(record, null, 2)}\n`);
    return deployment;
  });
}
