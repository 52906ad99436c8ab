/** Models compiled in Chromium: the same build as the command line's, proved in the page, and hostile files. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

import type * as api from '../../src/browser/index.js';
import { findChromium, openPage, startChromium } from '../../src/bench/chromium.js';
import { startServer, type TestServer } from '../../src/bench/web-server.js';
import { buildGraph, decodeModel } from '../../src/onnx/index.js';
import { writeBuild } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { COMPILER_INDEX } from '../../src/workflow/compiler-index.js';
import { exportCompiler, type CompilerExport } from '../../src/workflow/export-compiler.js';
import { fixturePath } from '../../src/workflow/fixture.js';
import { parseSamples } from '../../src/workflow/input-json.js';
import { verifyProof } from '../../src/workflow/verify.js';
import { floats, makeModel, node } from '../onnx/support/make-model.js';
import { backend, temporaryFolder } from '../workflow/support/folders.js';
import { toyModel } from '../workflow/support/toy.js';

const MODULE = fileURLToPath(new URL('../../dist/web/zkinfer.wasm', import.meta.url));

type Api = typeof api;
/** In the page, which knows the package by its address. */
declare function openPackage(): Promise<Api>;

type Options = Omit<api.PageCompileRequest, 'onnx' | 'compiler'>;

describe('compile in Chromium', function () {
  let browser: Browser;
  let server: TestServer;
  let page: Page;
  let compiler: string;
  let exported: CompilerExport;

  before(async function () {
    const chromium = findChromium();
    const lacking =
      chromium === undefined ? 'there is no Chromium' : existsSync(MODULE) ? undefined : 'dist/web has no module';
    if (chromium === undefined || lacking !== undefined) {
      console.log(`      skipped: ${lacking}`);
      return this.skip();
    }
    compiler = temporaryFolder();
    exported = await exportCompiler(path.join(compiler, 'whole'));
    server = await startServer({ compiler });
    browser = await startChromium(chromium);
    page = await openPage(await browser.newContext(), server.url);
    await page.evaluate("globalThis.openPackage = () => import('/zkinfer/index.js')");
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** What a page's build holds, by name, in base64. */
  const compileInPage = async (onnx: Uint8Array, options: Options, onnxruntime = true) => {
    const { files, ...rest } = await page.evaluate(
      async ([bytes, given, reference, sha256]) => {
        const { compile } = await openPackage();
        const stages = new Set<string>();
        const built = await compile({
          onnx: Uint8Array.from(bytes),
          compiler: '/compiler/whole',
          sha256,
          ...(reference ? { onnxruntime: '/compiler/whole/onnxruntime/ort.wasm.min.mjs' } : {}),
          ...given,
          keys: false,
          onProgress: (_, stage) => void stages.add(stage),
        });
        const text = (part: Uint8Array): string => part.reduce((all, byte) => all + String.fromCharCode(byte), '');
        return {
          files: [...built.files].map(([name, contents]) => [name, btoa(text(contents))]),
          reference: built.accuracy.reference,
          why: built.accuracy.why,
          stages: [...stages],
        };
      },
      [[...onnx], options, onnxruntime, exported.sha256] as const,
    );
    return { files: new Map(files.map(([name, text]) => [name, Buffer.from(text, 'base64')])), ...rest };
  };

  const compileHere = async (
    onnx: Uint8Array,
    options: Parameters<typeof compileOnnx>[1],
  ): Promise<(name: string) => Buffer> => {
    const folder = path.join(temporaryFolder(), 'build');
    const compiled = await compileOnnx(onnx, options);
    await writeBuild(folder, compiled.manifest, buildFiles(compiled));
    return (name) => readFileSync(path.join(folder, name));
  };

  it('gives the same build as the command line, byte for byte, with onnxruntime as the reference', async () => {
    const onnx = readFileSync(fixturePath('tabular', 'model.onnx'));
    const { inputs } = buildGraph(decodeModel(onnx));
    const { input_data: rows } = JSON.parse(readFileSync(fixturePath('tabular', 'calibration.json'), 'utf8')) as {
      readonly input_data: readonly unknown[];
    };
    const text = JSON.stringify({ input_data: rows.slice(0, 40) });
    const calibration = parseSamples(text, inputs, 'rows');
    const options = { name: 'tabular', scores: true };
    const made = await compileInPage(onnx, { ...options, calibration: text });
    const here = await compileHere(onnx, { ...options, calibration });
    assert.equal(made.why, undefined);
    assert.equal(made.reference, 'onnxruntime');
    assert.deepEqual([...made.files.keys()].sort(), [
      'circuit.plan',
      'circuit.r1cs',
      'circuit.sym',
      'integer-model.json',
      'manifest.json',
    ]);
    for (const [name, contents] of made.files) assert.ok(contents.equals(here(name)), `${name} differs`);
    assert.ok(made.stages.includes('comparing with float32'), made.stages.join());
  });

  it('compiles without onnxruntime, and says what it compared with', async () => {
    const made = await compileInPage(toyModel(), { name: 'toy' }, false);
    assert.equal(made.reference, 'own');
    assert.match(made.why ?? '', /names no address of onnxruntime/);
  });

  it('makes keys, and proofs that verify here', async () => {
    const { proof, publicSignals, valid, forged, files } = await page.evaluate(
      async (bytes) => {
        const { compile, openBuild } = await openPackage();
        const built = await compile({ onnx: Uint8Array.from(bytes), name: 'toy', compiler: '/compiler/whole' });
        const opened = await openBuild(built);
        const made = await opened.prove({ input: [[0.5, -0.25]] });
        const signals = [String(BigInt(made.publicSignals[0]) ^ 1n), ...made.publicSignals.slice(1)];
        const answers = await Promise.all([made, { ...made, publicSignals: signals }].map((one) => opened.verify(one)));
        opened.close();
        return {
          ...made,
          valid: answers[0].valid,
          forged: answers[1].valid,
          files: [...built.files].map(([name, contents]) => [name, Array.from(contents)] as const),
        };
      },
      [...toyModel()],
    );
    assert.deepEqual([valid, forged], [true, false]);
    const folder = temporaryFolder();
    for (const [name, contents] of files) writeFileSync(path.join(folder, name), Uint8Array.from(contents));
    const own = backend();
    const check = (signals: readonly string[]) =>
      verifyProof(folder, own, { proof, publicSignals: [...signals] } as never).then((answer) => answer.valid);
    assert.equal(await check(publicSignals), true);
    assert.equal(await check([...publicSignals.slice(0, -1), '5']), false);
  });

  /** The class and code of the error that compiling ends with. */
  const refusal = (onnx: Uint8Array, folder = 'whole', sha256?: string): Promise<string> =>
    page.evaluate(
      async ([bytes, where, hash]) => {
        const { compile } = await openPackage();
        const given = { onnx: Uint8Array.from(bytes), name: 'x', compiler: `/compiler/${where}`, sha256: hash };
        return await compile(given).then(
          () => 'compiled',
          (error: { name: string; code?: string }) => `${error.name} ${error.code}`,
        );
      },
      [[...onnx], folder, sha256] as const,
    );

  it('refuses models as the command line does, by class and code', async () => {
    assert.equal(await refusal(Uint8Array.of(1, 2, 3)), 'MalformedModelError MALFORMED_MODEL');
    const unknown = { inputs: { x: [1, 2] }, outputs: ['y'], nodes: [node('TfIdfVectorizer', ['x'], ['y'])] };
    assert.match(await refusal(makeModel(unknown)), /^Unsupported/);
    const huge = makeModel({
      inputs: { x: [1, 1] },
      outputs: ['y'],
      constants: { shape: { dims: [2], dataType: 7, int64Data: [2 ** 20, 2 ** 20] } },
      nodes: [node('Expand', ['x', 'shape'], ['y'])],
    });
    assert.match(await refusal(huge), /^(ModelTooLargeError|UnsupportedOpError)/);
  });

  it('refuses a compiler that is damaged, exchanged or none', async () => {
    assert.match(await refusal(toyModel(), 'absent'), /^WebBuildError/);
    assert.match(await refusal(toyModel(), 'whole', `0x${'1'.repeat(64)}`), /^WebBuildError/);
    for (const [name, change] of [
      ['other-version', (text: string) => text.replace(/"toolVersion":"[^"]*"/, '"toolVersion":"0.0.0"')],
      ['other-circom', (text: string) => text.replace(/("circom.wasm":\{.*?"sha256":"0x)./, '$1f')],
    ] as const) {
      cpSync(path.join(compiler, 'whole'), path.join(compiler, name), { recursive: true });
      const index = path.join(compiler, name, COMPILER_INDEX);
      writeFileSync(index, change(readFileSync(index, 'utf8')));
      assert.match(await refusal(toyModel(), name), /^WebBuildError/, name);
    }
  });

  it('ends at once when it is aborted, whatever the model does, and leaves the page free', async () => {
    const width = 96;
    const layers = Array.from({ length: 6 }, (_, i) => i);
    const onnx = makeModel({
      inputs: { x: [1, width] },
      outputs: [`h${layers.length}`],
      constants: {
        w: floats(
          [width, width],
          Array.from({ length: width * width }, (_, i) => Math.sin(i)),
        ),
      },
      nodes: layers.flatMap((i) => [
        node('MatMul', [i === 0 ? 'x' : `h${i}`, 'w'], [`m${i}`], {}, `m${i}`),
        node('Relu', [`m${i}`], [`h${i + 1}`], {}, `r${i}`),
      ]),
    });
    const ended = await page.evaluate(
      async (bytes) => {
        const { compile } = await openPackage();
        const stop = new AbortController();
        const heard: string[] = [];
        const working = compile({
          onnx: Uint8Array.from(bytes),
          name: 'slow',
          compiler: '/compiler/whole',
          signal: stop.signal,
          onProgress(_, stage) {
            if (stage === 'quantizing') stop.abort(new Error('enough'));
            heard.push(stage);
          },
        });
        return await working.then(
          () => 'compiled',
          (error: Error) => `${error.message}, after ${heard.pop()}`,
        );
      },
      [...onnx],
    );
    assert.equal(ended, 'enough, after quantizing');
  });
});
