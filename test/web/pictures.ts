/** `npm run web:pictures`: the pictures of docs/web.md, taken of the pages as they are. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import * as snarkjs from 'snarkjs';
import { buildPages } from '../../web/server/pages.js';
import { startSite } from '../../web/server/site.js';
import { openCeremony } from './support/ceremony.js';
import { withPalette } from './support/palette-png.js';
import { openBrowser } from './support/site.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'docs', 'images');
const folder = join(root, 'build', 'web');

await mkdir(out, { recursive: true });
await buildPages(join(folder, 'pages'));
const site = await startSite({
  pages: join(folder, 'pages'),
  data: join(folder, 'builds'),
  port: 0,
  models: ['mnist-mlp', 'tabular'],
  scene: true,
  tell: console.log,
});
await site.ready;
const browser = await openBrowser();

async function open(path: string, colorScheme: 'light' | 'dark', width = 1000): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.setDefaultTimeout(180_000);
  await page.goto(`${site.url}/${path}`);
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  // Whatever still moves has come to rest.
  await page.waitForTimeout(500);
  await writeFile(join(out, `${name}.png`), withPalette(await page.screenshot({ fullPage: true })));
  console.log(`docs/images/${name}.png`);
}

async function provePage(colorScheme: 'light' | 'dark', width?: number): Promise<Page> {
  const page = await open('', colorScheme, width);
  await page.click('text=An example');
  await page.locator('#answer').waitFor();
  await page.click('#prove');
  await page.locator('#verified').waitFor();
  await page.click('#send');
  await page.locator('#rulings .note.good').waitFor();
  await page.click('#forge');
  await page.locator('#rulings .note.warn').waitFor();
  return page;
}

await shoot(await provePage('light'), 'web-prove');
await shoot(await provePage('dark', 360), 'web-prove-phone');

const explorer = await open('explorer.html', 'light');
await explorer.getByLabel('Model 2', { exact: true }).getByText('Check it from here').click();
await explorer.locator('.paper img').waitFor();
await explorer.locator('text=Operators (').waitFor();
await shoot(explorer, 'web-explorer');

const ceremony = await open('ceremony.html', 'dark');
const { key, at } = await openCeremony();
await snarkjs.zKey.contribute(key, at('toy.zkey'), 'Ada, with snarkjs', 'entropy of a picture');
await ceremony.setInputFiles('#key-file', at('toy.zkey'));
await ceremony.locator('.well').focus();
for (let i = 0; i < 40; i++) await ceremony.keyboard.press('abcdefgh'[i % 8]);
await ceremony.fill('#author', 'A visitor');
await ceremony.click('#contribute');
await ceremony.locator('#contributed').waitFor();
await shoot(ceremony, 'web-ceremony');

await browser.close();
await site.close();
process.exit(0);
