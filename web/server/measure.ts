/**
 * `npm run bench:web`: from opening the page to the first accepted proof, with nothing stored and again with the key in
 * the browser's storage; and the longest task on the page's own thread while a proof is made. Writes its block of
 * docs/web.md with `--doc`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { findChromium, startChromium } from '../../src/bench/chromium.js';
import { markdownTable, writeBlocks } from '../../src/bench/document.js';
import { describeCommit, describeMachine } from '../../src/bench/results.js';
import { median } from '../../src/bench/statistics.js';
import { duration } from '../../src/bench/table.js';
import { buildPages } from './pages.js';
import { type FixtureName, startSite } from './site.js';

const ROUNDS = 5;
const MODELS: readonly FixtureName[] = ['mnist-mlp', 'lenet5'];
const folder = join(fileURLToPath(new URL('../..', import.meta.url)), 'build', 'web');

/**
 * Run in the page before its own scripts: notes tasks of over 50 ms as the browser reports them, and presses each button
 * as soon as it can be pressed, so that no time of the program that drives the browser is counted.
 */
const OBSERVE = `
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))))
    .observe({ type: 'longtask', buffered: true });
  window.moments = {};
  const steps = [
    ['chosen', () => [...document.querySelectorAll('button')].find((one) => one.textContent.includes('An example')), true],
    ['asked', () => document.querySelector('#prove:enabled'), true],
    ['verified', () => document.querySelector('#verified'), false],
    ['sent', () => document.querySelector('#send:enabled'), true],
    ['accepted', () => document.querySelector('#rulings .note.good'), false],
  ];
  const look = () => {
    while (steps.length > 0) {
      const [name, find, isPressed] = steps[0];
      const found = find();
      if (!found) return;
      steps.shift();
      window.moments[name] = performance.now();
      if (isPressed) found.click();
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });`;

interface Visit {
  /** Milliseconds from opening the page to the contract's yes. */
  readonly accepted: number;
  /** The part of it that the proof took, from the click to the verified proof. */
  readonly proved: number;
  /** The longest task of the page's thread meanwhile; 0 where none took over 50 ms. */
  readonly longest: number;
}

async function visit(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.addInitScript(OBSERVE);
  await page.goto(url);
  await page.locator('#rulings .note.good').waitFor();
  const moments = (await page.evaluate('window.moments')) as Record<'asked' | 'verified' | 'accepted', number>;
  const { asked: start, verified: end, accepted } = moments;
  const tasks = (await page.evaluate('window.longTasks')) as { startTime: number; duration: number }[];
  await page.close();
  const meanwhile = tasks.filter(({ startTime }) => startTime >= start && startTime <= end);
  return { accepted, proved: end - start, longest: Math.max(0, ...meanwhile.map((task) => task.duration)) };
}

await buildPages(join(folder, 'pages'));
const site = await startSite({
  pages: join(folder, 'pages'),
  data: join(folder, 'builds'),
  port: 0,
  models: MODELS,
  scene: false,
  tell: console.log,
});
await site.ready;
const program = findChromium();
if (program === undefined) throw new Error('there is no Chromium; ZKINFER_CHROMIUM=PATH names one');
const browser = await startChromium(program);
const rows: string[][] = [];
for (const model of MODELS) {
  const [cold, warm]: [Visit[], Visit[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const context = await browser.newContext();
    cold.push(await visit(context, `${site.url}/?network=${model}`));
    warm.push(await visit(context, `${site.url}/?network=${model}`));
    await context.close();
  }
  const of = (visits: readonly Visit[], part: keyof Visit): string => duration(median(visits.map((one) => one[part])));
  const longest = Math.max(...[...cold, ...warm].map((one) => one.longest));
  rows.push([
    model,
    of(cold, 'accepted'),
    of(warm, 'accepted'),
    of(warm, 'proved'),
    longest === 0 ? 'none over 50 ms' : duration(longest),
  ]);
}
const { cpu, cores } = describeMachine();
const block = [
  markdownTable(
    [
      'model',
      'to the first accepted proof, nothing stored',
      'key stored',
      'of it from click to verified proof',
      'longest task of the page',
    ],
    rows,
  ),
  '',
  `${cpu}, ${cores} cores, Chromium ${browser.version()}; commit ${describeCommit()}. Medians of ${ROUNDS} visits, the contract's block included; ` +
    'the longest task of all visits, between the click and the verified proof.',
].join('\n');
console.log(block);
if (process.argv.includes('--doc')) await writeBlocks({ web: block });
await browser.close();
await site.close();
process.exit(0);
