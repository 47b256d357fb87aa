// The requests of the AWS clients: answers, connections that are kept or lost, and the limits of time.
import { once } from 'node:events';
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import type { HttpRequest } from '@smithy/types';
import { afterEach, expect, test } from 'vitest';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { OK, type RawServer, rawServer } from '#test/support/raw-server.ts';
import { pem, serverTls } from '#test/support/tls/private.ts';

const LIMITS = { connectTimeoutMs: 5_000, requestTimeoutMs: 5_000 };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  closing.push(server.close);
  return server;
}

function handler(limits = LIMITS) {
  const made = createRequestHandler(limits);
  closing.push(() => made.destroy?.());
  return made;
}

function requestTo({ url }: RawServer, more: Partial<HttpRequest> = {}): HttpRequest {
  const { protocol, hostname, port } = new URL(url);
  const headers = { host: `${hostname}:${port}`, 'x-amz-target': 'Test' };
  return {
    method: 'POST',
    protocol,
    hostname,
    port: Number(port),
    path: '/',
    query: {},
    headers,
    body: '{}',
    ...more,
  };
}

test('an answer has its status, its headers as text, and its body as bytes', async () => {
  const server = await serve({
    onRequest: (socket) => {
      socket.write('HTTP/1.1 400 Bad\r\nX-Amzn-RequestId: r1\r\na: 1\r\na: 2\r\ncontent-length: 4\r\n\r\n');
      socket.write('\u00e4');
      socket.write('\u00f6');
    },
  });
  const { response } = await handler().handle(requestTo(server, { query: { a: 'b c', d: ['1', '2'] } }));
  expect(response).toMatchObject({ statusCode: 400, headers: { 'x-amzn-requestid': 'r1', a: '1, 2' } });
  expect(Buffer.from(response.body).toString()).toBe('\u00e4\u00f6');
  expect(server.requests[0]?.head).toMatch(/^POST \/\?a=b%20c&d=1&d=2 HTTP/);
});

test('a body of 1 MiB arrives whole, both ways', async () => {
  const body = 'x'.repeat(1024 * 1024);
  const server = await serve({
    onRequest: (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  });
  const { response } = await handler().handle(requestTo(server, { body }));
  expect(server.requests[0]?.body.equals(Buffer.from(body))).toBe(true);
  expect(Buffer.from(body).equals(response.body)).toBe(true);
});

test('calls one after the other use one connection, calls at once have their own', async () => {
  const server = await serve({ onRequest: (socket) => socket.write(OK) });
  const aws = handler();
  await aws.handle(requestTo(server));
  await aws.handle(requestTo(server));
  expect(server.connections).toHaveLength(1);
  await Promise.all([aws.handle(requestTo(server)), aws.handle(requestTo(server))]);
  expect(server.connections).toHaveLength(2);
});

test('a connection that the server closed while it was idle is replaced', async () => {
  const server = await serve({ onRequest: (socket) => socket.end(OK) });
  const aws = handler();
  await aws.handle(requestTo(server));
  await firstClosed(server);
  await aws.handle(requestTo(server));
  expect(server.connections).toHaveLength(2);
});

test('a connection that is reset or closed instead of an answer is an error with a code that is retried', async () => {
  const server = await serve({
    onRequest: (socket, nth) => (nth === 1 ? socket.resetAndDestroy() : socket.end()),
  });
  const aws = handler();
  await expect(aws.handle(requestTo(server))).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(aws.handle(requestTo(server))).rejects.toMatchObject({ code: 'ECONNRESET' });
  const { port } = server;
  await server.close();
  closing.pop();
  await expect(aws.handle(requestTo({ ...server, port }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an answer that does not come in time is a TimeoutError, and its connection is closed', async () => {
  const server = await serve({ onRequest: () => {} });
  const aws = handler({ ...LIMITS, requestTimeoutMs: 20 });
  await expect(aws.handle(requestTo(server))).rejects.toMatchObject({ name: 'TimeoutError' });
  await firstClosed(server);
});

test('a body that stops is a TimeoutError too', async () => {
  const server = await serve({
    onRequest: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  });
  const aws = handler({ ...LIMITS, requestTimeoutMs: 30 });
  await expect(aws.handle(requestTo(server))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a connection that is not made in time is a TimeoutError: TLS is a part of it', async () => {
  const server = await serve({});
  const aws = handler({ ...LIMITS, connectTimeoutMs: 20 });
  const request = requestTo(server, { protocol: 'https:' });
  await expect(aws.handle(request)).rejects.toMatchObject({
    name: 'TimeoutError',
    message: 'not connected within 20 ms',
  });
});

test('an abort ends the call, and the next one does not read its answer', async () => {
  const server = await serve({
    onRequest: (socket, nth) => {
      if (nth > 1) socket.write(OK);
    },
  });
  const aws = handler();
  const abort = new AbortController();
  const call = aws.handle(requestTo(server), { abortSignal: abort.signal });
  const [socket] = await Promise.all([untilRequest(server), undefined]);
  abort.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await once(socket, 'close');
  const { response } = await aws.handle(requestTo(server));
  expect(String(response.body)).toBe('ok');
});

test('a call that is aborted before writes nothing', async () => {
  const server = await serve({ onRequest: (socket) => socket.write(OK) });
  const aws = handler();
  const call = aws.handle(requestTo(server), { abortSignal: AbortSignal.abort() });
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await aws.handle(requestTo(server));
  expect(server.requests).toHaveLength(1);
});

test('it speaks TLS with a server that the machine trusts, and resumes its session', async () => {
  const trusted = getCACertificates();
  closing.push(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, pem('ca.crt')]);
  const server = await serve({ onRequest: (socket) => socket.end(OK) }, serverTls());
  const aws = handler();
  await aws.handle(requestTo(server));
  await firstClosed(server);
  const { response } = await aws.handle(requestTo(server));
  expect(response.statusCode).toBe(200);
  const second = server.connections[1];
  expect(second instanceof TLSSocket && second.isSessionReused()).toBe(true);
});

test('it refuses a server that the machine does not trust', async () => {
  const server = await serve({ onRequest: (socket) => socket.write(OK) }, serverTls());
  await expect(handler().handle(requestTo(server))).rejects.toMatchObject({
    code: expect.stringMatching(/CERT|VERIFY/),
  });
  expect(server.requests).toHaveLength(0);
});

async function untilRequest(server: RawServer) {
  while (server.requests.length === 0) await new Promise(setImmediate);
  const [socket] = server.connections;
  if (socket === undefined) throw new Error('no connection');
  return socket;
}

async function firstClosed({ connections: [first] }: RawServer): Promise<void> {
  if (first !== undefined && !first.closed) await once(first, 'close');
}
