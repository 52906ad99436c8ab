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

/** Words that stand for immutables in compiled code, before a constructor sets them. */
const UNSET = '0'.repeat(64);

/** Whether the code at an address is another than was compiled, immutables aside. */
export async function codeDiffers(rpc: Rpc, address: string, deployedBytecode: string): Promise<boolean> {
  const [found, wanted] = [await rpc.provider.getCode(address), deployedBytecode].map((code) => code.toLowerCase());
  if (found.length !== wanted.length) return true;
  let masked = found;
  // PUSH32 of zeros is an immutable: solc writes a plain zero as PUSH0.
  for (let at = wanted.indexOf(`7f${UNSET}`); at >= 0; at = wanted.indexOf(`7f${UNSET}`, at + 66))
    masked = masked.slice(0, at + 2) + UNSET + masked.slice(at + 66);
  return masked !== wanted;
}
