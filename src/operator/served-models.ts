/**
 * Which of the operator's builds a request is for: the one whose verifier, compiled here from its own key, has the very
 * code that the request's verifier has on the chain. A model's owner names its verifier, so the name proves nothing; a
 * proof for a verifier of unknown code could be refused, and the bond lost.
 */
import { keccak256 } from 'ethers';
import type { Rpc } from '../chain/index.js';
import type { VerificationKey } from '../groth16/types.js';
import type { Manifest, PortVisibility } from '../manifest.js';
import { compileCached, type CompiledContract, vkHash } from '../solidity/index.js';
import { readManifest } from '../workflow/build-folder.js';
import { compileVerifier } from '../workflow/contract.js';
import { readVerificationKey } from '../workflow/verify.js';
import { UnservableBuildError } from './errors.js';
import { type InputLimits, limitsFor } from './input-limits.js';

/** A build that requests can be answered with. */
export interface ServedModel {
  readonly vkHash: string;
  readonly key: VerificationKey;
  readonly manifest: Manifest;
  readonly limits: InputLimits;
}

export interface ServedModels {
  /** The build behind the verifier at `address`; undefined if it is none of ours. */
  at(address: string): Promise<ServedModel | undefined>;
}

/**
 * The verifier of the build in `folder`, compiled from what this package renders. @throws BuildMismatchError where the
 * folder's differs
 */
export async function verifierOf(folder: string): Promise<CompiledContract> {
  return await compileVerifier(folder, compileCached);
}

/** Compiles the verifier of each build in `folders`. @throws UnservableBuildError, BuildMismatchError */
export async function serveModels(rpc: Rpc, folders: readonly string[]): Promise<ServedModels> {
  const byCode = new Map<string, ServedModel>();
  for (const folder of folders) {
    const manifest = await readManifest(folder);
    requireServable(folder, manifest.visibility);
    const { deployedBytecode } = await verifierOf(folder);
    const key = await readVerificationKey(folder);
    byCode.set(keccak256(deployedBytecode), { vkHash: vkHash(key), key, manifest, limits: limitsFor(manifest.inputs) });
  }
  const known = new Map<string, ServedModel | undefined>();
  return {
    async at(address) {
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

/**
 * A request names its input by a commitment, and has one right answer. Neither holds with a private input, and the
 * second not with a hashed output of a public input: nothing secret is there from which everybody could derive its
 * salt. @throws UnservableBuildError
 */
export function requireServable(folder: string, { input, output }: Pick<PortVisibility, 'input' | 'output'>): void {
  if (input === 'private') {
    throw new UnservableBuildError(
      `${folder}: its input is private, and requests name their input by its commitment; compile the model with --input-visibility hashed or public`,
    );
  }
  if (output === 'hashed' && input !== 'hashed') {
    throw new UnservableBuildError(
      `${folder}: its output is hashed and its input public, so that two operators would answer the same request differently; compile the model with --input-visibility hashed, or with a public output`,
    );
  }
}
