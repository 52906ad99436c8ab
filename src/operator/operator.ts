/**
 * The loop of `zkinfer operator`: watches a market, takes what pays, answers in time, disputes what is wrong, defends
 * what is disputed.
 *
 * Each look at the chain reads the events of new blocks and of the last few before them once more, and asks only which
 * requests they touch. What to do is decided by `nextStep` from the request as the contract holds it then. So a
 * reorganization needs no handling of its own: a request whose state went back is handled from there, and every
 * transaction is one intent that `sendOnce` sends again if its block was lost. A duty ends some blocks after its
 * request did.
 *
 * The traps: progress may be recorded only behind what was dealt with. The journal's cursor stays below the block of
 * every event not yet acted on, and a duty is on disk, with its input, before the transaction that makes it one. And
 * nothing is promised that was not computed: a request is a stranger's, and may have no answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEther, ZeroAddress } from 'ethers';
import type { Logger } from 'pino';
import { RevertedError, type Sender } from '../chain/index.js';
import type { Groth16Backend } from '../groth16/types.js';
import { type MarketRequest, readParameters, withdrawRequest } from '../ledger/index.js';
import { carryOut, type Office } from './actions/index.js';
import { ChainClock } from './clock.js';
import { Docket, type DocketEntry, MAX_RETRY_MS } from './docket.js';
import { type Downloads, startDownloads } from './downloads.js';
import { InputLimitError, InputUnavailableError, ProofInvalidError, ProverFailedError } from './errors.js';
import type { InputPlaces } from './inputs.js';
import type { ProofQueue } from './jobs.js';
import type { OperatorJournal } from './journal.js';
import type { KeptInputs } from './kept-inputs.js';
import { type MarketPort, marketPort } from './market-port.js';
import type { Metrics } from './metrics.js';
import { type Policy, whyDecline } from './policy.js';
import { Promises } from './promises.js';
import type { ServedModels } from './served-models.js';
import { nextStep, type Watching } from './steps.js';
import { Watch } from './watch.js';
import { Workshop } from './workshop.js';

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
  /**
   * Proved requests are answered without taking them first: a transaction and a block less, but another may be faster.
   */
  readonly direct: boolean;
  /** Which of other operators' optimistic answers it computes again, to dispute wrong ones. */
  readonly watches: Watching;
  /** Balance in wei from which earnings are withdrawn; undefined: never. */
  readonly withdrawAbove?: bigint;
}

export interface Operator {
  /** State for the health endpoint. */
  health(): {
    readonly ok: boolean;
    readonly block: number;
    readonly secondsSinceBlock: number;
    readonly duties: number;
    readonly queued: number;
  };
  /** Takes nothing new, answers what it took (for at most `graceMs`), and ends. */
  stop(graceMs: number): Promise<void>;
  /** Rejects if the operator cannot go on; resolves after `stop`. */
  readonly done: Promise<void>;
}

/** Without a look that succeeded for this long, the operator is not well. */
const UNWELL_SECONDS = 60;
const WITHDRAW_EVERY_BLOCKS = 50;
/** Requests handled at a time, not counting those whose input is being downloaded. */
const AT_ONCE = 32;
/** Attempts at a request that was never promised, by the kind of failure; nobody is owed an answer to it. */
const ATTEMPTS = { input: 6, prover: 2, other: 8 };

/** Starts watching; the first look is on its way when this returns. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { sender, market: address, journal, metrics, log } = options;
  const operator = new Loop(options, marketPort(sender, address, metrics), await readParameters(sender.rpc, address));
  if (journal.duties.size > 0) log.info({ duties: [...journal.duties.keys()].map(String) }, 'resuming');
  const done = operator.run();
  log.info(
    { operator: sender.signer.address, market: address, chain: sender.rpc.chainId, from: operator.watch.scanned + 1 },
    'watching',
  );
  return { done, health: () => operator.health(), stop: async (graceMs) => await operator.stop(graceMs, done) };
}

class Loop {
  readonly watch: Watch;
  private readonly clock = new ChainClock();
  private readonly docket = new Docket(this.clock);
  private readonly downloads: Downloads = startDownloads();
  private readonly workshop: Workshop;
  private readonly promises: Promises;
  private readonly office: Office;
  private readonly active = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  /** Of the active ones, those that are not waiting for a download. */
  private busy = 0;
  private draining = false;
  private stopped = false;
  private lastWithdrawal = 0;
  private lastGood = Date.now();

  constructor(
    private readonly options: OperatorOptions,
    private readonly market: MarketPort,
    parameters: Office['parameters'],
  ) {
    const { clock, docket, downloads } = this;
    const { models, log } = options;
    this.watch = new Watch({ ...options, market, clock, docket }, options.journal.cursor ?? options.fromBlock - 1);
    this.workshop = new Workshop({ ...options, market, downloads, aside: async (work) => await this.aside(work) });
    this.promises = new Promises({ ...options, market, clock, docket, workshop: this.workshop });
    this.office = {
      market,
      parameters,
      models,
      docket,
      promises: this.promises,
      workshop: this.workshop,
      log,
      declines: async (request, direct) => (this.draining ? 'stopping' : await this.declines(request, direct)),
    };
    for (const duty of options.journal.duties.values()) docket.entry(duty.id).taken = duty.role === 'operator';
  }

  async run(): Promise<void> {
    const { log, metrics, pollMs } = this.options;
    for (let failures = 0; !this.stopped;) {
      try {
        if (await this.watch.look()) this.lastGood = Date.now();
        await this.act();
        failures = 0;
      } catch (error) {
        failures += 1;
        metrics.failures.inc({ error: error instanceof Error ? error.name : 'Error' });
        log.warn(
          { message: error instanceof Error ? error.message : String(error), failures },
          'the chain could not be read',
        );
      }
      void this.bookkeeping().catch((error: unknown) =>
        log.warn({ message: (error as Error).message }, 'balance not read'),
      );
      const pause = Math.min(MAX_RETRY_MS, pollMs * 2 ** Math.min(failures, 6));
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  health(): ReturnType<Operator['health']> {
    const { journal, queue } = this.options;
    const secondsSinceBlock = (Date.now() - this.lastGood) / 1000;
    const ok = secondsSinceBlock < UNWELL_SECONDS && !this.stopped;
    return { ok, block: this.clock.head, secondsSinceBlock, duties: journal.duties.size, queued: queue.size };
  }

  async stop(graceMs: number, done: Promise<void>): Promise<void> {
    const { journal, log } = this.options;
    this.draining = true;
    log.info({ duties: journal.duties.size }, 'stopping: nothing new is taken');
    const end = Date.now() + graceMs;
    while (Date.now() < end && (this.active.size > 0 || (await this.owes().catch(() => true)))) await sleep(50);
    this.stopped = true;
    this.stopping.abort();
    await done;
    if (this.active.size > 0) await Promise.race([Promise.all(this.active), sleep(Math.max(0, end - Date.now()))]);
    if (journal.duties.size > 0)
      log.info({ duties: [...journal.duties.keys()].map(String) }, 'left for the next start');
  }

  /** Starts what is due, and records how far everything is dealt with. */
  private async act(): Promise<void> {
    const { policy, journal, metrics, queue } = this.options;
    const full = this.atWork() >= policy.capacity;
    for (const entry of this.docket.all()) {
      if (this.busy >= AT_ONCE) break;
      if (!this.docket.isDue(entry, full)) continue;
      entry.busy = true;
      this.busy += 1;
      const work = this.handle(entry).finally(() => {
        entry.busy = false;
        this.docket.setWorking(entry, false);
        entry.document = undefined;
        this.busy -= 1;
        this.active.delete(work);
      });
      this.active.add(work);
    }
    const behind = this.docket.dealtWith(this.watch.scanned);
    if (behind > (journal.cursor ?? -1)) await journal.advance(behind);
    metrics.duties.set(journal.duties.size);
    metrics.queue.set(queue.size);
  }

  /** One step of one request; never rejects. */
  private async handle(entry: DocketEntry): Promise<void> {
    const { direct, watches } = this.options;
    const { docket, market, promises, clock } = this;
    const { me } = market;
    const { touches } = entry;
    try {
      const request = await market.request(entry.id);
      entry.mine =
        request.operator === me &&
        (request.status === 'taken' || request.status === 'disputed') &&
        request.due >= clock.now();
      if (
        promises.under(entry.id)?.role === 'operator' &&
        request.status !== 'none' &&
        request.operator !== me &&
        !promises.has(request)
      ) {
        // A reorganization gave the number to another request, of which nothing was promised.
        entry.taken = false;
        await promises.close(entry, 'gone');
      }
      const tried = entry.taken === true && promises.under(entry.id)?.role !== 'operator';
      const step = nextStep(request, { me, now: clock.now(), direct, watches, tried });
      entry.deferred = undefined;
      const outcome = await carryOut(step, { entry, request }, this.office);
      if (outcome.next === 'decline') this.left(entry, outcome.reason);
      docket.succeeded(entry, outcome, touches);
      this.forget(entry);
    } catch (error) {
      await this.failed(entry, error);
    }
  }

  private async failed(entry: DocketEntry, error: unknown): Promise<void> {
    const { metrics, log } = this.options;
    entry.failures += 1;
    const name = error instanceof RevertedError ? error.errorName : error instanceof Error ? error.name : 'Error';
    metrics.failures.inc({ error: name });
    // Another operator was faster, or an answer came in between: read the request again at once.
    const race = error instanceof RevertedError && entry.failures === 1;
    this.docket.failed(entry, race);
    const message = error instanceof Error ? error.message : String(error);
    const details = { request: String(entry.id), error: name, message, failures: entry.failures };
    if (race) log.info(details, 'the contract refused; looking again');
    else log.warn(details, 'a step failed; it will be tried again');
    const promised = this.promises.under(entry.id) !== undefined;
    if (!isHopeless(entry, promised, error)) return;
    if (promised) await this.promises.close(entry, 'given up').catch(() => undefined);
    const reason = error instanceof InputUnavailableError ? 'no input' : 'failed';
    this.left(entry, reason);
    this.docket.apply(entry, { next: 'decline', reason });
    this.forget(entry);
  }

  private forget(entry: DocketEntry): void {
    if (this.promises.under(entry.id) === undefined) this.docket.forget(entry);
  }

  private left(entry: DocketEntry, outcome: string): void {
    this.options.metrics.requests.inc({ outcome });
    this.options.log.debug({ request: String(entry.id), outcome }, 'left');
  }

  private async declines(request: MarketRequest, direct: boolean): Promise<string | undefined> {
    const { models, policy, queue } = this.options;
    if ((await models.at(request.verifier)) === undefined) return 'model not served';
    if (!this.downloads.admits(request.asker)) return 'many inputs of this asker';
    const account = direct ? undefined : await this.market.account();
    return whyDecline(request, direct, policy, {
      open: this.atWork(),
      queued: queue.size,
      secondsPerProof: this.workshop.secondsPerProof,
      secondsPerBlock: this.clock.secondsPerBlock,
      gasPrice: this.clock.gasPrice,
      stake: account?.stake ?? 0n,
      freeStake: account === undefined ? 0n : account.stake - account.locked,
    });
  }

  /** Requests promised and not settled, and those being proved that will be. */
  private atWork(): number {
    return this.docket.working + this.promises.open;
  }

  private async aside<T>(work: () => Promise<T>): Promise<T> {
    this.busy -= 1;
    try {
      return await work();
    } finally {
      this.busy += 1;
    }
  }

  /** Whether this operator owes an answer whose delay would cost its bond. */
  private async owes(): Promise<boolean> {
    const duties = [...this.options.journal.duties.values()].filter(({ role }) => role === 'operator');
    const requests = await Promise.all(duties.map(({ id }) => this.market.request(id)));
    return requests.some(
      ({ operator, status }) => operator === this.market.me && (status === 'taken' || status === 'disputed'),
    );
  }

  private async bookkeeping(): Promise<void> {
    const { metrics, log, withdrawAbove } = this.options;
    const { market, clock } = this;
    if (clock.head < this.lastWithdrawal + WITHDRAW_EVERY_BLOCKS && this.lastWithdrawal > 0) return;
    this.lastWithdrawal = Math.max(1, clock.head);
    const [balance, account] = await Promise.all([market.balance(), market.account()]);
    metrics.balance.set(Number(balance));
    metrics.freeStake.set(Number(account.stake - account.locked));
    if (withdrawAbove === undefined || balance < withdrawAbove || balance === 0n) return;
    await market.send(withdrawRequest(market.address, ZeroAddress, market.me, String(clock.head)), 'withdraw');
    log.info({ amount: formatEther(balance) }, 'earnings withdrawn');
  }
}

/** Whether to stop trying: nothing is owed, and it failed often, or for a reason that stays. */
export function isHopeless(
  { mine, failures }: Pick<DocketEntry, 'mine' | 'failures'>,
  promised: boolean,
  error: unknown,
): boolean {
  if (mine !== false) return false;
  if (error instanceof InputLimitError && error.final) return true;
  if (error instanceof InputUnavailableError) return failures >= ATTEMPTS.input;
  if (error instanceof ProverFailedError || error instanceof ProofInvalidError) return failures >= ATTEMPTS.prover;
  // The chain or the disk failed: a promised request is not given up for that.
  return failures >= ATTEMPTS.other && !promised;
}
