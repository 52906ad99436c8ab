/** `zkinfer export-web`. */
import type { Command } from 'commander';
import { jsonOption } from '../options.js';
import { execute } from '../session.js';

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder, with keys')
    .argument('<folder>', "where it goes, in a web server's files")
    .addOption(jsonOption())
    .action(async (build: string, folder: string, flags: { readonly json?: boolean }) => {
      await execute(
        flags,
        async (session) => {
          const { exportWeb } = await import('../../workflow/export-web.js');
          return {
            result: await session.stage('export for browsers', () => exportWeb(build, folder)),
            ok: true,
          };
        },
        ({ bytes, keyBytes, sha256 }) =>
          `wrote ${folder}: ${megabytes(bytes)} to fetch once, ${megabytes(keyBytes)} of them the key; web.json has the SHA-256 ${sha256}`,
      );
    });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
