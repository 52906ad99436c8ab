/** `provenance lineage`: the lineage of whatever the user names. */
import { NotDeployedError, readModel } from '../chain/index.js';
import { UsageError } from '../errors.js';
import { type Lineage, lineageOfArtifact, lineageOfAttestation, lineageOfModel } from './lineage.js';
import { type LedgerOptions, withLedger } from './open-ledger.js';

/** Exactly one of `artifact`, `attestation` and `model`. */
export interface LineageOptions extends Omit<LedgerOptions, 'store'> {
  readonly artifact?: string;
  readonly attestation?: string;
  readonly model?: bigint;
  /** Default: the current one. */
  readonly modelVersion?: number;
  /** Address of the attestations contract; default: the one on record in the folder. */
  readonly attestations?: string;
}

export async function readLineage(folder: string, options: LineageOptions): Promise<Lineage> {
  const { artifact, attestation, model, modelVersion } = options;
  if ([artifact, attestation, model].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('name what the lineage is of: one of --attestation, --model and --artifact');
  return await withLedger(folder, options, async ({ rpc, ledger, deployment }) => {
    if (artifact !== undefined) return await lineageOfArtifact(rpc, ledger, artifact);
    if (attestation !== undefined) {
      const contract = options.attestations ?? deployment.attestations?.address;
      if (contract === undefined)
        throw new NotDeployedError(
          `no attestations contract is on record in ${folder} for chain ${rpc.chainId}; give --attestations`,
        );
      return await lineageOfAttestation(rpc, ledger, contract, attestation);
    }
    if (modelVersion !== undefined) return await lineageOfModel(rpc, ledger, model!, modelVersion);
    const registry = deployment.registry?.address;
    if (registry === undefined)
      throw new UsageError(
        `no registry is on record in ${folder} that would tell the current version of model ${model}; give --model-version`,
      );
    return await lineageOfModel(rpc, ledger, model!, (await readModel(rpc, registry, model!)).version);
  });
}
