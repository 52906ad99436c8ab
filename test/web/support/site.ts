/** The pages, their server and a Chromium, started once for all tests of `test/web`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { findChromium, startChromium } from '../../../src/bench/chromium.js';
import { buildPages } from '../../../web/server/pages.js';
import { type Site, type SiteOptions, startSite } from '../../../web/server/site.js';
import { temporaryFolder } from '../../workflow/support/folders.js';

/** What the tests here need and this machine does not have; undefined where nothing is lacking. */
export function lacking(): string | undefined {
  if (findChromium() === undefined) return 'there is no Chromium (ZKINFER_CHROMIUM=PATH names one)';
  if (!existsSync(new URL('../../../dist/web/zkinfer.wasm', import.meta.url)))
    return 'the WebAssembly module is not built (npm run build:wasm, npm run build)';
  return undefined;
}

export const openBrowser = (): Promise<Browser> => startChromium(findChromium()!);

/** Pages and server on a fresh chain; everything that the options name is ready. */
export async function openSite(options: Pick<SiteOptions, 'models' | 'scene'>): Promise<Site> {
  const folder = temporaryFolder();
  // Relative, as the command's default is.
  const pages = path.relative('', path.join(folder, 'pages'));
  await buildPages(pages);
  const site = await startSite({
    ...options,
    pages,
    data: path.join(folder, 'builds'),
    port: 0,
    tell: () => undefined,
  });
  await site.ready;
  return site;
}
