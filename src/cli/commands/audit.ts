/** `zkinfer audit`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Audit, Finding } from '../../workflow/audit.js';
import type { CircomAudit } from '../../workflow/audit-circom.js';
import { UsageError } from '../../errors.js';
import { address } from '../chain-values.js';
import { readUserText } from '../files.js';
import { jsonOption, wholeNumber } from '../options.js';
import { execute } from '../session.js';
import { oneLine } from '../terminal.js';

interface Flags {
  readonly onnx?: string;
  readonly calibration?: string;
  readonly ptau?: string;
  readonly rpc?: string;
  readonly model?: number;
  readonly registry?: string;
  readonly timeLimit: number;
  readonly sizeLimit?: number;
  readonly component?: string;
  readonly range?: Readonly<Record<string, { readonly low: bigint; readonly high: bigint }>>;
  readonly library?: readonly string[];
  readonly mostCases?: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument(
      '<build>',
      'build folder; or a circom program (.circom), whose signals are looked at: are they determined by the inputs?',
    )
    .option('--onnx <file>', 'the ONNX file that the model was compiled from')
    .option('--calibration <file>', 'the calibration rows that it was compiled with')
    .option('--ptau <file>', 'the powers of tau that the keys come from')
    .option('--rpc <url>', 'JSON-RPC endpoint of the chain to look at')
    .addOption(new Option('--model <id>', "the model's number in the registry").argParser(wholeNumber))
    .addOption(
      new Option('--registry <address>', 'the registry (default: the one on record in the folder)').argParser(address),
    )
    .addOption(
      new Option('--time-limit <seconds>', 'how long the folder may take; what is not done then is not established')
        .argParser(wholeNumber)
        .default(3600),
    )
    .addOption(
      new Option('--size-limit <bytes>', 'bytes of all its files, at most (default: 2^36)').argParser(wholeNumber),
    )
    .option(
      '--component <instance>',
      "of a circom program: the main component, as in 'Requantize(12, 4)', where the file has none",
    )
    .addOption(
      new Option(
        '--range <input=low..high...>',
        'of a circom program: what an input may be; else any field element',
      ).argParser(range),
    )
    .addOption(
      new Option('--library <folder...>', 'of a circom program: where its includes are').argParser(
        (text, before: readonly string[] = []) => [...before, text],
      ),
    )
    .addOption(
      new Option(
        '--most-cases <n>',
        'of a circom program: cases of one group of constraints that are looked at (default: 256)',
      ).argParser(wholeNumber),
    )
    .addHelpText(
      'after',
      '\nExit code 0 if nothing was seen to be otherwise than claimed, 1 if something was. Lines marked "not established" say what is needed.\n' +
        'Of a circom program: 0 if every signal is shown to be determined, 1 if some are not; which is no proof that they are not.',
    )
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      const foreign = folder.endsWith('.circom') ? BUILD_ONLY : CIRCOM_ONLY;
      if (folder.endsWith('.circom')) return await auditProgram(folder, flags, foreign);
      await execute(
        flags,
        async (session) => {
          refuseFlags(flags, foreign, folder);
          const { auditBuild } = await import('../../workflow/audit.js');
          const { ptau, rpc, registry, timeLimit, sizeLimit } = flags;
          const { readOnnxFile } = await import('../../workflow/onnx-file.js');
          const onnx = flags.onnx === undefined ? undefined : await readOnnxFile(flags.onnx);
          const calibration =
            flags.calibration === undefined
              ? undefined
              : { text: await readUserText(flags.calibration, 'the calibration data'), name: flags.calibration };
          const result = await session.stage(`auditing ${folder}`, (update) =>
            auditBuild(folder, {
              onnx,
              calibration,
              ptau,
              rpc,
              registry,
              timeLimit,
              sizeLimit,
              onStage: update,
              ...(flags.model === undefined ? {} : { modelId: BigInt(flags.model) }),
            }),
          );
          return { result, ok: result.sound };
        },
        ({ findings, sound }: Audit) =>
          [
            ...findings.map(line),
            '',
            sound ? 'nothing was seen to be otherwise than claimed' : 'NOT SOUND: see the lines marked FAILED',
          ].join('\n'),
      );
    });
}

const BUILD_ONLY = ['onnx', 'calibration', 'ptau', 'rpc', 'model', 'registry', 'sizeLimit'] as const;
const CIRCOM_ONLY = ['component', 'range', 'library', 'mostCases'] as const;

function refuseFlags(flags: Flags, foreign: readonly (keyof Flags)[], what: string): void {
  const given = foreign.filter((name) => flags[name] !== undefined);
  if (given.length > 0) {
    const names = given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(', ');
    throw new UsageError(
      `${names} says nothing about ${what}, which is ${what.endsWith('.circom') ? 'a circom program' : 'a build'}`,
    );
  }
}

async function auditProgram(file: string, flags: Flags, foreign: readonly (keyof Flags)[]): Promise<void> {
  await execute(
    flags,
    async (session) => {
      refuseFlags(flags, foreign, file);
      const { auditCircom } = await import('../../workflow/audit-circom.js');
      const { component, range: ranges, library: libraries, mostCases } = flags;
      const result = await session.stage(`auditing ${file}`, () =>
        auditCircom(file, { component, ranges, libraries, mostCases }),
      );
      return { result, ok: result.determined };
    },
    printProgram,
  );
}

/** Open signals that are listed; `--json` has all. */
const MOST_SIGNALS = 40;

function printProgram({ file, constraints, signals, inputs, determined, open }: CircomAudit): string {
  const size = `${constraints.toLocaleString('en-US')} constraints, ${signals.toLocaleString('en-US')} signals, ${inputs.toLocaleString('en-US')} of them inputs`;
  if (determined) return `${file}: ${size}\nevery signal is determined by the inputs`;
  return [
    `${file}: ${size}`,
    `${open.length.toLocaleString('en-US')} signals are not shown to be determined by the inputs:`,
    ...open
      .slice(0, MOST_SIGNALS)
      .map(
        ({ signal, isOutput, reason }) => `  ${oneLine(signal)}${isOutput ? ' (an output)' : ''}: ${oneLine(reason)}`,
      ),
    ...(open.length > MOST_SIGNALS ? [`  and ${(open.length - MOST_SIGNALS).toLocaleString('en-US')} more`] : []),
    'Not shown does not mean undetermined: a signal may be free in truth, or the analysis too weak, or an input narrower than it was told (--range).',
  ].join('\n');
}

function range(text: string, before: Flags['range'] = {}): NonNullable<Flags['range']> {
  const [, name, low, high] = /^([\w.[\]]+)=(-?\d+)\.\.(-?\d+)$/.exec(text) ?? [];
  if (name === undefined || BigInt(low) > BigInt(high))
    throw new InvalidArgumentError('give an input and the least and the largest value, as in in=0..255');
  return { ...before, [name]: { low: BigInt(low), high: BigInt(high) } };
}

const MARKS = {
  established: 'established     ',
  failed: 'FAILED          ',
  open: 'not established ',
  never: 'beyond any check',
} as const;

function line({ subject, verdict, detail }: Finding): string {
  return `${MARKS[verdict]}  ${subject}: ${detail}`;
}
