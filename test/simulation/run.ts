/**
 * `npm run simulate`: 1,000 operators and 10,000 requests, then smaller runs in which lies are found less often, and
 * one in which honest operators are careless. Writes
 * `bench/results/ledger-simulation.json`, and the tables and the plot of `docs/ledger-simulation.md`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeBlocks } from '../../src/bench/document.js';
import { dollars } from '../../src/bench/gas-report.js';
import { describeMachine } from '../../src/bench/results.js';
import { expectedGain, plotLies } from './plot.js';
import { type Lies, simulate, type SimulationReport, TERMS } from './simulate.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const say = (text: string): void => console.error(text);
const requests = Number(process.argv[2] ?? 10_000);
const main = await simulate({ operators: 1_000, requests, detection: 0.9, seed: 1, say });
const reports: SimulationReport[] = [main];
for (const detection of [0.02, 0.1, 0.25, 0.5]) {
  reports.push(await simulate({ operators: 1_000, requests: Math.max(300, requests / 10), detection, seed: 2, say }));
}
const careless = await simulate({
  operators: 1_000,
  requests: Math.max(300, requests / 10),
  detection: 0.9,
  seed: 3,
  careful: false,
  say,
});
const machine = describeMachine();
const date = new Date().toISOString();
await mkdir(`${root}bench/results`, { recursive: true });
await writeFile(
  `${root}bench/results/ledger-simulation.json`,
  `${JSON.stringify({ machine, date, reports, careless }, null, 1)}\n`,
);
await writeFile(`${root}docs/ledger-simulation.svg`, plotLies(reports));

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const PRICES = { dollarsPerEther: 3_000, mainnetGwei: 2, rollupGwei: 0.01 };
const cost = (gwei: number): string => dollars(main.gasPerAnswer, gwei, PRICES).toFixed(3);
const ether = (amount: number): string => `${amount.toFixed(3)} ether`;
const { secondsToAccepted: took, profit, operators, gasByAction } = main;
const counts = ({ told, slashed, paid }: Lies): string => `${told}; ${slashed}; ${paid}`;
const outcome = markdownTable(
  ['1,000 operators, a third of them faulty', ''],
  [
    ['requests', main.requests],
    ['answered rightly and in time', percent(main.answeredInTime)],
    ['accepted in the end', percent(main.accepted)],
    ['accepted though wrong (nobody disputed)', percent(main.acceptedWrong)],
    [
      'seconds of the chain to acceptance, proved mode: median; 95th percentile',
      `${took.proved.median}; ${took.proved.p95}`,
    ],
    ['the same in optimistic mode', `${took.optimistic.median}; ${took.optimistic.p95}`],
    ['gas of everyone for an accepted answer', main.gasPerAnswer],
    [
      'the same in dollars (3,000 an ether) at 2 gwei, on mainnet; at 0.01 gwei, on a rollup without its data fee',
      `${cost(PRICES.mainnetGwei)}; ${cost(PRICES.rollupGwei)}`,
    ],
    ['profit of an honest operator, fees and bonds, mean', ether(profit.honest / operators.honest)],
    ['of one that fails', ether(profit.fails / operators.fails)],
    ['**of one that lies**', `**${ether(profit.lies / operators.lies)}**`],
    ['**of one that lies and disputes itself before the watcher**', `**${ether(profit.hides / operators.hides)}**`],
    ['of one that is late', ether(profit.late / operators.late)],
    ['lies told; slashed; paid', counts(main.lies.lies)],
    ['the same of those who dispute themselves', counts(main.lies.hides)],
    [
      'disputes sent by watchers; overtaken by the liar itself',
      `${main.watching.disputes}; ${main.watching.overtaken}`,
    ],
    ['**profit of the ten watchers**, gas paid', `**${ether(main.watching.profit)}**`],
    [
      '**profit of the asker who withholds inputs**, gas paid; requests',
      `**${ether(main.attacks.withholds.profit)}**; ${main.attacks.withholds.asked}`,
    ],
    [
      '**profit of the asker who floods**, gas paid; requests',
      `**${ether(main.attacks.floods.profit)}**; ${main.attacks.floods.asked}`,
    ],
    ['**honest operators slashed**', `**${main.slashes.ofHonest}**`],
    ['disputes of right answers; won by the operator', `${main.falseDisputes.made}; ${main.falseDisputes.won}`],
    ['transactions of honest operators that reverted, but for takes that came second', main.honestReverted],
    ['slashed for being late', main.slashes.late],
    ["market's ether minus what it owes, in wei", main.imbalance],
    ['transactions, in blocks', `${main.transactions.toLocaleString('en-US')}, ${main.blocks}`],
    [
      "executed a second by the node's EVM",
      `${main.transactionsPerSecond.toLocaleString('en-US')} transactions, ${main.megagasPerSecond} million gas`,
    ],
    ['seconds of the whole run', Math.round(main.seconds)],
  ],
);
const actions = markdownTable(
  ['transaction', 'done', 'gas, mean', 'reverted'],
  Object.entries(gasByAction).map(([name, { count, mean, reverted }]) => [`\`${name}\``, count, mean, reverted]),
);
const fee = Number(TERMS.fee) / 1e18;
const inFees = ({ profitPerLie }: Lies): string => (profitPerLie / fee).toFixed(2);
const lies = markdownTable(
  [
    'lies that a watcher finds',
    'told; slashed; paid',
    'profit of a lie, in fees',
    'told; slashed; paid by those who dispute themselves',
    'profit of such a lie',
    'expected by the rules',
  ],
  [...reports]
    .sort((a, b) => a.detection - b.detection)
    .map(({ detection, lies: { lies: plain, hides } }) => [
      percent(detection),
      counts(plain),
      inFees(plain),
      counts(hides),
      inFees(hides),
      expectedGain(detection).toFixed(2),
    ]),
);
const askers = markdownTable(
  [
    'honest operators',
    'requests by the asker who withholds; its profit',
    'by the asker who floods; its profit',
    'honest operators slashed',
  ],
  [
    ['as `zkinfer operator`', main],
    ['without: nothing kept, promised first', careless],
  ].map(([name, report]) => {
    const {
      attacks: { withholds, floods },
      slashes,
    } = report as SimulationReport;
    return [
      name as string,
      `${withholds.asked}; ${ether(withholds.profit)}`,
      `${floods.asked}; ${ether(floods.profit)}`,
      slashes.ofHonest,
    ];
  }),
);
const where = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${date.slice(0, 10)}.`;
await writeBlocks({ outcome: `${outcome}\n\n${actions}\n\n${where}`, lies, askers });
console.log([outcome, actions, lies, askers].join('\n\n'));
process.exit(0);
