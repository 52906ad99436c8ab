/** `zkinfer witness`: every wire's value, for the provers of the ecosystem. */
import type { Command } from 'commander';
import { ownStream, writeAtomic } from '../../atomic-file.js';
import { UsageError } from '../../errors.js';
import { PROOF_SYSTEMS } from '../../proof-systems/index.js';
import { parseRun } from '../../workflow/batch-input.js';
import { openingOf, openingToJson } from '../../workflow/opening-file.js';
import { addBindingOptions, bindingOf, type BindingFlags } from '../binding.js';
import { readUserText } from '../files.js';
import { jsonOption } from '../options.js';
import { printBoundTo, printOutputs, printSeconds } from '../print.js';
import { execute } from '../session.js';

interface Flags extends BindingFlags {
  readonly input: string;
  readonly out: string;
  readonly opening?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  addBindingOptions(
    command
      .argument('<build>', 'build folder; no keys are needed')
      .requiredOption('--input <file>', 'the input: {"input_data": [[...], ...]}')
      .requiredOption(
        '--out <file>',
        'witness to write (.wtns); it holds the input in clear, so only its owner may read it',
      ),
  )
    .option('--opening <file>', 'as for prove')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nA proof from it: npx snarkjs ${PROOF_SYSTEMS.groth16.name} prove BUILD/${PROOF_SYSTEMS.groth16.files.provingKey} FILE.wtns proof.json public.json, then\nzkinfer verify BUILD --proof proof.json --public public.json. BUILD is the build folder.`,
    )
    .action(async (folder: string, flags: Flags) => {
      const toOutput = ownStream(flags.out) === process.stdout;
      await execute(
        { ...flags, ...(toOutput ? { printTo: process.stderr } : {}) },
        async (session) => {
          if (toOutput && flags.json)
            throw new UsageError('--json prints its document on standard output; write the witness to a file');
          const [{ encodeWtns, witnessBytes }, { boundTo }, { openWitness }] = await Promise.all([
            import('../../r1cs/witness.js'),
            import('../../workflow/proof-context.js'),
            import('../../workflow/prove.js'),
          ]);
          const { context, binding } = await bindingOf(folder, flags);
          const inference = await session.stage('witness', async () => {
            const { manifest, infer } = await openWitness(folder);
            const input = parseRun(await readUserText(flags.input, 'the input'), manifest, flags.input);
            return infer(input, context);
          });
          const { witness, outputs, publicSignals, witnessSeconds } = inference;
          if (flags.opening !== undefined)
            await writeAtomic(flags.opening, [openingToJson(openingOf(inference))], 0o600);
          await writeAtomic(flags.out, [encodeWtns(witnessBytes(witness))], 0o600);
          return {
            result: {
              file: flags.out,
              wires: witness.small.length,
              publicSignals,
              outputs,
              witnessSeconds,
              boundTo: boundTo(context, binding),
            },
            ok: true,
          };
        },
        (result) =>
          [
            printOutputs(result.outputs),
            `witness ${printSeconds(result.witnessSeconds)}`,
            printBoundTo(result.boundTo),
            `wrote ${result.file}: ${result.wires} wires`,
          ].join('\n'),
      );
    });
}
