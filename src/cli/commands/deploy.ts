/** `zkinfer deploy`. */
import type { Command } from 'commander';
import { addSignerHelp } from '../chain-values.js';
import { confirmationsOption, jsonOption, rpcOption } from '../options.js';
import { execute } from '../session.js';

interface Flags {
  readonly rpc?: string;
  readonly confirmations?: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  addSignerHelp(command)
    .argument('<build>', 'build folder')
    .addOption(rpcOption())
    .addOption(confirmationsOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const { deployBuild } = await import('../../workflow/contract.js');
          const result = await session.stage('deploying the verifier', () => deployBuild(folder, flags));
          return { result, ok: true };
        },
        ({ address, chainId, gasUsed, embedded }) =>
          `verifier at ${address} on chain ${chainId}${embedded ? ' (local, kept in the build folder)' : ''}, ${gasUsed?.toLocaleString('en-US')} gas\nnext: zkinfer register ${folder}, or: zkinfer submit ${folder}`,
      );
    });
}
