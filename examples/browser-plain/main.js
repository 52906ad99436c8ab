// Without a bundler: node_modules/zkinfer/dist/web/ is on the server as /zkinfer/.
import { openBuild } from '/zkinfer/index.js';

const show = (text) => (document.querySelector('output').textContent = text);

// A folder that `zkinfer export-web` wrote, and an input: one array for each input of the model.
const build = await openBuild(new URLSearchParams(location.search).get('build') ?? '/builds/model');
const input = build.manifest.inputs.map(({ shape }) => new Array(shape.reduce((a, b) => a * b, 1)).fill(0));

const { proof, publicSignals } = await build.prove({ input, onProgress: (_, stage) => show(stage) });
const { valid } = await build.verify({ proof, publicSignals });
show(valid ? 'the proof is valid' : 'the proof is not valid');
build.close();
