/** The pages as people use them: clicked through in Chromium, on a chain of their own. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import { Wallet } from 'ethers';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import * as snarkjs from 'snarkjs';
import { findAttestation, listAttestations } from '../../src/chain/attestations.js';
import { registerModel } from '../../src/chain/registry.js';
import { compileCached } from '../../src/solidity/index.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { compileVerifier } from '../../src/workflow/contract.js';
import { readVerificationKey, verifyProof } from '../../src/workflow/verify.js';
import type { Site } from '../../web/server/site.js';
import { backend, temporaryFolder } from '../workflow/support/folders.js';
import { toyModel } from '../workflow/support/toy.js';
import { openCeremony } from './support/ceremony.js';
import { lacking, openBrowser, openSite } from './support/site.js';

describe('the pages', function () {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What pages complained of. */
  const complaints: string[] = [];

  before(async function () {
    const reason = lacking();
    if (reason !== undefined) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    [browser, site] = await Promise.all([openBrowser(), openSite({ models: ['mnist-mlp', 'tabular'], scene: true })]);
    assert.deepEqual(
      site.info().models.map(({ state, note }) => note ?? state),
      ['ready', 'ready'],
    );
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1100, height: 900 }, acceptDownloads: true });
    page = await openPage(context);
    complaints.length = 0;
  });
  afterEach(() => context.close());

  async function openPage(within: BrowserContext): Promise<Page> {
    const one = await within.newPage();
    one.on('pageerror', (error) => complaints.push(error.message));
    one.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    one.setDefaultTimeout(600_000);
    return one;
  }

  /** A one: a stroke from the top to the bottom. */
  async function drawOne(on: Page): Promise<void> {
    const pad = on.locator('.pad canvas').first();
    await pad.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await pad.boundingBox())!;
    await on.mouse.move(x + width / 2, y + height * 0.15);
    await on.mouse.down();
    await on.mouse.move(x + width / 2 - 4, y + height * 0.85, { steps: 8 });
    await on.mouse.up();
    await on.locator('#answer').waitFor();
  }

  async function prove(on: Page): Promise<void> {
    await on.click('#prove');
    await on.locator('#verified').waitFor();
  }

  const ruling = async (on: Page): Promise<string> => (await on.locator('#rulings .note').first().textContent()) ?? '';

  it('prove a digit drawn by hand, which the contract accepts, and with another answer refuses', async () => {
    await page.goto(site.url);
    await drawOne(page);
    const answer = await page.locator('#answer').textContent();
    assert.equal(answer, '1');
    await prove(page);
    await page.click('#forge');
    await page.locator('#rulings .note').waitFor();
    assert.match(
      await ruling(page),
      /Refused, as it must be\..*claiming 2 instead of 1: the contract answers InvalidProof/,
    );
    await page.click('#send');
    await page.locator('#rulings .note.good').waitFor();
    assert.match(await ruling(page), /^Accepted\./);
    const id = await page.locator('#rulings .note.good code').first().getAttribute('title');
    const found = await findAttestation(site.chain.rpc, site.chain.attestations, id!);
    assert.equal(found?.modelId, 1n);
    assert.deepEqual(complaints, []);
  });

  it('make a proof that is asked for before the chain has named the account that sends it', async () => {
    let answer: (() => void) | undefined;
    await page.route('**/rpc', async (route) => {
      if (route.request().postData()?.includes('eth_accounts'))
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      await route.continue();
    });
    await page.goto(`${site.url}/?network=mnist-mlp`);
    await drawOne(page);
    await page.click('#prove');
    await page.getByText('Starting…').waitFor();
    answer?.();
    await page.locator('#verified').waitFor();
    await page.locator('#send:enabled').waitFor();
    assert.deepEqual(complaints, []);
  });

  it('save a proof and an opening that the library takes', async () => {
    await page.goto(`${site.url}/?network=mnist-mlp`);
    await drawOne(page);
    await prove(page);
    const saved = async (label: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(`text=${label}`)]);
      return readFileSync(await download.path(), 'utf8');
    };
    const { publicSignals, context: binding, ...proof } = JSON.parse(await saved('Save proof.json'));
    assert.equal(binding.contract, site.chain.attestations);
    const build = path.join(site.data, 'mnist-mlp');
    assert.equal((await verifyProof(build, backend(), { proof, publicSignals })).valid, true);
    const opening = JSON.parse(await saved('Save the opening'));
    assert.match(opening.salts.input, /^\d{60,}$/);
  });

  it('send a proof through a wallet in the browser, in its account’s name', async () => {
    const wallet = new Wallet(`0x${'42'.repeat(32)}`).connect(site.chain.rpc.provider);
    await site.chain.rpc.provider.send('anvil_setBalance', [wallet.address, '0xde0b6b3a7640000']);
    await page.exposeFunction(
      'walletRequest',
      async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
        if (method === 'eth_requestAccounts') return [wallet.address];
        if (method !== 'eth_sendTransaction') {
          try {
            return await site.chain.rpc.provider.send(method, params);
          } catch (error) {
            return { failed: (error as { info?: { error?: unknown } }).info?.error ?? { message: String(error) } };
          }
        }
        const [{ to, data }] = params as { to: string; data: string }[];
        return (await wallet.sendTransaction({ to, data })).hash;
      },
    );
    await page.addInitScript(`
      window.ethereum = { request: async (call) => {
        const answer = await window.walletRequest(call);
        if (answer && answer.failed) throw Object.assign(new Error(answer.failed.message), { data: answer.failed.data });
        return answer;
      } };`);
    await page.goto(site.url);
    await drawOne(page);
    await page.click('text=The wallet in this browser');
    await page.waitForTimeout(100);
    await prove(page);
    await page.click('#forge');
    await page.locator('#rulings .note.warn').waitFor();
    await page.click('#send');
    await page.locator('#rulings .note.good').waitFor();
    const own = await listAttestations(site.chain.rpc, site.chain.attestations, { prover: wallet.address });
    assert.equal(own.length, 1);
  });

  it('are drawn on by keyboard alone', async () => {
    await page.goto(site.url);
    const pad = page.locator('.pad canvas').first();
    await pad.waitFor();
    await pad.focus();
    for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press(' ');
    for (let i = 0; i < 18; i++) await page.keyboard.press('ArrowDown');
    await page.locator('#answer').waitFor();
    assert.equal(await page.locator('#answer').textContent(), '1');
    await page.keyboard.press('Delete');
    await page.locator('text=Scores appear as soon as there is an input.').waitFor();
  });

  it('take a digit from a photo, and say of a file that it is none', async () => {
    await page.goto(site.url);
    const photo = page.getByLabel('Or a photo of one digit');
    await photo.waitFor();
    // A pencil's stroke on grey paper, with a shadow at the side.
    const picture = (await page.evaluate(`(() => {
      const canvas = document.createElement('canvas');
      canvas.width = 400; canvas.height = 300;
      const ink = canvas.getContext('2d');
      ink.fillStyle = '#c8c4bc'; ink.fillRect(0, 0, 400, 300);
      ink.fillStyle = '#b4b0a8'; ink.fillRect(60, 0, 60, 300);
      ink.strokeStyle = '#26262c'; ink.lineWidth = 14;
      ink.beginPath(); ink.moveTo(205, 50); ink.lineTo(198, 250); ink.stroke();
      return canvas.toDataURL('image/png').split(',')[1];
    })()`)) as string;
    await photo.setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer: Buffer.from(picture, 'base64') });
    await page.locator('#answer').waitFor();
    assert.equal(await page.locator('#answer').textContent(), '1');
    await photo.setInputFiles({ name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.locator('text=the file is no picture').waitFor();
  });

  it('show a row of a table, and say which number is none', async () => {
    await page.goto(site.url);
    await page.click('text=Cell nuclei');
    await page.locator('#table-row').waitFor();
    await page.locator('#answer').waitFor();
    assert.equal(await page.locator('#answer').textContent(), 'malignant');
    await page.click('text=Its 30 numbers');
    await page.getByLabel('mean radius').fill('wide');
    await page.locator('text=Scores appear as soon as there is an input.').waitFor();
    assert.equal(await page.getByLabel('mean radius').getAttribute('aria-invalid'), 'true');
    assert.ok(await page.locator('#prove').isDisabled());
  });

  it('compile a network of one’s own', async () => {
    const onnx = path.join(temporaryFolder(), 'mine.onnx');
    writeFileSync(onnx, toyModel());
    await page.goto(site.url);
    await page.click('text=Or a network of your own');
    await page.setInputFiles('#own-model', onnx);
    await page.getByLabel('Without rows: inputs from').fill('-1');
    await page.click('text=Compile it');
    await page.locator('#compiled').waitFor();
    assert.match((await page.locator('#compiled').textContent())!, /Compared with onnxruntime on \d+ rows/);
    assert.equal(site.info().models.length, 2, 'the server knows nothing of it');
    await page.click('text=Draw by lot');
    await page.locator('#answer').waitFor();
    await prove(page);
    assert.deepEqual(complaints, []);
    const findings = await page.evaluate(
      `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id }) => id))`,
    );
    assert.deepEqual(findings, []);
    writeFileSync(onnx, 'no model');
    await page.setInputFiles('#own-model', onnx);
    await page.click('text=Compile it');
    await page.locator('form [role=alert] .note.bad', { hasText: 'no ONNX model' }).waitFor();
  });

  it('have the command compile a network of one’s own', async () => {
    const onnx = path.join(temporaryFolder(), 'mine.onnx');
    writeFileSync(onnx, toyModel());
    await page.goto(site.url);
    await page.click('text=Or a network of your own');
    await page.setInputFiles('#own-model', onnx);
    await page.getByLabel('Without rows: inputs from').fill('-1');
    await page.click('text=By the command that serves this page');
    await page.click('text=Compile it');
    await page.click('text=Draw by lot');
    await page.locator('#answer').waitFor();
    await prove(page);
  });

  it('say what is wrong where the connection is lost, and go on when it is back', async () => {
    const key = '**/proving.zkey*';
    await page.route(key, (route) => route.abort());
    await page.goto(site.url);
    await page.locator('#proving .note.bad').waitFor();
    await page.unroute(key);
    await page.click('#proving >> text=Try again');
    await drawOne(page);
    await prove(page);
  });

  it('leave nothing broken when a tab is closed while it proves', async () => {
    await page.goto(site.url);
    await drawOne(page);
    await page.click('#prove');
    await page.close();
    const next = await openPage(context);
    await next.goto(site.url);
    await drawOne(next);
    await prove(next);
  });

  it('show what a chain has, and nothing of it as markup', async () => {
    const { rpc, people, registry, attestations } = site.chain;
    const build = path.join(site.data, 'tabular');
    const [manifest, key, artifact] = await Promise.all([
      readManifest(build),
      readVerificationKey(build),
      compileVerifier(build, compileCached),
    ]);
    const { verifier } = site.info().models[1].registered!;
    const uri = `<img src=x onerror="document.title='owned'">\u202e`;
    await registerModel(people.rival, registry, { manifest, key, verifier, artifact, uri });
    await page.goto(`${site.url}/explorer.html`);
    const models = page.locator('article[aria-label^="Model"]');
    await models.nth(2).waitFor();
    assert.match((await models.first().textContent())!, /<img src=x onerror="document\.title='owned'">\ufffd/);
    assert.match(await page.title(), /Explorer/);
    const tabular = page.getByLabel('Model 2', { exact: true });
    await tabular.getByText('Check it from here').click();
    await tabular.getByText('it names the registered key as its own').waitFor();
    assert.equal(await tabular.locator('.tag', { hasText: 'FAILED' }).count(), 0);
    assert.equal(await tabular.locator('.tag', { hasText: /^established$/ }).count(), 5);
    const [{ id }] = await listAttestations(rpc, attestations, { modelId: 2n });
    await page.getByLabel(`Lineage of attestation ${id.slice(0, 10)}`).click();
    const drawing = page.locator('[aria-labelledby="title-attestations"] .paper img');
    await drawing.waitFor();
    assert.match((await drawing.getAttribute('alt'))!, /From the attestation back to the data, 6 steps/);
    const market = (await page.locator('[aria-labelledby="title-market"]').textContent())!;
    assert.match(market, /Requests \(the newest 3 of 3\).*open.*taken.*answered.*Operators.*2\.0 ether/s);
    assert.deepEqual(complaints, []);
  });

  it('explore any RPC that is named, and say why one cannot be read', async () => {
    const { registry } = site.chain;
    await page.goto(`${site.url}/explorer.html?rpc=${encodeURIComponent('http://127.0.0.1:9')}&registry=${registry}`);
    await page.locator('text=no answer from the RPC at 127.0.0.1:9').waitFor();
    await page.fill('#where-rpc', `${site.url}/rpc`);
    await page.fill('#where-registry', '0x12');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.locator('text=the registry is an address').waitFor();
    await page.fill('#where-registry', registry);
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.locator('article[aria-label="Model 1"]').waitFor();
    assert.ok(page.url().includes(registry));
  });

  it('contribute to a key as the command line does', async () => {
    const { key, circuit, powers, at } = await openCeremony();
    await page.goto(`${site.url}/ceremony.html`);
    await page.setInputFiles('#key-file', key);
    await page.locator('text=nobody contributed yet').waitFor();
    assert.ok(await page.locator('#contribute').isDisabled());
    await page.locator('.well').focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press('abcdefgh'[i % 8]);
    await page.fill('#author', 'A visitor');
    await page.click('#contribute');
    await page.locator('#contributed').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Save the new key')]);
    await download.saveAs(at('next.zkey'));
    assert.equal(await snarkjs.zKey.verifyFromR1cs(circuit, powers, at('next.zkey')), true);
    const shown = (await page.locator('#contribution-hash').textContent())!.replace(/\s/g, '');
    const [record] = (await backend().ceremony.inspectKey(at('next.zkey'))).contributions;
    assert.deepEqual([record.hash, record.name], [shown, 'A visitor']);
    await page.setInputFiles('#verify-key', at('next.zkey'));
    await page.setInputFiles('#verify-circuit', circuit);
    await page.setInputFiles('#verify-powers', powers);
    await page.click('#verify');
    await page.locator('#key-verified').waitFor();
    const bytes = readFileSync(at('next.zkey'));
    bytes[bytes.length - 200] ^= 1;
    writeFileSync(at('bad.zkey'), bytes);
    await page.setInputFiles('#verify-key', at('bad.zkey'));
    await page.click('#verify');
    await page.locator('[aria-labelledby="verify-title"] .note.bad').waitFor();
  });

  for (const name of ['index', 'explorer', 'ceremony'])
    for (const colorScheme of ['light', 'dark'] as const)
      it(`pass axe, ${name} in ${colorScheme}, and fit 360 pixels`, async () => {
        const narrow = await browser.newContext({
          viewport: { width: 360, height: 740 },
          colorScheme,
          bypassCSP: true,
        });
        try {
          const one = await openPage(narrow);
          await one.goto(`${site.url}/${name}.html`);
          if (name === 'index') {
            await drawOne(one);
            await prove(one);
            await one.click('#forge');
            await one.locator('#rulings .note').waitFor();
          } else if (name === 'explorer') await one.locator('text=Operators (').waitFor();
          await one.addScriptTag({ content: axe.source });
          const { violations } = (await one.evaluate('axe.run()')) as {
            violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
          };
          assert.deepEqual(
            violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`),
            [],
          );
          assert.equal(await one.evaluate('document.documentElement.scrollWidth'), 360);
        } finally {
          await narrow.close();
        }
      });
});
