/**
 * `npm run bench:browser`: proofs in headless Chromium beside snarkjs in the same page, with the same keys and witnesses, in
 * the same run, taken in turns: with threads (the page is cross-origin isolated) and with one thread each. Then what a user
 * waits for: from opening the page to the first proof with an empty cache and with the key stored, and the longest task on
 * the page's thread while proving; peak memory of the browser's process; with `--contribution` a contribution to the key of
 * each circuit, which snarkjs verifies. Writes a block of `docs/benchmarks.md`.
 *
 * The traps: V8 compiles both anew in the first proofs, so one round of each is not counted; and on a machine with other work
 * only the ratios mean something.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { Command } from 'commander';
import type { Browser, Page } from 'playwright-core';

import type * as api from '../browser/index.js';
import { wholeNumber } from '../cli/options.js';
import { UsageError } from '../errors.js';
import { chooseBackend } from '../groth16/backends.js';
import type { Groth16Backend } from '../groth16/types.js';
import { middleInputs } from '../integer/encode.js';
import { encodeWtns, witnessBytes } from '../r1cs/witness.js';
import { exportWeb } from '../workflow/export-web.js';
import { openWitness } from '../workflow/prove.js';
import { findChromium, openPage, startChromium } from './chromium.js';
import { markdownTable, writeBlocks } from './document.js';
import { buildFixture } from './gas-fixtures.js';
import { describeCommit, describeMachine, saveReport } from './results.js';
import { median, pairedRatio } from './statistics.js';
import { startServer } from './web-server.js';
import { nativeProgram } from './workload.js';

const FIXTURES = ['mnist-mlp', 'lenet5'];
const SNARKJS = fileURLToPath(new URL('../../node_modules/snarkjs/build/snarkjs.min.js', import.meta.url));
const MODULES = ['zkinfer.wasm', 'zkinfer-threads.wasm'].map((name) => ({
  name,
  path: fileURLToPath(new URL(`../../dist/web/${name}`, import.meta.url)),
}));

/** In the page. */
interface SnarkjsScript {
  readonly curves: { getCurveFromName(name: string, options?: { singleThread: boolean }): Promise<unknown> };
  readonly groth16: {
    prove(key: object, witness: object): Promise<{ proof: object; publicSignals: string[] }>;
    verify(key: object, publicSignals: readonly string[], proof: object): Promise<boolean>;
  };
  readonly zKey: {
    contribute(key: object, made: object, name: string, entropy: string): Promise<unknown>;
    verifyFromR1cs(circuit: object, powers: object, key: object): Promise<boolean>;
  };
}
declare const snarkjs: SnarkjsScript;

type PageInput = readonly (readonly number[])[];

/** Milliseconds of each proof, round by round. */
interface Duel {
  readonly threads: number;
  readonly snarkjs: readonly number[];
  /** The proof from its witness, as snarkjs's. */
  readonly zkinfer: readonly number[];
  /** Witness and the check of what was made besides. */
  readonly whole: readonly number[];
  /** The longest task on the page's thread while zkinfer proved. */
  readonly longestTask: number;
}

async function duel(
  page: Page,
  name: string,
  given: {
    readonly input: PageInput;
    readonly salts: api.ProveRequest['salts'];
    readonly rounds: number;
    readonly alone: boolean;
  },
): Promise<Duel> {
  await page.addScriptTag({ url: '/own/snarkjs.min.js' });
  return await page.evaluate(
    async ([at, { input, salts, rounds, alone }]) => {
      const { openBuild } = (await import('/zkinfer/index.js' as string)) as typeof api;
      const file = async (path: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(path)).arrayBuffer());
      const [key, witness] = [await file(`/builds/${at}/proving.zkey`), await file(`/own/${at}.wtns`)];
      const verificationKey = (await (await fetch(`/own/${at}.json`)).json()) as object;
      // snarkjs takes a curve that is there already, which has no threads.
      if (alone)
        (globalThis as { curve_bn128?: unknown }).curve_bn128 = await snarkjs.curves.getCurveFromName('bn128', {
          singleThread: true,
        });
      const build = await openBuild(`/builds/${at}`, { threads: alone ? 1 : 'auto' });
      await build.ready;
      const times = { snarkjs: [] as number[], zkinfer: [] as number[], whole: [] as number[] };
      let longestTask = 0;
      let watching = false;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) if (watching) longestTask = Math.max(longestTask, duration);
      }).observe({ type: 'longtask' } as never);
      for (let round = 0; round <= rounds; round += 1) {
        const start = performance.now();
        const theirs = await snarkjs.groth16.prove({ type: 'mem', data: key }, { type: 'mem', data: witness });
        const theirTime = performance.now() - start;
        await new Promise((resolve) => setTimeout(resolve, 100));
        watching = true;
        const begun = performance.now();
        const ours = await build.prove({ input, salts });
        const whole = performance.now() - begun;
        await new Promise((resolve) => setTimeout(resolve, 100));
        watching = false;
        if (String(ours.publicSignals) !== String(theirs.publicSignals)) throw new Error('other public signals');
        if (round === 0) {
          if (!(await snarkjs.groth16.verify(verificationKey, ours.publicSignals, ours.proof)))
            throw new Error('the proof does not verify');
          continue;
        }
        times.snarkjs.push(theirTime);
        times.zkinfer.push(ours.stages.prove);
        times.whole.push(whole);
      }
      build.close();
      return { ...times, threads: build.threads, longestTask };
    },
    [name, given] as const,
  );
}

/** Milliseconds from a page's start to its first proof, verified; and the memory that the module held. */
async function firstProof(
  page: Page,
  name: string,
  input: PageInput,
): Promise<{ readonly ms: number; readonly moduleMB: number }> {
  return await page.evaluate(
    async ([at, given]) => {
      const { openBuild } = (await import('/zkinfer/index.js' as string)) as typeof api;
      const build = await openBuild(`/builds/${at}`);
      const made = await build.prove({ input: given });
      const ms = performance.now();
      build.close();
      return { ms, moduleMB: made.memoryBytes / 1e6 };
    },
    [name, input] as const,
  );
}

/** Most memory that a renderer of the browser ever had resident, in MB. */
async function peakMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => {
        const [, kilobytes] =
          /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${id}/status`, 'utf8').catch(() => '')) ?? [];
        return Number(kilobytes ?? 0) / 1000;
      }),
  );
  return Math.max(0, ...peaks);
}

/** A contribution to one key, by both in turn. */
interface Contributed {
  readonly zkinfer: readonly number[];
  readonly snarkjs: readonly number[];
}

/** @throws Error where snarkjs refuses the key that was contributed to here */
async function contributions(page: Page, name: string, rounds: number): Promise<Contributed> {
  await page.addScriptTag({ url: '/own/snarkjs.min.js' });
  return await page.evaluate(
    async ([at, times]) => {
      const { contribute } = (await import('/zkinfer/index.js' as string)) as typeof api;
      const file = async (path: string) => ({
        type: 'mem',
        data: new Uint8Array(await (await fetch(`/own/${path}`)).arrayBuffer()),
      });
      const initial = await file(`${at}.zkey`);
      const made = { zkinfer: [] as number[], snarkjs: [] as number[] };
      let own: Uint8Array = initial.data;
      for (let round = 0; round < times; round += 1) {
        const start = performance.now();
        own = (await contribute({ key: initial.data, name: 'bench' })).key;
        const between = performance.now();
        await snarkjs.zKey.contribute(initial, { type: 'mem' }, 'bench', 'entropy');
        made.zkinfer.push(between - start);
        made.snarkjs.push(performance.now() - between);
      }
      const key = { type: 'mem', data: own };
      if (!(await snarkjs.zKey.verifyFromR1cs(await file(`${at}.r1cs`), await file(`${at}.ptau`), key)))
        throw new Error('snarkjs refuses a key that was contributed to here');
      return made;
    },
    [name, rounds] as const,
  );
}

/** Makes a build's key that nobody has contributed to yet, below the names that `contributions` reads. */
async function startCeremony(
  own: string,
  build: string,
  power: number,
  backend: Groth16Backend,
  powers: string | undefined,
): Promise<void> {
  const at = (ending: string): string => join(own, `${basename(build)}.${ending}`);
  const [circuit, ptau] = [at('r1cs'), at('ptau')];
  await copyFile(join(build, 'circuit.r1cs'), circuit);
  if (powers === undefined) execFileSync(nativeProgram('zkinfer-synth'), ['ptau', String(power), ptau]);
  else await copyFile(powers, ptau);
  await backend.setup(circuit, at('zkey'), { ptau, checkPowers: false });
}

interface Measured {
  readonly name: string;
  readonly power: number;
  readonly keyMB: number;
  readonly duels: readonly Duel[];
  readonly coldMs: number;
  readonly warmMs: number;
  readonly moduleMB: number;
  readonly peakMB: number;
  readonly contributed?: Contributed;
}

async function measure(
  chromium: string,
  own: string,
  build: string,
  { rounds, contribution, powers }: Options,
  backend: Groth16Backend,
): Promise<Measured> {
  const name = basename(build);
  const { manifest, model, infer } = await openWitness(build);
  const input = middleInputs(model.inputs).map((values) => Array.from(values));
  const { witness, salts } = infer(input.map((values) => Float64Array.from(values)));
  await writeFile(join(own, `${name}.wtns`), encodeWtns(witnessBytes(witness)));
  await copyFile(join(build, 'verification_key.json'), join(own, `${name}.json`));
  const { keyBytes } = await exportWeb(build, join(own, 'web', name));
  const server = await startServer({ builds: join(own, 'web'), own }, { policy: '' });
  try {
    const inBrowser = async <T>(work: (browser: Browser) => Promise<T>): Promise<T> => {
      const browser = await startChromium(chromium);
      try {
        return await work(browser);
      } finally {
        await browser.close();
      }
    };
    const duels: Duel[] = [];
    for (const alone of [false, true]) {
      duels.push(
        await inBrowser(async (browser) =>
          duel(await openPage(await browser.newContext(), server.url), name, { input, salts, rounds, alone }),
        ),
      );
    }
    const visits = { cold: [] as number[], warm: [] as number[], module: [] as number[], peak: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      await inBrowser(async (browser) => {
        const context = await browser.newContext();
        const cold = await openPage(context, server.url);
        const first = await firstProof(cold, name, input);
        visits.cold.push(first.ms);
        visits.module.push(first.moduleMB);
        visits.peak.push(await peakMemory(browser));
        await cold.close();
        visits.warm.push((await firstProof(await openPage(context, server.url), name, input)).ms);
      });
    }
    const power = Math.log2(manifest.circuit.domainSize);
    if (contribution) await startCeremony(own, build, power, backend, powers);
    const contributed = contribution
      ? await inBrowser(async (browser) =>
          contributions(await openPage(await browser.newContext(), server.url), name, rounds),
        )
      : undefined;
    return {
      name,
      power,
      keyMB: keyBytes / 1e6,
      duels,
      coldMs: median(visits.cold),
      warmMs: median(visits.warm),
      moduleMB: median(visits.module),
      peakMB: median(visits.peak),
      ...(contributed && { contributed }),
    };
  } finally {
    await server.close();
  }
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;

function duelRows({ name, power, duels }: Measured): string[][] {
  return duels.map(({ threads, snarkjs: theirs, zkinfer: ours, whole, longestTask }) => [
    `${name} (2^${power})`,
    String(threads),
    ms(median(theirs)),
    ms(median(ours)),
    `${pairedRatio(theirs, ours).toFixed(1)}×`,
    ms(median(whole)),
    longestTask === 0 ? 'below 50 ms' : ms(longestTask),
  ]);
}

function contributionTable(measured: readonly Measured[]): string[] {
  const rows = measured.flatMap(({ name, contributed }) =>
    contributed === undefined
      ? []
      : [
          [
            name,
            ms(median(contributed.snarkjs)),
            ms(median(contributed.zkinfer)),
            `${pairedRatio(contributed.snarkjs, contributed.zkinfer).toFixed(1)}×`,
            'accepted',
          ],
        ],
  );
  if (rows.length === 0) return [];
  return [markdownTable(['contribution to the key', 'snarkjs', 'zkinfer', 'ratio', 'snarkjs zkey verify'], rows)];
}

interface Options {
  readonly rounds: number;
  readonly write: boolean;
  /** Whether contributions to keys are measured, too. */
  readonly contribution: boolean;
  /** Prepared powers of tau of the size that every build needs; without it synthetic ones are made. */
  readonly powers?: string;
}

async function main(builds: readonly string[], options: Options): Promise<void> {
  const { rounds, write } = options;
  const chromium = findChromium();
  if (chromium === undefined) throw new UsageError('there is no Chromium here; on Debian: apt-get install chromium');
  const own = await mkdtemp(join(tmpdir(), 'zkinfer-browser-'));
  const load = [loadavg()[0]];
  try {
    await copyFile(SNARKJS, join(own, 'snarkjs.min.js'));
    const folders = [...builds];
    const maker = chooseBackend('auto', console.error);
    if (builds.length === 0) for (const name of FIXTURES) folders.push(await buildFixture(name, own, maker));
    const measured: Measured[] = [];
    for (const folder of folders) measured.push(await measure(chromium, own, folder, options, maker));
    load.push(loadavg()[0]);
    const proofs = markdownTable(
      ['model', 'threads', 'snarkjs', 'zkinfer', 'ratio', 'with witness and check', 'longest task on the page'],
      measured.flatMap(duelRows),
    );
    const visits = markdownTable(
      ['model', 'key', 'page to first proof, cold', 'key stored', "module's memory", "browser's peak memory"],
      measured.map((one) => [
        one.name,
        `${one.keyMB.toFixed(1)} MB`,
        ms(one.coldMs),
        ms(one.warmMs),
        `${one.moduleMB.toFixed(0)} MB`,
        `${one.peakMB.toFixed(0)} MB`,
      ]),
    );
    const sizes = await Promise.all(
      MODULES.map(async ({ name, path }) => {
        const bytes = await readFile(path);
        return `${name} ${Math.round(gzipSync(bytes, { level: 9 }).length / 1000)} KB compressed`;
      }),
    );
    const { cpu, cores } = describeMachine();
    const note =
      `${cpu}, ${cores} cores, headless Chromium, load ${load.map((one) => one.toFixed(1)).join(' to ')}; medians of ${rounds} rounds, ` +
      `ratios of the same round; ${sizes.join(', ')}.`;
    const block = [proofs, visits, ...contributionTable(measured), note].join('\n\n');
    console.log(block);
    if (!write) return;
    await writeBlocks({ browser: block });
    saveReport('browser', { commit: describeCommit(), date: new Date().toISOString(), rounds, load, measured });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

const program = new Command('bench:browser')
  .description('proofs in Chromium beside snarkjs in the same page')
  .argument('[builds...]', 'build folders with keys; default: the fixtures mnist-mlp and lenet5')
  .option('--rounds <n>', 'proofs of each; medians are reported', wholeNumber, 5)
  .option('--contribution', 'contributions to the keys, too', false)
  .option('--powers <file>', 'with --contribution: prepared powers of tau (.ptau); default: synthetic ones')
  .option('--no-write', 'print only');
await program.parseAsync();
await main(program.args, program.opts());
