/** Ends a request: an own answer that nobody disputed in time, or another operator that could not prove. */
import { finalizeRequest, slashRequest } from '../../ledger/index.js';
import { again, type Outcome } from '../outcome.js';
import type { RequestCase, Office } from './office.js';

export async function finalize({ entry }: RequestCase, { market }: Office): Promise<Outcome> {
  await market.send(finalizeRequest(market.address, entry.id), 'finalize');
  return again;
}

export async function slash({ entry, request }: RequestCase, { market, log }: Office): Promise<Outcome> {
  await market.send(slashRequest(market.address, entry.id, request.due), 'slash');
  log.info({ request: String(entry.id), operator: request.operator }, 'slashed');
  return again;
}
