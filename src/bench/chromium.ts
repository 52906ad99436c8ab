/** A headless Chromium: the system's, since none is installed with the package. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium; undefined where there is none. */
export function findChromium(): string | undefined {
  return [process.env.ZKINFER_CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
}

/** Started without a sandbox, which root and containers do not have; it visits only the tests' own server. */
export function startChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}

/** A page of a server. What its scripts fail with fails the test. */
export async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  // Functions that the tests hand over to the page are compiled by a tool that names them so.
  await page.addInitScript('globalThis.__name = (made) => made');
  await page.goto(url);
  return page;
}
