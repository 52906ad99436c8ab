/** The local chain of `npm run web`: registry and attestations at once, verifiers as builds become ready. */
import { deployRegistry, deployVerifier, registerModel, type Rpc, type Sender } from '../../src/chain/index.js';
import { openScenarioChain, type Person } from '../../src/scenario/people.js';
import { compileCached } from '../../src/solidity/index.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { compileVerifier } from '../../src/workflow/contract.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import type { SiteModel } from '../shared/site-info.js';

export interface SiteLocalChain {
  readonly rpc: Rpc;
  readonly url: string;
  readonly people: Readonly<Record<Person, Sender>>;
  readonly registry: string;
  readonly attestations: string;
  /** Deploys the verifier of the build in `folder` and registers the model, owned by the chain's first account. */
  register(folder: string): Promise<NonNullable<SiteModel['registered']>>;
  close(): Promise<void>;
}

/** Starts an anvil with the contracts on it. */
export async function startSiteChain(): Promise<SiteLocalChain> {
  const { rpc, url, people, close } = await openScenarioChain();
  const { owner } = people;
  const { registry, attestations } = await deployRegistry(owner);
  // One after the other: transactions of one account have an order.
  let last: Promise<unknown> = Promise.resolve();
  const register = async (folder: string): Promise<NonNullable<SiteModel['registered']>> => {
    const manifest = await readManifest(folder);
    const key = await readVerificationKey(folder);
    const artifact = await compileVerifier(folder, compileCached);
    const { address } = await deployVerifier(owner, artifact, key);
    const model = { manifest, key, verifier: address, artifact };
    const { modelId, version } = await registerModel(owner, registry.address, model);
    return { modelId: String(modelId), version, verifier: address };
  };
  return {
    rpc,
    url,
    people,
    registry: registry.address,
    attestations: attestations.address,
    register: async (folder) => {
      const turn = last.then(() => register(folder));
      last = turn.catch(() => undefined);
      return await turn;
    },
    close,
  };
}

/**
 * What the pages may ask of the local node: reading, sending, and the account it has unlocked. Nothing that changes the
 * chain behind the contracts' back.
 */
const METHODS = new Set([
  'eth_accounts',
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByNumber',
  'eth_getCode',
  'eth_getLogs',
  'eth_getTransactionByHash',
  'eth_getTransactionReceipt',
  'eth_sendRawTransaction',
  'eth_sendTransaction',
  'net_version',
]);

/** The node's answer to one JSON-RPC request; an error in JSON-RPC's own form where it is none, or not allowed. */
export async function askNode(url: string, body: Uint8Array): Promise<unknown> {
  let request: { readonly id?: unknown; readonly method?: unknown; readonly params?: unknown };
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    request = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return refusal(null, -32700, 'the request is not JSON');
  }
  const { id = null, method, params = [] } = request;
  if (typeof method !== 'string' || !METHODS.has(method))
    return refusal(id, -32601, 'the method is none that the pages need');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  return await answer.json();
}

const refusal = (id: unknown, code: number, message: string) => ({ jsonrpc: '2.0', id, error: { code, message } });
