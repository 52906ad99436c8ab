/**
 * A market with many operators, some of whom fail, lie or are late, and with askers who are after the operators' bonds,
 * on a real EVM with the real contracts and the generated verifier of a fixture model. Proofs are real for the
 * contract: they satisfy the verifier's equation for exactly the operator's and the request's context. They are made
 * with the key's trapdoor instead of by a prover, which the verifier cannot tell apart (that is what zero knowledge
 * means) and which takes milliseconds.
 *
 * Agents act on the events of the last block only. What they earned and lost is read from the chain.
 */
import { keccak256, ZeroAddress } from 'ethers';
import {
  deployContract,
  deployRegistry,
  developmentSigner,
  memoryJournal,
  registerModel,
  type Sender,
  sendOnce,
} from '../../src/chain/index.js';
import { deployLedger, LEDGER_ABIS, MARKET_ABI, MODES, type Mode, ROYALTIES_ABI } from '../../src/ledger/index.js';
import {
  compileSolidity,
  contextFor,
  contractName,
  inferenceCalldata,
  renderVerifier,
} from '../../src/solidity/index.js';
import type { Manifest } from '../../src/manifest.js';
import { PROVENANCE_ABI } from '../../src/provenance/abi.js';
import { seededRandom } from '../chain/fault-proxy.js';
import { compiledFixture } from '../fixtures-compiled.js';
import { trapdoor } from '../solidity/trapdoor.js';
import { accountNamed, type Call, GAS_PRICE, openCrowdChain, type Receipt } from './chain.js';

/**
 * `hides`: lies, and when it sees the dispute of a watcher on its way it disputes itself first, from a second account.
 */
export const CONDUCTS = ['honest', 'fails', 'lies', 'hides', 'late'] as const;
export type Conduct = (typeof CONDUCTS)[number];

/**
 * `withholds`: deletes the input once an honest operator has answered, and disputes from a second account. `floods`:
 * asks what cannot be answered, since the input is gone or no input, and cancels it later.
 */
export type Intent = 'plain' | 'withholds' | 'floods';

export interface SimulationPlan {
  readonly operators: number;
  readonly requests: number;
  /** Of lies that a watcher finds in time. */
  readonly detection: number;
  readonly seed: number;
  /**
   * What honest operators do about strangers' inputs. Default true: compute before they promise, and keep what they
   * promised.
   */
  readonly careful?: boolean;
  readonly say?: (text: string) => void;
}

export interface SimulationReport {
  readonly operators: Readonly<Record<Conduct, number>>;
  readonly requests: number;
  readonly detection: number;
  /** Shares of all requests. */
  readonly answeredInTime: number;
  readonly accepted: number;
  readonly acceptedWrong: number;
  /** Seconds of the chain from question to acceptance. */
  readonly secondsToAccepted: Readonly<Record<Mode, { readonly median: number; readonly p95: number }>>;
  /** Gas of all transactions of everyone, for each accepted answer. */
  readonly gasPerAnswer: number;
  readonly gasByAction: Readonly<
    Record<string, { readonly count: number; readonly mean: number; readonly reverted: number }>
  >;
  /** Of both kinds of liars. */
  readonly lies: Readonly<Record<'lies' | 'hides', Lies>>;
  /** In ether, fees and bonds without gas, for each kind of operator together; and for a lie on average. */
  readonly profit: Readonly<Record<Conduct, number>>;
  /**
   * Watchers that askers named: what they sent, how much of it came second, and what they have in the end, in ether,
   * gas paid.
   */
  readonly watching: { readonly disputes: number; readonly overtaken: number; readonly profit: number };
  /** What askers who are no plain ones asked, and have in the end, in ether, gas paid; with their second accounts. */
  readonly attacks: Readonly<Record<Exclude<Intent, 'plain'>, { readonly asked: number; readonly profit: number }>>;
  readonly falseDisputes: { readonly made: number; readonly won: number };
  /** Transactions of honest operators that reverted, other than takes that came second in a block: 0. */
  readonly honestReverted: number;
  readonly slashes: { readonly late: number; readonly unproved: number; readonly ofHonest: number };
  readonly blocks: number;
  readonly transactions: number;
  readonly gas: number;
  /** Of the node's block execution. */
  readonly transactionsPerSecond: number;
  readonly megagasPerSecond: number;
  /** Market's ether minus what it owes, in wei: 0. */
  readonly imbalance: string;
  readonly seconds: number;
}

export interface Lies {
  readonly told: number;
  readonly slashed: number;
  readonly paid: number;
  /** In ether, without gas, for a lie on average. */
  readonly profitPerLie: number;
}

const ETHER = 10n ** 18n;
export const TERMS = {
  fee: ETHER / 100n,
  bond: ETHER / 20n,
  challengeBond: ETHER / 100n,
  operatorBps: 7_000n,
  window: 60,
  challengeWindow: 60,
  proveWindow: 60,
  deadline: 600,
  blockSeconds: 12,
} as const;
const STAKE = ETHER;
const PER_BLOCK = 100;
const CONCURRENT = 4;
const FALSE_DISPUTES = 0.01;
/** Each kind of faulty operator; a third in all. */
const FAULTY = 1 / 12;
/** Asked in every block beside the plain requests. */
const WITHHELD_PER_BLOCK = 5;
const FLOOD_PER_BLOCK = 10;
/** Blocks after which a flooding asker takes its fee back. */
const FLOOD_BLOCKS = 8;
const WATCHERS = 10;
const FUNDS = 1_000n;

interface Tracked {
  readonly id: bigint;
  /** Which question it was: what is committed to, and the right output, follow from it. */
  readonly question: bigint;
  readonly intent: Intent;
  readonly watcher: string;
  readonly mode: Mode;
  readonly asked: number;
  phase: 'open' | 'taken' | 'answered' | 'disputed' | 'done';
  operator: number;
  due: number;
  wrong: boolean;
  challenger: string;
  watched: boolean;
  readonly tried: Set<number>;
  sent: boolean;
  acceptedAt?: number;
  answeredAt?: number;
}

/** One key and its compiled verifier for all simulations of a process. */
let judge: ReturnType<typeof makeJudge> | undefined;

async function makeJudge(manifest: Manifest) {
  const secret = await trapdoor(manifest.publicSignals.length);
  const compiled = await compileSolidity({ 'Verifier.sol': renderVerifier(secret.key, manifest) });
  return { secret, verifierCode: compiled[contractName(manifest.name)] };
}

export async function simulate(plan: SimulationPlan): Promise<SimulationReport> {
  const started = performance.now();
  const careful = plan.careful ?? true;
  const random = seededRandom(plan.seed);
  const chain = await openCrowdChain();
  try {
    const { manifest } = await compiledFixture('tabular');
    const { secret, verifierCode } = await (judge ??= makeJudge(manifest));
    const owner: Sender = {
      rpc: chain.rpc,
      signer: developmentSigner(0),
      journal: memoryJournal(),
      timeoutMs: 120_000,
    };
    const { registry } = await deployRegistry(owner);
    const { challengeWindow, proveWindow, challengeBond } = TERMS;
    const ledger = await deployLedger(owner, registry.address, {
      challengeWindow,
      proveWindow,
      challengeBond,
      maxWindow: 600,
      unbondingDelay: 1_000,
      minBond: ETHER / 100n,
    });
    const verifier = await deployContract(owner, verifierCode, 'deploying the verifier');
    const model = await registerModel(owner, registry.address, {
      manifest,
      key: secret.key,
      verifier: verifier.address,
      artifact: verifierCode,
    });
    const terms = {
      operatorBps: Number(TERMS.operatorBps),
      ownerBps: 3_000,
      contributorsBps: 0,
      parentsBps: 0,
      derivativeBps: 0,
      saleBps: 0,
    };
    await sendOnce(owner, {
      purpose: 'no lineage',
      to: ledger.provenance.address,
      data: PROVENANCE_ABI.encodeFunctionData('declareWithoutLineage', [model.modelId, model.version]),
      action: 'declaring no lineage',
      abis: [PROVENANCE_ABI],
    });
    await sendOnce(owner, {
      purpose: 'terms',
      to: ledger.royalties.address,
      data: ROYALTIES_ABI.encodeFunctionData('setTerms', [model.modelId, model.version, terms, [], []]),
      action: 'setting the terms',
      abis: LEDGER_ABIS,
    });
    const market = ledger.market.address;

    const conduct = Array.from({ length: plan.operators }, (_, i): Conduct => {
      const share = (i + 0.5) / plan.operators;
      return share < FAULTY
        ? 'fails'
        : share < 2 * FAULTY
          ? 'lies'
          : share < 3 * FAULTY
            ? 'hides'
            : share < 4 * FAULTY
              ? 'late'
              : 'honest';
    });
    const operators = conduct.map((_, i) => accountNamed(`operator ${i}`));
    const index = new Map(operators.map((address, i) => [address.toLowerCase(), i]));
    const honest = conduct.flatMap((kind, i) => (kind === 'honest' ? i : []));
    const askers = Array.from({ length: 50 }, (_, i) => accountNamed(`asker ${i}`));
    const griefer = accountNamed('griefer');
    const watchers = Array.from({ length: WATCHERS }, (_, i) => accountNamed(`watcher ${i}`));
    /** By whom one asks, and disputes. */
    const attackers = {
      withholds: [accountNamed('withholding asker'), accountNamed('its second account')],
      floods: [accountNamed('flooding asker')],
    } as const;
    const intentOf = (asker: string): Intent =>
      asker.toLowerCase() === attackers.withholds[0]
        ? 'withholds'
        : asker.toLowerCase() === attackers.floods[0]
          ? 'floods'
          : 'plain';
    const secondAccount = (i: number): string => accountNamed(`second account of operator ${i}`);
    const seconds = conduct.flatMap((kind, i) => (kind === 'hides' ? secondAccount(i) : []));
    const people = [
      ...operators,
      ...askers,
      griefer,
      ...watchers,
      ...attackers.withholds,
      ...attackers.floods,
      ...seconds,
    ];
    await chain.fund(people, FUNDS);
    await chain.begin();

    const receipts: Receipt[] = [];
    const call = (from: string, name: string, values: readonly unknown[], gas: number, value?: bigint): Call => ({
      from,
      to: market,
      data: MARKET_ABI.encodeFunctionData(name, [...values]),
      gas,
      ...(value === undefined ? {} : { value }),
    });
    let blocks = 0;
    const mine = async (calls: readonly Call[]) => {
      const block = await chain.block(calls, TERMS.blockSeconds, market);
      receipts.push(...block.receipts);
      blocks += 1;
      return block;
    };
    await mine(operators.map((from) => call(from, 'stake', [], 200_000, STAKE)));
    receipts.length = 0;

    const requests = new Map<bigint, Tracked>();
    const finished = new Map<bigint, Tracked>();
    const busy = new Array<number>(plan.operators).fill(0);
    const stake = new Array<bigint>(plan.operators).fill(STAKE);
    const tally = { falseMade: 0, falseWon: 0, late: 0, unproved: 0, honestSlashed: 0, disputes: 0 };
    const lies = {
      lies: { told: 0, slashed: 0, paid: 0, profit: 0n },
      hides: { told: 0, slashed: 0, paid: 0, profit: 0n },
    };
    const liesOf = (kind: Conduct) => lies[kind === 'hides' ? 'hides' : 'lies'];
    const attacked = { withholds: 0, floods: 0 };
    const profit: Record<Conduct, bigint> = { honest: 0n, fails: 0n, lies: 0n, hides: 0n, late: 0n };
    const share = (TERMS.fee * TERMS.operatorBps) / 10_000n;
    const signals = (id: bigint): { commitment: bigint; output: bigint } => ({
      commitment: BigInt(keccak256(`0x${id.toString(16).padStart(64, '0')}`)) >> 8n,
      output: id % 97n,
    });
    const outputHex = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;
    const proofFor = ({ id, question }: Tracked, operator: string): { output: string; proof: string } => {
      const { commitment, output } = signals(question);
      const values = manifest.publicSignals.map(({ kind }) =>
        kind === 'inputCommitment'
          ? commitment
          : kind === 'context'
            ? contextFor({ chainId: chain.rpc.chainId, contract: market, account: operator, nonce: id })
            : output,
      );
      const { proof, publicSignals } = secret.prove(values);
      const encoded = inferenceCalldata(secret.key, manifest, proof, publicSignals);
      return { output: encoded.output, proof: encoded.proof };
    };
    const words = manifest.publicSignals.filter(({ kind }) => kind === 'output').length;
    const outputOf = (id: bigint): string => `0x${outputHex(signals(id).output).slice(2).repeat(words)}`;
    const wrongOutputOf = (id: bigint): string =>
      `0x${outputHex(signals(id).output + 1n)
        .slice(2)
        .repeat(words)}`;

    let asked = 0n;
    /** Of all askers together; each has a commitment of its own, by which its event is known. */
    let questions = 0n;
    const questionOf = new Map<string, bigint>();
    const askOne = (asker: string, mode: number, now: number, watcher: string): Call => {
      questions += 1n;
      const inputCommitment = outputHex(signals(questions).commitment);
      questionOf.set(inputCommitment, questions);
      const question = {
        modelId: model.modelId,
        version: 0,
        mode,
        inputCommitment,
        inputUri: '',
        token: ZeroAddress,
        fee: TERMS.fee,
        bond: TERMS.bond,
        deadline: now + TERMS.deadline,
        window: TERMS.window,
        licenceId: 0,
        watcher,
      };
      return call(asker, 'ask', [question], 600_000, TERMS.fee);
    };
    const open = (): boolean => [...requests.values()].some(({ phase }) => phase !== 'done');
    while (asked < BigInt(plan.requests) || open()) {
      const calls: Call[] = [];
      const now = chain.time + TERMS.blockSeconds;
      const asking = asked < BigInt(plan.requests);
      for (let i = 0; i < PER_BLOCK && asked < BigInt(plan.requests); i++) {
        asked += 1n;
        calls.push(
          askOne(askers[blocks % askers.length], Number(asked % 2n), now, watchers[Number(questions + 1n) % WATCHERS]),
        );
      }
      if (asking) {
        // Both only where a promise can be had without a proof.
        for (let i = 0; i < WITHHELD_PER_BLOCK; i++)
          calls.push(askOne(attackers.withholds[0], MODES.indexOf('optimistic'), now, attackers.withholds[1]));
        for (let i = 0; i < FLOOD_PER_BLOCK; i++)
          calls.push(askOne(attackers.floods[0], MODES.indexOf('optimistic'), now, ZeroAddress));
      }
      for (const r of requests.values()) {
        const me = r.operator < 0 ? '' : operators[r.operator];
        const kind = r.operator < 0 ? undefined : conduct[r.operator];
        const overdue = now > r.due;
        // Who has the bond, or waited in vain, takes the fee back.
        const robbed = r.intent === 'withholds' && r.tried.size > 0;
        const waited = r.intent === 'floods' && now - r.asked >= FLOOD_BLOCKS * TERMS.blockSeconds;
        if (r.phase === 'open' && (robbed || waited)) {
          if (!r.sent) calls.push(call(attackers[robbed ? 'withholds' : 'floods'][0], 'cancel', [r.id], 200_000));
          r.sent = true;
        } else if (r.phase === 'open' || (r.phase === 'taken' && overdue)) {
          if (kind === 'late' && r.phase === 'taken' && !r.sent) {
            r.sent = true; // Too late by a block: refused.
            calls.push(
              r.mode === 'proved'
                ? call(me, 'answerProved', [r.id, ...Object.values(proofFor(r, me))], 700_000)
                : call(me, 'answerOptimistic', [r.id, outputOf(r.question)], 200_000),
            );
            continue;
          }
          // Nobody takes what it could not compute. Who is not careful finds that out too late.
          if (r.intent === 'floods' && (careful || r.tried.size > 0)) {
            if (r.phase === 'taken') calls.push(call(attackers.floods[0], 'slash', [r.id], 300_000));
            continue;
          }
          const next = r.intent === 'plain' ? pick() : pickHonest();
          if (next !== undefined && !r.tried.has(next)) calls.push(call(operators[next], 'take', [r.id], 300_000));
        } else if (r.phase === 'taken' && !r.sent) {
          if (kind === 'honest') {
            if (r.intent === 'floods') continue;
            calls.push(
              r.mode === 'proved'
                ? call(me, 'answerProved', [r.id, ...Object.values(proofFor(r, me))], 700_000)
                : call(me, 'answerOptimistic', [r.id, outputOf(r.question)], 200_000),
            );
            r.sent = true;
          } else if (kind === 'lies' || kind === 'hides') {
            r.sent = true;
            if (r.mode === 'optimistic')
              calls.push(call(me, 'answerOptimistic', [r.id, wrongOutputOf(r.question)], 200_000));
            // A true proof under a false output.
            else
              calls.push(call(me, 'answerProved', [r.id, wrongOutputOf(r.question), proofFor(r, me).proof], 700_000));
          }
        } else if (r.phase === 'answered') {
          if (!r.watched) {
            r.watched = true;
            const dispute = (from: string, tip?: bigint): void =>
              void calls.push({
                ...call(from, 'dispute', [r.id], 200_000, TERMS.challengeBond),
                ...(tip === undefined ? {} : { gasPrice: tip }),
              });
            if (r.intent === 'withholds') dispute(attackers.withholds[1]);
            else if (r.wrong && random() < plan.detection) {
              tally.disputes += 1;
              dispute(r.watcher);
              // It pays more for its place in the block, and is first.
              if (kind === 'hides') dispute(secondAccount(r.operator), 2n * GAS_PRICE);
            } else if (!r.wrong && random() < FALSE_DISPUTES) dispute(griefer);
          } else if (overdue) calls.push(call(me, 'finalize', [r.id], 300_000));
        } else if (r.phase === 'disputed') {
          // Without its input, nobody can prove even a right answer.
          if (!r.wrong && !r.sent && (careful || r.intent !== 'withholds')) {
            r.sent = true;
            calls.push(call(me, 'prove', [r.id, ...Object.values(proofFor(r, me))], 700_000));
          } else if (overdue) calls.push(call(r.watcher, 'slash', [r.id], 300_000));
        }
      }
      const block = await mine(calls);
      for (const { name, requestId, args } of block.events) apply(name, requestId, args, block.time);
      for (const r of [...requests.values()].filter(({ phase }) => phase === 'done')) {
        finished.set(r.id, r);
        requests.delete(r.id);
      }
      if (blocks % 20 === 0) plan.say?.(`block ${blocks}: ${asked} asked, ${finished.size} accepted`);
      if (blocks > 20 * (plan.requests / PER_BLOCK + 40)) break;
    }

    function pick(): number | undefined {
      for (let attempt = 0; attempt < 20; attempt++) {
        const i = Math.floor(random() * plan.operators);
        if (busy[i] < CONCURRENT && stake[i] >= TERMS.bond * BigInt(busy[i] + 1)) return i;
      }
      return undefined;
    }

    function pickHonest(): number | undefined {
      for (let attempt = 0; attempt < 20; attempt++) {
        const i = honest[Math.floor(random() * honest.length)];
        if (busy[i] < CONCURRENT && stake[i] >= TERMS.bond * BigInt(busy[i] + 1)) return i;
      }
      return undefined;
    }

    function apply(name: string, id: bigint, args: Readonly<Record<string, unknown>>, time: number): void {
      if (name === 'Asked') {
        const question = questionOf.get(args.inputCommitment as string)!;
        const intent = intentOf(args.asker as string);
        const watcher = intent === 'withholds' ? attackers.withholds[1] : watchers[Number(question) % WATCHERS];
        if (intent !== 'plain') attacked[intent] += 1;
        requests.set(id, {
          id,
          question,
          intent,
          watcher,
          mode: MODES[Number(args.mode)],
          asked: time,
          phase: 'open',
          operator: -1,
          due: 0,
          wrong: false,
          challenger: '',
          watched: false,
          tried: new Set(),
          sent: false,
        });
        return;
      }
      const r = requests.get(id);
      if (r === undefined) return;
      const who = args.operator === undefined ? -1 : index.get((args.operator as string).toLowerCase())!;
      if (name === 'Taken') {
        Object.assign(r, { phase: 'taken', operator: who, due: Number(args.due), sent: false, watched: false });
        r.tried.add(who);
        busy[who] += 1;
      } else if (name === 'Answered') {
        const wrong = keccak256(args.output as string) !== keccak256(outputOf(r.question));
        if (wrong) liesOf(conduct[who]).told += 1;
        Object.assign(r, { phase: 'answered', due: Number(args.due), sent: false, wrong });
        if (!wrong) r.answeredAt = time;
      } else if (name === 'Disputed') {
        Object.assign(r, { phase: 'disputed', due: Number(args.due), challenger: args.challenger, sent: false });
        if (!r.wrong && r.intent === 'plain') tally.falseMade += 1;
      } else if (name === 'Accepted') {
        if (r.phase === 'disputed') {
          if (r.intent === 'plain') tally.falseWon += 1;
          profit[conduct[who]] += TERMS.challengeBond;
        }
        if (r.wrong) {
          liesOf(conduct[who]).paid += 1;
          liesOf(conduct[who]).profit += share;
        }
        r.answeredAt ??= time;
        Object.assign(r, { phase: 'done', acceptedAt: time });
        busy[who] -= 1;
        profit[conduct[who]] += share;
      } else if (name === 'Slashed') {
        const amount = args.amount as bigint;
        busy[who] -= 1;
        stake[who] -= amount;
        profit[conduct[who]] -= amount;
        if (conduct[who] === 'honest') tally.honestSlashed += 1;
        if (Number(args.fault) === 0) tally.late += 1;
        else {
          tally.unproved += 1;
          if (r.wrong) {
            liesOf(conduct[who]).slashed += 1;
            liesOf(conduct[who]).profit -= amount;
          }
        }
      } else if (name === 'Reopened') {
        Object.assign(r, { phase: 'open', operator: -1, due: 0, wrong: false, answeredAt: undefined, sent: false });
      } else if (name === 'Cancelled') {
        requests.delete(id);
      }
    }

    // What the market owes: every balance it keeps. What each has: that, and ether of its own, which paid the gas.
    let owed = 0n;
    const wealth = new Map<string, bigint>();
    for (const account of people) {
      const balance = MARKET_ABI.encodeFunctionData('balanceOf', [account, ZeroAddress]);
      const state = MARKET_ABI.encodeFunctionData('operatorOf', [account]);
      const [money, [{ stake: staked, unbonding }], ether] = await Promise.all([
        chain.rpc.provider.call({ to: market, data: balance }).then(BigInt),
        chain.rpc.provider
          .call({ to: market, data: state })
          .then(
            (data) =>
              MARKET_ABI.decodeFunctionResult('operatorOf', data) as unknown as [{ stake: bigint; unbonding: bigint }],
          ),
        chain.rpc.provider.getBalance(account),
      ]);
      owed += money + staked + unbonding;
      wealth.set(account, ether + money + staked + unbonding);
    }
    const gained = (accounts: readonly string[]): bigint =>
      accounts.reduce((sum, account) => sum + wealth.get(account)! - FUNDS * ETHER, 0n);
    const royalties = MARKET_ABI.encodeFunctionData('royaltiesOf', [
      model.modelId,
      model.version,
      ZeroAddress,
      owner.signer.address,
    ]);
    owed += BigInt(await chain.rpc.provider.call({ to: market, data: royalties }));
    const unfinished = BigInt(requests.size) * TERMS.fee;
    const imbalance = (await chain.rpc.provider.getBalance(market)) - owed - unfinished;

    const done = [...finished.values()].filter(({ intent }) => intent === 'plain');
    const times = (mode: Mode) => {
      const sorted = done
        .filter((r) => r.mode === mode)
        .map(({ asked: at, acceptedAt }) => acceptedAt! - at)
        .sort((a, b) => a - b);
      return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, p95: sorted[Math.floor(0.95 * sorted.length)] ?? 0 };
    };
    const byAction: Record<string, { count: number; mean: number; reverted: number }> = {};
    for (const { selector, gasUsed, ok } of receipts) {
      const name = MARKET_ABI.getFunction(selector)!.name;
      const entry = (byAction[name] ??= { count: 0, mean: 0, reverted: 0 });
      if (!ok) {
        entry.reverted += 1;
        continue;
      }
      entry.mean += (gasUsed - entry.mean) / (entry.count += 1);
    }
    const honestReverted = receipts.filter(
      ({ from, ok, selector }) =>
        !ok &&
        conduct[index.get(from.toLowerCase()) ?? -1] === 'honest' &&
        MARKET_ABI.getFunction(selector)!.name !== 'take',
    ).length;
    for (const entry of Object.values(byAction)) entry.mean = Math.round(entry.mean);
    const gas = receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0);
    const ether = (wei: bigint): number => Number(wei) / 1e18;
    const told = ({ profit: of, ...counts }: (typeof lies)['lies']): Lies => ({
      ...counts,
      profitPerLie: counts.told === 0 ? 0 : ether(of) / counts.told,
    });
    const overtaken = receipts.filter(
      ({ from, ok, selector }) =>
        !ok && watchers.includes(from.toLowerCase()) && MARKET_ABI.getFunction(selector)!.name === 'dispute',
    ).length;
    return {
      operators: byConduct((kind) => conduct.filter((one) => one === kind).length),
      requests: plan.requests,
      detection: plan.detection,
      answeredInTime:
        done.filter(({ wrong, asked: at, answeredAt }) => !wrong && answeredAt! - at <= TERMS.deadline).length /
        plan.requests,
      accepted: done.length / plan.requests,
      acceptedWrong: done.filter(({ wrong }) => wrong).length / plan.requests,
      secondsToAccepted: { proved: times('proved'), optimistic: times('optimistic') },
      gasPerAnswer: Math.round(gas / done.length),
      gasByAction: byAction,
      lies: { lies: told(lies.lies), hides: told(lies.hides) },
      profit: byConduct((kind) => ether(profit[kind])),
      watching: { disputes: tally.disputes, overtaken, profit: ether(gained(watchers)) },
      attacks: {
        withholds: { asked: attacked.withholds, profit: ether(gained(attackers.withholds)) },
        floods: { asked: attacked.floods, profit: ether(gained(attackers.floods)) },
      },
      falseDisputes: { made: tally.falseMade, won: tally.falseWon },
      honestReverted,
      slashes: { late: tally.late, unproved: tally.unproved, ofHonest: tally.honestSlashed },
      blocks,
      transactions: receipts.length,
      gas,
      transactionsPerSecond: Math.round(receipts.length / chain.executing),
      megagasPerSecond: Math.round(gas / 1e6 / chain.executing),
      imbalance: String(imbalance),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await chain.close();
  }
}

function byConduct<T>(of: (kind: Conduct) => T): Record<Conduct, T> {
  return Object.fromEntries(CONDUCTS.map((kind) => [kind, of(kind)])) as Record<Conduct, T>;
}
