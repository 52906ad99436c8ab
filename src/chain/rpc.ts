/**
 * A chain as the rest of this folder sees it: ethers' provider over a transport that retries, with its chain id known
 * before anything else happens.
 *
 * The trap: ethers' own JsonRpcProvider retries network detection for ever, so a dead URL hangs. Here the chain id is
 * asked once, within the deadline, and then fixed.
 */
import { JsonRpcApiProvider, type JsonRpcError, type JsonRpcPayload, type JsonRpcResult, Network } from 'ethers';
import { ChainMismatchError, RpcResponseError } from './errors.js';
import { DEFAULT_RETRY, JsonRpcEndpoint, type RetryPolicy } from './json-rpc.js';

/** Chain ids that wallets reserve for development: anvil and hardhat, and ganache and geth's `--dev`. */
const LOCAL_CHAIN_IDS = new Set([31337, 1337]);

export function isLocalChain(chainId: number): boolean {
  return LOCAL_CHAIN_IDS.has(chainId);
}

export class RetryingProvider extends JsonRpcApiProvider {
  constructor(
    private readonly endpoint: JsonRpcEndpoint,
    network: Network,
  ) {
    // batchMaxCount 1: one request a call, so that a lost call loses one answer. cacheTimeout -1: never answer from an
    // earlier call's result.
    super(network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1, pollingInterval: 250 });
  }

  override async send(method: string, params: unknown[] | Record<string, unknown>): Promise<unknown> {
    this._start();
    return super.send(method, params as unknown[]);
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    const answers = await Promise.all(payloads.map((one) => this.endpoint.post(one)));
    return answers as (JsonRpcResult | JsonRpcError)[];
  }
}

export interface Rpc {
  readonly provider: RetryingProvider;
  readonly chainId: number;
  /** Hash of block 0: tells two chains apart that share an id, such as two local ones. */
  readonly genesisHash: string;
  /** Host and port; never the whole URL, which may hold an API key. */
  readonly host: string;
}

export interface ConnectOptions {
  /** Throws ChainMismatchError when the node's chain is another. */
  readonly chainId?: number;
  readonly retry?: Partial<RetryPolicy>;
}

/**
 * Deadline of the first call: where the URL is wrong, the user should learn it soon. Later calls are retried for
 * longer.
 */
const FIRST_ANSWER_MS = 10_000;

/** Asks the node at `url` for its chain. Throws RpcUnreachableError within ten seconds if it is dead. */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Rpc> {
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const endpoint = new JsonRpcEndpoint(url, retry);
  const first = new JsonRpcEndpoint(url, { ...retry, deadlineMs: Math.min(retry.deadlineMs, FIRST_ANSWER_MS) });
  const chainId = Number(await ask(first, 'eth_chainId', []));
  if (!Number.isSafeInteger(chainId)) throw new RpcResponseError(`the RPC at ${endpoint.host} gives no chain id`);
  if (options.chainId !== undefined && options.chainId !== chainId) {
    throw new ChainMismatchError(
      `the RPC at ${endpoint.host} is chain ${chainId}, but chain ${options.chainId} is wanted; give the RPC of chain ${options.chainId}`,
    );
  }
  const genesis = (await ask(endpoint, 'eth_getBlockByNumber', ['0x0', false])) as { hash?: string } | null;
  if (typeof genesis?.hash !== 'string')
    throw new RpcResponseError(`the RPC at ${endpoint.host} does not have its chain's first block`);
  // A network object without plugins: ethers has some for the chain ids it knows, and a few of these ask third parties
  // for fees.
  const provider = new RetryingProvider(endpoint, new Network(`chain ${chainId}`, chainId));
  return { provider, chainId, genesisHash: genesis.hash, host: endpoint.host };
}

async function ask(endpoint: JsonRpcEndpoint, method: string, params: unknown[]): Promise<unknown> {
  const request = { jsonrpc: '2.0', id: 1, method, params };
  const answer = await endpoint.post(request);
  if (answer.error)
    throw new RpcResponseError(`the RPC at ${endpoint.host} refused ${method}: ${answer.error.message}`);
  return answer.result;
}
