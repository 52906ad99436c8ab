/** The pages as files: built by Vite from `web/`, again only where a source is newer than what was built. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const web = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The three pages; each is an HTML file of `web/`. */
export const PAGES = ['index', 'explorer', 'ceremony'] as const;

function newest(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

/** Files that find their data as Node does, and what a browser has instead. */
const INSTEAD: Readonly<Record<string, string>> = { 'gadgets/poseidon-constants.ts': 'browser/poseidon-constants.ts' };

const forBrowsers: Plugin = {
  name: 'zkinfer-pages',
  enforce: 'pre',
  resolveId(target, importer) {
    if (target.startsWith('node:')) throw new Error(`${importer} imports ${target}, which no browser has`);
    if (!target.startsWith('.') || importer === undefined) return undefined;
    const src = join(root, 'src');
    const name = relative(src, resolve(dirname(importer), target).replace(/\.js$/, '.ts'))
      .split(sep)
      .join('/');
    return Object.hasOwn(INSTEAD, name) ? join(src, INSTEAD[name]) : undefined;
  },
};

/** Builds the pages into `folder`. */
export async function buildPages(folder: string): Promise<void> {
  const mark = join(folder, 'index.html');
  if (
    existsSync(mark) &&
    statSync(mark).mtimeMs >= Math.max(newest(web), newest(join(root, 'src')), newest(join(root, 'dist', 'web')))
  )
    return;
  await build({
    root: web,
    configFile: false,
    logLevel: 'warn',
    base: './',
    plugins: [forBrowsers],
    // As a dependent of the package finds it.
    resolve: { alias: { 'zkinfer/browser': join(root, 'dist', 'web', 'index.js') } },
    build: {
      // Vite would take it from its own root.
      outDir: resolve(folder),
      emptyOutDir: true,
      target: 'es2022',
      // A content security policy that allows no data: URL finds every file beside the page.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2_000,
      // Errors are known by their classes' names.
      rolldownOptions: {
        checks: { pluginTimings: false },
        output: { keepNames: true },
        input: Object.fromEntries(PAGES.map((page) => [page, join(web, `${page}.html`)])),
      },
    },
    worker: { format: 'es' },
  });
}
