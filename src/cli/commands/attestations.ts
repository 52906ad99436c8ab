/** `zkinfer attestations`. */
import { Option, type Command } from 'commander';
import type { Attestation } from '../../chain/index.js';
import { NotReadyError } from '../../workflow/errors.js';
import { address, hash } from '../chain-values.js';
import { jsonOption, rpcOption } from '../options.js';
import { execute, oneStage } from '../session.js';
import { textTable } from '../table.js';

interface Flags {
  readonly id?: string;
  readonly prover?: string;
  readonly rpc?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .addOption(new Option('--id <hash>', 'one attestation').argParser(hash))
    .addOption(new Option('--prover <address>', 'only those of one prover').argParser(address))
    .addOption(rpcOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const { readManifest } = await import('../../workflow/build-folder.js');
          await readManifest(folder);
          return await oneStage(session, 'reading attestations', () => read(folder, flags));
        },
        (list) =>
          list.length === 0
            ? 'no attestations'
            : textTable(
                ['id', 'version', 'prover', 'block'],
                list.map((one) => [one.id, String(one.version), one.prover, String(one.blockNumber)]),
              ),
      );
    });
}

async function read(folder: string, flags: Flags): Promise<Attestation[]> {
  const { findAttestation, listAttestations, openChain, readDeployment } = await import('../../chain/index.js');
  const chain = await openChain(folder, flags.rpc);
  try {
    const { attestations, model } = await readDeployment(folder, chain.rpc);
    if (!attestations || !model)
      throw new NotReadyError(
        `the build in ${folder} is not registered on chain ${chain.rpc.chainId}; run: zkinfer register ${folder}`,
      );
    if (flags.id !== undefined) {
      const found = await findAttestation(chain.rpc, attestations.address, flags.id);
      return found ? [found] : [];
    }
    return await listAttestations(chain.rpc, attestations.address, {
      modelId: BigInt(model.id),
      ...(flags.prover ? { prover: flags.prover } : {}),
    });
  } finally {
    await chain.close();
  }
}
