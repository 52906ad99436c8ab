/**
 * The integrity ledger from end to end on a local chain, with real proofs: data set → checkpoints → model; licence; a
 * proved answer and its royalties; a late answer and a lie, found and punished by the operator node; the lineage from
 * an attestation back to the data. `npm run demo:ledger` tells it, a test asserts it: both read the same facts.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEther, type Interface, keccak256, ZeroAddress } from 'ethers';
import {
  deployContract,
  deployRegistry,
  registerModel,
  RevertedError,
  type Sender,
  sendOnce,
  submitInference,
} from '../chain/index.js';
import { ScenarioError } from './errors.js';
import type { BackendChoice } from '../groth16/backends.js';
import { chooseBackend } from '../groth16/backends.js';
import {
  answerOptimisticRequest,
  ask,
  deployLedger,
  forwardRoyaltiesRequest,
  LEDGER_ABIS,
  LICENCES_ABI,
  type MarketConfig,
  type MarketRequest,
  type Mode,
  readBalance,
  readOperator,
  readRequest,
  ROYALTIES_ABI,
  stakeRequest,
  takeRequest,
  withdrawRequest,
} from '../ledger/index.js';
import { openLog, type OperatorNode, startNode, storeInput } from '../operator/index.js';
import { drawLineageSvg, drawLineageText, lineageOfAttestation, toStruct } from '../provenance/index.js';
import { verifierOf } from '../operator/served-models.js';
import { contextFor, signalCalldata } from '../solidity/index.js';
import type { Sample } from '../workflow/input-json.js';
import { openProver } from '../workflow/prove.js';
import { readVerificationKey } from '../workflow/verify.js';
import { openScenarioChain, type Person } from './people.js';
import { recordProvenance } from './provenance.js';

export interface ScenarioOptions {
  /** A build with keys, of the model in `onnx`. */
  readonly build: string;
  readonly input: Sample;
  readonly backend: BackendChoice;
  /** Files or folders that stand for the parts of the model's history. */
  readonly files: { readonly dataSet: string; readonly training: string; readonly onnx: string };
  /** Called as the story goes on: a heading, or a line under it. */
  readonly tell?: (text: string, heading: boolean) => void;
  readonly logLevel?: string;
}

/** What happened, as the contracts have it in the end. Money in wei. */
export interface ScenarioFacts {
  readonly unlicensed: string;
  readonly proved: MarketRequest;
  /** What each was paid of the proved answer's fee. */
  readonly shares: Readonly<Record<'operator' | 'owner' | 'curator' | 'trainer', bigint>>;
  readonly late: MarketRequest;
  readonly lie: MarketRequest;
  /** keccak256 of the output that an honest run gives for the lie's request. */
  readonly honestOutputHash: string;
  readonly rivalLost: bigint;
  readonly operatorWonFromLie: bigint;
  readonly lineage: {
    readonly text: string;
    readonly svg: string;
    readonly dataSetId: string;
    readonly artifacts: readonly string[];
  };
  /** The market's ether after everyone withdrew, and what of it is stake. */
  readonly left: { readonly market: bigint; readonly stakes: bigint; readonly royalties: bigint };
  readonly seconds: number;
}

const ETHER = 10n ** 18n;
const FEE = ETHER / 10n;
const BOND = ETHER / 5n;
const LICENCE_PRICE = ETHER / 100n;
const TERMS = {
  operatorBps: 6_000,
  ownerBps: 2_500,
  contributorsBps: 1_500,
  parentsBps: 0,
  derivativeBps: 0,
  saleBps: 500,
};
const MARKET: MarketConfig = {
  challengeWindow: 60,
  proveWindow: 60,
  maxWindow: 3_600,
  unbondingDelay: 7_200,
  minBond: ETHER / 100n,
  challengeBond: ETHER / 20n,
};
const WINDOW = 300;
const PATIENCE_MS = 60_000;

/** Plays the story. @throws ScenarioError, RevertedError … where it does not go as told */
export async function playLedgerScenario(options: ScenarioOptions): Promise<ScenarioFacts> {
  const start = performance.now();
  const tell = options.tell ?? (() => undefined);
  const say = (text: string): void => tell(text, false);
  const stage = await openScenarioChain();
  const { rpc, people, pass } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-ledger-'));
  const inputs = join(folder, 'inputs');
  await mkdir(inputs);
  let node: OperatorNode | undefined;
  const prover = await openProver(
    options.build,
    chooseBackend(options.backend, () => undefined),
  );
  try {
    const { manifest } = prover;
    const key = await readVerificationKey(options.build);

    tell('The contracts and the model', true);
    const { registry, attestations } = await deployRegistry(people.owner);
    const ledger = await deployLedger(people.owner, registry.address, MARKET);
    const artifact = await verifierOf(options.build);
    const verifier = await deployContract(people.owner, artifact, 'deploying the verifier');
    const model = await registerModel(people.owner, registry.address, {
      manifest,
      key,
      verifier: verifier.address,
      artifact,
    });
    const { modelId, version } = model;
    say(
      `registry, market, royalties, licences, provenance deployed; '${manifest.name}' is model ${modelId}, an ERC-721 token of its owner`,
    );
    const market = ledger.market.address;
    const call = async (
      sender: Sender,
      to: string,
      abi: Interface,
      name: string,
      values: readonly unknown[],
      value = 0n,
    ) =>
      await sendOnce(sender, {
        purpose: `${name} ${to} ${JSON.stringify(values, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
        to,
        data: abi.encodeFunctionData(name, [...values]),
        action: name,
        abis: LEDGER_ABIS,
        value,
      });

    tell('Where it comes from', true);
    const made = await recordProvenance(people, ledger.provenance.address, options.files, { modelId, version });
    say(`data set     ${made.dataSet.id.slice(0, 18)}…  recorded by its curator`);
    say(`training run ${made.run.id.slice(0, 18)}…  by its trainer`);
    say(
      `checkpoints  ${made.checkpoints.id.slice(0, 18)}…  20 under one Merkle root (19 stand-ins, and the model's own weights)`,
    );
    say(
      `model        ${made.model.id.slice(0, 18)}…  linked to model ${modelId} version ${version}, by a proof that its weights are checkpoint 20`,
    );

    tell('Terms and licences', true);
    await call(people.owner, ledger.royalties.address, ROYALTIES_ABI, 'setTerms', [
      modelId,
      version,
      TERMS,
      [],
      made.graph.map(toStruct),
    ]);
    await call(people.owner, ledger.licences.address, LICENCES_ABI, 'setLicenceRequired', [modelId, true]);
    const offer = {
      modelId,
      kind: 2,
      transferable: false,
      until: 0,
      token: ZeroAddress,
      price: LICENCE_PRICE,
      maxSupply: 0,
    };
    const offered = await call(people.owner, ledger.licences.address, LICENCES_ABI, 'offer', [offer]);
    const licenceId = offered.logs
      .flatMap((log) => LICENCES_ABI.parseLog({ topics: [...log.topics], data: log.data }) ?? [])
      .find(({ name }) => name === 'LicenceOffered')!.args.licenceId as bigint;
    say(
      'each fee: operator 60 %, owner 25 %, contributors of the provenance graph 15 %; asking takes a licence, sold by the use',
    );

    let nonce = 0;
    const question = async (mode: Mode) => {
      const { publicSignals, salts } = prover.infer(options.input);
      const { inputCommitment, output } = signalCalldata(manifest, publicSignals);
      const inputUri = await storeInput(
        inputs,
        JSON.stringify({
          input_data: options.input.map((values) => Array.from(values)),
          ...(salts.input ? { salt: salts.input } : {}),
        }),
      );
      const block = await rpc.provider.getBlock('latest');
      const { requestId } = await ask(
        people.asker,
        market,
        {
          modelId,
          mode,
          inputCommitment,
          inputUri,
          fee: FEE,
          bond: BOND,
          deadline: block!.timestamp + 3_600,
          window: WINDOW,
          licenceId,
          watcher: people.operator.signer.address,
        },
        String((nonce += 1)),
      );
      return { requestId, output };
    };
    const unlicensed = await question('proved').then(
      () => 'none',
      (error: unknown) => {
        if (error instanceof RevertedError) return error.errorName;
        throw error;
      },
    );
    say(`asking without a licence: the market refuses (${unlicensed})`);
    await call(
      people.asker,
      ledger.licences.address,
      LICENCES_ABI,
      'buy',
      [licenceId, people.asker.signer.address, 5n],
      5n * LICENCE_PRICE,
    );
    await call(people.asker, ledger.licences.address, LICENCES_ABI, 'setApprovalForAll', [market, true]);
    say(`the asker buys 5 uses for ${formatEther(5n * LICENCE_PRICE)} ether`);

    const until = async (id: bigint, done: (request: MarketRequest) => boolean): Promise<MarketRequest> => {
      const end = Date.now() + PATIENCE_MS;
      for (;;) {
        const request = await readRequest(rpc, market, id);
        if (done(request)) return request;
        if (Date.now() > end)
          throw new ScenarioError(
            `request ${id} stayed '${request.status}' for ${PATIENCE_MS / 1000} s; run with --log-level info to see what the operator does`,
          );
        await sleep(50);
      }
    };
    const startOperator = (): Promise<OperatorNode> =>
      startNode({
        rpc: stage.url,
        market,
        builds: [options.build],
        data: join(folder, 'operator'),
        inputs: { folder: inputs },
        backend: options.backend,
        policy: { minProfit: 0n, tokens: new Map(), maxBond: ETHER, capacity: 8 },
        processes: 1,
        jobTimeoutMs: 60_000,
        fromBlock: ledger.market.blockNumber,
        confirmations: 1,
        reorgDepth: 2,
        pollMs: 100,
        direct: true,
        watches: 'paid',
        log: openLog(options.logLevel ?? 'silent'),
      });

    tell('A proved answer', true);
    await sendOnce(people.operator, stakeRequest(market, ETHER, 'operator'));
    await sendOnce(people.rival, stakeRequest(market, ETHER, 'rival'));
    node = await startOperator();
    const first = await question('proved');
    const proved = await until(first.requestId, ({ status }) => status === 'accepted');
    say(
      `request ${first.requestId}: the operator node fetched the input, re-hashed it, proved, and the market accepted and paid`,
    );

    // What the licences brought is in the royalties too; only what this fee adds is told.
    const royalties = ledger.royalties.address;
    const owed = async (person: Person): Promise<bigint> => {
      const account = people[person].signer.address;
      const read = async (name: string, values: readonly unknown[]): Promise<bigint> =>
        ROYALTIES_ABI.decodeFunctionResult(
          name,
          await rpc.provider.call({ to: royalties, data: ROYALTIES_ABI.encodeFunctionData(name, [...values]) }),
        )[0] as bigint;
      return (
        (await read('balanceOf', [account, ZeroAddress])) +
        (await read('claimable', [modelId, version, ZeroAddress, account]))
      );
    };
    const shared = ['owner', 'curator', 'trainer'] as const;
    const before = await Promise.all(shared.map(owed));
    await sendOnce(
      people.owner,
      forwardRoyaltiesRequest(market, { modelId, version }, ZeroAddress, people.owner.signer.address, 'first'),
    );
    const after = await Promise.all(shared.map(owed));
    const [owner, curator, trainer] = after.map((amount, i) => amount - before[i]);
    const operator = await readBalance(rpc, market, people.operator.signer.address, ZeroAddress);
    const shares = { operator, owner, curator, trainer };
    say(
      `of ${formatEther(FEE)} ether: ${Object.entries(shares)
        .map(([name, amount]) => `${name} ${formatEther(amount)}`)
        .join(', ')}`,
    );

    tell('A late answer, and a lie, while the operator is away', true);
    await node.stop(10_000);
    const slow = await question('proved');
    await sendOnce(people.rival, takeRequest(market, slow.requestId, 'once'));
    say(
      `request ${slow.requestId}: a rival takes it, with ${formatEther(BOND)} ether of his stake at risk, and falls asleep`,
    );
    await pass(WINDOW + 1);
    const lied = await question('optimistic');
    await sendOnce(people.rival, takeRequest(market, lied.requestId, 'once'));
    const forged = forge(lied.output);
    await sendOnce(people.rival, answerOptimisticRequest(market, lied.requestId, forged, 'once'));
    say(`request ${lied.requestId}: he takes it and answers something made up, without a proof`);

    tell('The operator comes back', true);
    const rivalBefore = (await readOperator(rpc, market, people.rival.signer.address)).stake;
    node = await startOperator();
    const late = await until(slow.requestId, ({ status }) => status === 'accepted');
    say(
      `request ${slow.requestId}: too late for the rival; his bond goes to the asker, the request reopens, the operator answers with a proof`,
    );
    await until(lied.requestId, ({ status }) => status === 'disputed');
    say(
      `request ${lied.requestId}: computed again, another output: disputed with a bond of ${formatEther(MARKET.challengeBond)} ether`,
    );
    const balance = await readBalance(rpc, market, people.operator.signer.address, ZeroAddress);
    await pass(MARKET.proveWindow + 1);
    const again = await until(
      lied.requestId,
      ({ status, operator: who }) => status === 'answered' && who === people.operator.signer.address,
    );
    const operatorWonFromLie = (await readBalance(rpc, market, people.operator.signer.address, ZeroAddress)) - balance;
    say(
      `the rival cannot prove it: slashed; the operator, whom the asker named as watcher, gets its bond back and ${formatEther(operatorWonFromLie - MARKET.challengeBond)} ether, the asker as much`,
    );
    await pass(again.due - (await rpc.provider.getBlock('latest'))!.timestamp + 1);
    const lie = await until(lied.requestId, ({ status }) => status === 'accepted');
    say('the request reopened; the operator answered it, nobody disputed, it is accepted');
    await node.stop(10_000);
    node = undefined;
    const rivalLost = rivalBefore - (await readOperator(rpc, market, people.rival.signer.address)).stake;
    say(`the rival's stake is ${formatEther(rivalLost)} ether smaller`);

    tell('Everyone withdraws', true);
    await sendOnce(
      people.owner,
      forwardRoyaltiesRequest(market, { modelId, version }, ZeroAddress, people.owner.signer.address, 'last'),
    );
    for (const person of shared) {
      const sender = people[person];
      const account = sender.signer.address;
      const claimable = ROYALTIES_ABI.encodeFunctionData('claimable', [modelId, version, ZeroAddress, account]);
      if (BigInt(await rpc.provider.call({ to: royalties, data: claimable })) > 0n)
        await call(sender, royalties, ROYALTIES_ABI, 'claim', [modelId, version, ZeroAddress, account]);
      const amount = await owed(person);
      await call(sender, royalties, ROYALTIES_ABI, 'withdraw', [ZeroAddress, account]);
      say(`${person.padEnd(8)} ${formatEther(amount)} ether from the royalties`);
    }
    for (const person of ['operator', 'asker'] as const) {
      const sender = people[person];
      const amount = await readBalance(rpc, market, sender.signer.address, ZeroAddress);
      await sendOnce(sender, withdrawRequest(market, ZeroAddress, sender.signer.address, 'last'));
      say(`${person.padEnd(8)} ${formatEther(amount)} ether from the market`);
    }
    const stakes = (
      await Promise.all([people.operator, people.rival].map(({ signer }) => readOperator(rpc, market, signer.address)))
    ).reduce((sum, { stake }) => sum + stake, 0n);
    const left = {
      market: await rpc.provider.getBalance(market),
      stakes,
      royalties: await rpc.provider.getBalance(royalties),
    };
    say(
      `left in the market: ${formatEther(left.market)} ether, all of it stake; in the royalties: ${left.royalties} wei`,
    );

    tell('From an attestation back to the data', true);
    const context = contextFor({
      chainId: rpc.chainId,
      contract: attestations.address,
      account: people.asker.signer.address,
    });
    const inference = await prover.prove(options.input, { context });
    const { attestation } = await submitInference(
      people.asker,
      { attestations: attestations.address, modelId, version, key, manifest },
      inference,
    );
    const lineage = await lineageOfAttestation(rpc, ledger.provenance.address, attestations.address, attestation.id);
    const text = drawLineageText(lineage);
    for (const line of text.split('\n')) say(line);

    return {
      unlicensed,
      proved,
      shares,
      late,
      lie,
      honestOutputHash: keccak256(lied.output),
      rivalLost,
      operatorWonFromLie,
      lineage: {
        text,
        svg: drawLineageSvg(lineage),
        dataSetId: made.dataSet.id,
        artifacts: lineage.artifacts.map(({ id }) => id),
      },
      left,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await node?.stop(0);
    await prover.close();
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another output of the same length. */
function forge(output: string): string {
  const last = output.endsWith('0') ? '1' : '0';
  return `${output.slice(0, -1)}${last}`;
}
