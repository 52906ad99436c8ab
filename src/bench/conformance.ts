/**
 * `npm run conformance -- FOLDER [--only TEXT] [--json]`: every `<name>/network.onnx` (or `model.onnx`) with its
 * `input.json` below a folder, compiled, its witness checked, its outputs compared with onnxruntime: on `heldout.json`
 * where it is there, calibrated on `calibration.json` where that is. Exit code 1 if a compiled model's witness fails.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { percent } from '../percent.js';
import { FileError } from '../errors.js';
import { jsonOption } from '../cli/options.js';
import { execute } from '../cli/session.js';
import { textTable } from '../cli/table.js';
import { checkConformance, type ConformanceRow } from '../workflow/conformance.js';
import { readOnnxFile } from '../workflow/onnx-file.js';

const MODEL_NAMES = ['network.onnx', 'model.onnx'];

await new Command('conformance')
  .description('compile every model below a folder and compare it with onnxruntime')
  .argument('<folder>', 'folder of NAME/network.onnx with NAME/input.json')
  .option('--only <text>', 'models with this in their name')
  .addOption(jsonOption())
  .action(async (folder: string, flags: { readonly only?: string; readonly json?: boolean }) => {
    await execute(
      flags,
      async (session) => {
        const cases = (await findCases(folder)).filter(({ name }) => name.includes(flags.only ?? ''));
        const rows: ConformanceRow[] = [];
        await session.stage(`${cases.length} models`, async (update) => {
          for (const { name, model, input } of cases) {
            update(name);
            rows.push(await rowOf(name, model, input));
          }
        });
        return { result: rows, ok: rows.every((row) => !row.compiled || row.satisfied === true) };
      },
      print,
    );
  })
  .parseAsync();

async function rowOf(name: string, model: string, input: string): Promise<ConformanceRow> {
  const beside = (file: string): Promise<string | undefined> => {
    const path = join(dirname(input), file);
    return existsSync(path) ? readFile(path, 'utf8') : Promise.resolve(undefined);
  };
  try {
    const texts = {
      input: await readFile(input, 'utf8'),
      calibration: await beside('calibration.json'),
      heldOut: await beside('heldout.json'),
    };
    return await checkConformance(name, await readOnnxFile(model), texts);
  } catch (error) {
    return { name, compiled: false, why: String(error) };
  }
}

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
  const share = (value?: number): string => (value === undefined ? '' : percent(value, 3));
  return [
    textTable(
      ['model', 'compiled', 'constraints', 'satisfied', 'error / range', 'same class', 'rows', 'seconds', 'why not'],
      rows.map((row) => [
        row.name,
        row.compiled ? 'yes' : 'no',
        row.constraints,
        row.compiled ? (row.satisfied ? 'yes' : 'NO') : '',
        share(row.relativeError),
        share(row.classAgreement),
        row.rows &&
          `${row.samples} ${row.rows === 'heldOut' ? 'held out' : row.rows}${row.reference === 'own' ? ', own evaluator' : ''}`,
        row.seconds?.toFixed(1),
        firstSentence(row.why ?? ''),
      ]),
    ),
    '',
    `${done.length} of ${rows.length} compiled, ${done.filter((row) => row.satisfied).length} witnesses satisfied, largest relative error ${share(Math.max(0, ...done.map((row) => row.relativeError ?? 0)))}`,
  ].join('\n');
}
