/** The models of a folder that conformance measures: `NAME/network.onnx` or `NAME/model.onnx` with `NAME/input.json`. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors.js';
import type { ConformanceInputs, ConformanceRow } from '../workflow/conformance.js';

const MODEL_NAMES = ['network.onnx', 'model.onnx'];

export interface ConformanceCase {
  readonly name: string;
  /** The ONNX file. */
  readonly model: string;
  /** Where its inputs are. */
  readonly folder: string;
}

/** A row and what its compile took, in a process of its own. */
export interface MeasuredRow extends ConformanceRow {
  /** Seconds of processor time, all threads. */
  readonly processor: number;
  readonly peakMegabytes: number;
}

/** @throws FileError where the folder cannot be read or holds no model */
export async function findCases(folder: string): Promise<ConformanceCase[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new FileError(`cannot read the folder ${folder}: ${cause.message}`, { cause });
  });
  const cases = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const model = MODEL_NAMES.map((file) => join(folder, name, file)).find(existsSync);
      return model && existsSync(join(folder, name, 'input.json')) ? [{ name, model, folder: join(folder, name) }] : [];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
  if (cases.length === 0) throw new FileError(`${folder} holds no NAME/network.onnx with NAME/input.json`);
  return cases;
}

/** The texts of a model's input files, as far as they are there. */
export async function conformanceInputs(folder: string): Promise<ConformanceInputs> {
  const text = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  const beside = (file: string): Promise<string> | undefined =>
    existsSync(join(folder, file)) ? text(file) : undefined;
  return {
    input: await text('input.json'),
    calibration: await beside('calibration.json'),
    heldOut: await beside('heldout.json'),
    expected: await beside('output.json'),
  };
}
