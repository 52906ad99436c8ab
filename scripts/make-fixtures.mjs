/**
 * Writes the committed MNIST JSON files again: fixtures/{mnist-mlp,lenet5}/input.json (one held-out image) and
 * calibration.json (100 training images, ten of each digit), so that the demo needs no dev dependency. The tabular
 * fixture's JSON files come from its training script, because scikit-learn has the data.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { firstOfEachDigit, loadMnist, samplesToJson } from '../fixtures/mnist.mjs';

/** The digit each network's input.json shows. */
const SHOWN = { 'mnist-mlp': 7, lenet5: 4 };
const CALIBRATION_IMAGES_PER_DIGIT = 10;

const { training, heldOut } = loadMnist();
const calibration = firstOfEachDigit(training, CALIBRATION_IMAGES_PER_DIGIT);
for (const [name, digit] of Object.entries(SHOWN)) {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const image = heldOut.input_data[heldOut.labels.indexOf(digit)];
  writeFileSync(new URL('input.json', folder), samplesToJson({ input_data: [image], labels: [digit] }));
  writeFileSync(new URL('calibration.json', folder), samplesToJson(calibration));
}
