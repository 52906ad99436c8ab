/**
 * `zkinfer demo`: the README's first command. A trained MNIST network, a real digit, a proof, a contract that accepts
 * it and refuses a forgery.
 */
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { BackendChoice } from '../../groth16/backends.js';
import { drawDigit } from '../digit.js';
import { backendFor, backendOption, jsonOption } from '../options.js';
import { execute, showingShare, type Session } from '../session.js';
import { printRun, summarize } from './run.js';

interface Flags {
  readonly fixture: string;
  readonly out?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(new Option('--fixture <name>', 'network to use').choices(['mnist-mlp', 'lenet5']).default('mnist-mlp'))
    .option('--out <folder>', 'build folder (default: build/demo-NAME)')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      await execute(flags, (session) => demo(flags, session), print);
    });
}

async function demo(flags: Flags, session: Session) {
  const [{ readFixture }, { forgeOutput }, { readManifest }, { classOf }, { outputsFromSignals }, { runModel }] =
    await Promise.all([
      import('../../workflow/fixture.js'),
      import('../../workflow/forge.js'),
      import('../../workflow/build-folder.js'),
      import('../../quantize/accuracy.js'),
      import('../../workflow/outputs.js'),
      import('../../workflow/run.js'),
    ]);
  const { onnx, input, calibration } = await readFixture(flags.fixture);
  const folder = flags.out ?? join('build', `demo-${flags.fixture}`);
  if (!flags.json)
    session.notice(
      `${drawDigit(input[0])}\nA handwritten digit that the network ${flags.fixture} has never seen. What is it, and can a contract be sure of the answer?\n`,
    );
  const forgery = { claimed: -1, refused: false };
  const result = await session.stage('compiling, proving, asking a contract', (update) =>
    runModel(onnx, input, backendFor(flags.backend, session), {
      name: flags.fixture,
      calibration,
      scores: true,
      folder,
      signal: session.signal,
      onStage: update,
      onProgress: showingShare(update),
      afterwards: async ({ ask }, proved) => {
        const manifest = await readManifest(folder);
        const forged = forgeOutput(proved, manifest, proved.outputs[0]);
        const [claim] = outputsFromSignals(manifest, forged.publicSignals) ?? [];
        forgery.claimed = classOf(claim.integers);
        forgery.refused = !(await ask(forged));
      },
    }),
  );
  const ok = result.verified && result.submission.accepted && forgery.refused;
  return { result: { ...summarize(result, {}), forgery }, ok };
}

function print({ forgery, ...run }: Awaited<ReturnType<typeof demo>>['result']): string {
  const predicted = run.outputs[0].class;
  return [
    printRun(run),
    '',
    `The network says: ${predicted}. The contract ${run.submission.accepted ? 'ACCEPTED' : 'REFUSED'} the proof of it.`,
    `The same proof, claiming ${forgery.claimed} instead: the contract ${forgery.refused ? 'REFUSED' : 'ACCEPTED'} it.`,
  ].join('\n');
}
