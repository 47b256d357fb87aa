// Every way in which an answer fails to come after bytes may have been written, on real sockets. The server's own
// count of whole requests shows that nothing below the client sends one twice.
import { readFileSync } from 'node:fs';
import { rootCertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import type { Behaviour } from '#test/support/raw-server.ts';
import { OK } from '#test/support/raw-server.ts';

/** One exchange that fails the first time, then one with a marker that must arrive and be answered. */
async function failThenMark(first: Behaviour, overrides: Parameters<typeof requestTo>[1] = {}) {
  const server = await testServer({
    onConnection: (socket, nth) => nth === 1 && first.onConnection?.(socket, nth),
    onBytes: (socket, nth) => nth === 1 && first.onBytes?.(socket, nth),
    onRequest: (socket, nth, request) =>
      request.body.toString() === 'marker' ? socket.write(OK) : first.onRequest?.(socket, nth, request),
  });
  const client = testClient();
  const exchange = await client.exchange(requestTo(server.url, { body: Buffer.from('once'), ...overrides }));
  const marker = await client.exchange(requestTo(server.url, { body: Buffer.from('marker') }));
  expect(marker).toMatchObject({ kind: 'answered', status: 200 });
  return { exchange, bodies: server.requests.map(({ body }) => body.toString()) };
}

const answerThenEnd = (bytes: string): Behaviour => ({ onRequest: (socket) => socket.end(bytes) });
const answerAndStay = (bytes: string): Behaviour => ({ onRequest: (socket) => socket.write(bytes) });

describe('a request that was written whole', () => {
  it.each<[string, Behaviour, string]>([
    ['a reset', { onRequest: (socket) => socket.resetAndDestroy() }, 'reset'],
    ['a close', { onRequest: (socket) => socket.destroy() }, 'closed'],
    ['a half close', { onRequest: (socket) => socket.end() }, 'closed'],
    ['a close within the status line', answerThenEnd('HTTP/1.1 20'), 'closed'],
    ['a close after an interim answer', answerThenEnd('HTTP/1.1 102 Processing\r\n\r\n'), 'closed'],
    ['bytes that are no HTTP', answerAndStay('220 smtp.example.com ESMTP\r\n'), 'malformed-answer'],
    ['a switch of protocols', answerAndStay('HTTP/1.1 101 Switching\r\n\r\n'), 'malformed-answer'],
    [
      'too many interim answers',
      answerAndStay('HTTP/1.1 102 X\r\n\r\n'.repeat(11)),
      'too-many-interim-answers',
    ],
    ['a status line without end', answerAndStay(`HTTP/1.1 200 ${'a'.repeat(70_000)}`), 'headers-too-large'],
  ])('is unknown after %s, and is not written again', async (_, behaviour, code) => {
    const { exchange, bodies } = await failThenMark(behaviour);
    expect(exchange).toMatchObject({ kind: 'unknown', code });
    expect(bodies).toEqual(['once', 'marker']);
  });

  it.each<[string, Behaviour]>([
    ['no answer', {}],
    ['a slow status line', answerAndStay('HTTP/1.1 200 O')],
    ['an interim answer', answerAndStay('HTTP/1.1 102 Processing\r\n\r\n')],
  ])('is unknown at the deadline with %s', async (_, behaviour) => {
    const { exchange, bodies } = await failThenMark(behaviour, { timeoutMs: 60 });
    expect(exchange).toMatchObject({ kind: 'unknown', code: 'timeout' });
    expect(bodies).toEqual(['once', 'marker']);
  });

  it('shows no path and no query in the message', async () => {
    const server = await testServer({ onRequest: (socket) => socket.resetAndDestroy() });
    expect(await testClient().exchange(requestTo(`${server.url}?token=secret`))).toEqual({
      kind: 'unknown',
      code: 'reset',
      message: `the connection was reset (ECONNRESET, http://127.0.0.1:${server.port})`,
    });
  });
});

describe('a request that was written in part', () => {
  const body = Buffer.alloc(1_048_576, 'x');

  it('is unknown after a reset', async () => {
    const { exchange, bodies } = await failThenMark(
      { onBytes: (socket) => socket.resetAndDestroy() },
      { body },
    );
    expect(exchange).toMatchObject({ kind: 'unknown', code: 'reset' });
    expect(bodies).toEqual(['marker']);
  });

  it('is unknown at the deadline, when the server stops reading', async () => {
    const large = Buffer.alloc(32 * 1_048_576, 'x');
    const { exchange, bodies } = await failThenMark(
      { onBytes: (socket) => socket.pause() },
      { body: large, timeoutMs: 150 },
    );
    expect(exchange).toMatchObject({ kind: 'unknown', code: 'timeout' });
    expect(bodies).toEqual(['marker']);
  });

  it('is unknown after a half close', async () => {
    const { exchange } = await failThenMark({ onBytes: (socket) => socket.end() }, { body });
    expect(exchange).toMatchObject({ kind: 'unknown' });
  });
});

describe('a connection that is reset as soon as it is made', () => {
  it('never counts as answered, and as unsent only when the server saw nothing', async () => {
    const server = await testServer({ onConnection: (socket) => socket.resetAndDestroy() });
    const client = testClient();
    for (let i = 0; i < 50; i += 1) {
      const exchange = await client.exchange(requestTo(server.url));
      expect(['unsent connection-failed', 'unknown reset', 'unknown closed']).toContain(
        exchange.kind === 'answered' ? 'answered' : `${exchange.kind} ${exchange.code}`,
      );
    }
    expect(server.requests).toHaveLength(0);
  });
});

describe('TLS that fails after the handshake', () => {
  const fixture = (file: string) => readFileSync(new URL(`../../support/tls/${file}`, import.meta.url));
  const tls = { key: fixture('callback.key'), cert: fixture('callback.crt') };
  beforeAll(() => setDefaultCACertificates([...rootCertificates, tls.cert.toString()]));
  afterAll(() => setDefaultCACertificates([...rootCertificates]));

  it('is unknown: the request went out before the server asked for a client certificate', async () => {
    const server = await testServer(
      {},
      { ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    );
    const client = testClient({ lookup: () => Promise.resolve([{ address: '127.0.0.1' }]) });
    const exchange = await client.exchange(requestTo(`https://callback.test:${server.port}/`));
    expect(exchange).toMatchObject({ kind: 'unknown' });
    expect(exchange.kind === 'unknown' && ['tls-failed', 'reset', 'closed']).toContain(
      exchange.kind === 'unknown' ? exchange.code : '',
    );
  });
});
