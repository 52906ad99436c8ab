/**
 * For `startup.test.ts`, run by Node with `--import tsx`: says which of the named packages were loaded by importing a module, and which
 * by each command of the command line when it is only defined, as for `--help`. Packages are seen as they are resolved, by a hook that
 * tells the main thread.
 */
import { readdirSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';

const HOOK = `
let port;
export const initialize = (data) => { port = data.port; };
export const resolve = async (specifier, context, next) => {
  const found = await next(specifier, context);
  port.postMessage(found.url);
  return found;
};`;

const { port1, port2 } = new MessageChannel();
const urls = new Set();
port1.on('message', (url) => urls.add(url));
register(`data:text/javascript,${encodeURIComponent(HOOK)}`, { data: { port: port2 }, transferList: [port2] });
port1.unref();

const heavy = process.argv[2].split(',');
const loaded = async () => {
  await new Promise((done) => setTimeout(done, 20));
  const all = [...urls, ...Object.keys(createRequire(import.meta.url).cache)];
  return heavy.filter((name) => all.some((url) => url.includes(`/node_modules/${name}/`)));
};
const found = {};
const src = new URL('../../src/', import.meta.url);
for (const path of ['index.ts', 'api/errors.ts']) {
  await import(new URL(path, src));
  found[path] = await loaded();
}
const { Command } = await import('commander');
for (const name of readdirSync(new URL('cli/commands/', src))) {
  const { define } = await import(new URL(`cli/commands/${name}`, src));
  define(new Command(name));
  found[name] = await loaded();
}
// The same hook does see them when they are loaded.
await import('ethers');
found.seen = await loaded();
process.stdout.write(JSON.stringify(found));
