/**
 * `zkinfer operator`: watches a market, takes what pays, answers in time, disputes what is wrong, defends what is disputed.
 *
 * Each look at the chain reads the events of new blocks and of the last few before them once more, and asks only which
 * requests they touch. What to do is decided by `nextStep` from the request as the contract holds it then. So a
 * reorganization needs no handling of its own: a request whose state went back is handled from there, and every transaction
 * is one intent that `sendOnce` sends again if its block was lost. A duty ends some blocks after its request did.
 *
 * The traps: progress may be recorded only behind what was dealt with. The journal's cursor stays below the block of every
 * event not yet acted on, and a duty is on disk, with its input, before the transaction that makes it one. And nothing is
 * promised that was not computed: a request is a stranger's, and may have no answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEther, keccak256, ZeroAddress } from 'ethers';
import type { Logger } from 'pino';
import { type Request, RevertedError, type Sender, sendOnce } from '../chain/index.js';
import {
  answerOptimisticRequest, answerProvedRequest, disputeRequest, finalizeRequest, type MarketParameters, type MarketRequest, proveRequest,
  readBalance, readEvents, readInputUri, readOperator, readParameters, readRequest, slashRequest, takeRequest, termsOf, withdrawRequest,
} from '../ledger/index.js';
import type { Groth16Backend } from '../groth16/types.js';
import { contextFor } from '../solidity/index.js';
import { type CheckedProof, checkProof } from './checked-proof.js';
import { startDownloads } from './downloads.js';
import { InputLimitError, InputUnavailableError, ProofInvalidError, ProverFailedError } from './errors.js';
import { fetchInput, type InputPlaces } from './inputs.js';
import type { Computed, Job, JobResult, ProofQueue } from './jobs.js';
import type { Duty, OperatorJournal } from './journal.js';
import type { KeptInputs } from './kept-inputs.js';
import type { Metrics } from './metrics.js';
import { type Policy, whyDecline } from './policy.js';
import type { ServedModel, ServedModels } from './served-models.js';
import { nextStep, type Step, type Watching } from './steps.js';

export interface OperatorOptions {
  readonly sender: Sender;
  readonly market: string;
  readonly models: ServedModels;
  readonly queue: ProofQueue;
  /** Checks what the queue gives as proofs. */
  readonly verify: Groth16Backend['verify'];
  readonly journal: OperatorJournal;
  readonly kept: KeptInputs;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly policy: Policy;
  readonly inputs: InputPlaces;
  /** Block from which events are read at first; the market's own, or later. */
  readonly fromBlock: number;
  /** Blocks that must include or follow an event before it counts; 1: the block itself. */
  readonly confirmations: number;
  /** Deepest reorganization that is survived, in blocks. */
  readonly reorgDepth: number;
  readonly pollMs: number;
  /** Proved requests are answered without taking them first: a transaction and a block less, but another may be faster. */
  readonly direct: boolean;
  /** Which of other operators' optimistic answers it computes again, to dispute wrong ones. */
  readonly watches: Watching;
  /** Balance in wei from which earnings are withdrawn; undefined: never. */
  readonly withdrawAbove?: bigint;
}

export interface Operator {
  /** State for the health endpoint. */
  health(): { readonly ok: boolean; readonly block: number; readonly secondsSinceBlock: number; readonly duties: number; readonly queued: number };
  /** Takes nothing new, answers what it took (for at most `graceMs`), and ends. */
  stop(graceMs: number): Promise<void>;
  /** Rejects if the operator cannot go on; resolves after `stop`. */
  readonly done: Promise<void>;
}

/** Without a look that succeeded for this long, the operator is not well. */
const UNWELL_SECONDS = 60;
/** Blocks after which a request that waits is looked at again, in case an event was missed. */
const LOOK_AGAIN_BLOCKS = 30;
const WITHDRAW_EVERY_BLOCKS = 50;
const MAX_RETRY_MS = 15_000;
/** Requests handled at a time, those aside whose input is on its way. */
const AT_ONCE = 32;
/** Reasons to decline that pass by themselves, and after how many seconds to look again. */
const PASSING: Readonly<Record<string, number>> = { busy: 1, 'not enough free stake': 5, 'many inputs of this asker': 5 };
/** Attempts at what was never promised, by what fails; nobody is owed an answer to it. */
const ATTEMPTS = { input: 6, prover: 2, other: 8 };

/** What is remembered of a request between looks; all of it can be forgotten. */
interface Tracked {
  readonly id: bigint;
  /** Block of the oldest event not yet dealt with; undefined when it is. */
  pending?: number;
  uri?: string;
  /** Why it is put off: not dealt with yet, and not due before `until` either. */
  deferred?: string;
  readonly computed: Map<string, Promise<Computed | undefined>>;
  readonly proved: Map<string, Promise<Proved>>;
  /** The input's document while the request is handled, by the request's terms. */
  document?: { readonly terms: string; readonly text: Promise<string> };
  /** At work without being promised: counted as one that is. */
  working: boolean;
  /** Whether this operator owes an answer on the chain: it is not given up while one is possible. Undefined until the request was read. */
  mine?: boolean;
  proofAttempts: number;
  /** Chain time before which nothing is to do. */
  until: number;
  /** Block at which to look again in any case. */
  lookAt: number;
  busy: boolean;
  failures: number;
  /** Wall clock before which a failed step is not tried again. */
  retryAt: number;
  /** Block from which a duty that came to its end is closed; undefined while there is something to do. */
  settledAt?: number;
  taken?: boolean;
  checked?: string;
}

interface Proved extends CheckedProof {
  readonly seconds: number;
}

/** Starts watching; the first look is on its way when this returns. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { sender, market, journal, kept, metrics, log, queue, policy } = options;
  const downloads = startDownloads();
  const { rpc, signer } = sender;
  const me = signer.address;
  const parameters: MarketParameters = await readParameters(rpc, market);
  const tracked = new Map<bigint, Tracked>();
  const clock = { head: 0, time: 0, seenAt: Date.now(), perBlock: 2, gasPrice: 0n };
  const speed = { secondsPerProof: 1 };
  let draining = false;
  let stopped = false;
  let lastWithdrawal = 0;
  let lastGood = Date.now();
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();
  /** Of these, not waiting for a download. */
  let busy = 0;
  /** Requests being proved without being promised yet. */
  let working = 0;

  const now = (): number => clock.time + (Date.now() - clock.seenAt) / 1000;
  const track = (id: bigint): Tracked => {
    let entry = tracked.get(id);
    if (entry === undefined) tracked.set(id, (entry = { id, computed: new Map(), proved: new Map(), working: false, proofAttempts: 0, until: 0, lookAt: 0, busy: false, failures: 0, retryAt: 0 }));
    return entry;
  };
  for (const duty of journal.duties.values()) track(duty.id).taken = duty.role === 'operator';
  if (journal.duties.size > 0) log.info({ duties: [...journal.duties.keys()].map(String) }, 'resuming');

  let scanned = journal.cursor ?? options.fromBlock - 1;
  /** Events of the blocks that are read again in every look, each marked once. */
  const seen = new Map<string, { readonly id: bigint; readonly block: number }>();

  /** Reads new blocks and marks the requests that their events touch. */
  async function look(): Promise<void> {
    const block = await rpc.provider.getBlock('latest');
    if (block === null) return;
    if (block.number !== clock.head || block.timestamp !== clock.time) {
      if (clock.head > 0 && block.number > clock.head && block.timestamp > clock.time) {
        const pace = (block.timestamp - clock.time) / (block.number - clock.head);
        clock.perBlock += (Math.min(pace, 60) - clock.perBlock) / 4;
      }
      Object.assign(clock, { head: block.number, time: block.timestamp, seenAt: Date.now(), gasPrice: block.baseFeePerGas ?? 0n });
      metrics.head.set(block.number);
    }
    const last = block.number - options.confirmations + 1;
    // A reorganization can end with a lower head; what is above it was never there.
    scanned = Math.min(scanned, last);
    const first = Math.max(options.fromBlock, scanned - options.reorgDepth + 1);
    if (last >= first) {
      const present = new Set<string>();
      for (const { requestId: id, name, args, blockNumber: block, blockHash, transaction } of await readEvents(rpc, market, first, last)) {
        const key = `${blockHash} ${transaction} ${name} ${id}`;
        present.add(key);
        if (seen.has(key)) continue;
        seen.set(key, { id, block });
        touch(id, block);
        if (name === 'Asked') {
          track(id).uri = args.inputUri as string;
          log.debug({ request: String(id) }, 'seen');
        }
      }
      for (const [key, { id, block }] of seen) {
        // Its block is gone: what it said may no longer hold, and nothing else would tell.
        if (block >= first && !present.has(key)) touch(id, Math.min(block, last));
        if (block < first || !present.has(key)) seen.delete(key);
      }
      scanned = last;
    }
    lastGood = Date.now();
  }

  /** Has a request looked at because of an event in `block`. */
  function touch(id: bigint, block: number): void {
    const entry = track(id);
    entry.pending = Math.min(entry.pending ?? block, block);
    entry.until = entry.lookAt = 0;
    entry.deferred = undefined;
    entry.settledAt = undefined;
    // A step that failed before may succeed now.
    entry.failures = 0;
  }

  /** Starts what is due, and records how far everything is dealt with. */
  async function act(): Promise<void> {
    const full = atWork() >= policy.capacity;
    for (const entry of tracked.values()) {
      if (busy >= AT_ONCE) break;
      // Who waits for room need not be asked about before there is some.
      if (entry.busy || Date.now() < entry.retryAt || (full && entry.deferred === 'busy')) continue;
      const due = (entry.pending !== undefined && entry.deferred === undefined) || now() >= entry.until || clock.head >= entry.lookAt || clock.head >= (entry.settledAt ?? Infinity);
      if (!due) continue;
      entry.busy = true;
      busy += 1;
      const work = handle(entry).finally(() => {
        entry.busy = false;
        setWorking(entry, false);
        entry.document = undefined;
        busy -= 1;
        active.delete(work);
      });
      active.add(work);
    }
    let behind = scanned;
    for (const { pending } of tracked.values()) if (pending !== undefined) behind = Math.min(behind, pending - 1);
    if (behind > (journal.cursor ?? -1)) await journal.advance(behind);
    metrics.duties.set(journal.duties.size);
    metrics.queue.set(queue.size);
  }

  /** One step of one request; never rejects. */
  async function handle(entry: Tracked): Promise<void> {
    const pendingBefore = entry.pending;
    try {
      const request = await readRequest(rpc, market, entry.id);
      const duty = journal.duties.get(entry.id);
      entry.mine = request.operator === me && (request.status === 'taken' || request.status === 'disputed') && request.due >= now();
      if (duty?.role === 'operator' && request.status !== 'none' && request.operator !== me && !isPromised(request)) {
        // A reorganization gave the number to another request, of which nothing was promised.
        entry.taken = false;
        await close(entry, 'gone');
      }
      const step = nextStep(request, { me, now: now(), direct: options.direct, watches: options.watches, tried: entry.taken === true && journal.duties.get(entry.id)?.role !== 'operator' });
      entry.deferred = undefined;
      await carryOut(entry, request, step);
      entry.failures = 0;
      entry.retryAt = 0;
      if (entry.pending === pendingBefore && entry.deferred === undefined) entry.pending = undefined;
      entry.lookAt = clock.head + LOOK_AGAIN_BLOCKS;
      forget(entry);
    } catch (error) {
      entry.failures += 1;
      const name = error instanceof RevertedError ? error.errorName : error instanceof Error ? error.name : 'Error';
      metrics.failures.inc({ error: name });
      // Another was faster, or an answer came in between: what the contract says now decides, at once.
      const race = error instanceof RevertedError && entry.failures === 1;
      entry.retryAt = race ? 0 : Date.now() + Math.min(MAX_RETRY_MS, 200 * 2 ** entry.failures);
      const details = { request: String(entry.id), error: name, message: error instanceof Error ? error.message : String(error), failures: entry.failures };
      if (race) log.info(details, 'the contract refused; looking again');
      else log.warn(details, 'a step failed; it will be tried again');
      if (!isHopeless(entry, error)) return;
      if (journal.duties.has(entry.id)) await close(entry, 'given up').catch(() => undefined);
      giveUp(entry, error instanceof InputUnavailableError ? 'no input' : 'failed');
      forget(entry);
    }
  }

  /** Whether to stop trying: nothing is owed, and it failed often, or for a reason that stays. */
  function isHopeless({ mine, failures, id }: Tracked, error: unknown): boolean {
    if (mine !== false) return false;
    if (error instanceof InputLimitError && error.final) return true;
    if (error instanceof InputUnavailableError) return failures >= ATTEMPTS.input;
    if (error instanceof ProverFailedError || error instanceof ProofInvalidError) return failures >= ATTEMPTS.prover;
    // The chain, the disk: what was promised is not given up for their sake.
    return failures >= ATTEMPTS.other && !journal.duties.has(id);
  }

  /** What is done with is remembered by nobody: the next event tells of it again. */
  function forget(entry: Tracked): void {
    if (!journal.duties.has(entry.id) && entry.until === Infinity && entry.pending === undefined) tracked.delete(entry.id);
  }

  async function carryOut(entry: Tracked, request: MarketRequest, step: Step): Promise<void> {
    const { id } = entry;
    if (step.do !== 'leave') entry.settledAt = undefined;
    switch (step.do) {
      case 'wait':
        entry.until = step.until;
        return;
      case 'leave':
        return await leave(entry, step.outcome);
      case 'take':
        return await take(entry, request);
      case 'answerProved': {
        const direct = request.operator !== me;
        const fresh = direct && !isPromised(request);
        if (fresh) {
          const reason = draining ? 'stopping' : await declines(request, true);
          if (reason !== undefined) return giveUp(entry, reason);
          setWorking(entry, true);
        } else await keep(entry, request);
        // First what is cheap: a proof of an input that was not committed to would be made for nothing.
        if ((await compute(entry, request)) === undefined) return fresh ? giveUp(entry, 'wrong input') : await refuse(entry, direct);
        const { output, proof, seconds } = await prove(entry, request);
        if (fresh) await promise(entry, request, 'operator');
        log.info({ request: String(id), proofSeconds: round(seconds) }, 'proved');
        await send(answerProvedRequest(market, id, output, proof), 'answer');
        log.info({ request: String(id), mode: 'proved', direct }, 'answered');
        return again(entry);
      }
      case 'answerOptimistic': {
        await keep(entry, request);
        const computed = await compute(entry, request);
        if (computed === undefined) return await refuse(entry, false);
        await send(answerOptimisticRequest(market, id, computed.output, String(request.due)), 'answer');
        log.info({ request: String(id), mode: 'optimistic' }, 'answered');
        return again(entry);
      }
      case 'check':
        return await check(entry, request);
      case 'follow':
        // Disputed by another: whoever that is may leave the operator unslashed.
        if (!journal.duties.has(id)) await promise(entry, request, 'challenger');
        entry.until = step.until;
        return;
      case 'defend': {
        const computed = await compute(entry, request, true);
        if (computed === undefined || keccak256(computed.output) !== request.outputHash) {
          log.error({ request: String(id) }, 'the disputed answer cannot be proved');
          entry.until = request.due + 1;
          return;
        }
        const { output, proof } = await prove(entry, request, true);
        await send(proveRequest(market, id, output, proof), 'prove');
        log.info({ request: String(id) }, 'disputed answer proved');
        return again(entry);
      }
      case 'finalize':
        await send(finalizeRequest(market, id), 'finalize');
        return again(entry);
      case 'slash':
        await send(slashRequest(market, id, request.due), 'slash');
        log.info({ request: String(id), operator: request.operator }, 'slashed');
        return again(entry);
    }
  }

  async function take(entry: Tracked, request: MarketRequest): Promise<void> {
    const { id } = entry;
    const promised = isPromised(request);
    const reason = promised ? undefined : draining ? 'stopping' : await declines(request, false);
    if (reason !== undefined) return giveUp(entry, reason);
    // Before anything is at risk, and again after a restart: the input is there, fits the model and is the one committed to.
    if ((await compute(entry, request)) === undefined) {
      if (promised) await close(entry, 'wrong input');
      return giveUp(entry, 'wrong input');
    }
    if (!promised) await promise(entry, request, 'operator');
    if (request.mode === 'proved') void prove(entry, request).catch(() => undefined); // Proves while the block is made.
    await send(takeRequest(market, id, 'once'), 'take');
    log.info({ request: String(id), mode: request.mode, fee: formatEther(request.fee) }, 'taken');
    const taken = await readRequest(rpc, market, id);
    // Mined, and yet neither ours nor on its way: taken before, failed and reopened.
    if (taken.status === 'open') await close(entry, 'lost');
    again(entry);
  }

  /** Another operator's answer: computed again, and disputed where it is wrong. */
  async function check(entry: Tracked, request: MarketRequest): Promise<void> {
    entry.until = Infinity;
    if (entry.checked === request.outputHash) return;
    if ((await options.models.at(request.verifier)) === undefined) return;
    const computed = await compute(entry, request);
    entry.checked = request.outputHash;
    if (computed === undefined || keccak256(computed.output) === request.outputHash) return;
    await promise(entry, request, 'challenger');
    await send(disputeRequest(market, entry.id, `${request.outputHash} ${request.due}`, parameters.challengeBond), 'dispute');
    log.warn({ request: String(entry.id), operator: request.operator }, 'a wrong answer was disputed');
    again(entry);
  }

  async function declines(request: MarketRequest, direct: boolean): Promise<string | undefined> {
    if ((await options.models.at(request.verifier)) === undefined) return 'model not served';
    if (!downloads.admits(request.asker)) return 'many inputs of this asker';
    const account = direct ? undefined : await readOperator(rpc, market, me);
    return whyDecline(request, direct, policy, {
      open: atWork(),
      queued: queue.size,
      secondsPerProof: speed.secondsPerProof,
      secondsPerBlock: clock.perBlock,
      gasPrice: clock.gasPrice,
      stake: account?.stake ?? 0n,
      freeStake: account === undefined ? 0n : account.stake - account.locked,
    });
  }

  /** Requests promised and not settled, and those being proved that will be. */
  function atWork(): number {
    return working + [...journal.duties.values()].filter(({ id, role }) => role === 'operator' && tracked.get(id)?.settledAt === undefined).length;
  }

  function setWorking(entry: Tracked, is: boolean): void {
    if (entry.working !== is) working += is ? 1 : -1;
    entry.working = is;
  }

  /** Output of a request's input; undefined where the input is no valid one for it. */
  async function compute(entry: Tracked, request: MarketRequest, urgent = false): Promise<Computed | undefined> {
    return await once(entry.computed, request, async () => {
      const done = await run(entry, request, 'compute', urgent);
      if (done === undefined) return undefined;
      if ('refused' in done.result) {
        log.warn({ request: String(entry.id), reason: done.result.refused }, 'the input was refused');
        return undefined;
      }
      if (done.result.computed.inputCommitment !== request.inputCommitment) {
        log.warn({ request: String(entry.id) }, 'the input is not the one that the request commits to');
        return undefined;
      }
      return done.result.computed;
    });
  }

  /**
   * Output and verified proof of an input that `compute` found valid, so that a prover which refuses it is wrong, or lies: that is
   * tried again, as long as an answer is owed. @throws ProofInvalidError
   */
  async function prove(entry: Tracked, request: MarketRequest, urgent = false): Promise<Proved> {
    return await once(entry.proved, request, async () => {
      try {
        const done = await run(entry, request, 'prove', urgent);
        if (done === undefined || 'refused' in done.result) throw new ProofInvalidError('a prover refused an input that was computed here; see that all machines have the same build');
        const { computed } = done.result;
        const checked = await checkProof(options.verify, done.model, computed, { inputCommitment: request.inputCommitment, context: contextOf(entry) });
        speed.secondsPerProof += (computed.seconds - speed.secondsPerProof) / 4;
        return { ...checked, seconds: computed.seconds };
      } catch (error) {
        if (error instanceof ProofInvalidError) entry.proofAttempts += 1;
        throw error;
      }
    });
  }

  /** By the request's input: with a reorganization its number can become another's. What failed is done again. */
  function once<T>(known: Map<string, Promise<T>>, { verifier, inputCommitment }: MarketRequest, work: () => Promise<T>): Promise<T> {
    const key = `${verifier} ${inputCommitment}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = work();
    known.set(key, result);
    result.catch(() => known.delete(key));
    return result;
  }

  /** The proof of a disputed answer is its operator's own, whoever brings it. */
  function contextOf({ id }: Tracked): bigint {
    return contextFor({ chainId: rpc.chainId, contract: market, account: me, nonce: id });
  }

  /** Undefined where the model is not served. */
  async function run(entry: Tracked, request: MarketRequest, kind: Job['kind'], urgent: boolean): Promise<{ readonly model: ServedModel; readonly result: JobResult } | undefined> {
    const model = await options.models.at(request.verifier);
    if (model === undefined) return undefined;
    const document = await documentOf(entry, request, model);
    const start = performance.now();
    const name = { chainId: rpc.chainId, market, requestId: String(entry.id), inputCommitment: request.inputCommitment };
    // A queue that gave a wrong result still has it under that name.
    const attempt = kind === 'prove' && entry.proofAttempts > 0 ? `-${entry.proofAttempts}` : '';
    const id = `${rpc.genesisHash.slice(2, 18)}-${market.slice(2, 18)}-${me.slice(2, 18)}-${entry.id}-${request.inputCommitment.slice(2, 18)}-${kind}${attempt}`;
    const result = await queue.run({ id, vkHash: model.vkHash, kind, document, context: String(contextOf(entry)), request: name }, urgent);
    metrics.jobs.observe({ kind }, (performance.now() - start) / 1000);
    return { model, result };
  }

  /** The input's document: read once while a request is handled, so that what is promised is what was computed. */
  function documentOf(entry: Tracked, request: MarketRequest, model: ServedModel): Promise<string> {
    const terms = termsOf(request);
    if (entry.document?.terms !== terms) entry.document = { terms, text: readDocument(entry, request, model) };
    return entry.document.text;
  }

  /** From this operator's disk where it was promised; else from where the asker put it, without holding up other requests. */
  async function readDocument(entry: Tracked, request: MarketRequest, model: ServedModel): Promise<string> {
    const own = await kept.find(request);
    if (own !== undefined) return own;
    const duty = journal.duties.get(entry.id);
    entry.uri ??= (duty?.terms === termsOf(request) ? duty.uri : undefined) ?? (await readInputUri(rpc, market, entry.id, options.fromBlock));
    const { uri } = entry;
    busy -= 1;
    try {
      return await downloads.run(request.asker, entry.failures > 0, () => fetchInput(options.inputs, uri, model.limits));
    } finally {
      busy += 1;
    }
  }

  async function send(transaction: Request, action: string): Promise<void> {
    await sendOnce(sender, transaction);
    metrics.transactions.inc({ action });
  }

  /** Whether this very request, and not only its number, is on record as taken. */
  function isPromised(request: MarketRequest): boolean {
    const duty = journal.duties.get(request.id);
    return duty?.role === 'operator' && duty.terms === termsOf(request);
  }

  /** A request that is this operator's on the chain is a duty, also where the transaction that took it was meant for another. */
  async function keep(entry: Tracked, request: MarketRequest): Promise<void> {
    if (!isPromised(request)) await promise(entry, request, 'operator');
  }

  /** Puts on record what this operator is about to owe, with all that it needs to prove it. */
  async function promise(entry: Tracked, request: MarketRequest, role: Duty['role']): Promise<void> {
    const model = role === 'operator' ? await options.models.at(request.verifier) : undefined;
    if (model !== undefined) await kept.keep(request, await documentOf(entry, request, model));
    await journal.begin({ id: entry.id, role, uri: entry.uri ?? '', terms: termsOf(request) });
    if (role !== 'operator') return;
    entry.taken = true;
    setWorking(entry, false);
  }

  /** Looks at the request again in the next turn. */
  function again(entry: Tracked): void {
    entry.until = 0;
  }

  function giveUp(entry: Tracked, outcome: string): void {
    metrics.requests.inc({ outcome });
    log.debug({ request: String(entry.id), outcome }, 'left');
    const seconds = PASSING[outcome];
    entry.deferred = seconds === undefined ? undefined : outcome;
    entry.until = seconds === undefined ? Infinity : now() + seconds;
    if (seconds === undefined) entry.pending = undefined;
  }

  /** The input of a request that is ours turned out to be no valid one: nothing can be answered. */
  async function refuse(entry: Tracked, direct: boolean): Promise<void> {
    if (direct) await close(entry, 'wrong input');
    else log.error({ request: String(entry.id) }, 'a request was taken whose input cannot be answered');
    entry.until = Infinity;
  }

  /**
   * Nothing is left to do; a duty ends once that cannot be reorganized away. How deep it lies is read from the chain: counted
   * from when this process saw it, an operator that crashes every few blocks would keep its duties for ever.
   */
  async function leave(entry: Tracked, outcome: string): Promise<void> {
    entry.until = Infinity;
    if (!journal.duties.has(entry.id)) return;
    if (entry.settledAt === undefined) {
      // Asked anew: the request may be newer than the last look.
      const head = await rpc.provider.getBlockNumber();
      const recent = await readEvents(rpc, market, Math.max(options.fromBlock, head - options.reorgDepth + 1), head, entry.id);
      entry.settledAt = recent.reduce((most, { blockNumber }) => Math.max(most, blockNumber + options.reorgDepth), 0);
    }
    if (clock.head >= entry.settledAt) await close(entry, outcome);
  }

  async function close(entry: Tracked, outcome: string): Promise<void> {
    entry.settledAt = undefined;
    const duty = journal.duties.get(entry.id);
    await journal.end(entry.id, outcome);
    if (duty !== undefined) await kept.drop(duty);
    metrics.requests.inc({ outcome });
    log.info({ request: String(entry.id), outcome }, 'closed');
  }

  async function bookkeeping(): Promise<void> {
    if (clock.head < lastWithdrawal + WITHDRAW_EVERY_BLOCKS && lastWithdrawal > 0) return;
    lastWithdrawal = Math.max(1, clock.head);
    const [balance, account] = await Promise.all([readBalance(rpc, market, me, ZeroAddress), readOperator(rpc, market, me)]);
    metrics.balance.set(Number(balance));
    metrics.freeStake.set(Number(account.stake - account.locked));
    if (options.withdrawAbove === undefined || balance < options.withdrawAbove || balance === 0n) return;
    await send(withdrawRequest(market, ZeroAddress, me, String(clock.head)), 'withdraw');
    log.info({ amount: formatEther(balance) }, 'earnings withdrawn');
  }

  async function loop(): Promise<void> {
    for (let failures = 0; !stopped; ) {
      try {
        await look();
        await act();
        failures = 0;
      } catch (error) {
        failures += 1;
        metrics.failures.inc({ error: error instanceof Error ? error.name : 'Error' });
        log.warn({ message: error instanceof Error ? error.message : String(error), failures }, 'the chain could not be read');
      }
      void bookkeeping().catch((error: unknown) => log.warn({ message: (error as Error).message }, 'balance not read'));
      await sleep(Math.min(MAX_RETRY_MS, options.pollMs * 2 ** Math.min(failures, 6)), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const done = loop();
  log.info({ operator: me, market, chain: rpc.chainId, from: scanned + 1 }, 'watching');

  /** Whether an answer is owed that lateness would cost a bond. */
  const owing = async (): Promise<boolean> => {
    const requests = await Promise.all([...journal.duties.values()].filter(({ role }) => role === 'operator').map(({ id }) => readRequest(rpc, market, id)));
    return requests.some(({ operator, status }) => operator === me && (status === 'taken' || status === 'disputed'));
  };
  return {
    done,
    health: () => {
      const secondsSinceBlock = (Date.now() - lastGood) / 1000;
      return { ok: secondsSinceBlock < UNWELL_SECONDS && !stopped, block: clock.head, secondsSinceBlock, duties: journal.duties.size, queued: queue.size };
    },
    async stop(graceMs) {
      draining = true;
      log.info({ duties: journal.duties.size }, 'stopping: nothing new is taken');
      const end = Date.now() + graceMs;
      while (Date.now() < end && (active.size > 0 || (await owing().catch(() => true)))) await sleep(50);
      stopped = true;
      stopping.abort();
      await done;
      if (active.size > 0) await Promise.race([Promise.all(active), sleep(Math.max(0, end - Date.now()))]);
      if (journal.duties.size > 0) log.info({ duties: [...journal.duties.keys()].map(String) }, 'left for the next start');
    },
  };
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
