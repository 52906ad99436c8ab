/**
 * Computes and proves a request's input, each once: by the queue, from the input as it was promised or as its asker
 * serves it. Nothing is believed of the queue: outputs are compared with the commitment, proofs are verified.
 */
import type { Logger } from 'pino';
import type { Groth16Backend } from '../groth16/types.js';
import { type MarketRequest, hashOfTerms } from '../ledger/index.js';
import { contextFor } from '../solidity/index.js';
import { checkProofOfAnswer } from './checked-proof.js';
import type { DocketEntry, Proved } from './docket.js';
import type { Downloads } from './downloads.js';
import { ProofInvalidError } from './errors.js';
import { fetchInput, type InputPlaces } from './inputs.js';
import type { Computed, Job, JobResult, ProofQueue } from './jobs.js';
import type { OperatorJournal } from './journal.js';
import type { KeptInputs } from './kept-inputs.js';
import type { MarketPort } from './market-port.js';
import type { Metrics } from './metrics.js';
import type { ServedModel, ServedModels } from './served-models.js';

export interface WorkshopOptions {
  readonly market: Pick<MarketPort, 'address' | 'chainId' | 'genesisHash' | 'me' | 'inputUri'>;
  readonly models: ServedModels;
  readonly queue: ProofQueue;
  /** Checks what the queue gives as proofs. */
  readonly verify: Groth16Backend['verify'];
  readonly journal: Pick<OperatorJournal, 'duties'>;
  readonly kept: Pick<KeptInputs, 'find'>;
  readonly downloads: Downloads;
  readonly inputs: InputPlaces;
  readonly fromBlock: number;
  readonly metrics: Pick<Metrics, 'jobs'>;
  readonly log: Logger;
  /** Runs what waits for an asker's server without holding up other requests. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
}

export class Workshop {
  /** Of a proof, as measured. */
  secondsPerProof = 1;

  constructor(private readonly options: WorkshopOptions) {}

  /** Output of a request's input; undefined where the input is no valid one for it. */
  async compute(entry: DocketEntry, request: MarketRequest, urgent = false): Promise<Computed | undefined> {
    const { log } = this.options;
    return await once(entry.computed, request, async () => {
      const done = await this.run(entry, request, 'compute', urgent);
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
   * Output and verified proof of an input that `compute` found valid. A prover that refuses the input is therefore
   * wrong, and the proof is tried again as long as an answer is owed. @throws ProofInvalidError
   */
  async prove(entry: DocketEntry, request: MarketRequest, urgent = false): Promise<Proved> {
    return await once(entry.proved, request, async () => {
      try {
        const done = await this.run(entry, request, 'prove', urgent);
        if (done === undefined || 'refused' in done.result) {
          throw new ProofInvalidError(
            'a prover refused an input that was computed here; see that all machines have the same build',
          );
        }
        const { computed } = done.result;
        const expected = { inputCommitment: request.inputCommitment, context: this.contextOf(entry) };
        const checked = await checkProofOfAnswer(this.options.verify, done.model, computed, expected);
        this.secondsPerProof += (computed.seconds - this.secondsPerProof) / 4;
        return { ...checked, seconds: computed.seconds };
      } catch (error) {
        if (error instanceof ProofInvalidError) entry.proofAttempts += 1;
        throw error;
      }
    });
  }

  /** The input's document: read once while a request is handled, so that what is promised is what was computed. */
  document(entry: DocketEntry, request: MarketRequest, model: ServedModel): Promise<string> {
    const terms = hashOfTerms(request);
    if (entry.document?.terms !== terms) entry.document = { terms, text: this.readDocument(entry, request, model) };
    return entry.document.text;
  }

  /** The proof of a disputed answer is its operator's own, whoever brings it. */
  private contextOf({ id }: DocketEntry): bigint {
    const { chainId, address, me } = this.options.market;
    return contextFor({ chainId, contract: address, account: me, nonce: id });
  }

  /** Undefined where the model is not served. */
  private async run(
    entry: DocketEntry,
    request: MarketRequest,
    kind: Job['kind'],
    urgent: boolean,
  ): Promise<{ readonly model: ServedModel; readonly result: JobResult } | undefined> {
    const { market, models, queue, metrics } = this.options;
    const model = await models.at(request.verifier);
    if (model === undefined) return undefined;
    const document = await this.document(entry, request, model);
    const start = performance.now();
    const name = {
      chainId: market.chainId,
      market: market.address,
      requestId: String(entry.id),
      inputCommitment: request.inputCommitment,
    };
    // A queue keeps its result under the job's id: after a wrong one, another id makes it work again.
    const attempt = kind === 'prove' && entry.proofAttempts > 0 ? `-${entry.proofAttempts}` : '';
    const parts = [market.genesisHash, market.address, market.me, String(entry.id), request.inputCommitment];
    const id = `${parts.map((part) => (part.startsWith('0x') ? part.slice(2, 18) : part)).join('-')}-${kind}${attempt}`;
    const result = await queue.run(
      { id, vkHash: model.vkHash, kind, document, context: String(this.contextOf(entry)), request: name },
      urgent,
    );
    metrics.jobs.observe({ kind }, (performance.now() - start) / 1000);
    return { model, result };
  }

  /** From this operator's disk where it was promised; else from where the asker put it. */
  private async readDocument(entry: DocketEntry, request: MarketRequest, model: ServedModel): Promise<string> {
    const { market, journal, kept, downloads, inputs, fromBlock, aside } = this.options;
    const own = await kept.find(request);
    if (own !== undefined) return own;
    const duty = journal.duties.get(entry.id);
    entry.uri ??=
      (duty?.terms === hashOfTerms(request) ? duty.uri : undefined) ?? (await market.inputUri(entry.id, fromBlock));
    const { uri } = entry;
    return await aside(() =>
      downloads.run(request.asker, entry.failures > 0, () => fetchInput(inputs, uri, model.limits)),
    );
  }
}

/** By the request's input: with a reorganization its number can become another's. What failed is done again. */
function once<T>(
  known: Map<string, Promise<T>>,
  { verifier, inputCommitment }: MarketRequest,
  work: () => Promise<T>,
): Promise<T> {
  const key = `${verifier} ${inputCommitment}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const result = work();
  known.set(key, result);
  result.catch(() => known.delete(key));
  return result;
}
