/**
 * Which of the operator's builds a request is for: the one whose verifier, compiled here from its own key, has the very code
 * that the request's verifier has on the chain. A model's owner names its verifier, so the name proves nothing; a proof for
 * a verifier of unknown code could be refused, and the bond lost.
 */
import { keccak256 } from 'ethers';
import type { Rpc } from '../chain/index.js';
import { compileCached, type CompiledContract, contractName, renderVerifier, vkHash } from '../solidity/index.js';
import { readBuildFile, readManifest } from '../workflow/build-folder.js';
import { readVerificationKey } from '../workflow/verify.js';

export interface ServedModels {
  /** Key hash of the build behind the verifier at `address`; undefined if it is none of ours. */
  keyOf(address: string): Promise<string | undefined>;
}

/**
 * The verifier of the build in `folder`, compiled: from its own `Verifier.sol` where it has one, since another version of this
 * package may write another contract for the same key.
 */
export async function verifierOf(folder: string): Promise<CompiledContract> {
  const manifest = await readManifest(folder);
  const written = manifest.files['Verifier.sol'] !== undefined;
  const source = written ? new TextDecoder().decode(await readBuildFile(folder, manifest, 'Verifier.sol')) : renderVerifier(await readVerificationKey(folder), manifest);
  return (await compileCached({ 'Verifier.sol': source }))[contractName(manifest.name)];
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
