/** `zkinfer ledger-demo`: the integrity ledger from end to end on a local chain, as a story. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { writeAtomic } from '../../atomic-file.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { backendFor, backendOption, jsonOption } from '../options.js';
import { execute, type Session } from '../session.js';
import { printable } from '../terminal.js';

interface Flags {
  readonly out: string;
  readonly backend: BackendChoice;
  readonly logLevel?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .option('--out <folder>', 'build folder', join('build', 'demo-ledger'))
    .option('--log-level <level>', "show the operator's log: debug, info, warn")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      await execute(flags, (session) => demo(flags, session), print);
    });
}

async function demo(flags: Flags, session: Session) {
  const [
    { fixturePath, readFixture },
    { playLedgerScenario },
    { readManifest, writeBuild },
    { buildFiles, compileOnnx },
    { sha256 },
    { setupBuild },
  ] = await Promise.all([
    import('../../workflow/fixture.js'),
    import('../../scenario/ledger.js'),
    import('../../workflow/build-folder.js'),
    import('../../workflow/compile.js'),
    import('../../workflow/hash.js'),
    import('../../workflow/setup.js'),
  ]);
  const { onnx, input, calibration } = await readFixture('tabular');
  const known = await readManifest(flags.out).catch(() => undefined);
  if (known?.keys === undefined || known.modelHash !== sha256([onnx])) {
    await session.stage('compiling a model of tabular medical data, and making its keys', async () => {
      const compiled = await compileOnnx(onnx, { name: 'tabular', calibration, scores: true });
      const { keys } = await writeBuild(flags.out, compiled.manifest, buildFiles(compiled));
      if (keys === undefined)
        await setupBuild(flags.out, backendFor(flags.backend, session), { signal: session.signal });
    });
  }
  if (!flags.json)
    session.notice(
      'The contracts are compiled on the first run, which takes a minute; after that they come from the cache.',
    );
  let act = 0;
  const facts = await playLedgerScenario({
    build: flags.out,
    input,
    backend: flags.backend,
    files: {
      dataSet: fixturePath('tabular', 'samples.json'),
      training: fixturePath('train'),
      onnx: fixturePath('tabular', 'model.onnx'),
    },
    ...(flags.logLevel === undefined ? {} : { logLevel: flags.logLevel }),
    tell: (text, heading) => {
      if (flags.json) return;
      process.stdout.write(printable(heading ? `\n${(act += 1)}. ${text}\n` : `   ${text}\n`));
    },
  });
  const drawing = join(flags.out, 'lineage.svg');
  await writeAtomic(drawing, [facts.lineage.svg]);
  const { text, dataSetId, artifacts } = facts.lineage;
  const ok =
    facts.lie.outputHash === facts.honestOutputHash &&
    facts.left.market === facts.left.stakes &&
    artifacts.includes(dataSetId);
  return { result: { ...facts, lineage: { text, dataSetId, artifacts, drawing } }, ok };
}

function print({ lineage, seconds }: Awaited<ReturnType<typeof demo>>['result']): string {
  return `\nThe lineage is drawn in ${lineage.drawing}. All of it took ${seconds.toFixed(0)} s.`;
}
