/**
 * What a proof is to be made for, when only part of it is named: the rest from the build's record and the environment's
 * signer.
 */
import { defaultProver } from '../chain/signer.js';
import { recordedDeployments } from '../chain/deployment.js';
import { UsageError } from '../errors.js';
import type { ProofBinding } from './proof-context.js';

export interface WantedBinding {
  /** Default: the account that signs for `submit`. */
  readonly account?: string;
  /** Default: the attestations contract on record, else the verifier. */
  readonly contract?: string;
  /** Default: the chain on record. */
  readonly chainId?: number;
  /** Default 0. */
  readonly nonce?: bigint;
}

/**
 * The whole binding; undefined where nothing is named and no contract is on record, so that there is nothing to bind to
 * yet.
 * @throws UsageError where it is not clear which chain or contract is meant
 */
export async function proofBinding(folder: string, wanted: WantedBinding): Promise<ProofBinding | undefined> {
  const { contract, chainId, nonce = 0n } = wanted;
  const account = wanted.account ?? (await defaultProver());
  if (contract !== undefined && chainId !== undefined) return { chainId, contract, account, nonce };
  const all = (await recordedDeployments(folder)).flatMap(({ chainId: id, attestations, verifier }) => {
    const address = attestations?.address ?? verifier?.address;
    return address === undefined ? [] : [{ chainId: id, contract: address }];
  });
  const known = all.filter((one) => chainId === undefined || one.chainId === chainId);
  const chains = [...new Set(known.map((one) => one.chainId))];
  if (chains.length > 1) {
    throw new UsageError(
      `the build in ${folder} is on the chains ${chains.join(', ')}, and a proof is good on one of them; name it with --chain-id`,
    );
  }
  // Of several local chains with one number the newest is the one in use.
  const found = known.at(-1);
  if (found === undefined) {
    if (Object.values(wanted).every((part) => part === undefined)) return undefined;
    throw new UsageError(
      `a proof is bound to an account at a contract on a chain, and the build in ${folder} has none on record${chainId === undefined ? '' : ` for chain ${chainId}`}; ` +
        'name them with --contract and --chain-id, or run deploy or register first',
    );
  }
  return { chainId: found.chainId, contract: contract ?? found.contract, account, nonce };
}
