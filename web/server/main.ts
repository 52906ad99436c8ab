/** `npm run web`: the pages on this machine, with a chain of their own. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPages } from './pages.js';
import { FIXTURE_MODELS, startSite } from './site.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `usage: npm run web -- [--port N] [--models a,b] [--out FOLDER]
  --port    to listen on at 127.0.0.1 (default: 4180)
  --models  of ${FIXTURE_MODELS.map(({ name }) => name).join(', ')} (default: all)
  --out     folder for builds and pages (default: build/web)`;

const names = FIXTURE_MODELS.map(({ name }) => name);

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '4180' },
        models: { type: 'string', default: names.join(',') },
        out: { type: 'string', default: join('build', 'web') },
        help: { type: 'boolean' },
      },
    });
    const port = Number(values.port);
    const models = names.filter((name) => values.models.split(',').includes(name));
    const isGood =
      Number.isInteger(port) && port >= 0 && port < 65_536 && models.length === values.models.split(',').length;
    if (values.help || !isGood) throw new Error(values.help ? '' : 'a port or model is not one');
    return { port, models, out: values.out };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`.trim());
    process.exit(2);
  }
}

const { port, models, out } = readArguments();
const pages = join(out, 'pages');
if (!existsSync(join(root, 'dist', 'web', 'zkinfer.wasm'))) {
  // The command line proves without it; a page has nothing else.
  const made = ['build-wasm.mjs', 'build-browser.mjs'].every(
    (script) => spawnSync(process.execPath, [join(root, 'scripts', script)], { stdio: 'inherit' }).status === 0,
  );
  if (!made || !existsSync(join(root, 'dist', 'web', 'zkinfer.wasm'))) {
    console.error('The pages prove with WebAssembly, which could not be built; see CONTRIBUTING.md for what it needs.');
    process.exit(1);
  }
}
console.log('Building the pages ...');
await buildPages(pages);
const site = await startSite({ pages, data: join(out, 'builds'), port, models, scene: true, tell: console.log });
console.log(`\n    ${site.url}/            draw a digit, prove it, ask a contract`);
console.log(`    ${site.url}/explorer.html  what is registered and attested on the local chain`);
console.log(`    ${site.url}/ceremony.html  contribute to a key\n`);
console.log('Models become ready one after the other; Ctrl-C ends everything.');
const stop = (): void => {
  void site.close().finally(() => process.exit(130));
};
process.once('SIGINT', stop).once('SIGTERM', stop);
await site.ready;
console.log('All models are ready.');
