// Requests through real proxies: the callback's address is pinned before the proxy hears of it, the proxy's own address
// is guarded too, and what fails on the way was not sent.
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CallbackClientOptions } from '#lib/callback/client.ts';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import type { SecretRead } from '#lib/credentials/secrets.ts';
import { proxy as proxySchema } from '#lib/subscription/proxy-schema.ts';
import { ssl as sslSchema } from '#lib/subscription/ssl-schema.ts';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { hostileAddresses } from '#test/support/hostile-urls.ts';
import { httpProxy, oddProxy, socks4Proxy, socks5Proxy, type TestProxy } from '#test/support/proxies.ts';
import { OK } from '#test/support/raw-server.ts';
import { rowServer } from '#test/support/row-server.ts';
import { pem, serverTls } from '#test/support/tls/private.ts';

const CREDENTIALS = { username: 'us er', password: 'pä:ss' };
const secrets = {
  read: async (): Promise<SecretRead> => ({ ok: true, value: JSON.stringify(CREDENTIALS), version: '1' }),
  readAnew: async (): Promise<SecretRead> => ({ ok: false, code: 'secret-missing', message: '' }),
};

async function poolVia(type: string, { port }: { port: number }, more: object = {}, ssl: object = {}) {
  const proxy = proxySchema().parse({ enabled: true, type, host: '127.0.0.1', port, ...more });
  const read = await createConnectionOf({ secrets })({ id: 'a', proxy, ssl: sslSchema().parse(ssl) });
  if (!read.ok) throw new Error(read.message);
  return { tls: read.tls, proxy: read.proxy };
}

const thisMachine = () => Promise.resolve([{ address: '127.0.0.1' }]);
const client = (more: Partial<CallbackClientOptions> = {}) => testClient({ lookup: thisMachine, ...more });
const trusting = { trustStore: { type: 'PEM', content: pem('ca.crt') } };

const proxies: [string, () => Promise<TestProxy>, (port: number) => string, object][] = [
  ['HTTP', () => httpProxy(), (port) => `CONNECT 127.0.0.1:${port}`, {}],
  [
    'HTTP',
    () => httpProxy(CREDENTIALS),
    (port) => `CONNECT 127.0.0.1:${port}`,
    { secret: 'webhooks/dev/proxy' },
  ],
  ['HTTP', () => httpProxy(CREDENTIALS), (port) => `CONNECT 127.0.0.1:${port}`, CREDENTIALS],
  ['SOCKS5', () => socks5Proxy(), (port) => `127.0.0.1:${port}`, {}],
  ['SOCKS5', () => socks5Proxy(CREDENTIALS), (port) => `127.0.0.1:${port}`, { secret: 'webhooks/dev/proxy' }],
  ['SOCKS4', () => socks4Proxy(), (port) => `127.0.0.1:${port} me`, { username: 'me' }],
];

describe.each(proxies)('through a proxy, %s', (type, start, asked, more) => {
  it('an https callback is reached, its certificate verified for its name, its connection kept', async () => {
    const [server, proxy] = [await testServer(answering(OK), serverTls()), await start()];
    const request = requestTo(`https://callback.test:${server.port}/hook?a=b`, {
      pool: await poolVia(type, proxy, more, trusting),
    });
    const one = client({ allowHttp: false });
    expect(await one.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(await one.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.asked).toEqual([asked(server.port)]);
    expect(server.requests[0]?.head).toMatch(/^POST \/hook\?a=b HTTP\/1\.1\r\nhost: callback\.test:\d+\r\n/);
    expect(server.requests.map(({ head }) => head).join('')).not.toMatch(/proxy-/i);
    const other = { ...request, url: `https://other.test:${server.port}/` };
    expect(await one.exchange(other)).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    expect(server.requests).toHaveLength(2);
  });

  it('no connection outlives its pool', async () => {
    const [server, proxy] = [await testServer(answering(OK), serverTls()), await start()];
    const request = requestTo(`https://callback.test:${server.port}/hook`, {
      pool: { ...(await poolVia(type, proxy, more, trusting)), fresh: true },
    });
    const one = client({ allowHttp: false });
    expect(await one.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.open()).toBe(1);
    await one.endInvocation();
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });

  it('an http callback is reached', async () => {
    const [server, proxy] = [await testServer(answering(OK)), await start()];
    const request = requestTo(`http://callback.test:${server.port}/`, {
      pool: await poolVia(type, proxy, more),
    });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.asked).toEqual([asked(server.port)]);
  });

  it('a callback that refuses the connection is not reached: unsent', async () => {
    const [server, proxy] = [await testServer({}), await start()];
    await server.close();
    const request = requestTo(`http://callback.test:${server.port}/`, {
      pool: await poolVia(type, proxy, more),
    });
    expect(await client().exchange(request)).toMatchObject({ kind: 'unsent', code: 'proxy-refused' });
  });

  it('a request that was written and got no answer is unknown', async () => {
    const server = await testServer({ onRequest: (socket) => socket.destroy() });
    const request = requestTo(`http://callback.test:${server.port}/`, {
      pool: await poolVia(type, await start(), more),
    });
    expect(await client().exchange(request)).toMatchObject({ kind: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });
});

it('idle connections give way where no file is left to look up the callback behind a proxy', async () => {
  const [server, neighbours, proxy] = [
    await testServer(answering(OK)),
    await testServer(answering(OK)),
    await httpProxy(),
  ];
  let missing = 1;
  const lookup = async (host: string) => {
    if (host === 'callback.test' && missing-- > 0)
      throw Object.assign(new Error('no file'), { code: 'EMFILE' });
    return await thisMachine();
  };
  const one = client({ lookup });
  await one.exchange(requestTo(neighbours.url, { pool: { key: 'neighbour' } }));
  const request = requestTo(`http://callback.test:${server.port}/`, { pool: await poolVia('HTTP', proxy) });
  expect(await one.exchange(request)).toMatchObject({ kind: 'answered' });
  await expect.poll(() => neighbours.connections[0]?.destroyed).toBe(true);
});

describe('an HTTP proxy', () => {
  it.each([
    ['100 that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Connection established\r\n\r\n'],
    ['no reason phrase', 'HTTP/1.0 200\r\n\r\n'],
    ['headers of 40 KiB', `HTTP/1.1 200 OK\r\nx-a: ${'v'.repeat(40_960)}\r\n\r\n`],
    ['a length, which means nothing here', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
  ])('may answer with %s', async (_, answer) => {
    const server = await testServer(answering(OK), serverTls());
    const proxy = await oddProxy((socket) =>
      socket.once('data', () => {
        const target = connect(server.port, '127.0.0.1', () => {
          socket.write(answer);
          socket.pipe(target).pipe(socket);
        });
        target.on('error', () => socket.destroy());
      }),
    );
    const pool = await poolVia('HTTP', proxy, {}, trusting);
    const request = requestTo(`https://callback.test:${server.port}/`, { pool });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it.each([
    ['interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'x-a: one\r\n'],
    ['empty lines', '\r\n'],
  ])('that sends %s without end is given up at once: nothing was sent', async (_, first, pours = first) => {
    const server = await rowServer({ bytes: first, after: { pours } });
    onTestFinished(() => server.close());
    const pool = { ...(await poolVia('HTTP', server)), connectTimeoutMs: 30_000 };
    const request = requestTo('http://callback.test:9/', { pool, timeoutMs: 30_000 });
    expect(await client().exchange(request)).toMatchObject({ kind: 'unsent', code: 'proxy-refused' });
  });
});

describe('nothing is sent, and the code says why', () => {
  const to = async (pool: Awaited<ReturnType<typeof poolVia>>, more: Partial<CallbackClientOptions> = {}) =>
    client(more).exchange(
      requestTo('http://callback.test:9/', { pool: { ...pool, connectTimeoutMs: 2_000 } }),
    );

  it.each(['HTTP', 'SOCKS5'])('when the proxy is not there: %s', async (type) => {
    const gone = await testServer({});
    await gone.close();
    expect(await to(await poolVia(type, gone))).toEqual({
      kind: 'unsent',
      code: 'proxy-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('when the proxy wants other credentials', async () => {
    const wrong = { username: 'u', password: 'MaRkEd' };
    const http = await to(await poolVia('HTTP', await httpProxy(CREDENTIALS), wrong));
    expect(http).toMatchObject({
      kind: 'unsent',
      code: 'proxy-refused',
      message: expect.stringContaining('407'),
    });
    const socks = await to(await poolVia('SOCKS5', await socks5Proxy(CREDENTIALS), wrong));
    expect(socks).toMatchObject({ kind: 'unsent', code: 'proxy-refused' });
    expect(JSON.stringify([http, socks])).not.toContain('MaRkEd');
  });

  it.each<[string, (socket: import('node:net').Socket) => void]>([
    ['closes at once', (socket) => void socket.destroy()],
    ['closes when it is asked', (socket) => void socket.once('data', () => socket.destroy())],
    [
      'answers what is none of it',
      (socket) => void socket.once('data', () => socket.end('220 smtp ready\r\n')),
    ],
  ])('when the proxy %s', async (_, behave) => {
    for (const type of ['HTTP', 'SOCKS5']) {
      expect(await to(await poolVia(type, await oddProxy(behave)))).toMatchObject({
        kind: 'unsent',
        code: expect.stringMatching(/^proxy-(refused|unreachable)$/),
      });
    }
  });

  it('when the proxy says nothing within the connect timeout', async () => {
    for (const type of ['HTTP', 'SOCKS5', 'SOCKS4']) {
      const pool = { ...(await poolVia(type, await oddProxy(() => {}))), connectTimeoutMs: 100 };
      const exchange = await client().exchange(requestTo('http://callback.test:9/', { pool }));
      expect(exchange).toMatchObject({ kind: 'unsent', code: 'connect-timeout' });
    }
  });
});

describe('the guard', () => {
  it.each(hostileAddresses)('lets no name that leads to %s reach the proxy', async (address) => {
    const proxy = await httpProxy();
    // The proxy's own address is allowed here, the callback's is not.
    const lookup = async () => [{ address: '127.0.0.1' }, { address }];
    const exchange = await client({ lookup }).exchange(
      requestTo('http://callback.test:9/', { pool: await poolVia('HTTP', proxy) }),
    );
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'address-refused' });
    expect(proxy.asked).toEqual([]);
  });

  it('looks at the address of the proxy itself, a name or not', async () => {
    const proxy = await httpProxy();
    const strict = { allowThisMachine: false, lookup: async () => [{ address: '127.0.0.1' }] };
    const callback = 'http://1.1.1.1/';
    for (const host of ['127.0.0.1', 'proxy.test', '::1', '[::1]', '::ffff:127.0.0.1', '169.254.169.254']) {
      const pool = await poolVia('HTTP', proxy, { host });
      expect(await client(strict).exchange(requestTo(callback, { pool }))).toMatchObject({
        kind: 'unsent',
        code: 'proxy-address-refused',
      });
    }
    expect(proxy.asked).toEqual([]);
  });

  it('looks up the callback once for each connection, and the proxy gets that very address', async () => {
    const [server, proxy] = [await testServer(answering(OK)), await httpProxy()];
    const answers = ['127.0.0.1', '169.254.169.254'];
    let asked = 0;
    const lookup = async () => [{ address: answers[asked++] ?? '' }];
    const one = client({ lookup });
    const pool = { ...(await poolVia('HTTP', proxy)), fresh: true };
    const request = requestTo(`http://rebinding.test:${server.port}/`, { pool });
    expect(await one.exchange(request)).toMatchObject({ kind: 'answered' });
    await one.endInvocation();
    expect(await one.exchange(request)).toMatchObject({ kind: 'unsent', code: 'address-refused' });
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
  });
});
