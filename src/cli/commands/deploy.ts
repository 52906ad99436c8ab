/** `zkinfer deploy`. */
import type { Command } from 'commander';
import { addSendingOptions, type SendingFlags } from '../options.js';
import { execute, oneStage } from '../session.js';

export function define(command: Command): void {
  addSendingOptions(command.argument('<build>', 'build folder')).action(async (folder: string, flags: SendingFlags) => {
    await execute(
      flags,
      async (session) => {
        const { deployBuild } = await import('../../workflow/contract.js');
        return await oneStage(session, 'deploying the verifier', () => deployBuild(folder, flags));
      },
      ({ address, chainId, gasUsed, embedded }) =>
        `verifier at ${address} on chain ${chainId}${embedded ? ' (local, kept in the build folder)' : ''}, ${gasUsed?.toLocaleString('en-US')} gas\nnext: zkinfer register ${folder}, or: zkinfer submit ${folder}`,
    );
  });
}
