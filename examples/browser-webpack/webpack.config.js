import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  mode: 'production',
  context: here('.'),
  entry: './main.js',
  // index.html stands beside it: copy it there.
  output: { path: here('dist'), filename: 'main.js' },
};
