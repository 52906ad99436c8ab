/**
 * One JSON-RPC 2.0 request over HTTP that survives a flaky endpoint: a timeout for each attempt, exponential backoff
 * with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015), `Retry-After` honoured, and one deadline over
 * all.
 *
 * The trap: every request sent here may reach the node more than once. That is harmless for reads and for
 * `eth_sendRawTransaction`, whose bytes name their own nonce; it would not be for `eth_sendTransaction`, which is not
 * used.
 */
import { UsageError } from '../errors.js';
import { RpcResponseError, RpcUnreachableError } from './errors.js';

export interface RetryPolicy {
  /** Milliseconds one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds all attempts together may take; bounds every call. */
  readonly deadlineMs: number;
  /** First pause between attempts, doubled for each further one up to two seconds. */
  readonly backoffMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attemptTimeoutMs: 10_000, deadlineMs: 30_000, backoffMs: 100 };

const MAX_BACKOFF_MS = 2_000;
/** Bytes of one answer: far beyond what nodes give, and little enough for a browser's page. */
const MOST_ANSWER_BYTES = 64 << 20;
const RETRIED_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);
/** EIP-1474: limit exceeded. 429: some providers put the HTTP status into the body. */
const RETRIED_CODES = new Set([-32005, 429]);
/** Nodes behind one load balancer disagree for a moment about the newest block. */
const RETRIED_MESSAGES =
  /rate limit|too many requests|header not found|unknown block|missing trie node|request timed? ?out/i;

interface JsonRpcRequest {
  readonly id: number;
  readonly method: string;
}

export interface JsonRpcAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Thrown within an attempt; makes the next attempt happen. */
class Retry extends Error {
  constructor(
    message: string,
    readonly afterMs = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An HTTP(S) endpoint; user and password of the URL become an Authorization header, as fetch refuses them in a URL. */
export class JsonRpcEndpoint {
  readonly host: string;
  private readonly url: URL;
  private readonly headers: Record<string, string>;

  constructor(
    url: string,
    private readonly retry: RetryPolicy = DEFAULT_RETRY,
  ) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw new UsageError('the RPC address is not an http:// or https:// URL');
    }
    this.headers = { 'content-type': 'application/json' };
    if (parsed.username !== '' || parsed.password !== '') {
      const pair = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
      this.headers.authorization = `Basic ${btoa(Array.from(new TextEncoder().encode(pair), (byte) => String.fromCharCode(byte)).join(''))}`;
      parsed.username = parsed.password = '';
    }
    this.url = parsed;
    this.host = parsed.host;
  }

  /**
   * The node's answer to `request`, result or error. Throws RpcUnreachableError when the deadline passes without one.
   */
  async post(request: JsonRpcRequest): Promise<JsonRpcAnswer> {
    const deadline = Date.now() + this.retry.deadlineMs;
    let reason: unknown;
    for (let attempt = 1; ; attempt++) {
      const timeoutMs = Math.min(this.retry.attemptTimeoutMs, deadline - Date.now());
      try {
        return await this.attempt(request, timeoutMs);
      } catch (error) {
        if (!(error instanceof Retry)) throw error;
        // An attempt that the deadline cut short says less than those before it.
        if (timeoutMs === this.retry.attemptTimeoutMs || reason === undefined) reason = error.cause ?? error;
        const backoff = Math.random() * Math.min(MAX_BACKOFF_MS, this.retry.backoffMs * 2 ** (attempt - 1));
        const pause = Math.max(backoff, error.afterMs);
        if (Date.now() + pause >= deadline) throw new RpcUnreachableError(this.host, attempt, reason);
        await sleep(pause);
      }
    }
  }

  private async attempt(request: JsonRpcRequest, timeoutMs: number): Promise<JsonRpcAnswer> {
    const answer = await this.exchange(request, timeoutMs);
    const error = answer.error;
    // For eth_getLogs "limit exceeded" mostly means too many blocks or results; the same question would fail again.
    const limited = RETRIED_CODES.has(error?.code ?? 0) && request.method !== 'eth_getLogs';
    if (error !== undefined && (limited || RETRIED_MESSAGES.test(error.message))) {
      throw new Retry(`RPC error ${error.code}: ${error.message}`);
    }
    return answer;
  }

  private async exchange(request: JsonRpcRequest, timeoutMs: number): Promise<JsonRpcAnswer> {
    let status: number;
    let text: string;
    let retryAfter: string | null;
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: this.headers,
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
      });
      status = response.status;
      retryAfter = response.headers.get('retry-after');
      text = await this.textOf(response);
    } catch (cause) {
      if (cause instanceof RpcResponseError) throw cause;
      throw new Retry('no answer', 0, { cause });
    }
    if (RETRIED_STATUS.has(status) && !text.includes('"jsonrpc"')) {
      throw new Retry(`HTTP status ${status}`, Math.max(0, Number(retryAfter ?? 0) * 1000 || 0));
    }
    const answer = parseAnswer(text);
    if (answer === undefined && status >= 400 && status < 500) {
      throw new RpcResponseError(
        `the RPC at ${this.host} answers with HTTP status ${status}; check its URL and access key`,
      );
    }
    if (answer === undefined) throw new Retry(`HTTP status ${status} and a body that is no JSON-RPC answer`);
    if (answer.id !== request.id) throw new Retry('an answer to another request');
    return answer;
  }

  /** An answer's text, read no further than any answer is long. @throws RpcResponseError where it goes on */
  private async textOf({ body }: Response): Promise<string> {
    const decoder = new TextDecoder();
    const parts: string[] = [];
    let size = 0;
    const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return parts.join('') + decoder.decode();
      size += value.length;
      if (size > MOST_ANSWER_BYTES) {
        void reader?.cancel().catch(() => undefined);
        throw new RpcResponseError(
          `the RPC at ${this.host} answers with more than ${MOST_ANSWER_BYTES >> 20} MB; ask for fewer blocks, or another RPC`,
        );
      }
      parts.push(decoder.decode(value, { stream: true }));
    }
  }
}

function parseAnswer(text: string): JsonRpcAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const answer = value as Partial<JsonRpcAnswer>;
  const failed = typeof answer.error === 'object' && answer.error !== null;
  if (failed && typeof answer.error!.message !== 'string') return undefined;
  if (!failed && answer.result === undefined) return undefined;
  return failed ? { id: answer.id!, error: answer.error } : { id: answer.id!, result: answer.result };
}
