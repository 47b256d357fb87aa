// When a connection is used again and when not, on real sockets: idle times, freezes, stale connections, limits.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { OK } from '#test/support/raw-server.ts';
import { pem, serverTls } from '#test/support/tls/private.ts';

const withHint = (seconds: number) =>
  `HTTP/1.1 200 OK\r\nkeep-alive: timeout=${seconds}\r\ncontent-length: 0\r\n\r\n`;

describe('a connection', () => {
  it('is kept for the next exchange', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    for (let i = 0; i < 5; i += 1) await client.exchange(requestTo(server.url));
    expect([server.requests.length, server.connections.length]).toEqual([5, 1]);
  });

  it('is not shared between subscriptions', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    await client.exchange(requestTo(server.url, { pool: { key: 'one' } }));
    await client.exchange(requestTo(server.url, { pool: { key: 'two' } }));
    expect(server.connections).toHaveLength(2);
  });

  it('is closed when it has been idle for as long as the subscription says, whatever longer time the server hints', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await testServer({
      onConnection: (socket) => socket.on('close', () => closed.resolve()),
      onRequest: (socket) => socket.write(withHint(600)),
    });
    await testClient().exchange(requestTo(server.url, { pool: { idleTimeoutMs: 50 } }));
    await closed.promise;
  });

  it('is closed after its own idle time where the server hints at none', async () => {
    const gone: string[] = [];
    const both = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest(socket, _nth, { body }) {
        socket.on('close', () => {
          gone.push(body.toString());
          if (gone.length === 2) both.resolve();
        });
        socket.write(OK);
      },
    });
    const client = testClient();
    const use = (key: string, idleTimeoutMs: number) =>
      client.exchange(requestTo(server.url, { body: Buffer.from(key), pool: { key, idleTimeoutMs } }));
    // The longer one first: with one idle time for both, it would also be the first to go.
    await use('long', 1_000);
    await use('short', 50);
    await both.promise;
    expect(gone).toEqual(['short', 'long']);
  });

  it('that is free takes the next exchange, while a slow one holds another', async () => {
    const held = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest: (socket, nth) =>
        nth === 1 ? void held.promise.then(() => socket.write(OK)) : socket.write(OK),
    });
    const client = testClient();
    const request = requestTo(server.url, { pool: { connections: 2 } });
    const slow = client.exchange(request);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered' });
    held.resolve();
    expect(await slow).toMatchObject({ kind: 'answered' });
  });

  it('is not kept where the server hints at too short a time', async () => {
    const server = await testServer(answering(withHint(1)));
    const client = testClient();
    await client.exchange(requestTo(server.url));
    await client.exchange(requestTo(server.url));
    expect(server.connections).toHaveLength(2);
  });

  it.each([1, 3])('is never one of more than %i, and all exchanges get their turn', async (connections) => {
    const server = await testServer({ onRequest: (socket) => setImmediate(() => socket.write(OK)) });
    const client = testClient();
    const request = requestTo(server.url, { pool: { connections } });
    const exchanges = await Promise.all(Array.from({ length: 20 }, () => client.exchange(request)));
    expect(exchanges.map(({ kind }) => kind)).toEqual(Array(20).fill('answered'));
    expect(server.mostOpen()).toBe(connections);
  });

  it('carries one request at a time: the next is written after the answer', async () => {
    const inFlight: number[] = [];
    let open = 0;
    const server = await testServer({
      onRequest(socket) {
        open += 1;
        inFlight.push(open);
        setImmediate(() => {
          open -= 1;
          socket.write(OK);
        });
      },
    });
    const client = testClient();
    await Promise.all(Array.from({ length: 5 }, () => client.exchange(requestTo(server.url))));
    expect(inFlight).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('a fresh connection (none, at-most-once)', () => {
  const fresh = { fresh: true } as const;

  it('is kept within the invocation', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    for (let i = 0; i < 3; i += 1) await client.exchange(requestTo(server.url, { pool: fresh }));
    expect(server.connections).toHaveLength(1);
  });

  it('is closed at the end of the invocation, and the next one makes its own', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await testServer({
      onConnection: (socket) => socket.on('close', () => closed.resolve()),
      onRequest: (socket) => socket.write(OK),
    });
    const client = testClient();
    await client.exchange(requestTo(server.url, { pool: fresh }));
    await client.endInvocation();
    await closed.promise;
    expect(await client.exchange(requestTo(server.url, { pool: fresh }))).toMatchObject({ kind: 'answered' });
    expect(server.connections).toHaveLength(2);
  });

  it('is not cut off by the end of the invocation while it is in use', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest(socket) {
        asked.resolve();
        void answer.promise.then(() => socket.write(OK));
      },
    });
    const client = testClient();
    const exchange = client.exchange(requestTo(server.url, { pool: fresh }));
    await asked.promise;
    const ended = client.endInvocation();
    answer.resolve();
    expect(await exchange).toMatchObject({ kind: 'answered' });
    await ended;
  });

  it('is closed when it was not used for a second, whatever the server hints', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await testServer({
      onConnection: (socket) => socket.on('close', () => closed.resolve()),
      onRequest: (socket) => socket.write(withHint(600)),
    });
    await testClient().exchange(requestTo(server.url, { pool: fresh }));
    await closed.promise;
  });

  it('leaves the others alone at the end of an invocation', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    await client.exchange(requestTo(server.url));
    await client.endInvocation();
    await client.exchange(requestTo(server.url));
    expect(server.connections).toHaveLength(1);
  });
});

describe('a kept connection that the server closes', () => {
  it('while it is idle is found dead, and the request goes out once, on a new one', async () => {
    const server = await testServer({
      onRequest: (socket, nth) => (nth === 1 ? socket.end(OK) : socket.write(OK)),
    });
    const client = testClient();
    await client.exchange(requestTo(server.url));
    await once(server.connections[0] ?? expect.unreachable(), 'close');
    expect(await client.exchange(requestTo(server.url))).toMatchObject({ kind: 'answered' });
    expect([server.requests.length, server.connections.length]).toEqual([2, 2]);
  });

  it.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'just as the next request is written (%s) costs at most that request, and never sends it twice',
    async (close) => {
      // The server closes at different moments around the client's next write; each round is one of the races.
      const seen = new Map<string, number>();
      const server = await testServer({
        onRequest(socket, nth, { body }) {
          const id = body.toString();
          seen.set(id, (seen.get(id) ?? 0) + 1);
          socket.write(OK);
          if (nth % 2 === 0) return;
          if (nth % 3 === 0) socket[close]();
          else if (nth % 3 === 1) setImmediate(() => socket[close]());
          else process.nextTick(() => socket[close]());
        },
      });
      const client = testClient();
      for (let i = 0; i < 300; i += 1) {
        const exchange = await client.exchange(requestTo(server.url, { body: Buffer.from(`id-${i}`) }));
        const copies = seen.get(`id-${i}`) ?? 0;
        if (exchange.kind === 'answered') expect(copies).toBe(1);
        if (exchange.kind === 'unsent') expect(copies).toBe(0);
        if (i % 4 === 0) await new Promise(setImmediate);
      }
      await client.exchange(requestTo(server.url, { body: Buffer.from('marker') }));
      expect(Math.max(...seen.values())).toBe(1);
    },
  );

  it.each([
    ['a reset', 'http', undefined],
    ['a close', 'http', undefined],
    ['a reset', 'https', serverTls()],
    ['a close', 'https', serverTls()],
  ] as const)(
    'by %s just as requests are queued fails none of them: each goes out once, on a new one (%s)',
    async (how, _, tls) => {
      const server = await testServer(answering(OK), tls);
      const client = testClient({ lookup: async () => [{ address: '127.0.0.1' }] });
      const secured = tls && {
        tls: { id: 'ca', trusted: [pem('ca.crt')], verifyHost: true, trustAll: false },
      };
      const url = server.url.replace('127.0.0.1', 'callback.test');
      const send = (body: string) =>
        client.exchange(requestTo(url, { body: Buffer.from(body), pool: { fresh: true, ...secured } }));
      for (let round = 0; round < 20; round += 1) {
        await send(`first-${round}`);
        if (how === 'a reset') server.reset();
        else server.connections.at(-1)?.destroy();
        const bodies = Array.from({ length: 6 }, (_, n) => `${round}-${n}`);
        const exchanges = await Promise.all(bodies.map(send));
        expect(exchanges.map(({ kind }) => kind)).toEqual(bodies.map(() => 'answered'));
        expect(server.requests.slice(-6).map(({ body }) => body.toString())).toEqual(bodies);
      }
      expect(server.requests).toHaveLength(7 * 20);
    },
  );

  it('while the new one is refused too leaves the request unsent: a server that is down is not tried again', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    await client.exchange(requestTo(server.url));
    const exchange = server.close().then(() => client.exchange(requestTo(server.url)));
    expect(await exchange).toMatchObject({ kind: 'unsent', code: 'connection-refused' });
  });

  it('as the first bytes of the next request arrive makes it unknown, and it is not sent again', async () => {
    const server = await testServer({
      onBytes: (socket, nth) => nth === 1 && server.requests.length === 1 && socket.resetAndDestroy(),
      onRequest: (socket) => socket.write(OK),
    });
    const client = testClient();
    const send = (body: string) => client.exchange(requestTo(server.url, { body: Buffer.from(body) }));
    expect(await send('first')).toMatchObject({ kind: 'answered' });
    expect(await send('second')).toMatchObject({ kind: 'unknown' });
    expect(await send('marker')).toMatchObject({ kind: 'answered' });
    const bodies = server.requests.map(({ body }) => body.toString()).filter((body) => body !== 'second');
    expect(bodies).toEqual(['first', 'marker']);
    expect(server.requests.filter(({ body }) => body.toString() === 'second').length).toBeLessThanOrEqual(1);
  });
});

describe('a frozen function', () => {
  async function lazyCloser(closeAfterMs: number | undefined) {
    const worker = new Worker(new URL('../../support/lazy-closer.ts', import.meta.url), {
      workerData: closeAfterMs,
    });
    onTestFinished(async () => {
      await worker.terminate();
    });
    const next = async () => (await once(worker, 'message'))[0];
    const { port } = await next();
    return {
      url: `http://127.0.0.1:${port}/`,
      count: () => {
        worker.postMessage('count');
        return next();
      },
    };
  }
  /** The thread stands still: no timers, no sockets; the world goes on. */
  const freeze = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  it('makes a new fresh connection when it thaws, however the old one looks', async () => {
    const server = await lazyCloser(undefined);
    const client = testClient();
    const request = requestTo(server.url, { pool: { fresh: true } });
    await client.exchange(request);
    freeze(1_100);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered' });
    expect(await server.count()).toEqual({ connections: 2, requests: 2 });
  });

  it('finds a kept connection dead or learns it at once, and sends nothing twice', async () => {
    const server = await lazyCloser(50);
    const client = testClient();
    const request = requestTo(server.url, { timeoutMs: 30_000 });
    await client.exchange(request);
    freeze(300);
    const exchange = await client.exchange(request);
    expect(exchange.kind === 'unknown' ? exchange.code : exchange.kind).toMatch(/^(answered|reset|closed)$/);
    expect(await server.count()).toMatchObject({ requests: exchange.kind === 'answered' ? 2 : 1 });
  });

  it('is over its deadline when it thaws in the middle of an exchange', async () => {
    const server = await testServer({});
    const client = testClient();
    const exchange = client.exchange(requestTo(server.url, { timeoutMs: 500 }));
    while (server.requests.length === 0) await new Promise(setImmediate);
    freeze(600);
    expect(await exchange).toMatchObject({ kind: 'unknown', code: 'timeout' });
  });
});
