// Sends the requests of the AWS clients: over undici, which costs a quarter of a millisecond of CPU less a call than Node's
// own client. The AWS SDK signs, retries and reads answers; signed-call.ts does so for the frequent calls.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpRequest, HttpResponse, RequestHandler } from '@smithy/types';
import { type buildConnector, Pool } from 'undici';

export type AwsTimeouts = {
  /** From the start of a connection to its end, with TLS. */
  readonly connectTimeoutMs: number;
  /** From the call to the end of its answer, with the wait for a connection. */
  readonly requestTimeoutMs: number;
};

type HandlerOptions = { readonly abortSignal?: unknown; readonly requestTimeout?: number };
export type AwsRequestHandler = RequestHandler<HttpRequest, HttpResponse, HandlerOptions>;

/** The most connections to one endpoint. The SDK has the same limit. */
const MOST_CONNECTIONS = 50;
/** AWS closes idle connections itself; a connection that it has closed is an error that the caller retries. */
const IDLE_MS = 60_000;

/**
 * Makes a request handler for AWS clients. Its failures have names and codes that the SDK's retries know: `TimeoutError`,
 * `AbortError`, and the codes of the operating system.
 */
export function createRequestHandler({ connectTimeoutMs, requestTimeoutMs }: AwsTimeouts): AwsRequestHandler {
  const pools = new Map<string, Pool>();
  const connect = connectorWithin(connectTimeoutMs);

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known) return known;
    const pool = new Pool(origin, {
      connections: MOST_CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      connect,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // These timeouts of undici are off, because one timer covers the whole call.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pools.set(origin, pool);
    return pool;
  }

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: (request, { abortSignal, requestTimeout = requestTimeoutMs } = {}) =>
      exchange(poolOf(originOf(request)), request, requestTimeout, asAbortSignal(abortSignal)),
    destroy() {
      for (const pool of pools.values()) void pool.destroy();
      pools.clear();
    },
  };
}

const originOf = ({ protocol, hostname, port }: HttpRequest): string =>
  `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;

function exchange(
  pool: Pool,
  request: HttpRequest,
  timeoutMs: number,
  abortSignal: AbortSignal | undefined,
): Promise<{ response: HttpResponse }> {
  return new Promise((resolve, reject) => {
    let abortRequest: ((reason: Error) => void) | undefined;
    let settled = false;
    let statusCode = 0;
    let headers: Record<string, string> = {};
    const chunks: Buffer[] = [];

    const settle = () => {
      settled = true;
      clearTimeout(timer);
      abortSignal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error) => {
      if (settled) return;
      settle();
      reject(error);
      // This closes the connection. A late answer on it would be taken for the answer to the next call.
      abortRequest?.(error);
    };
    const onAbort = () => fail(named('AbortError', 'Request aborted', abortSignal?.reason));
    const timer = setTimeout(() => fail(timeoutOf(`no answer within ${timeoutMs} ms`)), timeoutMs);
    if (abortSignal?.aborted) return onAbort();
    abortSignal?.addEventListener('abort', onAbort);

    pool.dispatch(
      { path: pathOf(request), method: request.method, headers: request.headers, body: request.body ?? null },
      {
        onRequestStart(controller) {
          // The caller gave up while the request waited for a connection, so it is not written.
          if (settled) throw new Error('given up');
          // undici may call onRequestStart again, because it repeats a request that was never written.
          abortRequest = (reason) => controller.abort(reason);
        },
        onResponseStart(_controller, status, received) {
          statusCode = status;
          headers = textsOf(received);
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          if (settled) return;
          settle();
          const [first = Buffer.alloc(0)] = chunks;
          // The SDK takes bytes as well as a stream.
          const body = chunks.length > 1 ? Buffer.concat(chunks) : first;
          // undici uses the connection again one turn of the event loop later: a next call before it would open another.
          queueMicrotask(() => setImmediate(resolve, { response: { statusCode, headers, body } }));
        },
        onResponseError(_controller, error) {
          fail(retryable(error));
        },
      },
    );
  });
}

function pathOf({ path, query }: HttpRequest): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, one ?? '']),
  );
  return pairs.length === 0
    ? path
    : `${path}?${new URLSearchParams(pairs).toString().replaceAll('+', '%20')}`;
}

function textsOf(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in received) {
    const value = received[name];
    if (value !== undefined) texts[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return texts;
}

/** The SDK's retries do not know undici's code for a connection that was closed early, so it is translated. */
const retryable = (error: Error): Error =>
  'code' in error && error.code === 'UND_ERR_SOCKET'
    ? Object.assign(new Error('the connection was closed', { cause: error }), { code: 'ECONNRESET' })
    : error;

const timeoutOf = (message: string): Error => named('TimeoutError', message);
const named = (name: string, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, cause === undefined ? {} : { cause }), { name });

/** The SDK passes on its caller's signal, which may come from another library. */
const asAbortSignal = (signal: unknown): AbortSignal | undefined =>
  signal instanceof AbortSignal ? signal : undefined;

/** Opens connections within an exact time. Our own, because undici's connector counts its timeout in steps of half a second. */
function connectorWithin(timeoutMs: number): buildConnector.connector {
  const sessions = new Map<string, Buffer>();
  return ({ hostname, port, protocol }, callback) => {
    const isSecure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    const session = sessions.get(host);
    const socket: Socket = isSecure
      ? connectTls({
          host,
          port: Number(port || 443),
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 && { servername: host }),
          ...(session !== undefined && { session }),
        })
      : connectTcp({ host, port: Number(port || 80) });
    socket.setNoDelay(true).setKeepAlive(true, IDLE_MS);
    let over = false;
    const end = (error: Error | undefined) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (error === undefined) return callback(null, socket);
      socket.destroy();
      callback(error, null);
    };
    const timer = setTimeout(() => end(timeoutOf(`not connected within ${timeoutMs} ms`)), timeoutMs);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => end(undefined));
    socket.on('session', (fresh: Buffer) => sessions.set(host, fresh));
    socket.on('error', end);
  };
}
