/**
 * Every model of a folder of published ones (EZKL's examples and the ZKML benchmark's) that builds must agree with
 * onnxruntime. The folder is no part of this repository: ZKINFER_MODELS names it, `../shared/models` is tried without.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZkinferError } from '../../src/errors.js';
import { buildGraph, decodeModel, surveyModel } from '../../src/onnx/index.js';
import { compareWithRuntime } from './support/compare.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = process.env.ZKINFER_MODELS ?? join(root, '../shared/models');

/** Those whose operators are all supported; the others must say which is not. */
const BUILDS = new Set(
  `1l_average 1l_batch_norm 1l_concat 1l_conv 1l_div 1l_flatten 1l_identity 1l_leakyrelu 1l_linear 1l_max_pool 1l_mean 1l_mlp
  1l_pad 1l_prelu 1l_relu 1l_reshape 1l_slice 1l_softmax 1l_upsample 2l_relu_fc 2l_relu_small 3l_relu_conv_fc accuracy clip large_mlp
  lenet_5 linear_regression ltsf max min reducel1 sklearn_mlp tril variable_cnn 196_24_14_10 196_25_10 784_56_10`.split(/\s+/),
);

describe('published models', () => {
  if (!existsSync(folder)) {
    it(`are not here: set ZKINFER_MODELS to a folder of .onnx files to run these tests`, function () {
      this.skip();
    });
    return;
  }
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
  for (const file of files.sort()) {
    const bytes = readFileSync(join(folder, file));
    const name = basename(file) === 'network.onnx' ? basename(dirname(file)) : basename(file, '.onnx');
    if (BUILDS.has(name)) {
      it(`${relative('.', file)} agrees with onnxruntime`, async () => {
        const { error } = await compareWithRuntime(bytes);
        assert.ok(error < 1e-5, `differs by ${error} of the largest output`);
        assert.deepEqual(surveyModel(decodeModel(bytes)).unsupported, []);
      });
    } else {
      it(`${relative('.', file)} is refused with an error and a survey that name the same reason`, () => {
        const model = decodeModel(bytes);
        const { unsupported } = surveyModel(model);
        assert.throws(
          () => buildGraph(model),
          (error) => error instanceof ZkinferError && unsupported[0] === error.message,
        );
      });
    }
  }
});
