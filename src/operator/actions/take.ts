/** Reserves a request: the operator owes an answer from then on. */
import { formatEther } from 'ethers';
import { takeRequest } from '../../ledger/index.js';
import { again, decline, type Outcome } from '../outcome.js';
import type { RequestCase, Office } from './office.js';

export async function take(
  { entry, request }: RequestCase,
  { market, promises, workshop, log, declines }: Office,
): Promise<Outcome> {
  const { id } = entry;
  const promised = promises.has(request);
  const reason = promised ? undefined : await declines(request, false);
  if (reason !== undefined) return decline(reason);
  // Before anything is at risk, and again after a restart: the input is there, fits the model and is the one committed
  // to.
  if ((await workshop.compute(entry, request)) === undefined) {
    if (promised) await promises.close(entry, 'wrong input');
    return decline('wrong input');
  }
  if (!promised) await promises.begin(entry, request, 'operator');
  if (request.mode === 'proved') void workshop.prove(entry, request).catch(() => undefined); // Proves while the block is made.
  await market.send(takeRequest(market.address, id, 'once'), 'take');
  log.info({ request: String(id), mode: request.mode, fee: formatEther(request.fee) }, 'taken');
  // The transaction is mined, but the request is open: this operator took it once before, and it was reopened since.
  if ((await market.request(id)).status === 'open') await promises.close(entry, 'lost');
  return again;
}
