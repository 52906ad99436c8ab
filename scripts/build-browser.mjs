/**
 * `zkinfer/browser` as a web server or a bundler takes it: `dist/web/` with `index.js`, `worker.js`, `thread.js` and
 * `compiler.js`, each in one file, and the WebAssembly modules beside them where they are built (`npm run build:wasm`).
 * `npm run build` runs it. Addresses of workers and modules are written as `new URL('./…', import.meta.url)`, which
 * browsers resolve and bundlers find.
 *
 * The trap: names are not shortened, since errors are known by their classes' names.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const out = join(root, 'dist', 'web');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const ENTRIES = ['index', 'worker', 'thread', 'compiler'];
const MODULES = ['zkinfer.wasm', 'zkinfer-threads.wasm'];

/** What stands for another file in a browser. */
const INSTEAD = {
  'gadgets/poseidon-constants.ts': 'browser/poseidon-constants.ts',
  'onnx/onnxruntime.ts': 'browser/onnxruntime.ts',
};
/** Files that load what Node has; the core loads them only when it is asked to, which a browser does not do. */
const NODE_ONLY = new Set(['groth16/backends.ts', 'groth16/key-record.ts', 'proof-systems/groth16-contract.ts']);
/**
 * Names that the sources declare, and what they are in the bundle. The trap: webpack puts workers of one name into one
 * program.
 */
const WRITTEN = [
  ['ZKINFER_WORKER()', "new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'zkinfer' })"],
  [
    'ZKINFER_THREAD()',
    "new Worker(new URL('./thread.js', import.meta.url), { type: 'module', name: 'zkinfer-thread' })",
  ],
  [
    'ZKINFER_COMPILER()',
    "new Worker(new URL('./compiler.js', import.meta.url), { type: 'module', name: 'zkinfer-compiler' })",
  ],
  ['ZKINFER_VERSION', JSON.stringify(version)],
  ['ZKINFER_THREADS_MODULE', "new URL('./zkinfer-threads.wasm', import.meta.url)"],
  ['ZKINFER_MODULE', "new URL('./zkinfer.wasm', import.meta.url)"],
];

const forBrowsers = {
  name: 'zkinfer-browser',
  enforce: 'pre',
  resolveId(target, importer) {
    if (target.startsWith('node:')) throw new Error(`${importer} imports ${target}, which no browser has`);
    if (!target.startsWith('.') || importer === undefined) return undefined;
    const path = resolve(dirname(importer), target).replace(/\.js$/, '.ts');
    const name = relative(src, path).split(sep).join('/');
    if (NODE_ONLY.has(name)) return `\0node-only:${name}`;
    const instead = INSTEAD[name];
    return instead === undefined ? undefined : join(src, instead);
  },
  load(id) {
    return id.startsWith('\0node-only:') ? `throw new Error('${id.slice(11)} needs Node');` : undefined;
  },
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      for (const [name, text] of WRITTEN) chunk.code = chunk.code?.replaceAll(name, text);
      // A worker has nothing to export; without an export tools take it for no module.
      if (chunk.isEntry && chunk.exports.length === 0) chunk.code += 'export {};\n';
    }
  },
};

const { build } = await import('vite').catch(() => {
  console.error('vite is not installed, so the browser package is not built.');
  process.exit(0);
});
mkdirSync(out, { recursive: true });
for (const entry of ENTRIES) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    plugins: [forBrowsers],
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      lib: { entry: join(src, 'browser', `${entry}.ts`), formats: ['es'], fileName: () => `${entry}.js` },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
}
for (const name of MODULES) {
  const from = join(root, 'native', name);
  if (existsSync(from)) copyFileSync(from, join(out, name));
}
const sizes = ENTRIES.map((entry) => `${entry}.js ${Math.round(statSync(join(out, `${entry}.js`)).size / 1000)} KB`);
console.log(`dist/web: ${sizes.join(', ')}`);
