/** `zkinfer score`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import { writeAtomic } from '../../atomic-file.js';
import { LABEL_INPUT } from '../../integer/tally.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { readUserText } from '../files.js';
import { backendFor, accountText, addSendingOptions, backendOption, type SendingFlags } from '../options.js';
import { execute } from '../session.js';

interface Flags extends SendingFlags {
  readonly dataset: string;
  readonly labels?: string;
  readonly out?: string;
  readonly submit?: boolean;
  readonly board?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  addSendingOptions(
    command
      .argument('<build>', 'build folder, of a model compiled with --tally')
      .requiredOption('--dataset <file>', 'the rows: {"input_data": [[...], ...]}')
      .option(
        '--labels <file>',
        'the position of each row\'s class, as a JSON array (default: "labels" in the data set)',
      )
      .option('--out <folder>', 'where salts and proofs are kept, and found again (default: score in the build folder)')
      .option('--submit', 'record the chunks on a score board, of a build that is registered')
      .option('--board <address>', 'the score board (default: one that is deployed, once)', accountText)
      .addOption(backendOption()),
  ).action(async (folder: string, flags: Flags) => {
    const out = flags.out ?? join(folder, 'score');
    await execute(
      flags,
      async (session) => {
        const [{ readManifest }, { parseSamples }, { parseRowLabels, scoreBuild }] = await Promise.all([
          import('../../workflow/build-folder.js'),
          import('../../workflow/input-json.js'),
          import('../../workflow/score.js'),
        ]);
        const manifest = await readManifest(folder);
        const text = await readUserText(flags.dataset, 'the data set');
        const inputs = manifest.inputs
          .filter(({ name }) => name !== LABEL_INPUT)
          .map(({ name, shape }) => ({ name, shape: shape.slice(manifest.batch === undefined ? 0 : 1) }));
        const rows = parseSamples(text, inputs, flags.dataset);
        const labels =
          flags.labels === undefined
            ? parseRowLabels(text, flags.dataset)
            : parseRowLabels(await readUserText(flags.labels, 'the labels'), flags.labels);
        if (flags.board !== undefined && !flags.submit)
          throw new UsageError('--board names where to record the score; add --submit');
        const backend = backendFor(flags.backend, session);
        const whole = await session.stage(`proving (${backend.name})`, (update) =>
          scoreBuild(folder, {
            rows,
            labels,
            backend,
            out,
            signal: session.signal,
            onChunk: (done, of) => update(`${done} of ${of} chunks`),
          }),
        );
        const submitted = flags.submit
          ? await session.stage('recording the score', async () => {
              const { submitScore } = await import('../../workflow/score-on-chain.js');
              return await submitScore(folder, whole, flags);
            })
          : undefined;
        const { chunks, ...score } = whole;
        const result = {
          ...score,
          ...(submitted ? { submitted } : {}),
          chunks: chunks.map(({ commitment, path, file }, chunk) => ({
            chunk,
            commitment: String(commitment),
            path,
            publicSignals: file.publicSignals,
          })),
        };
        const file = join(out, 'score.json');
        await writeAtomic(file, [`${JSON.stringify(result, null, 1)}\n`]);
        return { result: { ...result, file }, ok: true };
      },
      ({ rows, right, confusion, dataset, chunks, resumed, file, submitted }) =>
        [
          `${right} of ${rows} rows right (${((100 * right) / rows).toFixed(2)} %), proved in ${chunks.length} chunks${resumed > 0 ? `, ${resumed} of them before` : ''}`,
          'rows: label; columns: what the model takes them for',
          ...confusion.map((row, label) => `  ${label}: ${row.join(' ')}`),
          `data set ${dataset.id}`,
          `wrote ${file}`,
          ...(submitted
            ? [
                `recorded as ${submitted.scoreId} by ${submitted.board} on chain ${submitted.chainId}, ${submitted.gasUsed.toLocaleString('en-US')} gas for chunks`,
                ...submitted.notKnown.map((what) => `not known: ${what}`),
              ]
            : []),
        ].join('\n'),
    );
  });
}
