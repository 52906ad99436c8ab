/** `npm run simulate`: 1,000 operators and 10,000 requests, then smaller runs in which lies are found less often. Writes the plot of `docs/ledger-simulation.md`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { plotLies } from './plot.js';
import { simulate, type SimulationReport } from './simulate.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const say = (text: string): void => console.error(text);
const requests = Number(process.argv[2] ?? 10_000);
const reports: SimulationReport[] = [await simulate({ operators: 1_000, requests, detection: 0.9, seed: 1, say })];
console.log(JSON.stringify(reports[0], null, 2));
for (const detection of [0.02, 0.1, 0.25, 0.5]) {
  reports.push(await simulate({ operators: 1_000, requests: Math.max(300, requests / 10), detection, seed: 2, say }));
  const { lies, profitPerLie, imbalance } = reports.at(-1)!;
  say(`detection ${detection}: ${JSON.stringify(lies)}, profit per lie ${profitPerLie} ether, imbalance ${imbalance}`);
}
await mkdir(`${root}bench/results`, { recursive: true });
await writeFile(`${root}bench/results/ledger-simulation.json`, `${JSON.stringify(reports, null, 1)}\n`);
await writeFile(`${root}docs/ledger-simulation.svg`, plotLies(reports));
process.exit(0);
