// The limit on open connections, over all subscriptions of an environment: what one keeps open costs no other a delivery.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { OUT_OF_SOCKETS } from '#lib/callback/sockets.ts';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { useDns } from '#test/support/dns-server.ts';
import { OK } from '#test/support/raw-server.ts';

const keeping = (key: string, connections: number) => ({
  pool: { key, connections, idleTimeoutMs: 600_000 },
});

describe('a hundred subscriptions of ten lanes, whose connections stay open for long', () => {
  it('have no more sockets than there may be, and every exchange is answered', async () => {
    const server = await testServer({ onRequest: (socket) => setImmediate(() => socket.write(OK)) });
    const client = testClient({ mostSockets: 64 });
    for (let at = 0; at < 100; at++) {
      const lanes = Array.from({ length: 10 }, () =>
        client.exchange(requestTo(server.url, keeping(`subscription-${at}`, 10))),
      );
      const kinds = (await Promise.all(lanes)).map(({ kind }) => kind);
      expect(kinds).toEqual(Array.from({ length: 10 }, () => 'answered'));
    }
    // The server hears of a closed connection later than the next one is opened.
    await expect
      .poll(() => server.connections.filter(({ destroyed }) => !destroyed).length)
      .toBeLessThanOrEqual(64);
    expect(server.mostOpen()).toBeGreaterThan(32);
  });

  it('leave the next tenant a file where the system allows fewer than that: EMFILE is no outage', async () => {
    const server = await testServer({ onRequest: (socket) => setImmediate(() => socket.write(OK)) });
    const dns = await useDns(() => ({ addresses: ['127.0.0.1'] }));
    const script = new URL('../../support/few-files.ts', import.meta.url).pathname;
    const command = `ulimit -n 128 && exec "$0" "$@"`;
    const args = [script, String(server.port), dns.address, '100'];
    const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, ...args]);
    expect(JSON.parse(stdout)).toEqual({ results: { answered: 1_000 }, next: 'answered' });
  });
});

it('a tenant that opens many connections closes its own: the neighbour keeps its connection', async () => {
  const server = await testServer(answering(OK));
  const neighbours = await testServer(answering(OK));
  const client = testClient({ mostSockets: 16 });
  const ofNeighbour = () => client.exchange(requestTo(neighbours.url, keeping('neighbour', 1)));
  await ofNeighbour();
  for (let at = 0; at < 10; at++) {
    const lanes = Array.from({ length: 10 }, () => {
      const { pool } = keeping(`subscription-${at}`, 10);
      return client.exchange(requestTo(server.url, { pool: { ...pool, tenant: 'many' } }));
    });
    await Promise.all(lanes);
  }
  expect(server.connections.length).toBeGreaterThan(16);
  expect(await ofNeighbour()).toMatchObject({ kind: 'answered' });
  expect(neighbours.connections).toHaveLength(1);
});

describe('where each connection has a request on it', () => {
  it('a further exchange is handed back, and is made when one of them is over', async () => {
    const held = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest: (socket, nth) =>
        void (nth <= 2 ? held.promise : Promise.resolve()).then(() => socket.write(OK)),
    });
    const client = testClient({ mostSockets: 2 });
    const busy = ['one', 'two'].map((key) => client.exchange(requestTo(server.url, keeping(key, 1))));
    await expect.poll(() => server.requests.length).toBe(2);
    const third = requestTo(server.url, keeping('three', 1));
    await expect(client.exchange(third)).rejects.toThrow(LocalFault);
    await expect(client.exchange(third)).rejects.toMatchObject({ code: OUT_OF_SOCKETS });
    expect(server.requests).toHaveLength(2);
    held.resolve();
    expect((await Promise.all(busy)).map(({ kind }) => kind)).toEqual(['answered', 'answered']);
    expect(await client.exchange(third)).toMatchObject({ kind: 'answered' });
    // The one that gave way connects again.
    expect(await client.exchange(requestTo(server.url, keeping('one', 1)))).toMatchObject({
      kind: 'answered',
    });
  });

  it('an idle connection of a busy pool gives way too', async () => {
    const held = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest: (socket, _nth, { body }) =>
        void (body.toString() === 'held' ? held.promise : Promise.resolve()).then(() => socket.write(OK)),
    });
    const client = testClient({ mostSockets: 2 });
    const ofOne = (body: string) =>
      client.exchange({ ...requestTo(server.url, keeping('one', 2)), body: Buffer.from(body) });
    const slow = ofOne('held');
    await ofOne('quick');
    expect(await client.exchange(requestTo(server.url, keeping('two', 1)))).toMatchObject({
      kind: 'answered',
    });
    held.resolve();
    expect(await slow).toMatchObject({ kind: 'answered' });
  });
});

it('a connection that fails or is closed counts no more', async () => {
  const server = await testServer(
    answering('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  );
  const gone = await testServer({});
  await gone.close();
  const client = testClient({ mostSockets: 1 });
  for (let at = 0; at < 5; at++) {
    expect(await client.exchange(requestTo(gone.url, keeping(`gone-${at}`, 1)))).toMatchObject({
      kind: 'unsent',
    });
    expect(await client.exchange(requestTo(server.url, keeping(`here-${at}`, 1)))).toMatchObject({
      kind: 'answered',
    });
  }
});
