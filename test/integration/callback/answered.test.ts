// What is written, and what becomes of each kind of answer, on real sockets.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { OK } from '#test/support/raw-server.ts';

const answer = (head: string, body: string | Buffer = '') =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${head}\r\ncontent-length: ${body.length}\r\n\r\n`),
    Buffer.from(body),
  ]);

describe('what is written', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
    ['text that is no JSON', Buffer.from('{"broken')],
    ['a part of a larger buffer', new Uint8Array(Buffer.from('abcdefgh').buffer.slice(0)).subarray(2, 5)],
    ['1 MiB', Buffer.alloc(1_048_576, 'payload-')],
  ])('is the body as given: %s', async (_, body) => {
    const server = await testServer(answering(OK));
    await testClient().exchange(requestTo(server.url, { body }));
    expect(server.requests[0]?.body.equals(body)).toBe(true);
    expect(server.requests[0]?.head).toContain(`content-length: ${body.length}`);
  });

  it('is a POST with the headers as given, and none of our own but the framing', async () => {
    const server = await testServer(answering(OK));
    const headers = {
      'Content-Type': 'text/plain',
      'webhook-id': 'msg_1',
      Authorization: 'Bearer abc',
      'x-ü': 'é',
    };
    const { 'x-ü': latin1, ...tokens } = headers;
    await testClient().exchange(
      requestTo(`${server.url}/a%20b?c=d&e#f`, { headers: { ...tokens, 'x-u': latin1 } }),
    );
    expect(server.requests[0]?.head.split('\r\n')).toEqual([
      'POST /hook/a%20b?c=d&e HTTP/1.1',
      `host: 127.0.0.1:${server.port}`,
      'connection: keep-alive',
      'Content-Type: text/plain',
      'webhook-id: msg_1',
      'Authorization: Bearer abc',
      'x-u: é',
      'content-length: 7',
    ]);
  });

  // RECEIVERS.md says what the URL parser changes.
  it.each([
    ['/a/./b/../c', '/a/c'],
    ['', '/'],
    ['/a b"<>`é', '/a%20b%22%3C%3E%60%C3%A9'],
    ['/a%2fb%C3%a9', '/a%2fb%C3%a9'],
    ['/a\\b', '/a/b'],
    ['/a\n\tb', '/ab'],
    ["/a?b=c d'é#part", '/a?b=c%20d%27%C3%A9'],
    ['/a?', '/a'],
  ])('goes to the path %j as %j', async (registered, sent) => {
    const server = await testServer(answering(OK));
    await testClient().exchange(requestTo(`HTTP://LOCALHOST:${server.port}${registered}`));
    expect(server.requests[0]?.head.split('\r\n').slice(0, 2)).toEqual([
      `POST ${sent} HTTP/1.1`,
      `host: localhost:${server.port}`,
    ]);
  });

  it('has no content type where none was given', async () => {
    const server = await testServer(answering(OK));
    await testClient().exchange(requestTo(server.url, { headers: {} }));
    expect(server.requests[0]?.head).not.toMatch(/content-type/i);
  });
});

describe('an answer', () => {
  it.each([200, 204, 299, 400, 401, 404, 410, 429, 500, 503, 599])('of %i is an answer', async (status) => {
    const server = await testServer(
      answering(status === 204 ? 'HTTP/1.1 204 No\r\n\r\n' : answer(`${status} X`, 'hi')),
    );
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', status, truncated: false });
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe(status === 204 ? '' : 'hi');
  });

  it.each([301, 302, 303, 307, 308])('of %i is an answer and is not followed', async (status) => {
    const elsewhere = await testServer(answering(OK));
    const server = await testServer(answering(answer(`${status} X\r\nlocation: ${elsewhere.url}`)));
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', status, headers: { location: elsewhere.url } });
    expect(elsewhere.connections).toHaveLength(0);
    expect(server.requests).toHaveLength(1);
  });

  it('has its headers by lower-case name, a repeated one joined', async () => {
    const server = await testServer(answering(answer('200 OK\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2')));
    expect(await testClient().exchange(requestTo(server.url))).toMatchObject({
      headers: { 'retry-after': '7', 'x-a': '1,2', 'content-length': '0' },
    });
  });

  it('may be chunked, and may come in pieces', async () => {
    const server = await testServer({
      async onRequest(socket) {
        for (const part of [
          'HTTP/1.1 200 O',
          'K\r\ntransfer-enc',
          'oding: chunked\r\n\r\n3\r\nabc\r',
          '\n2\r\nde\r\n0\r\n\r\n',
        ]) {
          socket.write(part);
          await new Promise(setImmediate);
        }
      },
    });
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('abcde');
  });

  it('may end with the connection', async () => {
    const server = await testServer({
      onRequest: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'),
    });
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('until the end');
  });

  it('may come before the body was read', async () => {
    const server = await testServer({ onBytes: (socket) => socket.write(answer('413 Too Large')) });
    const exchange = await testClient().exchange(requestTo(server.url, { body: Buffer.alloc(1_048_576) }));
    expect(exchange).toMatchObject({ kind: 'answered', status: 413 });
  });

  it('comes after interim answers, which are skipped', async () => {
    const interim = 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
    const server = await testServer(answering(`${interim}${OK}`));
    const client = testClient();
    const exchange = await client.exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', status: 200, headers: { 'content-length': '2' } });
    expect(await client.exchange(requestTo(server.url))).toMatchObject({ kind: 'answered', status: 200 });
    expect(server.connections).toHaveLength(1);
  });
});

describe('an answer whose connection breaks within the body', () => {
  it.each([200, 302, 404, 410, 503])('of %i is an answer all the same', async (status) => {
    const server = await testServer({
      onRequest: (socket) =>
        socket.end(`HTTP/1.1 ${status} X\r\ncontent-length: 99\r\nretry-after: 7\r\n\r\nhalf`),
    });
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({
      kind: 'answered',
      status,
      headers: { 'retry-after': '7' },
      incomplete: 'closed',
    });
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('half');
  });
});

describe('a long answer', () => {
  it('is read up to the cap, its status stands, and its connection is given up', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest(socket, nth) {
        socket.once('close', () => closed.resolve());
        socket.write(nth === 1 ? answer('503 Down', 'x'.repeat(100_000)) : OK);
      },
    });
    const client = testClient({ responseCapBytes: 1_000 });
    const exchange = await client.exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', status: 503, truncated: true });
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('x'.repeat(1_000));
    await closed.promise;
    expect(await client.exchange(requestTo(server.url))).toMatchObject({ kind: 'answered', status: 200 });
    expect(server.connections).toHaveLength(2);
  });

  it('of exactly the cap is whole', async () => {
    const server = await testServer(answering(answer('200 OK', 'x'.repeat(1_000))));
    const exchange = await testClient({ responseCapBytes: 1_000 }).exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', truncated: false });
    expect(exchange.kind === 'answered' && exchange.body.length).toBe(1_000);
  });

  it('without an end is cut off', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest(socket) {
        socket.once('close', () => closed.resolve());
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const pour = () => {
          while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
        };
        socket.on('drain', pour);
        pour();
      },
    });
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', truncated: true });
    await closed.promise;
  });
});

describe('a compressed answer, which nobody asked for', () => {
  const compressions = [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['Deflate', deflateRawSync],
    ['zstd', zstdCompressSync],
    ['gzip, identity', gzipSync],
    ['deflate, gzip', (body: Buffer | string) => gzipSync(deflateSync(body))],
    ['br, zstd, x-gzip', (body: Buffer | string) => gzipSync(zstdCompressSync(brotliCompressSync(body)))],
  ] as const;
  const compressed = (encoding: string, body: Buffer) =>
    answer(`200 OK\r\ncontent-encoding: ${encoding}`, body);

  it.each(compressions)('%s is decompressed', async (encoding, compress) => {
    const server = await testServer(answering(compressed(encoding, compress('a reason'))));
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', truncated: false });
    expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('a reason');
  });

  it.each(compressions)(
    '%s is decompressed up to the cap: a bomb takes no memory',
    async (encoding, compress) => {
      const bomb = compress(Buffer.alloc(50_000_000));
      const server = await testServer(answering(compressed(encoding, bomb)));
      const client = testClient();
      const before = process.memoryUsage().arrayBuffers;
      const exchange = await client.exchange(requestTo(server.url));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
      expect(exchange).toMatchObject({ kind: 'answered', status: 200, truncated: true });
      expect(exchange.kind === 'answered' && exchange.body.length).toBe(65_536);
    },
  );

  const behind = [
    ['text', Buffer.from('garbage')],
    ['zeros', Buffer.alloc(50)],
    ['half of a second stream', gzipSync('b'.repeat(100)).subarray(0, 8)],
    ['the beginning of a stream of another kind', Buffer.from([0x1f, 0x8b, 9, 9, 9])],
    ['60,000 bytes', Buffer.alloc(60_000, 0x1f)],
  ] as const;
  it.each(behind)('is read in gzip with %s behind its stream', async (_, more) => {
    for (const text of ['a reason', 'a reason '.repeat(6_000)]) {
      const head = gzipSync(text);
      // The same with extra bytes, a name and a comment in its head.
      const extra = Buffer.from([3, 0, 1, 2, 3]);
      const fields = Buffer.concat([extra, Buffer.from('name\0comment\0')]);
      const flagged = Buffer.concat([head.subarray(0, 10), fields, head.subarray(10)]);
      flagged[3] = 4 + 8 + 16;
      for (const stream of [head, flagged]) {
        const server = await testServer(answering(compressed('gzip', Buffer.concat([stream, more]))));
        const exchange = await testClient().exchange(requestTo(server.url));
        expect(exchange.kind === 'answered' && exchange.body.toString('utf8', 0, text.length)).toBe(text);
      }
    }
  });

  it('is read in gzip up to the cap, with garbage behind a bomb', async () => {
    const bomb = Buffer.concat([gzipSync(Buffer.alloc(50_000_000)), Buffer.from('garbage')]);
    const server = await testServer(answering(compressed('gzip', bomb)));
    const exchange = await testClient().exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', truncated: true });
    expect(exchange.kind === 'answered' && exchange.body.length).toBe(65_536);
  });

  it('that is longer than the cap on the wire is decompressed as far as it was read', async () => {
    const noise = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i * 31) % 251));
    const server = await testServer(answering(compressed('gzip', gzipSync(noise, { level: 0 }))));
    const exchange = await testClient({ responseCapBytes: 10_000 }).exchange(requestTo(server.url));
    expect(exchange).toMatchObject({ kind: 'answered', truncated: true });
    expect(exchange.kind === 'answered' && exchange.body.length).toBeGreaterThan(1_000);
    expect(
      exchange.kind === 'answered' && noise.subarray(0, exchange.body.length).equals(exchange.body),
    ).toBe(true);
  });

  it.each(['gzip', 'br', 'zstd', 'gzip, br', 'zip', 'gzip, '.repeat(1_000)])(
    '%s that is none is kept as it came',
    async (encoding) => {
      const server = await testServer(answering(compressed(encoding, Buffer.from('plain text'))));
      const exchange = await testClient().exchange(requestTo(server.url));
      expect(exchange).toMatchObject({ kind: 'answered', status: 200, truncated: false });
      expect(exchange.kind === 'answered' && exchange.body.toString()).toBe('plain text');
    },
  );
});

it('reads hundreds of header names in steps that grow with their number, not with its square', async () => {
  const names = Array.from({ length: 900 }, (_, n) => `x-${n}`);
  const server = await testServer(
    answering(answer(`200 OK\r\n${names.map((name) => `${name}: v`).join('\r\n')}`)),
  );
  let calls = 0;
  const lowered = String.prototype.toLowerCase;
  const spy = vi.spyOn(String.prototype, 'toLowerCase').mockImplementation(function (this: string) {
    calls += 1;
    return lowered.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  const exchange = await testClient().exchange(requestTo(server.url));
  spy.mockRestore();
  expect(exchange).toMatchObject({ status: 200, headers: { 'x-0': 'v', 'x-899': 'v' } });
  expect(calls).toBeLessThan(10 * names.length);
});

it.each([
  ['the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['a body without a length', 'HTTP/1.1 200 OK\r\n\r\nok'],
  ['a body with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'],
])('says that the connection was reset within %s', async (_, bytes) => {
  const written = Promise.withResolvers<import('node:net').Socket>();
  const server = await testServer({
    onRequest: (socket) => void socket.write(bytes, () => written.resolve(socket)),
  });
  const exchange = testClient().exchange(requestTo(server.url));
  (await written.promise).resetAndDestroy();
  expect(await exchange).toMatchObject({ kind: 'answered', status: 200, incomplete: 'reset' });
});
