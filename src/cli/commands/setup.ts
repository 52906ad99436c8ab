/** `zkinfer setup`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import type { Manifest } from '../../manifest.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { proofSystemOf } from '../../proof-systems/index.js';
import { developmentKeysNotice, ONE_CONTRIBUTION_NOTICE } from '../../workflow/key-notices.js';
import { backendFor, backendOption, jsonOption } from '../options.js';
import { printSeconds } from '../print.js';
import { execute, showingShare, type CommandOutcome } from '../session.js';
import { oneLine } from '../terminal.js';

/** What the command prints: the build's keys, or that they wait for contributions. */
type SetupReport = { readonly folder: string; readonly seconds: number; readonly warning?: string } & (
  | ({ readonly unfinished: true; readonly file: string } & Manifest['unfinishedKey'])
  | ({ readonly unfinished?: undefined } & NonNullable<Manifest['keys']>)
);

interface Flags {
  readonly ptau?: string;
  readonly ptauHash?: string;
  readonly contribute?: boolean;
  readonly name?: string;
  readonly import?: string;
  readonly force?: boolean;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .option('--ptau <file>', 'prepared powers-of-tau file; without it: development keys made on this machine')
    .option('--ptau-hash <sha256>', 'the file is known by this hash; otherwise every point of it is checked')
    .option('--contribute', 'with --ptau: contribute once, here, so that the key can be used at all')
    .option('--name <name>', 'with --contribute: who contributes')
    .option('--import <key>', 'with --ptau: check a key that people contributed to (.zkey) and take it')
    .option('--force', 'replace keys that the build has, or an unfinished key that others may be contributing to')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session): Promise<CommandOutcome<SetupReport>> => {
          const { setupBuild } = await import('../../workflow/setup.js');
          const { ptau, ptauHash, contribute, name, import: importKey, force } = flags;
          if (ptau === undefined && (contribute || importKey !== undefined || ptauHash !== undefined)) {
            throw new UsageError(
              '--contribute, --import and --ptau-hash need --ptau: the powers of tau that the key comes from',
            );
          }
          if (name !== undefined && !contribute)
            throw new UsageError('--name goes with --contribute: it says who contributes');
          if (contribute && importKey !== undefined)
            throw new UsageError('--contribute makes a key, --import takes one: give one of them');
          const backend = backendFor(flags.backend, session);
          const { manifest, key, seconds } = await session.stage(`making keys (${backend.name})`, (update) =>
            setupBuild(folder, backend, {
              ptau,
              ptauHash,
              importKey,
              force,
              signal: session.signal,
              ...(contribute ? { contribute: { name } } : {}),
              onProgress: showingShare(update),
            }),
          );
          if (key === undefined && manifest.unfinishedKey !== undefined) {
            return {
              result: {
                folder,
                unfinished: true,
                file: join(folder, proofSystemOf(manifest).files.unfinishedKey),
                ...manifest.unfinishedKey,
                seconds,
              },
              ok: true,
            };
          }
          const keys = manifest.keys as NonNullable<Manifest['keys']>;
          const warning =
            keys.kind === 'development'
              ? developmentKeysNotice(folder)
              : contribute
                ? ONE_CONTRIBUTION_NOTICE
                : undefined;
          const { batch } = manifest;
          const tally = manifest.options?.tally !== undefined;
          return {
            result: {
              folder,
              ...keys,
              seconds,
              ...(warning ? { warning } : {}),
              ...(batch ? { batch } : {}),
              ...(tally ? { tally } : {}),
            },
            ok: true,
          };
        },
        (result) =>
          (result.unfinished
            ? printUnfinished(folder, result.file, ptauOf(flags))
            : printFinished(folder, result)
          ).join('\n'),
      );
    });
}

const ptauOf = ({ ptau }: Flags): string => ptau ?? 'FILE.ptau';

function printUnfinished(folder: string, unfinished: string, ptau: string): string[] {
  return [
    `${unfinished} is UNFINISHED: nobody has contributed to it, so anybody could forge proofs under it, and nothing here will use it.`,
    'next, by several people one after the other:',
    `  zkinfer ceremony contribute ${unfinished} 1.zkey --name NAME`,
    'then, when all have contributed, with a value that nobody could foresee:',
    '  zkinfer ceremony beacon LAST.zkey final.zkey --hash HEX --iterations-exp 20',
    'and whoever relies on it checks it:',
    `  zkinfer ceremony verify final.zkey --build ${folder} --ptau ${ptau}`,
    'Take it with:',
    `  zkinfer setup ${folder} --ptau ${ptau} --import final.zkey`,
  ];
}

function printFinished(
  folder: string,
  result: {
    readonly seconds: number;
    readonly backend: string;
    readonly warning?: string;
    readonly batch?: number;
    readonly tally?: boolean;
    readonly contributions?: readonly { readonly kind: string; readonly hash: string; readonly name?: string }[];
  },
): string[] {
  return [
    `keys ${result.contributions === undefined ? 'made' : 'checked against circuit and powers of tau, and taken,'} in ${printSeconds(result.seconds)} by ${result.backend}`,
    ...(result.contributions ?? []).map(
      ({ kind, hash, name }, i) => `${i + 1}. ${kind}${name === undefined ? '' : ` by ${oneLine(name)}`}: ${hash}`,
    ),
    ...(result.warning ? [`warning: ${result.warning}`] : []),
    result.tally
      ? `next: zkinfer score ${folder} --dataset samples.json --labels labels.json`
      : `next: zkinfer prove ${folder} ${result.batch === undefined ? '--input input.json' : '--inputs samples.json'}`,
  ];
}
