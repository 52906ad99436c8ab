/**
 * `npm run conformance -- FOLDER [--json]`: every `<name>/network.onnx` (or `model.onnx`) with its `input.json` below a folder,
 * compiled, its witness checked, its outputs compared with onnxruntime. Exit code 1 if a compiled model's witness fails.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { FileError } from '../errors.js';
import { jsonOption } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { table } from '../cli/table.js';
import { checkConformance, type ConformanceRow } from '../workflow/conformance.js';

const MODEL_NAMES = ['network.onnx', 'model.onnx'];

await new Command('conformance')
  .description('compile every model below a folder and compare it with onnxruntime')
  .argument('<folder>', 'folder of NAME/network.onnx with NAME/input.json')
  .addOption(jsonOption())
  .action(async (folder: string, flags: { readonly json?: boolean }) => {
    await execute(
      flags,
      async (session) => {
        const cases = await findCases(folder);
        const rows: ConformanceRow[] = [];
        await session.stage(`${cases.length} models`, async (update) => {
          for (const { name, model, input } of cases) {
            update(name);
            rows.push(await checkConformance(name, await readFile(model), await readFile(input, 'utf8')));
          }
        });
        return { result: rows, ok: rows.every((row) => !row.compiled || row.satisfied === true) };
      },
      print,
    );
  })
  .parseAsync();

async function findCases(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new FileError(`cannot read the folder ${folder}: ${cause.message}`, { cause });
  });
  const cases = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const model = MODEL_NAMES.map((file) => join(folder, name, file)).find(existsSync);
      const input = join(folder, name, 'input.json');
      return model && existsSync(input) ? [{ name, model, input }] : [];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
  if (cases.length === 0) throw new FileError(`${folder} holds no NAME/network.onnx with NAME/input.json`);
  return cases;
}

/** Without the list of what is supported, which is the same for all. */
function firstSentence(text: string): string {
  return text.replace(/\. Supported are .*$/s, '.');
}

function print(rows: readonly ConformanceRow[]): string {
  const done = rows.filter((row) => row.compiled);
  const percent = (value?: number): string => (value === undefined ? '' : `${(100 * value).toFixed(3)} %`);
  return [
    table(
      ['model', 'compiled', 'constraints', 'satisfied', 'error / range', 'why not'],
      rows.map((row) => [row.name, row.compiled ? 'yes' : 'no', row.constraints, row.compiled ? (row.satisfied ? 'yes' : 'NO') : '', percent(row.relativeError), firstSentence(row.why ?? '')]),
    ),
    '',
    `${done.length} of ${rows.length} compiled, ${done.filter((row) => row.satisfied).length} witnesses satisfied, largest relative error ${percent(Math.max(0, ...done.map((row) => row.relativeError ?? 0)))}`,
  ].join('\n');
}
