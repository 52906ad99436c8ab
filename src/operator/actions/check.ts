/**
 * Another operator's answer: computed again, and disputed where it is wrong; or followed, where somebody else disputes
 * it.
 */
import { keccak256 } from 'ethers';
import { disputeRequest } from '../../ledger/index.js';
import { again, type Outcome, rest, waitUntil } from '../outcome.js';
import type { RequestCase, Office } from './office.js';

export async function check(
  { entry, request }: RequestCase,
  { market, parameters, models, promises, workshop, log }: Office,
): Promise<Outcome> {
  if (entry.checked === request.outputHash) return rest;
  if ((await models.at(request.verifier)) === undefined) return rest;
  const computed = await workshop.compute(entry, request);
  entry.checked = request.outputHash;
  if (computed === undefined || keccak256(computed.output) === request.outputHash) return rest;
  await promises.begin(entry, request, 'challenger');
  await market.send(
    disputeRequest(market.address, entry.id, `${request.outputHash} ${request.due}`, parameters.challengeBond),
    'dispute',
  );
  log.warn({ request: String(entry.id), operator: request.operator }, 'a wrong answer was disputed');
  return again;
}

/**
 * Another account disputed the answer. It might never have the operator slashed, so this operator follows the request
 * and does it.
 */
export async function follow({ entry, request }: RequestCase, { promises }: Office, until: number): Promise<Outcome> {
  if (promises.under(entry.id) === undefined) await promises.begin(entry, request, 'challenger');
  return waitUntil(until);
}
