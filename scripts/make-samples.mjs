/**
 * `npm run samples`: writes build/fixtures/{mnist-mlp,lenet5}/samples.json, the 2,004 held-out MNIST images and labels
 * (4.5 MB each, hence not committed). Same images for both networks. Deterministic. Needs dev dependencies.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadMnist, samplesToJson } from '../fixtures/mnist.mjs';

const json = samplesToJson(loadMnist().heldOut);
for (const name of ['mnist-mlp', 'lenet5']) {
  const folder = new URL(`../build/fixtures/${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL('samples.json', folder));
  writeFileSync(`${file}.tmp-${process.pid}`, json);
  renameSync(`${file}.tmp-${process.pid}`, file);
  console.log(`wrote build/fixtures/${name}/samples.json`);
}
