// One call to a service of AWS: its signature, what is retried and after which waits, the clock, and the errors.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { createSignedCall, type SignedCallOptions } from '#lib/aws/signed-call.ts';
import { type RawServer, rawServer } from '#test/support/raw-server.ts';
import { verifySignature } from '#test/support/verify-signature.ts';

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const NOW = Date.parse('2026-11-28T12:00:00Z');
const HOUR = 3_600_000;
const closing: (() => unknown)[] = [];
/** The waits before retries, in milliseconds. They are not waited for. */
let waits: number[];

beforeEach(() => {
  waits = [];
  // The SDK multiplies the longest wait by this.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const { setTimeout: real } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0, ...args: []) => {
    if (ms >= LIMIT_MS) return real(run, ms, ...args);
    waits.push(ms);
    return real(run, 0, ...args);
  }) as typeof setTimeout);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

const LIMIT_MS = 5_000;
type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
const OK: Answer = { status: 200, body: '{"done":true}' };
const failing = (status: number, type: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify({ __type: `com.amazonaws.test#${type}`, message: 'because' }),
});

/** Answers the first call with the first answer, and so on; 'reset' resets the connection. */
async function serve(...answers: (Answer | 'reset')[]): Promise<RawServer> {
  const server = await rawServer({
    onRequest: (socket, nth) => {
      const answer = answers[nth - 1];
      if (answer === undefined) throw new Error(`no answer for call ${nth}`);
      if (answer === 'reset') return void socket.resetAndDestroy();
      const { status, headers = {}, body = '' } = answer;
      const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
      socket.write(
        `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
      );
    },
  });
  closing.push(server.close);
  return server;
}

function callTo(server: RawServer, more: Partial<SignedCallOptions> = {}) {
  const requestHandler = createRequestHandler({ connectTimeoutMs: LIMIT_MS, requestTimeoutMs: LIMIT_MS });
  closing.push(() => requestHandler.destroy?.());
  const call = createSignedCall({
    service: 'sqs',
    credentials: async () => KEY,
    region: async () => 'eu-west-1',
    requestHandler,
    maxAttempts: 3,
    now: () => NOW,
    ...more,
  });
  return async (abortSignal?: AbortSignal) =>
    JSON.parse(
      String(
        await call({
          target: 'AmazonSQS.Test',
          body: '{"text":"\u00e4"}',
          endpoint: () => new URL('/', server.url),
          abortSignal,
        }),
      ),
    );
}

const headersOf = (server: RawServer, name: string) =>
  server.requests.map(({ head }) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]);

test('a call is signed for its service and region at its time, and its answer is returned', async () => {
  const server = await serve(OK, OK);
  const call = callTo(server);
  expect([await call(), await call()]).toEqual([{ done: true }, { done: true }]);
  for (const request of server.requests) {
    expect(verifySignature(request, KEY.secretAccessKey).scope).toBe('20261128/eu-west-1/sqs/aws4_request');
    expect(request.body.toString()).toBe('{"text":"\u00e4"}');
  }
  expect(headersOf(server, 'x-amz-target')).toEqual(['AmazonSQS.Test', 'AmazonSQS.Test']);
  expect(headersOf(server, 'x-amz-date')).toEqual(['20261128T120000Z', '20261128T120000Z']);
});

test('credentials that were replaced sign the next call, with their token', async () => {
  const server = await serve(OK, OK, OK);
  const sets = [
    { ...KEY, sessionToken: 'first' },
    { ...KEY, secretAccessKey: 'another', sessionToken: 'second' },
  ];
  let current = 0;
  const call = callTo(server, { credentials: async () => sets[current] ?? KEY });
  await call();
  current = 1;
  await call();
  current = 0;
  await call();
  expect(headersOf(server, 'x-amz-security-token')).toEqual(['first', 'second', 'first']);
  const secrets = [KEY.secretAccessKey, 'another', KEY.secretAccessKey];
  for (const [index, request] of server.requests.entries()) verifySignature(request, secrets[index] ?? '');
});

test.each([
  ['an error of the server', failing(500, 'InternalError')],
  ['an unavailable service, in HTML', { status: 503, body: '<html>' }],
  ['a reset connection', 'reset'],
  ['an unavailable service without a body', { status: 502 }],
] as const)('%s is retried, after waits that grow', async (_, fault) => {
  const server = await serve(fault, fault, OK);
  expect(await callTo(server)()).toEqual({ done: true });
  expect(waits).toEqual([25, 50]);
});

test('a service may have a first wait of its own', async () => {
  const server = await serve('reset', 'reset', OK);
  await callTo(server, { firstWaitMs: 10 })();
  expect(waits).toEqual([5, 10]);
});

test.each([
  ['by its name', failing(400, 'ThrottlingException')],
  ['by the name of SQS', failing(400, 'RequestThrottled')],
  ['by the name of DynamoDB', failing(400, 'ProvisionedThroughputExceededException')],
  [
    'by its header',
    { status: 400, headers: { 'x-amzn-errortype': 'ThrottlingException:http://a/' }, body: '{}' },
  ],
  ['by its status', failing(429, 'Other')],
])('a throttled call, told %s, is retried after longer waits', async (_, fault) => {
  const server = await serve(fault, fault, OK);
  expect(await callTo(server)()).toEqual({ done: true });
  expect(waits).toEqual([500, 1_000]);
});

test('after three attempts the last error is thrown, with its name, status and request id', async () => {
  const last = failing(500, 'InternalError', { 'x-amzn-requestid': 'r-3' });
  const server = await serve('reset', failing(400, 'ThrottlingException'), last);
  await expect(callTo(server)()).rejects.toMatchObject({
    name: 'InternalError',
    message: 'because',
    $fault: 'server',
    $metadata: { httpStatusCode: 500, requestId: 'r-3' },
  });
  expect(server.requests).toHaveLength(3);
});

test.each([
  ['AccessDeniedException', 400],
  ['QueueDoesNotExist', 400],
  ['SerializationException', 400],
  ['ExpiredTokenException', 403],
])('%s is thrown at once', async (name, status) => {
  const server = await serve(failing(status, name));
  await expect(callTo(server)()).rejects.toMatchObject({ name, $fault: 'client' });
  expect([server.requests.length, waits]).toEqual([1, []]);
});

test('an exception that callers tell apart has its class', async () => {
  const server = await serve(failing(400, 'ConditionalCheckFailedException'), failing(400, 'Other'));
  const call = callTo(server, {
    exceptions: { ConditionalCheckFailedException: (fields) => new ConditionalCheckFailedException(fields) },
  });
  await expect(call()).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  await expect(call()).rejects.not.toBeInstanceOf(ConditionalCheckFailedException);
});

test.each([-HOUR, HOUR])('a clock that is off by %d ms is corrected, for later calls too', async (offMs) => {
  const date = new Date(NOW + offMs).toUTCString();
  const server = await serve(failing(403, 'InvalidSignatureException', { date }), OK, OK);
  const call = callTo(server);
  await call();
  await call();
  const corrected = new Date(NOW + offMs).toISOString().replace(/[-:]|\.\d+/g, '');
  expect(headersOf(server, 'x-amz-date')).toEqual(['20261128T120000Z', corrected, corrected]);
});

test('a refused signature is not retried while the clocks agree', async () => {
  const server = await serve(
    failing(403, 'InvalidSignatureException', { date: new Date(NOW).toUTCString() }),
  );
  await expect(callTo(server)()).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  expect(server.requests).toHaveLength(1);
});

test('an aborted call is not retried', async () => {
  const server = await serve('reset', OK);
  const abort = new AbortController();
  const call = callTo(server)(abort.signal);
  abort.abort();
  await expect(call).rejects.toThrow();
  expect(server.requests.length).toBeLessThanOrEqual(1);
});

test('credentials that can not be had are an error, and the next call asks again', async () => {
  const server = await serve(OK);
  let asked = 0;
  const call = callTo(server, {
    credentials: async () => {
      asked += 1;
      if (asked === 1) throw new Error('no credentials');
      return KEY;
    },
  });
  await expect(call()).rejects.toThrow('no credentials');
  expect(await call()).toEqual({ done: true });
});
