/** Registered models: who owns them, what each version is, and what can be checked of it from here. */
import { keccak256 } from 'ethers';
import { REGISTRY_ABI, VERIFIER_ABI } from '../../../src/chain/abi.js';
import { readBlockRanges } from '../../../src/chain/logs.js';
import { type ModelOnChain, readModel } from '../../../src/chain/read-registry.js';
import { lineageOfModel } from '../../../src/provenance/lineage.js';
import { facts, fill, h, hash, note, oneLine, problem, table, tag } from '../common/dom.js';
import { inTurns } from '../common/older.js';
import { auditReport } from './audit-report.js';
import { showLineage } from './lineage.js';
import { olderBlocks } from './older-blocks.js';
import type { Place } from './place.js';
import { type Verdict, verdictTag } from './verdicts.js';

const REGISTERED = REGISTRY_ABI.getEvent('ModelRegistered')!.topicHash;
const MOST_RANGE = 10_000;
/** Versions of one model that are listed, the newest first. */
const MOST_VERSIONS = 20;

/** The registry's models, newest first, a window of blocks at a time. */
export async function showModels(place: Place, registry: string): Promise<Node> {
  const list = h('div', { class: 'grid' });
  let count = 0;
  const below = await olderBlocks(place, async ({ first, last }) => {
    const ids = await registeredIn(place, registry, first, last);
    const models = await inTurns(ids.reverse(), (id) => readModel(place.rpc, registry, id));
    count += models.length;
    for (const model of models) list.append(modelCard(place, registry, model));
    return `${count} model${count === 1 ? '' : 's'} since block ${first}.`;
  });
  return h('div', { class: 'grid' }, list, below);
}

async function registeredIn({ rpc }: Place, registry: string, from: number, to: number): Promise<bigint[]> {
  return await readBlockRanges(from, to, MOST_RANGE, async (fromBlock, toBlock) => {
    const logs = await rpc.provider.getLogs({ address: registry, topics: [REGISTERED], fromBlock, toBlock });
    return logs.flatMap(({ topics, data }) => {
      const parsed = REGISTRY_ABI.parseLog({ topics: [...topics], data });
      return parsed === null ? [] : [parsed.args.modelId as bigint];
    });
  });
}

function modelCard(place: Place, registry: string, model: ModelOnChain): HTMLElement {
  const { modelId, version, deprecated, owner, modelHash, circuitHash, vkHash, verifier, uri } = model;
  const result = h('div', {});
  const check = h('button', { type: 'button' }, 'Check it from here');
  check.addEventListener('click', () => {
    check.setAttribute('disabled', '');
    fill(result, h('p', { class: 'soft' }, 'Reading code and key…'));
    checkVersion(place, registry, model)
      .then((found) => fill(result, found))
      .catch((error: unknown) => fill(result, note('bad', problem(error))))
      .finally(() => check.removeAttribute('disabled'));
  });
  const versions = h('details', {}, h('summary', {}, `Versions (${version})`));
  versions.addEventListener(
    'toggle',
    () => {
      readVersions(place, registry, model)
        .then((found) => versions.append(found))
        .catch((error: unknown) => versions.append(note('bad', problem(error))));
    },
    { once: true },
  );
  return h(
    'article',
    { class: 'card', aria: { label: `Model ${modelId}` } },
    h(
      'div',
      { class: 'row spread' },
      h('h3', {}, `Model ${modelId}, version ${version}`),
      deprecated ? tag('bad', 'retired') : tag('good', 'in use'),
    ),
    facts([
      ['owner', hash(owner)],
      ['ONNX file', hash(modelHash)],
      ['circuit', hash(circuitHash)],
      ['key', hash(vkHash)],
      ['verifier', hash(verifier)],
      ...(uri === '' ? [] : [['described at', oneLine(uri)] as const]),
    ]),
    h('div', { class: 'row' }, check),
    result,
    versions,
    auditReport(),
  );
}

interface VersionOnChain {
  readonly version: number;
  readonly codeHash: string;
  readonly verifier: string;
  readonly modelHash: string;
  readonly vkHash: string;
  readonly registeredAt: bigint;
}

async function readVersion(
  { rpc }: Place,
  registry: string,
  modelId: bigint,
  version: number,
): Promise<VersionOnChain> {
  const data = REGISTRY_ABI.encodeFunctionData('getModelVersion', [modelId, version]);
  const found = REGISTRY_ABI.decodeFunctionResult('getModelVersion', await rpc.provider.call({ to: registry, data }));
  const { modelHash, vkHash } = found.commitment as { modelHash: string; vkHash: string };
  return {
    version,
    codeHash: found.codeHash as string,
    verifier: found.verifier as string,
    modelHash,
    vkHash,
    registeredAt: found.registeredAt as bigint,
  };
}

async function readVersions(place: Place, registry: string, { modelId, version }: ModelOnChain): Promise<Node> {
  const numbers = Array.from({ length: Math.min(version, MOST_VERSIONS) }, (_, i) => version - i);
  const found = await inTurns(numbers, (number) => readVersion(place, registry, modelId, number));
  return table(
    `Versions of model ${modelId}`,
    ['version', 'block', 'ONNX file', 'key', 'verifier'],
    found.map((one) => [
      String(one.version),
      String(one.registeredAt),
      hash(one.modelHash),
      hash(one.vkHash),
      hash(one.verifier),
    ]),
  );
}

/** What the chain alone tells of a version. */
async function checkVersion(place: Place, registry: string, model: ModelOnChain): Promise<Node> {
  const { rpc } = place;
  const { modelId, version } = model;
  const found = await readVersion(place, registry, modelId, version);
  const [code, key] = await Promise.all([
    rpc.provider.getCode(found.verifier),
    rpc.provider.call({ to: found.verifier, data: VERIFIER_ABI.encodeFunctionData('vkHash') }).catch(() => 'no answer'),
  ]);
  const judge = (holds: boolean): Verdict => (holds ? 'established' : 'failed');
  const findings: [Verdict, string][] = [
    [judge(code !== '0x'), 'there is a contract where the verifier should be'],
    [judge(keccak256(code) === found.codeHash), 'its code is what it was when it was registered'],
    [judge(key === found.vkHash), 'it names the registered key as its own'],
  ];
  let drawn: Node | undefined;
  if (place.provenance === undefined)
    findings.push(['open', 'where the model comes from: no provenance ledger is given']);
  else {
    try {
      const lineage = await lineageOfModel(rpc, place.provenance, modelId, version);
      findings.push(['established', `its owner linked it to ${lineage.artifacts.length} recorded artifacts`]);
      const same = lineage.model?.isRegisteredFile;
      findings.push([
        same === undefined ? 'open' : judge(same),
        'the recorded model file is the one registered here (of a file in many blocks the chain alone does not tell)',
      ]);
      drawn = showLineage(lineage);
    } catch (error) {
      findings.push(['open', problem(error)]);
    }
  }
  findings.push([
    'open',
    'that circuit and key belong to the ONNX file, and that gadgets are sound: zkinfer audit makes everything again and compares; its report can be opened below',
  ]);
  return h(
    'div',
    { class: 'grid' },
    h(
      'ul',
      { class: 'checks' },
      ...findings.map(([verdict, text]) => h('li', {}, verdictTag(verdict), h('span', {}, text))),
    ),
    drawn,
  );
}
