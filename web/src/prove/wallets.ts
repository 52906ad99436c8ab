/**
 * Who brings a proof to a contract: the account that the local chain has unlocked, or a wallet in the browser. All are
 * EIP-1193 providers; wallets are found by EIP-6963, or as `window.ethereum`.
 */
import { oneLine } from '../common/dom.js';

export interface Provider {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
  on?(event: string, listener: () => void): unknown;
}

export interface Wallet {
  readonly name: string;
  readonly provider: Provider;
  /** The account that signs; a wallet asks its owner first. */
  account(): Promise<string>;
}

/** What a node or wallet answers instead of a result. */
export class ProviderError extends Error {
  constructor(
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/** The local chain's own account, unlocked by the node; other accounts of it play the people of the market. */
const OWN_ACCOUNT = 9;

/** Asks the node behind the server that this page came from. */
export function localWallet(url: string): Wallet {
  let id = 0;
  const provider: Provider = {
    async request({ method, params = [] }) {
      let answer: { result?: unknown; error?: { message?: unknown; data?: unknown } };
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: (id += 1), method, params }),
        });
        answer = (await response.json()) as typeof answer;
      } catch {
        throw new ProviderError('the local chain does not answer; is `npm run web` still running?');
      }
      if (answer.error !== undefined)
        throw new ProviderError(`the local chain: ${oneLine(String(answer.error.message))}`, answer.error.data);
      return answer.result;
    },
  };
  return {
    name: 'The local chain’s own account',
    provider,
    account: async () => ((await provider.request({ method: 'eth_accounts' })) as string[])[OWN_ACCOUNT],
  };
}

function walletOf(name: string, provider: Provider): Wallet {
  return {
    name: oneLine(name, 40),
    provider,
    account: async () => {
      const [account] = (await provider.request({ method: 'eth_requestAccounts' })) as string[];
      if (account === undefined) throw new ProviderError('the wallet gave no account');
      return account;
    },
  };
}

interface Announcement extends Event {
  readonly detail?: { readonly info?: { readonly name?: unknown }; readonly provider?: Provider };
}

/** Calls `found` for each wallet, now and as they announce themselves. */
export function findWallets(found: (wallet: Wallet) => void): void {
  const known = new Set<Provider>();
  const add = (name: string, provider: Provider | undefined): void => {
    if (typeof provider?.request !== 'function' || known.has(provider)) return;
    known.add(provider);
    found(walletOf(name, provider));
  };
  addEventListener('eip6963:announceProvider', (event) => {
    const { detail } = event as Announcement;
    add(String(detail?.info?.name ?? 'A wallet'), detail?.provider);
  });
  dispatchEvent(new Event('eip6963:requestProvider'));
  add('The wallet in this browser', (globalThis as { ethereum?: Provider }).ethereum);
}
