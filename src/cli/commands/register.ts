/** `zkinfer register`. */
import { Option, type Command } from 'commander';
import { addSignerHelp, address } from '../chain-values.js';
import { confirmationsOption, jsonOption, rpcOption } from '../options.js';
import { printBoundTo } from '../print.js';
import { execute } from '../session.js';

interface Flags {
  readonly rpc?: string;
  readonly confirmations?: number;
  readonly registry?: string;
  readonly attestations?: string;
  readonly uri?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  addSignerHelp(command)
    .argument('<build>', 'build folder')
    .addOption(
      new Option('--registry <address>', 'registry (default: the one on record, else a new one)').argParser(address),
    )
    .addOption(new Option('--attestations <address>', "the registry's attestations contract").argParser(address))
    .option('--uri <uri>', 'metadata of the model')
    .addOption(rpcOption())
    .addOption(confirmationsOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const { registerBuild } = await import('../../workflow/contract.js');
          const result = await session.stage('registering the model', () => registerBuild(folder, flags));
          return { result, ok: true };
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
