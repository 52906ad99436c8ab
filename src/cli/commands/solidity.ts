/** `zkinfer solidity`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { jsonOption } from '../options.js';
import { execute } from '../session.js';

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .addOption(jsonOption())
    .action(async (folder: string, flags: { readonly json?: boolean }) => {
      await execute(
        flags,
        async () => {
          const { writeVerifier } = await import('../../workflow/contract.js');
          const { contract } = await writeVerifier(folder);
          return { result: { file: join(folder, 'Verifier.sol'), contract }, ok: true };
        },
        ({ file, contract }) => `wrote contract ${contract} to ${file}`,
      );
    });
}
