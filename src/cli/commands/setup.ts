/** `zkinfer setup`. */
import type { Command } from 'commander';
import type { BackendChoice } from '../../groth16/backends.js';
import { DEVELOPMENT_KEYS_NOTICE, setupBuild } from '../../workflow/setup.js';
import { backendFor, backendOption, jsonOption } from '../options.js';
import { printSeconds } from '../print.js';
import { execute } from '../session.js';

interface Flags {
  readonly ptau?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .option('--ptau <file>', 'prepared powers-of-tau file; without it: development keys made on this machine')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const backend = backendFor(flags.backend, session);
          const { ptau } = flags;
          const { manifest, seconds } = await session.stage(`making keys (${backend.name})`, (update) =>
            setupBuild(folder, backend, { ptau, signal: session.signal, onProgress: (share, stage) => update(`${stage} ${Math.round(100 * share)} %`) }),
          );
          const keys = manifest.keys as NonNullable<typeof manifest.keys>;
          const warning = keys.kind === 'development' ? DEVELOPMENT_KEYS_NOTICE : undefined;
          return { result: { folder, ...keys, seconds, ...(warning ? { warning } : {}) }, ok: true };
        },
        (result) =>
          [`keys made in ${printSeconds(result.seconds)} by ${result.backend}`, ...(result.warning ? [`warning: ${result.warning}`] : []), `next: zkinfer prove ${folder} --input input.json`].join('\n'),
      );
    });
}
