/** The examples, built as their users build them and opened in Chromium. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import webpack, { type Configuration } from 'webpack';

import { findChromium, openPage, startChromium } from '../../src/bench/chromium.js';
import { startServer } from '../../src/bench/web-server.js';
import type * as api from '../../src/browser/index.js';
import { exportCompiler } from '../../src/workflow/export-compiler.js';
import { exportWeb } from '../../src/workflow/export-web.js';
import { temporaryFolder, toyBuild } from '../workflow/support/folders.js';
import { toyModel } from '../workflow/support/toy.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** In the page, see `example`. */
declare const compile: typeof api.compile;

describe('examples of zkinfer/browser', function () {
  let browser: Browser;
  let builds: string;
  let compiler: string;

  before(async function () {
    const chromium = findChromium();
    const modules = ['zkinfer.wasm', 'zkinfer-threads.wasm'].map((name) => path.join(ROOT, 'dist', 'web', name));
    if (chromium === undefined || !modules.every(existsSync)) {
      console.log('      skipped: there is no Chromium, or dist/web lacks a module');
      return this.skip();
    }
    builds = temporaryFolder();
    await exportWeb(await toyBuild(), path.join(builds, 'toy'));
    compiler = temporaryFolder();
    await exportCompiler(compiler);
    browser = await startChromium(chromium);
  });
  after(() => browser?.close());

  /** A copy of an example with the package installed. */
  function example(name: string): string {
    const folder = path.join(temporaryFolder(), name);
    cpSync(path.join(ROOT, 'examples', name), folder, { recursive: true });
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(ROOT, path.join(folder, 'node_modules', 'zkinfer'));
    // What else a page may do, for `runs` to call: a bundler has to find the worker that compiles, too.
    appendFileSync(
      path.join(folder, 'main.js'),
      `\nimport { compile } from '${imported(name)}';\nglobalThis.compile = compile;\n`,
    );
    return folder;
  }

  /** By what an example's program imports the package. */
  const imported = (name: string): string => (name === 'browser-plain' ? '/zkinfer/index.js' : 'zkinfer/browser');

  /** Opens the example's page and waits for what it says at the end; then compiles a model in it. */
  async function runs(site: string): Promise<void> {
    const server = await startServer({ site, builds, compiler });
    const context = await browser.newContext();
    try {
      const page = await openPage(context, `${server.url}/site/index.html?build=/builds/toy`);
      await page.getByText('the proof is', { exact: false }).waitFor();
      assert.equal(await page.locator('output').textContent(), 'the proof is valid');
      const reference = await page.evaluate(
        async (onnx) => {
          const { accuracy } = await compile({
            onnx: Uint8Array.from(onnx),
            name: 'toy',
            compiler: '/compiler',
            onnxruntime: '/compiler/onnxruntime/ort.wasm.min.mjs',
            keys: false,
          });
          return accuracy.reference;
        },
        [...toyModel()],
      );
      assert.equal(reference, 'onnxruntime');
    } finally {
      await context.close();
      await server.close();
    }
  }

  it('proves and compiles without a bundler', () => runs(example('browser-plain')));

  it('proves and compiles when Vite built it', async () => {
    const folder = example('browser-vite');
    const vite = path.join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
    await promisify(execFile)(process.execPath, [vite, 'build', '--base', './'], { cwd: folder });
    await runs(path.join(folder, 'dist'));
  });

  it('proves and compiles when webpack built it', async () => {
    const folder = example('browser-webpack');
    const { default: config } = (await import(pathToFileURL(path.join(folder, 'webpack.config.js')).href)) as {
      default: Configuration;
    };
    await new Promise<void>((resolve, reject) => {
      // Made smaller, it takes half a minute longer and does the same.
      webpack({ ...config, optimization: { minimize: false } }, (error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() === true) reject(new Error(stats.toString('errors-only')));
        else resolve();
      });
    });
    cpSync(path.join(folder, 'index.html'), path.join(folder, 'dist', 'index.html'));
    await runs(path.join(folder, 'dist'));
  });
});
