/**
 * `npm run faults`: an operator killed 50 times over 100 requests, and again with two proving machines behind a Redis
 * that restarts. Writes `bench/results/faults.json` and the table of `docs/operator.md`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeBlocks } from '../../../src/bench/document.js';
import { describeMachine } from '../../../src/bench/results.js';
import { fixtureBuild } from './builds.js';
import { type FaultReport, hasRedis, runFaults } from './faults.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const build = await fixtureBuild('tabular');
const say = (text: string): void => console.error(text);
const runs: { readonly queue: string; readonly report: FaultReport }[] = [
  {
    queue: 'in process',
    report: await runFaults(build, { requests: 100, kills: 50, reorgs: 10, hangs: 10, seed: 7, say }),
  },
];
if (hasRedis()) {
  runs.push({
    queue: 'Redis, two proving machines',
    report: await runFaults(build, {
      requests: 100,
      kills: 50,
      reorgs: 10,
      hangs: 10,
      redisRestarts: 10,
      seed: 8,
      say,
    }),
  });
} else {
  console.error('no redis-server on the PATH: the part with Redis is left out');
}
const machine = describeMachine();
const date = new Date().toISOString();
await mkdir(`${root}bench/results`, { recursive: true });
await writeFile(`${root}bench/results/faults.json`, `${JSON.stringify({ machine, date, runs }, null, 2)}\n`);

const row = (label: string, pick: (report: FaultReport) => string | number) => [
  label,
  ...runs.map(({ report }) => pick(report)),
];
const table = markdownTable(
  ['', ...runs.map(({ queue }) => `queue: ${queue}`)],
  [
    row('requests', ({ requests }) => requests),
    row('operator killed', ({ kills }) => kills),
    row('reorganizations of 3 blocks', ({ reorgs }) => reorgs),
    row('provers stopped; replaced', ({ hangs, replaced }) => `${hangs}; ${replaced}`),
    row('Redis killed and started empty', ({ redisRestarts }) => redisRestarts),
    row(
      "operator's RPC calls; of these broken",
      ({ calls, broken }) => `${calls.toLocaleString('en-US')}; ${broken.toLocaleString('en-US')}`,
    ),
    row('**answered once and paid**', ({ accepted }) => accepted),
    row('**refunded** (paid less than their gas)', ({ refunded }) => refunded),
    row('**answered twice**', ({ twice }) => twice),
    row('**lost**', ({ lost }) => lost),
    row('slashed', ({ slashed }) => slashed),
    row("operator's transactions; of these reverted", ({ transactions, reverted }) => `${transactions}; ${reverted}`),
    row("market's ether equals what it owes", ({ balanced }) => (balanced ? 'yes' : 'no')),
    row('seconds', ({ seconds }) => Math.round(seconds)),
  ],
);
await writeBlocks({
  faults: `${table}\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${date.slice(0, 10)}.`,
});
console.log(table);
process.exit(0);
