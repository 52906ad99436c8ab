/** The trained networks that come with the package, which demonstrations and benchmarks run on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGraph, decodeModel } from '../onnx/index.js';
import { parseInput, parseSamples, type Sample } from './input-json.js';

export interface Fixture {
  /** Bytes of the ONNX file. */
  readonly onnx: Uint8Array;
  /** An input that the network was not trained on. */
  readonly input: Sample;
  readonly calibration: readonly Sample[];
}

/** Path of a file or folder among the fixtures. */
export const fixturePath = (...names: readonly string[]): string =>
  join(fileURLToPath(new URL('../../fixtures/', import.meta.url)), ...names);

/** The network `fixtures/<name>`. */
export async function readFixture(name: string): Promise<Fixture> {
  const read = (file: string): Promise<Buffer> => readFile(fixturePath(name, file));
  const onnx = await read('model.onnx');
  const { inputs } = buildGraph(decodeModel(onnx));
  const text = async (file: string): Promise<string> => (await read(file)).toString('utf8');
  return {
    onnx,
    input: parseInput(await text('input.json'), inputs, 'input.json'),
    calibration: parseSamples(await text('calibration.json'), inputs, 'calibration.json'),
  };
}
