/** Answers a request: with a proof, after taking it or without; or optimistically, where it was taken. */
import { answerOptimisticRequest, answerProvedRequest } from '../../ledger/index.js';
import { again, decline, type Outcome, rest } from '../outcome.js';
import type { RequestCase, Office } from './office.js';

export async function answerProved(the: RequestCase, office: Office): Promise<Outcome> {
  const { entry, request } = the;
  const { market, docket, promises, workshop, log, declines } = office;
  const direct = request.operator !== market.me;
  const fresh = direct && !promises.has(request);
  if (fresh) {
    const reason = await declines(request, true);
    if (reason !== undefined) return decline(reason);
    docket.setWorking(entry, true);
  } else await promises.ensure(entry, request);
  // Compute first, which is cheap: a proof of an input that the request does not commit to would be wasted.
  if ((await workshop.compute(entry, request)) === undefined)
    return fresh ? decline('wrong input') : await refuse(the, office, direct);
  const { output, proof, seconds } = await workshop.prove(entry, request);
  if (fresh) await promises.begin(entry, request, 'operator');
  log.info({ request: String(entry.id), proofSeconds: Math.round(seconds * 1000) / 1000 }, 'proved');
  await market.send(answerProvedRequest(market.address, entry.id, output, proof), 'answer');
  log.info({ request: String(entry.id), mode: 'proved', direct }, 'answered');
  return again;
}

export async function answerOptimistic(the: RequestCase, office: Office): Promise<Outcome> {
  const { entry, request } = the;
  const { market, promises, workshop, log } = office;
  await promises.ensure(entry, request);
  const computed = await workshop.compute(entry, request);
  if (computed === undefined) return await refuse(the, office, false);
  await market.send(answerOptimisticRequest(market.address, entry.id, computed.output, String(request.due)), 'answer');
  log.info({ request: String(entry.id), mode: 'optimistic' }, 'answered');
  return again;
}

/** The input of a request that this operator took is invalid: there is no answer to give. */
async function refuse({ entry }: RequestCase, { promises, log }: Office, direct: boolean): Promise<Outcome> {
  if (direct) await promises.close(entry, 'wrong input');
  else log.error({ request: String(entry.id) }, 'a request was taken whose input cannot be answered');
  return rest;
}
