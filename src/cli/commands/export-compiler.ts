/** `zkinfer export-compiler`. */
import type { Command } from 'commander';
import { jsonOption } from '../options.js';
import { execute } from '../session.js';

export function define(command: Command): void {
  command
    .argument('<folder>', "where it goes, in a web server's files")
    .addOption(jsonOption())
    .action(async (folder: string, flags: { readonly json?: boolean }) => {
      await execute(
        flags,
        async (session) => {
          const { exportCompiler } = await import('../../workflow/export-compiler.js');
          return { result: await session.stage('export for browsers', () => exportCompiler(folder)), ok: true };
        },
        ({ bytes, sha256 }) =>
          `wrote ${folder}: ${(bytes / 1e6).toFixed(1)} MB to fetch at most, and onnxruntime; compiler.json has the SHA-256 ${sha256}`,
      );
    });
}
