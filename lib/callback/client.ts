// The guarded client: every request to a stranger's URL goes through it. An exchange is at most one POST and has one of
// three results. What a status or a failure means is decided elsewhere.
import { Axios, AxiosError } from 'axios';
import { addressRules } from './address.ts';
import { decompress } from './answer-body.ts';
import { failureMessage, type UnknownCode, type UnsentCode, unknownCode, unsentCode } from './failure.ts';
import { checkParsedUrl, type Lookup } from './guard.ts';
import { isLocalFault, LocalFault } from './local-fault.ts';
import { createLookup } from './lookup.ts';
import { createPools, type PoolOptions } from './pool.ts';
import { type CappedResponse, createUndiciAdapter, Post } from './undici-adapter.ts';

export type ExchangeRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Limit of the whole exchange: waiting for a connection, connecting, and the answer. */
  readonly timeoutMs: number;
  readonly pool: PoolOptions;
};

export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Decompressed, at most the cap. */
      readonly body: Buffer;
      readonly truncated: boolean;
      /**
       * Why the rest of the answer is missing, where it did not come. The status was read whole; the headers are empty when
       * the answer ended within them.
       */
      readonly incomplete?: UnknownCode;
    }
  /** Nothing was written. */
  | { readonly kind: 'unsent'; readonly code: UnsentCode; readonly message: string }
  /** Bytes may have been written, and no whole status line of a final answer came. */
  | { readonly kind: 'unknown'; readonly code: UnknownCode; readonly message: string };

export type CallbackClient = {
  /**
   * Makes one exchange. Never rejects for a result of HTTP or the network. Throws a LocalFault when nothing was written
   * because this environment has no free socket, port or DNS server.
   */
  exchange(request: ExchangeRequest): Promise<Exchange>;
  /** Closes the connections that must not be reused by a later invocation. */
  endInvocation(): Promise<void>;
  close(): Promise<void>;
};

export type CallbackClientOptions = {
  readonly allowHttp: boolean;
  readonly allowedCidrs: readonly string[];
  /** Allows loopback, for stages that run on one machine. */
  readonly allowThisMachine: boolean;
  readonly responseCapBytes: number;
  /** How names are looked up; undefined: by DNS, without libuv's threads. */
  readonly lookup?: Lookup;
  /** Open connections at most; undefined: MOST_SOCKETS. */
  readonly mostSockets?: number;
};

// Headers of the connection and of the framing, which undici writes.
const OWN_NAME = /^(host|content-length|connection|keep-alive|transfer-encoding|upgrade|expect|te|trailer)$/i;
// Names that attacks on JavaScript objects use. header.ts refuses them too.
const UNSAFE_NAME = /^(__proto__|constructor|prototype)$/i;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Makes the client for callbacks and token endpoints: POST requests to addresses that the deployment allows, with
 * limits on time, bytes and connections.
 */
export function createCallbackClient(options: CallbackClientOptions): CallbackClient {
  const addresses = addressRules(options);
  const rules = { allowHttp: options.allowHttp, addresses };
  const { lookup = createLookup(), mostSockets } = options;
  const pools = createPools({ lookup, addresses, mostSockets });
  // Not axios.create: an instance without defaults has no transforms and no Accept header.
  const http = new Axios({
    adapter: createUndiciAdapter(options.responseCapBytes),
    method: 'post',
    responseType: 'arraybuffer',
    validateStatus: null,
    maxRedirects: 0,
    proxy: false,
  });
  let closed = false;

  return {
    async exchange(request) {
      const url = URL.parse(request.url);
      const refusal = url === null ? 'is not a URL' : checkParsedUrl(url, rules);
      if (url === null || refusal !== undefined) return unsent('url-refused', { cause: refusal ?? '' });
      if (!isSendable(request.headers)) return unsent('invalid-request', { origin: url.origin });
      if (closed) return unsent('client-closed', { origin: url.origin });

      const lease = pools.lease(url.origin, request.pool);
      try {
        const response = await http.request<Buffer, CappedResponse>({
          url: request.url,
          data: new Post(request.headers, request.body),
          timeout: request.timeoutMs,
          httpAgent: lease.pool,
        });
        return await answered(response, options.responseCapBytes);
      } catch (error) {
        if (!(error instanceof AxiosError)) throw error;
        return failed(error, url.origin);
      } finally {
        lease.release();
      }
    },
    endInvocation: () => pools.endInvocation(),
    close() {
      closed = true;
      return pools.close();
    },
  };
}

function isSendable(headers: ExchangeRequest['headers']): boolean {
  for (const name in headers) {
    const isAllowed = NAME.test(name) && !OWN_NAME.test(name) && !UNSAFE_NAME.test(name);
    if (!isAllowed || !VALUE.test(headers[name] ?? '')) return false;
  }
  return true;
}

async function answered(response: CappedResponse, capBytes: number): Promise<Exchange> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.received)) headers[name] = String(value);
  const { status, data, cut } = response;
  const head = {
    kind: 'answered',
    status,
    headers,
    ...(cut !== undefined && { incomplete: unknownCode(cut) }),
  } as const;
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return { ...head, body: data, truncated: response.truncated };
  const { body, truncated } = await decompress(data, encoding, capBytes);
  return { ...head, body, truncated: truncated || response.truncated };
}

function failed(error: AxiosError, origin: string): Exchange {
  const cause = error.code ?? '';
  if (error.request === undefined && isLocalFault(cause)) throw new LocalFault(cause);
  if (error.request === undefined) return unsent(unsentCode(cause), { cause, origin });
  const code = unknownCode(cause);
  return { kind: 'unknown', code, message: failureMessage(code, { cause, origin }) };
}

function unsent(code: UnsentCode, about: { cause?: string; origin?: string }): Exchange {
  return { kind: 'unsent', code, message: failureMessage(code, about) };
}
