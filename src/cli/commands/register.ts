/** `zkinfer register`. */
import { Option, type Command } from 'commander';
import { address } from '../chain-values.js';
import { addSendingOptions, type SendingFlags } from '../options.js';
import { printBoundTo } from '../print.js';
import { execute, oneStage } from '../session.js';

interface Flags extends SendingFlags {
  readonly registry?: string;
  readonly attestations?: string;
  readonly uri?: string;
}

export function define(command: Command): void {
  addSendingOptions(
    command
      .argument('<build>', 'build folder')
      .addOption(
        new Option('--registry <address>', 'registry (default: the one on record, else a new one)').argParser(address),
      )
      .addOption(new Option('--attestations <address>', "the registry's attestations contract").argParser(address))
      .option('--uri <uri>', 'metadata of the model'),
  ).action(async (folder: string, flags: Flags) => {
    await execute(
      flags,
      async (session) => {
        const { registerBuild } = await import('../../workflow/contract.js');
        return await oneStage(session, 'registering the model', () => registerBuild(folder, flags));
      },
      (result) =>
        [
          `model ${result.modelId}, version ${result.version}, in the registry at ${result.registry} on chain ${result.chainId}`,
          `attestations at ${result.attestations}`,
          ...result.notKnown.map((what) => `not known: ${what}`),
          ...(result.foreignProof === undefined
            ? []
            : [
                `warning: ${folder}/proof.json is ${printBoundTo(result.foreignProof)}; it cannot be attested by ${result.account}. ` +
                  `Prove again: zkinfer prove ${folder} --input FILE --for ${result.account}`,
              ]),
        ].join('\n'),
    );
  });
}
