/** Proves an own answer that is disputed. */
import { keccak256 } from 'ethers';
import { proveRequest } from '../../ledger/index.js';
import { again, type Outcome, waitUntil } from '../outcome.js';
import type { RequestCase, Office } from './office.js';

export async function defend({ entry, request }: RequestCase, { market, workshop, log }: Office): Promise<Outcome> {
  const computed = await workshop.compute(entry, request, true);
  if (computed === undefined || keccak256(computed.output) !== request.outputHash) {
    log.error({ request: String(entry.id) }, 'the disputed answer cannot be proved');
    return waitUntil(request.due + 1);
  }
  const { output, proof } = await workshop.prove(entry, request, true);
  await market.send(proveRequest(market.address, entry.id, output, proof), 'prove');
  log.info({ request: String(entry.id) }, 'disputed answer proved');
  return again;
}
