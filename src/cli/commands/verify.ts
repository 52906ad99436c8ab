/** `zkinfer verify`. */
import type { Command } from 'commander';
import type { BackendChoice } from '../../groth16/backends.js';
import { verifyProof } from '../../workflow/verify.js';
import { backendFor, backendOption, jsonOption, proofOption } from '../options.js';
import { printOutputs } from '../print.js';
import { readProof } from '../proof.js';
import { execute } from '../session.js';

interface Flags {
  readonly proof?: string;
  readonly public?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .addOption(proofOption())
    .option('--public <file>', 'public signals, where the proof does not carry them')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const proof = await readProof(folder, flags);
          const result = await verifyProof(folder, backendFor(flags.backend, session), proof);
          return { result, ok: result.valid };
        },
        ({ valid, outputs }) => (valid ? ['the proof is valid', ...(outputs ? [printOutputs(outputs)] : [])].join('\n') : 'the proof is NOT valid'),
      );
    });
}
