/** `zkinfer audit`. */
import { Option, type Command } from 'commander';
import type { Finding } from '../../workflow/audit.js';
import { address } from '../chain-values.js';
import { readUserFile, readUserText } from '../files.js';
import { jsonOption, wholeNumber } from '../options.js';
import { execute } from '../session.js';

interface Flags {
  readonly onnx?: string;
  readonly calibration?: string;
  readonly ptau?: string;
  readonly rpc?: string;
  readonly model?: number;
  readonly registry?: string;
  readonly timeLimit: number;
  readonly sizeLimit?: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .option('--onnx <file>', 'the ONNX file that the model was compiled from')
    .option('--calibration <file>', 'the calibration rows that it was compiled with')
    .option('--ptau <file>', 'the powers of tau that the keys come from')
    .option('--rpc <url>', 'JSON-RPC endpoint of the chain to look at')
    .addOption(new Option('--model <id>', "the model's number in the registry").argParser(wholeNumber))
    .addOption(new Option('--registry <address>', 'the registry (default: the one on record in the folder)').argParser(address))
    .addOption(new Option('--time-limit <seconds>', 'how long the folder may take; what is not done then is not established').argParser(wholeNumber).default(3600))
    .addOption(new Option('--size-limit <bytes>', 'bytes of all its files, at most (default: 2^36)').argParser(wholeNumber))
    .addHelpText('after', '\nExit code 0 if nothing was seen to be otherwise than claimed, 1 if something was. Lines marked "not established" say what is needed.')
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const { auditBuild } = await import('../../workflow/audit.js');
          const { ptau, rpc, registry, timeLimit, sizeLimit } = flags;
          const onnx = flags.onnx === undefined ? undefined : await readUserFile(flags.onnx, 'the model');
          const calibration =
            flags.calibration === undefined ? undefined : { text: await readUserText(flags.calibration, 'the calibration data'), name: flags.calibration };
          const result = await session.stage(`auditing ${folder}`, (update) =>
            auditBuild(folder, {
              onnx, calibration, ptau, rpc, registry, timeLimit, sizeLimit, onStage: update,
              ...(flags.model === undefined ? {} : { modelId: BigInt(flags.model) }),
            }),
          );
          return { result, ok: result.sound };
        },
        ({ findings, sound }) => [...findings.map(line), '', sound ? 'nothing was seen to be otherwise than claimed' : 'NOT SOUND: see the lines marked FAILED'].join('\n'),
      );
    });
}

const MARKS = { established: 'established     ', failed: 'FAILED          ', open: 'not established ', never: 'beyond any check' } as const;

function line({ subject, verdict, detail }: Finding): string {
  return `${MARKS[verdict]}  ${subject}: ${detail}`;
}
