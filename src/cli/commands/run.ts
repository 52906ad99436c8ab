/** `zkinfer run`. */
import type { Command } from 'commander';
import type { BackendChoice } from '../../groth16/backends.js';
import { defaultBuildFolder } from '../../workflow/build-name.js';
import { parseInput } from '../../workflow/input-json.js';
import type { RunResult } from '../../workflow/run.js';
import { developmentKeysNotice } from '../../workflow/key-notices.js';
import { readUserText } from '../files.js';
import {
  addCompileOptions,
  backendFor,
  backendOption,
  confirmationsOption,
  jsonOption,
  readModelFile,
  rpcOption,
  type CompileFlags,
} from '../options.js';
import { printAccuracy, printNotes, printOutputs, printSeconds } from '../print.js';
import { execute, showingShare } from '../session.js';
import { textTable } from '../table.js';

export interface RunFlags extends CompileFlags {
  readonly input: string;
  readonly out?: string;
  readonly dropKeys?: boolean;
  readonly ptau?: string;
  readonly backend: BackendChoice;
  readonly rpc?: string;
  readonly confirmations?: number;
}

export function define(command: Command): void {
  addCompileOptions(
    command
      .argument('<model>', 'ONNX file')
      .requiredOption('--input <file>', 'the input: {"input_data": [[...], ...]}')
      .option('--out <folder>', 'build folder (default: build/NAME)')
      .option('--drop-keys', 'drop keys that a ceremony made for another circuit, and those of another model')
      .option('--ptau <file>', 'prepared powers-of-tau file; without it: development keys'),
  )
    .addOption(backendOption())
    .addOption(rpcOption())
    .addOption(confirmationsOption())
    .addOption(jsonOption())
    .action(async (path: string, flags: RunFlags) => {
      await execute(
        flags,
        async (session) => {
          const [{ chooseFrom, decodeModel, graphInputs }, { runModel }] = await Promise.all([
            import('../../onnx/index.js'),
            import('../../workflow/run.js'),
          ]);
          const { onnx, options } = await readModelFile(path, flags);
          const input = parseInput(
            await readUserText(flags.input, 'the input'),
            graphInputs(chooseFrom(decodeModel(onnx), options)),
            flags.input,
          );
          const backend = backendFor(flags.backend, session);
          // Without calibration data the input itself is the one sample there is.
          const assumed = options.calibration === undefined && options.inputRange === undefined;
          if (assumed)
            session.notice(
              'no --calibration: value ranges are taken from this one input, and other inputs may fall outside',
            );
          const result = await session.stage(`running ${path}`, (update) =>
            runModel(onnx, input, backend, {
              ...options,
              ...(assumed ? { calibration: [input] } : {}),
              folder: flags.out ?? defaultBuildFolder(path),
              modelPath: path,
              dropKeys: flags.dropKeys,
              ptau: flags.ptau,
              rpc: flags.rpc,
              confirmations: flags.confirmations,
              signal: session.signal,
              onStage: update,
              onProgress: showingShare(update),
            }),
          );
          return { result: summarize(result, flags), ok: result.verified && result.submission.accepted };
        },
        printRun,
      );
    });
}

/** A run as JSON and for printing: stages' seconds first. */
export function summarize(result: RunResult, flags: Pick<RunFlags, 'ptau'>) {
  const { compiled, ...rest } = result;
  const { circuit, notes } = compiled.manifest;
  return { ...rest, ...circuit, accuracy: compiled.accuracy, notes, keys: flags.ptau ? 'ptau' : 'development' };
}

export function printRun(result: ReturnType<typeof summarize>): string {
  const { submission, stages } = result;
  return [
    printOutputs(result.outputs),
    '',
    textTable(
      ['stage', 'seconds'],
      Object.entries(stages).map(([stage, seconds]) => [stage, seconds.toFixed(3)]),
    ),
    '',
    `${result.constraints.toLocaleString('en-US')} constraints; ${printAccuracy(result.accuracy)}`,
    ...(result.notes.length > 0 ? [printNotes(result.notes)] : []),
    ...(result.keys === 'development' ? [`warning: ${developmentKeysNotice(result.folder)}`] : []),
    `verified off chain: ${result.verified ? 'yes' : 'NO'}`,
    submission.accepted
      ? `accepted by the contract at ${submission.contract} (transaction ${submission.transaction}, ${submission.gasUsed.toLocaleString('en-US')} gas)`
      : `REFUSED by the contract at ${submission.contract}`,
    `everything in ${printSeconds(stages.total)}; build in ${result.folder}`,
  ].join('\n');
}
