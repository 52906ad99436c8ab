/** What the actions of an operator work with, and the case that each is given. */
import type { Logger } from 'pino';
import type { MarketParameters, MarketRequest } from '../../ledger/index.js';
import type { Docket, DocketEntry } from '../docket.js';
import type { MarketPort } from '../market-port.js';
import type { Promises } from '../promises.js';
import type { ServedModels } from '../served-models.js';
import type { Workshop } from '../workshop.js';

export interface Office {
  readonly market: MarketPort;
  readonly parameters: Pick<MarketParameters, 'challengeBond'>;
  readonly models: ServedModels;
  readonly docket: Pick<Docket, 'setWorking'>;
  readonly promises: Promises;
  readonly workshop: Workshop;
  readonly log: Logger;
  /** Why a request is not taken; undefined if it is. `direct`: answered without being taken. */
  readonly declines: (request: MarketRequest, direct: boolean) => Promise<string | undefined>;
}

/** A request as the contract holds it now, and what is remembered of it. */
export interface RequestCase {
  readonly entry: DocketEntry;
  readonly request: MarketRequest;
}
