/**
 * `npm run latency`: from sending a request to its accepted answer, for mnist-mlp on a local chain with blocks of one
 * second and a warm operator node, taken apart. The chain alone costs the wait for the request's block (half a second
 * on average) and a whole second to the answer's; the node's work must fit into that second. Writes
 * `bench/results/latency.json` and the table of `docs/operator.md`.
 *
 * The trap: blocks come at whole seconds, so requests sent on a beat would all see the same wait. Each is sent at a
 * random time.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { chooseBackend } from '../groth16/backends.js';
import { DEFAULT_MARKET, readRequest } from '../ledger/index.js';
import { MARKET_ABI } from '../ledger/abi.js';
import { startNode } from '../operator/index.js';
import { buildGraph, decodeModel } from '../onnx/index.js';
import { openMarket } from '../scenario/market.js';
import { openScenarioChain } from '../scenario/people.js';
import { writeBuild } from '../workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../workflow/compile.js';
import { parseInput, parseSamples } from '../workflow/input-json.js';
import { setupBuild } from '../workflow/setup.js';
import { markdownTable, writeBlocks } from './document.js';
import { describeMachine, saveReport } from './results.js';

const REQUESTS = 40;
const POLL_MS = 10;
const ETHER = 10n ** 18n;
const root = fileURLToPath(new URL('../../', import.meta.url));
const fixture = join(root, 'fixtures/mnist-mlp');

interface RequestTimes {
  /** Milliseconds since the request was sent. */
  readonly mined: number;
  readonly seen: number;
  readonly proved: number;
  readonly accepted: number;
  /** Inside the prover process: witness and proof. */
  readonly proof: number;
}

const folder = await mkdtemp(join(tmpdir(), 'zkinfer-latency-'));
const stage = await openScenarioChain();
const times = new Map<string, number>();
const proofs = new Map<string, number>();
const log = pino(
  { level: 'debug', base: undefined },
  {
    write(line: string) {
      const { msg, request, time, proofSeconds, level } = JSON.parse(line) as {
        msg: string;
        request?: string;
        time: number;
        proofSeconds?: number;
        level: number;
      };
      times.set(`${msg} ${request}`, time);
      if (proofSeconds !== undefined) proofs.set(request!, 1000 * proofSeconds);
      if (level >= 40) process.stderr.write(line);
    },
  },
);

const onnx = await readFile(join(fixture, 'model.onnx'));
const { inputs: shapes } = buildGraph(decodeModel(onnx));
const compiled = await compileOnnx(onnx, {
  name: 'mnist-mlp',
  calibration: parseSamples(await readFile(join(fixture, 'calibration.json'), 'utf8'), shapes, 'calibration.json'),
});
const build = join(folder, 'build');
const backend = chooseBackend('auto', console.error);
await writeBuild(build, compiled.manifest, buildFiles(compiled));
await setupBuild(build, backend, { force: true });
const input = parseInput(await readFile(join(fixture, 'input.json'), 'utf8'), shapes, 'input.json');
const market = await openMarket(stage.people.owner, build, DEFAULT_MARKET);
const inputs = join(folder, 'inputs');
await mkdir(inputs);
const node = await startNode({
  rpc: stage.url,
  market: market.address,
  builds: [build],
  data: join(folder, 'data'),
  inputs: { folder: inputs },
  policy: { minProfit: 0n, tokens: new Map(), maxBond: 10n ** 18n, capacity: 4 },
  backend: backend.name,
  processes: 1,
  jobTimeoutMs: 60_000,
  fromBlock: market.ledger.market.blockNumber,
  confirmations: 1,
  reorgDepth: 2,
  pollMs: 50,
  direct: true,
  watches: 'nothing',
  log,
});
await stage.rpc.provider.send('evm_setIntervalMining', [1]);

async function seen(done: () => Promise<boolean>): Promise<number> {
  while (!(await done())) await sleep(POLL_MS);
  return Date.now();
}

const samples: RequestTimes[] = [];
for (let n = 0; n < REQUESTS; n++) {
  await sleep(1_000 * Math.random());
  const id = BigInt(n + 1);
  const asked = market.ask(inputs, stage.people.asker, {
    mode: 'proved',
    fee: ETHER / 10n,
    bond: DEFAULT_MARKET.minBond,
    window: 600,
    open: 600,
    input,
  });
  const start = Date.now();
  const count = async (): Promise<boolean> => {
    const answer = await stage.rpc.provider.call({
      to: market.address,
      data: MARKET_ABI.encodeFunctionData('requestCount'),
    });
    return BigInt(answer) >= id;
  };
  const mined = await seen(count);
  const accepted = await seen(async () => (await readRequest(stage.rpc, market.address, id)).status === 'accepted');
  await asked;
  samples.push({
    mined: mined - start,
    seen: times.get(`seen ${id}`)! - start,
    proved: times.get(`proved ${id}`)! - start,
    accepted: accepted - start,
    proof: proofs.get(String(id))!,
  });
}
await node.stop(5_000);
await stage.close();
await rm(folder, { recursive: true, force: true });

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const row = (pick: (sample: RequestTimes) => number) => {
  const values = samples.map(pick);
  return {
    median: Math.round(quantile(values, 0.5)),
    p95: Math.round(quantile(values, 0.95)),
    max: Math.round(Math.max(...values)),
  };
};
const within = samples.filter(({ accepted }) => accepted <= 2_000).length;
const parts = {
  'request sent → in a block': row(({ mined }) => mined),
  'in a block → seen by the node': row(({ mined, seen: at }) => Math.max(0, at - mined)),
  'seen → proved (input fetched, hashed, witness, proof)': row(({ seen: at, proved }) => proved - at),
  'of that, witness and proof': row(({ proof }) => proof),
  'proved → accepted in a block': row(({ proved, accepted }) => accepted - proved),
  '**request sent → accepted**': row(({ accepted }) => accepted),
};
const machine = describeMachine();
const date = new Date().toISOString();
saveReport('latency', {
  machine,
  date,
  model: 'mnist-mlp',
  backend: backend.name,
  requests: REQUESTS,
  blockSeconds: 1,
  unit: 'ms',
  parts,
  within2s: within,
});
const table = markdownTable(
  ['milliseconds', 'median', '95th percentile', 'longest'],
  Object.entries(parts).map(([name, { median, p95, max }]) => [name, median, p95, max]),
);
const text = `${table}\n\n${within} of ${REQUESTS} requests were accepted within 2 s. Backend ${backend.name}; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${date.slice(0, 10)}.`;
await writeBlocks({ latency: text });
console.log(text);
process.exit(0);
