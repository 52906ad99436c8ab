import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import * as snarkjs from 'snarkjs';

import type * as api from '../../src/browser/index.js';
import { readManifest, writeManifest } from '../../src/workflow/build-folder.js';
import { deployBuild, submitProof } from '../../src/workflow/contract.js';
import { exportWeb } from '../../src/workflow/export-web.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { verifyProof } from '../../src/workflow/verify.js';
import type { WebIndex } from '../../src/workflow/web-index.js';
import { backend, temporaryFolder, toyBuild } from '../workflow/support/folders.js';
import { findChromium, openPage, startChromium } from '../../src/bench/chromium.js';
import { BREAK, startServer, type TestServer } from '../../src/bench/web-server.js';

const MODULE = fileURLToPath(new URL('../../dist/web/zkinfer.wasm', import.meta.url));
const THREADS = fileURLToPath(new URL('../../dist/web/zkinfer-threads.wasm', import.meta.url));
const INPUT = [[0.5, -0.25]];
const PIECE_BYTES = 1 << 14;

type Api = typeof api;
type Made = api.BrowserProof;
/** In the page, which knows the package by its address. */
declare function openPackage(): Promise<Api>;
declare const opening: ReturnType<Api['openBuild']>;

/** The module with at most so many pages of memory more than it starts with, as on a device that is full. */
function withMemory(module: Buffer, more: number): Buffer {
  const number = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >>> 7)]);
  let at = 8;
  const read = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  for (;;) {
    const start = at;
    const [section, length] = [read(), read()];
    const content = at;
    if (section !== 5) {
      at += length;
      continue;
    }
    const [, , least] = [read(), read(), read()];
    const limits = [1, 1, ...number(least), ...number(least + more)];
    const replaced = Buffer.from([5, ...number(limits.length), ...limits]);
    return Buffer.concat([module.subarray(0, start), replaced, module.subarray(content + length)]);
  }
}

describe('zkinfer/browser in Chromium', function () {
  let browser: Browser;
  let build: string;
  let web: string;
  let server: TestServer;
  let page: Page;

  before(async function () {
    const chromium = findChromium();
    const lacking =
      chromium === undefined ? 'there is no Chromium' : existsSync(MODULE) ? undefined : 'dist/web has no module';
    if (chromium === undefined || lacking !== undefined) {
      console.log(`      skipped: ${lacking}`);
      return this.skip();
    }
    build = await toyBuild();
    web = temporaryFolder();
    await exportWeb(build, path.join(web, 'toy'), { pieceBytes: PIECE_BYTES });
    server = await startServer({ builds: web });
    browser = await startChromium(chromium);
    page = await pageOf(server);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
  });

  /** A page with storage of its own. */
  async function pageOf({ url }: TestServer, context?: BrowserContext): Promise<Page> {
    const opened = await openPage(context ?? (await browser.newContext()), url);
    await opened.evaluate("globalThis.openPackage = () => import('/zkinfer/index.js')");
    return opened;
  }

  /** The code of the error that opening a build, or its key, ends with. */
  const refusal = async (name: string): Promise<string> => {
    // With storage of its own: a key of this name that is stored already is not fetched.
    const context = await browser.newContext();
    const within = await pageOf(server, context);
    const found = await within.evaluate(async (url) => {
      const { openBuild } = await openPackage();
      try {
        const opened = await openBuild(url);
        // Refused before proving: the key alone is waited for.
        await opened.ready.finally(() => opened.close());
        return 'accepted';
      } catch (error) {
        const { name: kind, code } = error as { name: string; code?: string };
        return `${kind} ${code}`;
      }
    }, `/builds/${name}`);
    await context.close();
    return found;
  };

  const proveIn = (within: Page, { threads = 'auto' as number | 'auto', breakAt = Infinity } = {}) =>
    within.evaluate(
      async ([input, wanted, at, broken]) => {
        const { openBuild } = await openPackage();
        const heard: string[] = [];
        let waiting = true;
        const onProgress = (share: number): void => {
          if (share < at || !waiting) return;
          waiting = false;
          void fetch(broken);
        };
        const opened = await openBuild('/builds/toy', { threads: wanted, onProgress });
        const scores = await opened.run(input);
        const made = await opened.prove({ input, context: 5n, onProgress: (_, stage) => void heard.push(stage) });
        const valid = (await opened.verify(made)).valid;
        const publicSignals = [String(BigInt(made.publicSignals[0]) ^ 1n), ...made.publicSignals.slice(1)];
        const forged = (await opened.verify({ ...made, publicSignals })).valid;
        const ready = await opened.ready;
        opened.close();
        return { made, scores, heard, valid, forged, ready, threads: opened.threads };
      },
      [INPUT, threads, breakAt, BREAK] as const,
    );

  const verifies = async (made: Pick<Made, 'proof' | 'publicSignals'>): Promise<boolean[]> => {
    const key = JSON.parse(readFileSync(path.join(build, 'verification_key.json'), 'utf8')) as never;
    return [
      (await verifyProof(build, backend(), made)).valid,
      await snarkjs.groth16.verify(key, [...made.publicSignals], made.proof as never),
    ];
  };

  it('proves in a worker what the library, snarkjs and a contract accept, and nothing else', async () => {
    const { made, scores, heard, valid, forged } = await proveIn(page);
    assert.deepEqual([valid, forged], [true, false]);
    assert.deepEqual(made.outputs, scores);
    assert.equal(made.publicSignals.at(-1), '5');
    assert.deepEqual([heard[0], heard.at(-1), heard.includes('quotient')], ['witness', 'done', true]);
    const other = {
      ...made,
      publicSignals: [String(BigInt(made.publicSignals[0]) ^ 1n), ...made.publicSignals.slice(1)],
    };
    assert.deepEqual(await verifies(made), [true, true]);
    assert.deepEqual(await verifies(other), [false, false]);
    await deployBuild(build, {});
    assert.equal((await submitProof(build, made, {})).accepted, true);
    assert.equal((await submitProof(build, other, {})).accepted, false);
  });

  it('spreads a proof over threads where the page is isolated, and takes one where it is not', async () => {
    const plain = await startServer({ builds: web }, { isolated: false });
    try {
      const alone = await proveIn(await pageOf(plain));
      assert.deepEqual([alone.threads, alone.valid, alone.forged], [1, true, false]);
      const wanted = await proveIn(page, { threads: 2 });
      assert.equal(wanted.threads, existsSync(THREADS) ? 2 : 1);
      assert.deepEqual(await verifies(wanted.made), [true, true]);
      assert.deepEqual(wanted.scores, alone.scores);
    } finally {
      await plain.close();
    }
  });

  it('takes one thread where the program of the others, or their module, cannot be had', async () => {
    for (const lost of ['**/thread.js', '**/zkinfer-threads.wasm']) {
      const context = await browser.newContext();
      const within = await pageOf(server, context);
      await within.route(lost, (route) => route.abort());
      const { threads, valid, forged } = await proveIn(within, { threads: 2 });
      assert.deepEqual([threads, valid, forged], [1, true, false]);
      await context.close();
    }
  });

  it('fetches a key once, and goes on with a download that broke off where it stopped', async () => {
    const { bytes } = (JSON.parse(readFileSync(path.join(web, 'toy', 'web.json'), 'utf8')) as WebIndex).key;
    const own = await startServer({ builds: web });
    try {
      const context = await browser.newContext();
      const key = '/builds/toy/proving.zkey';
      own.breakOff(key, 3 * PIECE_BYTES + 5, 1);
      const first = await proveIn(await pageOf(own, context), { breakAt: (3 * PIECE_BYTES) / bytes });
      assert.deepEqual([first.valid, first.ready.fetched, first.ready.kept], [true, bytes, true]);
      const asked = own.asked.filter((one) => one.path === key);
      assert.deepEqual(asked, [{ path: key }, { path: key, range: `bytes=${3 * PIECE_BYTES}-` }]);
      const second = await proveIn(await pageOf(own, context));
      assert.deepEqual([second.valid, second.ready.fetched], [true, 0]);
      assert.equal(own.asked.filter((one) => one.path === key).length, 2);
    } finally {
      await own.close();
    }
  });

  it('keeps what came before a page was closed in the middle', async () => {
    const { bytes } = (JSON.parse(readFileSync(path.join(web, 'toy', 'web.json'), 'utf8')) as WebIndex).key;
    const own = await startServer({ builds: web }, { ranges: false });
    try {
      const context = await browser.newContext();
      own.breakOff('/builds/toy/proving.zkey', 5 * PIECE_BYTES, 1);
      const closing = await pageOf(own, context);
      await closing.evaluate(
        async (least) => {
          const { openBuild } = await openPackage();
          await new Promise<void>((resolve, reject) => {
            const onProgress = (share: number, stage: string): void => {
              if (stage === 'key' && share >= least) resolve();
            };
            openBuild('/builds/toy', { onProgress })
              .then((opened) => opened.ready)
              .catch(reject);
          });
        },
        (5 * PIECE_BYTES) / bytes,
      );
      await closing.close();
      const { valid, ready } = await proveIn(await pageOf(own, context));
      assert.equal(valid, true);
      assert.ok(ready.fetched < bytes, `${ready.fetched} of ${bytes} bytes fetched again`);
    } finally {
      await own.close();
    }
  });

  it('does without storage where the disk is full', async () => {
    const context = await browser.newContext();
    const full = await pageOf(server, context);
    const session = await context.newCDPSession(full);
    await session.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: 4 * PIECE_BYTES });
    const { valid, ready } = await proveIn(full);
    assert.deepEqual([valid, ready.kept], [true, false]);
  });

  it('refuses a damaged or an exchanged key before it proves', async () => {
    const variant = (name: string, change: (folder: string) => void): Promise<string> => {
      const folder = path.join(web, name);
      cpSync(path.join(web, 'toy'), folder, { recursive: true });
      change(folder);
      return refusal(name);
    };
    const key = (folder: string): Buffer => readFileSync(path.join(folder, 'proving.zkey'));
    const damaged = await variant('damaged', (folder) => {
      const bytes = key(folder);
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(path.join(folder, 'proving.zkey'), bytes);
    });
    assert.equal(damaged, 'WebBuildError WEB_BUILD');
    const short = await variant('short', (folder) =>
      writeFileSync(path.join(folder, 'proving.zkey'), key(folder).subarray(0, 2 * PIECE_BYTES)),
    );
    assert.equal(short, 'WebBuildError WEB_BUILD');

    // Another key for the same circuit, whose own export is sound.
    const other = await toyBuild();
    await setupBuild(other, backend(), { force: true });
    await exportWeb(other, path.join(web, 'other'), { pieceBytes: PIECE_BYTES });
    assert.equal(await refusal('other'), 'accepted');
    const exchanged = await variant('exchanged', (folder) => {
      const [own, theirs] = [folder, path.join(web, 'other')].map((from) =>
        JSON.parse(readFileSync(path.join(from, 'web.json'), 'utf8')),
      ) as [WebIndex, WebIndex];
      cpSync(path.join(web, 'other', 'proving.zkey'), path.join(folder, 'proving.zkey'));
      // Pieces of the other key under this key's name: each piece is sound, the whole is not what the manifest says.
      writeFileSync(
        path.join(folder, 'web.json'),
        JSON.stringify({ ...own, key: { ...theirs.key, sha256: own.key.sha256 } }),
      );
    });
    assert.equal(exchanged, 'WebBuildError WEB_BUILD');

    // The manifest names the exchanged key, too; the verification key is still the build's.
    const mixed = await toyBuild();
    cpSync(path.join(other, 'proving.zkey'), path.join(mixed, 'proving.zkey'));
    const [manifest, theirs] = [await readManifest(mixed), await readManifest(other)];
    const files = { ...manifest.files, 'proving.zkey': theirs.files['proving.zkey'] };
    await writeManifest(mixed, { ...manifest, files });
    await assert.rejects(exportWeb(mixed, path.join(web, 'mixed')), { code: 'KEY_MISMATCH' });
  });

  it('checks bytes that come to lie under the name of a key that it checked before', async () => {
    const folder = path.join(web, 'turning');
    cpSync(path.join(web, 'toy'), folder, { recursive: true });
    const context = await browser.newContext();
    const visit = async (): Promise<string> => {
      const within = await pageOf(server, context);
      const found = await within.evaluate(async () => {
        const { openBuild } = await openPackage();
        const opened = await openBuild('/builds/turning');
        return await opened.ready.then(
          ({ kept }) => `kept: ${kept}`,
          (error: unknown) => (error as { code: string }).code,
        );
      });
      await within.close();
      return found;
    };
    assert.equal(await visit(), 'kept: true');
    // The server turns: another key, its pieces by their own hashes, under the name of the one that was checked.
    const [keyPath, indexPath] = ['proving.zkey', 'web.json'].map((name) => path.join(folder, name));
    const key = readFileSync(keyPath);
    const index = JSON.parse(readFileSync(indexPath, 'utf8')) as WebIndex;
    key[key.length >> 1] ^= 1;
    const pieces = index.key.pieces.map((_, k) => {
      const piece = key.subarray(k * PIECE_BYTES, (k + 1) * PIECE_BYTES);
      return `0x${createHash('sha256').update(piece).digest('hex')}`;
    });
    writeFileSync(keyPath, key);
    writeFileSync(indexPath, JSON.stringify({ ...index, key: { ...index.key, pieces } }));
    const refused = await visit();
    assert.notEqual(refused, 'kept: true');
    // Now it is in storage.
    assert.equal(await visit(), refused);
    await context.close();
  });

  it('goes on with the build that was opened after an abort, and with no other', async () => {
    const folder = path.join(web, 'swapped');
    cpSync(path.join(web, 'toy'), folder, { recursive: true });
    const plain = await startServer({ builds: web }, { isolated: false });
    try {
      const within = await pageOf(plain);
      // The key is still on its way when a proof is asked for.
      plain.breakOff('/builds/swapped/proving.zkey', PIECE_BYTES, 1);
      await within.evaluate("globalThis.opening = openPackage().then((api) => api.openBuild('/builds/swapped'))");
      const stopOne = () =>
        within.evaluate(async (input) => {
          const opened = await opening;
          const controller = new AbortController();
          const proving = opened.prove({ input, signal: controller.signal });
          setTimeout(() => controller.abort(), 1);
          return await proving.catch((error: unknown) => (error as Error).name);
        }, INPUT);
      const outcome = () =>
        within.evaluate(async (input) => {
          const opened = await opening;
          const [ready, made] = await Promise.allSettled([opened.ready, opened.prove({ input })]);
          return [ready.status, made.status === 'fulfilled' ? 'proved' : (made.reason as { code: string }).code];
        }, INPUT);
      assert.equal(await stopOne(), 'AbortError');
      assert.deepEqual(await outcome(), ['fulfilled', 'proved']);
      // The same build written in another way.
      writeFileSync(path.join(folder, 'web.json'), `${readFileSync(path.join(folder, 'web.json'), 'utf8')} `);
      assert.equal(await stopOne(), 'AbortError');
      assert.deepEqual(await outcome(), ['fulfilled', 'WEB_BUILD']);
    } finally {
      await plain.close();
    }
  });

  it('refuses what is no export, or another one than was meant', async () => {
    assert.equal(await refusal('nowhere'), 'WebBuildError WEB_BUILD');
    writeFileSync(path.join(web, 'toy', 'note.json'), '{}');
    const meant = await page.evaluate(async () => {
      const { openBuild } = await openPackage();
      return await openBuild('/builds/toy', { sha256: `0x${'0'.repeat(64)}` }).catch(
        (error) => (error as Error).message,
      );
    });
    assert.match(String(meant), /web\.json is not the file/);
  });

  it('stops a proof on request, isolated or not, and makes the next one', async () => {
    const plain = await startServer({ builds: web }, { isolated: false });
    const stopped = (within: Page) =>
      within.evaluate(async (input) => {
        const { openBuild } = await openPackage();
        const opened = await openBuild('/builds/toy');
        const controller = new AbortController();
        const { signal } = controller;
        const error = await opened
          .prove({ input, signal, onProgress: () => controller.abort() })
          .catch((reason: unknown) => (reason as Error).name);
        const made = await opened.prove({ input });
        const { valid } = await opened.verify(made);
        opened.close();
        const closed = await opened.prove({ input }).catch((reason: unknown) => (reason as { code: string }).code);
        return [error, valid, closed];
      }, INPUT);
    try {
      assert.deepEqual(await stopped(page), ['AbortError', true, 'USAGE']);
      assert.deepEqual(await stopped(await pageOf(plain)), ['AbortError', true, 'USAGE']);
    } finally {
      await plain.close();
    }
  });

  it('says that the prover stopped where memory ends, and makes no call of what is left of it', async () => {
    const context = await browser.newContext();
    const within = await pageOf(server, context);
    // Room for the key, and not for what is made of it.
    const body = withMemory(readFileSync(MODULE), 5);
    await within.route('**/zkinfer.wasm', (route) => route.fulfill({ body, contentType: 'application/wasm' }));
    const ended = await within.evaluate(async (input) => {
      const { openBuild, NativeError } = await openPackage();
      const opened = await openBuild('/builds/toy', { threads: 1 });
      const codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          (error: unknown) => (error instanceof NativeError ? error.code : String(error)),
        );
      const codes = [await codeOf(opened.ready), await codeOf(opened.prove({ input }))];
      const [scores] = await opened.run(input);
      opened.close();
      return [...codes, scores.values.length > 0];
    }, INPUT);
    await context.close();
    assert.deepEqual(ended, ['INTERNAL', 'INTERNAL', true]);
  });

  it('names an input that does not fit by the error of the library', async () => {
    const errors = await page.evaluate(async () => {
      const { openBuild, InputShapeError, InputRangeError, NativeError, inspectKey } = await openPackage();
      const opened = await openBuild('/builds/toy');
      const classOf = (work: Promise<unknown>) =>
        work.then(
          () => 'none',
          (error: unknown) => [InputShapeError, InputRangeError, NativeError].findIndex((one) => error instanceof one),
        );
      const found = [
        await classOf(opened.run([[1]])),
        await classOf(opened.prove({ input: [[1e9, 0]] })),
        await classOf(inspectKey({ key: new Uint8Array(100) })),
      ];
      opened.close();
      return found;
    });
    assert.deepEqual(errors, [0, 1, 2]);
  });

  it("contributes to a ceremony's key as the command line and snarkjs do", async () => {
    const { curves, powersOfTau, zKey } = snarkjs as unknown as {
      curves: { getCurveFromName(name: string): Promise<object> };
      powersOfTau: Record<'newAccumulator' | 'contribute' | 'preparePhase2', (...given: unknown[]) => Promise<unknown>>;
      zKey: { verifyFromR1cs(...paths: string[]): Promise<boolean> };
    };
    const folder = path.join(web, 'ceremony');
    cpSync(build, folder, { recursive: true });
    const file = (name: string): string => path.join(folder, name);
    const { domainSize } = (await readManifest(build)).circuit;
    await powersOfTau.newAccumulator(await curves.getCurveFromName('bn128'), Math.log2(domainSize), file('empty.ptau'));
    await powersOfTau.contribute(file('empty.ptau'), file('raw.ptau'), 'test', 'test');
    await powersOfTau.preparePhase2(file('raw.ptau'), file('ready.ptau'));
    await backend().setup(file('circuit.r1cs'), file('0.zkey'), { ptau: file('ready.ptau') });
    const [made, record] = await page.evaluate(async () => {
      const { contribute, inspectKey, verifyKey } = await openPackage();
      const at = '/builds/ceremony';
      const entropy = new TextEncoder().encode('mouse and keyboard');
      const one = await contribute({ key: `${at}/0.zkey`, name: 'Ada', entropy });
      const two = await contribute({ key: one.key, name: 'Grace' });
      const checked = await verifyKey({ key: two.key, circuit: `${at}/circuit.r1cs`, powers: `${at}/ready.ptau` });
      const same = JSON.stringify(await inspectKey({ key: two.key })) === JSON.stringify(checked);
      return [
        { key: Array.from(two.key), hashes: [one.contribution.hash, two.contribution.hash], same },
        checked,
      ] as const;
    });
    assert.equal(made.same, true);
    assert.deepEqual(
      record.contributions.map(({ name, hash }) => [name, hash]),
      [
        ['Ada', made.hashes[0]],
        ['Grace', made.hashes[1]],
      ],
    );
    writeFileSync(file('2.zkey'), Uint8Array.from(made.key));
    const options = { r1cs: file('circuit.r1cs'), ptau: file('ready.ptau') };
    assert.deepEqual(await backend().ceremony.verifyKey(file('2.zkey'), options), record);
    assert.equal(await zKey.verifyFromR1cs(file('circuit.r1cs'), file('ready.ptau'), file('2.zkey')), true);
  });
});
