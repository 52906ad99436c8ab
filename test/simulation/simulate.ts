/**
 * A market with many operators, some of whom fail, lie or are late, on a real EVM with the real contracts and the generated
 * verifier of a fixture model. Proofs are real for the contract: they satisfy the verifier's equation for exactly the
 * operator's and the request's context. They are made with the key's trapdoor instead of by a prover, which the verifier
 * cannot tell apart (that is what zero knowledge means) and which takes milliseconds.
 *
 * Agents act on the events of the last block only. What they earned and lost is read from the chain.
 */
import { keccak256, ZeroAddress } from 'ethers';
import { deployContract, deployRegistry, developmentSigner, memoryJournal, registerModel, type Sender, sendOnce } from '../../src/chain/index.js';
import { deployLedger, LEDGER_ABIS, MARKET_ABI, MODES, type Mode, ROYALTIES_ABI } from '../../src/ledger/index.js';
import { compileSolidity, contextFor, contractName, inferenceCalldata, renderVerifier } from '../../src/solidity/index.js';
import type { Manifest } from '../../src/manifest.js';
import { seededRandom } from '../chain/fault-proxy.js';
import { compiledFixture } from '../fixtures-compiled.js';
import { trapdoor } from '../solidity/trapdoor.js';
import { accountNamed, type Call, openCrowdChain, type Receipt } from './chain.js';

export type Conduct = 'honest' | 'fails' | 'lies' | 'late';

export interface SimulationPlan {
  readonly operators: number;
  readonly requests: number;
  /** Of lies that a watcher finds in time. */
  readonly detection: number;
  readonly seed: number;
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
  readonly gasByAction: Readonly<Record<string, { readonly count: number; readonly mean: number; readonly reverted: number }>>;
  readonly lies: { readonly told: number; readonly slashed: number; readonly paid: number };
  /** In ether, fees and bonds without gas, for each kind of operator together; and for a lie on average. */
  readonly profit: Readonly<Record<Conduct, number>>;
  readonly profitPerLie: number;
  readonly falseDisputes: { readonly made: number; readonly won: number };
  /** Transactions of honest operators that reverted, other than takes that came second in a block: 0. */
  readonly honestReverted: number;
  readonly slashes: { readonly late: number; readonly unproved: number };
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

const ETHER = 10n ** 18n;
export const TERMS = { fee: ETHER / 100n, bond: ETHER / 20n, challengeBond: ETHER / 100n, operatorBps: 7_000n, window: 60, challengeWindow: 60, proveWindow: 60, deadline: 600, blockSeconds: 12 } as const;
const STAKE = ETHER;
const PER_BLOCK = 100;
const CONCURRENT = 4;
const FALSE_DISPUTES = 0.01;
/** A third in all. */
const FAULTY = 1 / 9;

interface Tracked {
  readonly id: bigint;
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
  const random = seededRandom(plan.seed);
  const chain = await openCrowdChain();
  try {
    const { manifest } = await compiledFixture('tabular');
    const { secret, verifierCode } = await (judge ??= makeJudge(manifest));
    const owner: Sender = { rpc: chain.rpc, signer: developmentSigner(0), journal: memoryJournal(), timeoutMs: 120_000 };
    const { registry } = await deployRegistry(owner);
    const { challengeWindow, proveWindow, challengeBond } = TERMS;
    const ledger = await deployLedger(owner, registry.address, { challengeWindow, proveWindow, challengeBond, maxWindow: 600, unbondingDelay: 1_000, minBond: ETHER / 100n });
    const verifier = await deployContract(owner, verifierCode, 'deploying the verifier');
    const model = await registerModel(owner, registry.address, { manifest, key: secret.key, verifier: verifier.address });
    const terms = { operatorBps: Number(TERMS.operatorBps), ownerBps: 3_000, contributorsBps: 0, parentBps: 0, derivativeBps: 0, saleBps: 0, parentModelId: 0, parentVersion: 0 };
    await sendOnce(owner, { purpose: 'terms', to: ledger.royalties.address, data: ROYALTIES_ABI.encodeFunctionData('setTerms', [model.modelId, model.version, terms, []]), action: 'setting the terms', abis: LEDGER_ABIS });
    const market = ledger.market.address;

    const conduct = Array.from({ length: plan.operators }, (_, i): Conduct => {
      const share = (i + 0.5) / plan.operators;
      return share < FAULTY ? 'fails' : share < 2 * FAULTY ? 'lies' : share < 3 * FAULTY ? 'late' : 'honest';
    });
    const operators = conduct.map((_, i) => accountNamed(`operator ${i}`));
    const index = new Map(operators.map((address, i) => [address.toLowerCase(), i]));
    const honest = conduct.flatMap((kind, i) => (kind === 'honest' ? i : []));
    const askers = Array.from({ length: 50 }, (_, i) => accountNamed(`asker ${i}`));
    const griefer = accountNamed('griefer');
    await chain.fund([...operators, ...askers, griefer], 1_000n);
    await chain.begin();

    const receipts: Receipt[] = [];
    const call = (from: string, name: string, values: readonly unknown[], gas: number, value?: bigint): Call => ({ from, to: market, data: MARKET_ABI.encodeFunctionData(name, [...values]), gas, ...(value === undefined ? {} : { value }) });
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
    const tally = { told: 0, liesSlashed: 0, liesPaid: 0, falseMade: 0, falseWon: 0, late: 0, unproved: 0 };
    const profit: Record<Conduct, bigint> = { honest: 0n, fails: 0n, lies: 0n, late: 0n };
    let profitOfLies = 0n;
    const share = (TERMS.fee * TERMS.operatorBps) / 10_000n;
    const signals = (id: bigint): { commitment: bigint; output: bigint } => ({ commitment: BigInt(keccak256(`0x${id.toString(16).padStart(64, '0')}`)) >> 8n, output: id % 97n });
    const outputHex = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;
    const proofFor = (id: bigint, operator: string): { output: string; proof: string } => {
      const { commitment, output } = signals(id);
      const values = manifest.publicSignals.map(({ kind }) => (kind === 'inputCommitment' ? commitment : kind === 'context' ? contextFor({ chainId: chain.rpc.chainId, contract: market, account: operator, nonce: id }) : output));
      const { proof, publicSignals } = secret.prove(values);
      const encoded = inferenceCalldata(secret.key, manifest, proof, publicSignals);
      return { output: encoded.output, proof: encoded.proof };
    };
    const words = manifest.publicSignals.filter(({ kind }) => kind === 'output').length;
    const outputOf = (id: bigint): string => `0x${outputHex(signals(id).output).slice(2).repeat(words)}`;
    const wrongOutputOf = (id: bigint): string => `0x${outputHex(signals(id).output + 1n).slice(2).repeat(words)}`;

    let asked = 0n;
    const open = (): boolean => [...requests.values()].some(({ phase }) => phase !== 'done');
    while (asked < BigInt(plan.requests) || open()) {
      const calls: Call[] = [];
      const now = chain.time + TERMS.blockSeconds;
      for (let i = 0; i < PER_BLOCK && asked < BigInt(plan.requests); i++) {
        asked += 1n;
        // Transactions of one block keep no order across senders; the commitment names the request, so one asker a block asks all.
        const question = { modelId: model.modelId, version: 0, mode: Number(asked % 2n), inputCommitment: outputHex(signals(asked).commitment), inputUri: '', token: ZeroAddress, fee: TERMS.fee, bond: TERMS.bond, deadline: now + TERMS.deadline, window: TERMS.window, licenceId: 0 };
        calls.push(call(askers[blocks % askers.length], 'ask', [question], 600_000, TERMS.fee));
      }
      for (const r of requests.values()) {
        const me = r.operator < 0 ? '' : operators[r.operator];
        const kind = r.operator < 0 ? undefined : conduct[r.operator];
        const overdue = now > r.due;
        if (r.phase === 'open' || (r.phase === 'taken' && overdue)) {
          if (kind === 'late' && r.phase === 'taken' && !r.sent) {
            r.sent = true; // Too late by a block: refused.
            calls.push(r.mode === 'proved' ? call(me, 'answerProved', [r.id, ...Object.values(proofFor(r.id, me))], 700_000) : call(me, 'answerOptimistic', [r.id, outputOf(r.id)], 200_000));
            continue;
          }
          const next = pick();
          if (next !== undefined && !r.tried.has(next)) calls.push(call(operators[next], 'take', [r.id], 300_000));
        } else if (r.phase === 'taken' && !r.sent) {
          if (kind === 'honest') {
            calls.push(r.mode === 'proved' ? call(me, 'answerProved', [r.id, ...Object.values(proofFor(r.id, me))], 700_000) : call(me, 'answerOptimistic', [r.id, outputOf(r.id)], 200_000));
            r.sent = true;
          } else if (kind === 'lies') {
            r.sent = true;
            if (r.mode === 'optimistic') calls.push(call(me, 'answerOptimistic', [r.id, wrongOutputOf(r.id)], 200_000));
            // A true proof under a false output.
            else calls.push(call(me, 'answerProved', [r.id, wrongOutputOf(r.id), proofFor(r.id, me).proof], 700_000));
          }
        } else if (r.phase === 'answered') {
          if (!r.watched) {
            r.watched = true;
            const disputed = r.wrong ? random() < plan.detection : random() < FALSE_DISPUTES;
            if (disputed) calls.push(call(r.wrong ? operators[honest[Math.floor(random() * honest.length)]] : griefer, 'dispute', [r.id], 200_000, TERMS.challengeBond));
          } else if (overdue) calls.push(call(me, 'finalize', [r.id], 300_000));
        } else if (r.phase === 'disputed') {
          if (!r.wrong && !r.sent) {
            r.sent = true;
            calls.push(call(me, 'prove', [r.id, ...Object.values(proofFor(r.id, me))], 700_000));
          } else if (overdue) calls.push(call(r.challenger, 'slash', [r.id], 300_000));
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

    function apply(name: string, id: bigint, args: Readonly<Record<string, unknown>>, time: number): void {
      if (name === 'Asked') {
        // The commitment says which question it was: its mode follows.
        requests.set(id, { id, mode: MODES[Number(args.mode)], asked: time, phase: 'open', operator: -1, due: 0, wrong: false, challenger: '', watched: false, tried: new Set(), sent: false });
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
        const wrong = keccak256(args.output as string) !== keccak256(outputOf(id));
        if (wrong) tally.told += 1;
        Object.assign(r, { phase: 'answered', due: Number(args.due), sent: false, wrong });
        if (!wrong) r.answeredAt = time;
      } else if (name === 'Disputed') {
        Object.assign(r, { phase: 'disputed', due: Number(args.due), challenger: args.challenger, sent: false });
        if (!r.wrong) tally.falseMade += 1;
      } else if (name === 'Accepted') {
        if (r.phase === 'disputed') {
          tally.falseWon += 1;
          profit[conduct[who]] += TERMS.challengeBond;
        }
        if (r.wrong) {
          tally.liesPaid += 1;
          profitOfLies += share;
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
        if (Number(args.fault) === 0) tally.late += 1;
        else {
          tally.unproved += 1;
          tally.liesSlashed += 1;
          profitOfLies -= amount;
          const challenger = index.get((args.challenger as string).toLowerCase());
          if (challenger !== undefined) profit[conduct[challenger]] += amount / 2n;
        }
      } else if (name === 'Reopened') {
        Object.assign(r, { phase: 'open', operator: -1, due: 0, wrong: false, answeredAt: undefined });
      }
    }

    // What the market owes: every balance it keeps.
    const everyone = [...operators, ...askers, griefer];
    let owed = 0n;
    for (const account of everyone) {
      const balance = MARKET_ABI.encodeFunctionData('balanceOf', [account, ZeroAddress]);
      const state = MARKET_ABI.encodeFunctionData('operatorOf', [account]);
      const [money, [{ stake: staked, unbonding }]] = await Promise.all([
        chain.rpc.provider.call({ to: market, data: balance }).then(BigInt),
        chain.rpc.provider.call({ to: market, data: state }).then((data) => MARKET_ABI.decodeFunctionResult('operatorOf', data) as unknown as [{ stake: bigint; unbonding: bigint }]),
      ]);
      owed += money + staked + unbonding;
    }
    const royalties = MARKET_ABI.encodeFunctionData('royaltiesOf', [model.modelId, model.version, ZeroAddress, owner.signer.address]);
    owed += BigInt(await chain.rpc.provider.call({ to: market, data: royalties }));
    const unfinished = BigInt(requests.size) * TERMS.fee;
    const imbalance = (await chain.rpc.provider.getBalance(market)) - owed - unfinished;

    const done = [...finished.values()];
    const times = (mode: Mode) => {
      const sorted = done.filter((r) => r.mode === mode).map(({ asked: at, acceptedAt }) => acceptedAt! - at).sort((a, b) => a - b);
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
    const honestReverted = receipts.filter(({ from, ok, selector }) => !ok && conduct[index.get(from.toLowerCase()) ?? -1] === 'honest' && MARKET_ABI.getFunction(selector)!.name !== 'take').length;
    for (const entry of Object.values(byAction)) entry.mean = Math.round(entry.mean);
    const gas = receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0);
    const ether = (wei: bigint): number => Number(wei) / 1e18;
    return {
      operators: { honest: 0, fails: 0, lies: 0, late: 0, ...Object.fromEntries(['honest', 'fails', 'lies', 'late'].map((kind) => [kind, conduct.filter((one) => one === kind).length])) },
      requests: plan.requests,
      detection: plan.detection,
      answeredInTime: done.filter(({ wrong, asked: at, answeredAt }) => !wrong && answeredAt! - at <= TERMS.deadline).length / plan.requests,
      accepted: done.length / plan.requests,
      acceptedWrong: done.filter(({ wrong }) => wrong).length / plan.requests,
      secondsToAccepted: { proved: times('proved'), optimistic: times('optimistic') },
      gasPerAnswer: Math.round(gas / done.length),
      gasByAction: byAction,
      lies: { told: tally.told, slashed: tally.liesSlashed, paid: tally.liesPaid },
      profit: { honest: ether(profit.honest), fails: ether(profit.fails), lies: ether(profit.lies), late: ether(profit.late) },
      profitPerLie: tally.told === 0 ? 0 : ether(profitOfLies) / tally.told,
      falseDisputes: { made: tally.falseMade, won: tally.falseWon },
      honestReverted,
      slashes: { late: tally.late, unproved: tally.unproved },
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
