// Vite finds worker and modules by their addresses in the package.
import { openBuild } from 'zkinfer/browser';

const show = (text) => (document.querySelector('output').textContent = text);

// A folder that `zkinfer export-web` wrote, and an input: one array for each input of the model.
const build = await openBuild(new URLSearchParams(location.search).get('build') ?? '/builds/model');
const input = build.manifest.inputs.map(({ shape }) => new Array(shape.reduce((a, b) => a * b, 1)).fill(0));

const { proof, publicSignals } = await build.prove({ input, onProgress: (_, stage) => show(stage) });
const { valid } = await build.verify({ proof, publicSignals });
show(valid ? 'the proof is valid' : 'the proof is not valid');
build.close();
