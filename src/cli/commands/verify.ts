/** `zkinfer verify`. */
import type { Command } from 'commander';
import type { BackendChoice } from '../../groth16/backends.js';
import { parseRun } from '../../workflow/batch-input.js';
import type { Opened } from '../../workflow/opening.js';
import { openingFromJson } from '../../workflow/opening-file.js';
import type { ProofFile } from '../../workflow/proof-file.js';
import { backendFor, backendOption, jsonOption, proofOption } from '../options.js';
import { printOutputs } from '../print.js';
import { readProof } from '../proof.js';
import { readUserText } from '../files.js';
import { execute } from '../session.js';

interface Flags {
  readonly proof?: string;
  readonly public?: string;
  readonly opening?: string;
  readonly input?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

/** Where `--input` is given, and the proof's public signals show nothing of the input that could be compared with it. */
const NOT_CHECKED =
  'whether the proof is of this input is NOT CHECKED: a commitment opens only with its salt (--opening FILE, as prove --opening wrote it), and a private input cannot be checked';

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .addOption(proofOption())
    .option('--public <file>', 'public signals, where the proof does not carry them')
    .option('--opening <file>', 'check that the commitments open with this, as prove --opening wrote it')
    .option('--input <file>', 'check that the proof is of this input (with --opening where the input is hashed)')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const { verifyProof } = await import('../../workflow/verify.js');
          const proof = await readProof(folder, flags);
          const result = await verifyProof(folder, backendFor(flags.backend, session), proof);
          const asked = flags.opening !== undefined || flags.input !== undefined;
          const opened = asked && result.reason === undefined ? await open(folder, proof, flags) : undefined;
          // What was asked and could not be looked at is no success: scripts read the exit code alone.
          const unchecked = flags.input !== undefined && opened && opened.input === undefined ? NOT_CHECKED : undefined;
          return {
            result: { ...result, ...(opened ? { opened } : {}), ...(unchecked ? { unchecked } : {}) },
            ok: result.valid && opened?.input !== false && opened?.output !== false && unchecked === undefined,
          };
        },
        ({ valid, reason, outputs, opened, unchecked }) =>
          [
            `the proof is ${valid ? 'valid' : `NOT valid${reason === undefined ? '' : `: ${reason}`}`}`,
            ...(outputs ? [printOutputs(outputs)] : []),
            ...(['input', 'output'] as const).flatMap((side) => printOpened(side, opened?.[side])),
            ...(unchecked === undefined ? [] : [unchecked]),
            ...(outputs === undefined && opened?.outputs ? [printOutputs(opened.outputs)] : []),
          ].join('\n'),
      );
    });
}

async function open(folder: string, { publicSignals }: ProofFile, { opening, input }: Flags): Promise<Opened> {
  const [{ readManifest }, { openSignals }] = await Promise.all([
    import('../../workflow/build-folder.js'),
    import('../../workflow/opening.js'),
  ]);
  const manifest = await readManifest(folder);
  return await openSignals(folder, publicSignals, {
    ...(opening === undefined ? {} : { opening: openingFromJson(await readUserText(opening, 'the opening'), opening) }),
    ...(input === undefined ? {} : { input: parseRun(await readUserText(input, 'the input'), manifest, input) }),
  });
}

function printOpened(side: 'input' | 'output', opens: boolean | undefined): string[] {
  if (opens === undefined) return [];
  if (side === 'input')
    return [
      opens
        ? "the proof is of this input, rounded to the model's grid"
        : 'the proof is NOT of this input: it does not open what was published',
    ];
  return [
    opens ? 'the proof is of this output' : 'the proof is NOT of this output: it does not open what was published',
  ];
}
