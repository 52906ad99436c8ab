/**
 * Every model of a folder (ZKINFER_MODELS) either agrees with onnxruntime, or is refused by an error that the survey
 * names too. Without the variable there is nothing to run: the models of others are no part of this repository.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZkinferError } from '../../src/errors.js';
import { buildGraph, decodeModel, surveyModel, type OnnxModel } from '../../src/onnx/index.js';
import { compareWithRuntime } from './support/compare.js';

const folder = process.env.ZKINFER_MODELS;

describe('models of others', () => {
  if (folder === undefined) return;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
  for (const file of files.sort()) {
    it(`${file} agrees with onnxruntime, or is refused by an error of a named class`, async () => {
      const bytes = readFileSync(join(folder, file));
      const refusal = refusalOf(bytes);
      if (refusal === undefined) {
        const { error } = await compareWithRuntime(bytes);
        assert.ok(error < 1e-5, `differs by ${error} of the largest output`);
        assert.deepEqual(surveyModel(decodeModel(bytes)).unsupported, []);
      } else if (refusal.model !== undefined) {
        assert.equal(surveyModel(refusal.model).unsupported[0], refusal.error.message);
      }
    });
  }
});

function refusalOf(bytes: Uint8Array): { readonly error: ZkinferError; readonly model?: OnnxModel } | undefined {
  let model: OnnxModel | undefined;
  try {
    model = decodeModel(bytes);
    buildGraph(model);
    return undefined;
  } catch (error) {
    if (error instanceof ZkinferError) return { error, model };
    throw error;
  }
}
