/** The fixture models, compiled once for all tests of one process. */
import { readFileSync } from 'node:fs';
import { buildGraph, decodeModel } from '../src/onnx/index.js';
import { createChecker, type Checker } from '../src/r1cs/check.js';
import { compileOnnx, type CompiledModel } from '../src/workflow/compile.js';
import { parseSamples } from '../src/workflow/input-json.js';
import { prepareWitness, type WitnessGenerator } from '../src/witness/generate.js';

export const FIXTURES = ['tabular', 'mnist-mlp', 'lenet5'] as const;
export type Fixture = (typeof FIXTURES)[number];

export interface CompiledFixture extends CompiledModel {
  readonly checker: Checker;
  readonly generator: WitnessGenerator;
}

const compiled = new Map<Fixture, Promise<CompiledFixture>>();

export function fixtureFile(name: Fixture, file: string): URL {
  return new URL(`../fixtures/${name}/${file}`, import.meta.url);
}

export function compiledFixture(name: Fixture): Promise<CompiledFixture> {
  const known = compiled.get(name);
  if (known) return known;
  const made = compile(name);
  compiled.set(name, made);
  return made;
}

async function compile(name: Fixture): Promise<CompiledFixture> {
  const onnx = readFileSync(fixtureFile(name, 'model.onnx'));
  const { inputs } = buildGraph(decodeModel(onnx));
  const calibration = parseSamples(
    readFileSync(fixtureFile(name, 'calibration.json'), 'utf8'),
    inputs,
    'calibration.json',
  );
  const model = await compileOnnx(onnx, { name, calibration });
  return { ...model, checker: createChecker(model.circuit.system), generator: prepareWitness(model.circuit.plan) };
}
