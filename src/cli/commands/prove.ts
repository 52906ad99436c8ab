/** `zkinfer prove`. */
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { isStream, ownStream, writeAtomic } from '../../atomic-file.js';
import { UsageError } from '../../errors.js';
import type { BackendChoice } from '../../groth16/backends.js';
import type { Manifest } from '../../manifest.js';
import { parseRun } from '../../workflow/batch-input.js';
import type { Sample } from '../../workflow/input-json.js';
import { openingOf, openingToJson } from '../../workflow/opening-file.js';
import { proofToJson } from '../../workflow/proof-file.js';
import { addBindingOptions, bindingOf, type BindingFlags } from '../binding.js';
import { readUserText } from '../files.js';
import { backendFor, backendOption, jsonOption } from '../options.js';
import { printBoundTo, printOutputs, printSeconds } from '../print.js';
import { execute, showingShare } from '../session.js';

interface Flags extends BindingFlags {
  readonly input?: string;
  readonly inputs?: string;
  readonly out?: string;
  readonly opening?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

/** The input of one inference, or the rows of a batch. @throws UsageError for one where the other is meant */
async function readRun({ input, inputs }: Pick<Flags, 'input' | 'inputs'>, manifest: Manifest): Promise<Sample> {
  const { batch } = manifest;
  const [file, other] = batch === undefined ? [input, inputs] : [inputs, input];
  if (file === undefined || other !== undefined) {
    throw new UsageError(
      batch === undefined
        ? 'the build proves one inference; name its input: --input FILE'
        : `the build proves batches of ${batch} rows; name a file of samples: --inputs FILE`,
    );
  }
  return parseRun(await readUserText(file, 'the input'), manifest, file);
}

export function define(command: Command): void {
  addBindingOptions(
    command
      .argument('<build>', 'build folder')
      .option('--input <file>', 'the input: {"input_data": [[...], ...]}')
      .option('--inputs <file>', 'of a build with --batch: its rows, as samples: {"input_data": [[...], ...]}')
      .option('--out <file>', 'proof to write; public.json goes beside it (default: proof.json in the build folder)'),
  )
    .option(
      '--opening <file>',
      'write what opens the commitments here, for verify --opening; whoever has it can check guesses of the input',
    )
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      const out = flags.out ?? join(folder, 'proof.json');
      const publicPath = join(dirname(out), 'public.json');
      const toOutput = ownStream(out) === process.stdout;
      await execute(
        { ...flags, ...(toOutput ? { printTo: process.stderr } : {}) },
        async (session) => {
          if (toOutput && flags.json)
            throw new UsageError('--json prints its document on standard output; write the proof to a file');
          if (basename(out) === 'public.json')
            throw new UsageError('--out must not be named public.json: that file takes the public signals');
          if ((flags.input === undefined) === (flags.inputs === undefined))
            throw new UsageError(
              "required option '--input <file>' not specified, or '--inputs <file>' for a batch; not both",
            );
          const [{ readManifest }, { boundTo }, { openProver }] = await Promise.all([
            import('../../workflow/build-folder.js'),
            import('../../workflow/proof-context.js'),
            import('../../workflow/prove.js'),
          ]);
          // Refused before the work, not after it.
          for (const target of [out, flags.opening]) if (target !== undefined) await isStream(target);
          const manifest = await readManifest(folder);
          const input = await readRun(flags, manifest);
          const backend = backendFor(flags.backend, session);
          const { context, binding } = await bindingOf(folder, flags);
          const proved = await session.stage(`proving (${backend.name})`, async (update) => {
            update('loading the key');
            const prover = await openProver(folder, backend);
            try {
              return await prover.prove(input, {
                context,
                signal: session.signal,
                onProgress: showingShare(update),
              });
            } finally {
              await prover.close();
            }
          });
          const { salts: _, ...result } = proved;
          // The proof carries its public signals; beside a pipe or a device there is no place for another file.
          if (!(await isStream(out)))
            await writeAtomic(publicPath, [`${JSON.stringify(proved.publicSignals, null, 1)}\n`]);
          if (flags.opening !== undefined) await writeAtomic(flags.opening, [openingToJson(openingOf(proved))], 0o600);
          await writeAtomic(out, [proofToJson({ ...proved, ...(binding ? { binding } : {}) })]);
          return {
            result: { ...result, file: out, backend: backend.name, context, boundTo: boundTo(context, binding) },
            ok: true,
          };
        },
        (result) =>
          [
            printOutputs(result.outputs),
            `witness ${printSeconds(result.witnessSeconds)}, proof ${printSeconds(result.proveSeconds)} (${result.backend})`,
            printBoundTo(result.boundTo),
            `wrote ${result.file}`,
          ].join('\n'),
      );
    });
}
