/**
 * What this operator owes: on disk, with its input, before the transaction that makes it a duty, and closed when no
 * reorganization can bring it back.
 */
import type { Logger } from 'pino';
import { type MarketRequest, hashOfTerms } from '../ledger/index.js';
import type { ChainClock } from './clock.js';
import type { Docket, DocketEntry } from './docket.js';
import type { Duty, OperatorJournal } from './journal.js';
import type { KeptInputs } from './kept-inputs.js';
import type { MarketPort } from './market-port.js';
import type { Metrics } from './metrics.js';
import { type Outcome, rest } from './outcome.js';
import type { ServedModels } from './served-models.js';
import type { Workshop } from './workshop.js';

export interface PromisesOptions {
  readonly market: Pick<MarketPort, 'head' | 'events'>;
  readonly clock: ChainClock;
  readonly docket: Docket;
  readonly journal: OperatorJournal;
  readonly kept: Pick<KeptInputs, 'keep' | 'drop'>;
  readonly models: ServedModels;
  readonly workshop: Pick<Workshop, 'document'>;
  readonly metrics: Pick<Metrics, 'requests'>;
  readonly log: Logger;
  readonly fromBlock: number;
  readonly reorgDepth: number;
}

export class Promises {
  constructor(private readonly options: PromisesOptions) {}

  /** Whether this very request, and not only its number, is on record as taken. */
  has(request: MarketRequest): boolean {
    const duty = this.options.journal.duties.get(request.id);
    return duty?.role === 'operator' && duty.terms === hashOfTerms(request);
  }

  /** What is on record under the request's number, whatever its terms. */
  under(id: bigint): Duty | undefined {
    return this.options.journal.duties.get(id);
  }

  /** Requests promised and not settled. */
  get open(): number {
    const { journal, docket } = this.options;
    return [...journal.duties.values()].filter(
      ({ id, role }) => role === 'operator' && docket.find(id)?.settledAt === undefined,
    ).length;
  }

  /** Puts on record what this operator is about to owe, with all that it needs to prove it. */
  async begin(entry: DocketEntry, request: MarketRequest, role: Duty['role']): Promise<void> {
    const { models, kept, workshop, journal, docket } = this.options;
    const model = role === 'operator' ? await models.at(request.verifier) : undefined;
    if (model !== undefined) await kept.keep(request, await workshop.document(entry, request, model));
    await journal.begin({ id: entry.id, role, uri: entry.uri ?? '', terms: hashOfTerms(request) });
    if (role !== 'operator') return;
    entry.taken = true;
    docket.setWorking(entry, false);
  }

  /**
   * A request that is this operator's on the chain is a duty, also where the transaction that took it was meant for
   * another.
   */
  async ensure(entry: DocketEntry, request: MarketRequest): Promise<void> {
    if (!this.has(request)) await this.begin(entry, request, 'operator');
  }

  async close(entry: DocketEntry, outcome: string): Promise<void> {
    const { journal, kept, metrics, log } = this.options;
    entry.settledAt = undefined;
    const duty = journal.duties.get(entry.id);
    await journal.end(entry.id, outcome);
    if (duty !== undefined) await kept.drop(duty);
    metrics.requests.inc({ outcome });
    log.info({ request: String(entry.id), outcome }, 'closed');
  }

  /**
   * Nothing is left to do; a duty ends once that cannot be reorganized away. How deep it lies is read from the chain:
   * counted from when this process saw it, an operator that crashes every few blocks would keep its duties for ever.
   */
  async leave(entry: DocketEntry, outcome: string): Promise<Outcome> {
    const { market, clock, journal, fromBlock, reorgDepth } = this.options;
    if (!journal.duties.has(entry.id)) return rest;
    if (entry.settledAt === undefined) {
      // Ask for the newest block again: the request may have been read after the last look.
      const head = await market.head();
      const recent = await market.events(Math.max(fromBlock, head - reorgDepth + 1), head, entry.id);
      entry.settledAt = recent.reduce((most, { blockNumber }) => Math.max(most, blockNumber + reorgDepth), 0);
    }
    if (clock.head >= entry.settledAt) await this.close(entry, outcome);
    return rest;
  }
}
