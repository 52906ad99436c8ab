/**
 * Which of the operator's builds a request is for: the one whose verifier, compiled here from its own key, has the very code
 * that the request's verifier has on the chain. A model's owner names its verifier, so the name proves nothing; a proof for
 * a verifier of unknown code could be refused, and the bond lost.
 */
import { keccak256 } from 'ethers';
import type { Rpc } from '../chain/index.js';
import { compileCached, type CompiledContract, vkHash } from '../solidity/index.js';
import { compileVerifier } from '../workflow/contract.js';
import { readVerificationKey } from '../workflow/verify.js';

export interface ServedModels {
  /** Key hash of the build behind the verifier at `address`; undefined if it is none of ours. */
  keyOf(address: string): Promise<string | undefined>;
}

/** The verifier of the build in `folder`, compiled from what this package renders. @throws BuildMismatchError where the folder's differs */
export async function verifierOf(folder: string): Promise<CompiledContract> {
  return await compileVerifier(folder, compileCached);
}

/** Compiles the verifier of each build in `folders`. */
export async function serveModels(rpc: Rpc, folders: readonly string[]): Promise<ServedModels> {
  const byCode = new Map<string, string>();
  for (const folder of folders) {
    const { deployedBytecode } = await verifierOf(folder);
    byCode.set(keccak256(deployedBytecode), vkHash(await readVerificationKey(folder)));
  }
  const known = new Map<string, string | undefined>();
  return {
    async keyOf(address) {
      if (!known.has(address)) {
        const code = await rpc.provider.getCode(address);
        // Not yet deployed, as far as this node knows: ask again next time.
        if (code === '0x') return undefined;
        known.set(address, byCode.get(keccak256(code)));
      }
      return known.get(address);
    },
  };
}
