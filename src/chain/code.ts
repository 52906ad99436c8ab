/** Whether there is a contract at all. */
import { NotDeployedError } from './errors.js';
import type { Rpc } from './rpc.js';

/** Throws NotDeployedError unless there is code at `address`; `what` names it in the message. */
export async function requireCode({ rpc }: { readonly rpc: Rpc }, address: string, what: string): Promise<void> {
  if ((await rpc.provider.getCode(address)) === '0x') {
    throw new NotDeployedError(
      `there is no contract at ${address} on chain ${rpc.chainId}, where the ${what} should be; ` +
        'check the address and the RPC, or deploy first',
    );
  }
}
