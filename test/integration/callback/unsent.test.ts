// Every way in which a request is not written, on real sockets: "unsent" has to be true at the server.
import { readFileSync } from 'node:fs';
import { rootCertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { privateUrls } from '#test/support/hostile-urls.ts';
import { OK, rawServer } from '#test/support/raw-server.ts';
import { selfSigned } from '#test/support/tls/self-signed.ts';

const fixture = (file: string) => readFileSync(new URL(`../../support/tls/${file}`, import.meta.url));
const tls = { key: fixture('callback.key'), cert: fixture('callback.crt') };
const thisMachine = () => Promise.resolve([{ address: '127.0.0.1' }]);
const failingLookup = (code: string) => () => Promise.reject(Object.assign(new Error('lookup'), { code }));

describe('a connection that can not be made', () => {
  it('is refused', async () => {
    const server = await rawServer({});
    await server.close();
    const exchange = await testClient().exchange(requestTo(`${server.url}?token=secret`));
    expect(exchange).toEqual({
      kind: 'unsent',
      code: 'connection-refused',
      message: `the connection was refused (ECONNREFUSED, http://127.0.0.1:${server.port})`,
    });
  });

  it.each([
    ['ENOTFOUND', 'no-such-name'],
    ['EAI_AGAIN', 'lookup-failed'],
    ['EAI_FAIL', 'lookup-failed'],
  ])('has no address: %s', async (cause, code) => {
    const client = testClient({ lookup: failingLookup(cause) });
    expect(await client.exchange(requestTo('http://callback.test/'))).toMatchObject({ kind: 'unsent', code });
  });

  it('has a name whose look-up takes longer than the connect timeout', async () => {
    const client = testClient({ lookup: () => new Promise(() => {}) });
    const request = requestTo('http://callback.test/', { pool: { connectTimeoutMs: 50 } });
    expect(await client.exchange(request)).toMatchObject({ kind: 'unsent', code: 'lookup-failed' });
  });

  it('takes longer than the connect timeout to greet in TLS', async () => {
    const server = await testServer({});
    const request = requestTo(server.url.replace('http:', 'https:'), { pool: { connectTimeoutMs: 50 } });
    expect(await testClient().exchange(request)).toMatchObject({ kind: 'unsent', code: 'connect-timeout' });
  });

  it('does not fail the next exchange', async () => {
    const server = await testServer(answering(OK));
    let asked = 0;
    const client = testClient({
      lookup: () => (asked++ === 0 ? failingLookup('ENOTFOUND')() : thisMachine()),
    });
    const request = requestTo(`http://callback.test:${server.port}/`);
    expect(await client.exchange(request)).toMatchObject({ kind: 'unsent' });
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered' });
  });
});

describe('TLS', () => {
  beforeAll(() => setDefaultCACertificates([...rootCertificates, tls.cert.toString()]));
  afterAll(() => setDefaultCACertificates([...rootCertificates]));

  it('with a certificate for the name is good, and its connection is kept', async () => {
    const server = await testServer(answering(OK), tls);
    const client = testClient({ allowHttp: false, lookup: thisMachine });
    const request = requestTo(`https://callback.test:${server.port}/`);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(server.connections).toHaveLength(1);
  });

  it('is asked for the name without the dot that may end it in a URL', async () => {
    const server = await testServer(answering(OK), tls);
    const client = testClient({ lookup: thisMachine });
    const request = requestTo(`https://callback.test.:${server.port}/`);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(
      server.connections.map((socket) => (socket as TLSSocket & { servername?: string }).servername),
    ).toEqual(['callback.test']);
  });

  it('with a certificate for another name fails unsent', async () => {
    const server = await testServer(answering(OK), tls);
    const exchange = await testClient({ lookup: thisMachine }).exchange(
      requestTo(`https://other.test:${server.port}/`),
    );
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    expect(server.bytesReceived()).toBe(0);
  });

  it('with a certificate that nobody trusts fails unsent, whatever the environment says', async () => {
    setDefaultCACertificates([...rootCertificates]);
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const server = await testServer(answering(OK), tls);
      const exchange = await testClient({ lookup: thisMachine }).exchange(
        requestTo(`https://callback.test:${server.port}/`),
      );
      expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
      expect(server.bytesReceived()).toBe(0);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('with a key that is too short fails unsent', async () => {
    const weak = selfSigned('callback.test', { bits: 1_024 });
    // The server has to be told to use it.
    const server = await testServer(answering(OK), { ...weak, ciphers: 'DEFAULT@SECLEVEL=0' });
    const tls = { id: 'weak', trusted: [weak.cert], verifyHost: true, trustAll: false };
    const exchange = await testClient({ lookup: thisMachine }).exchange(
      requestTo(`https://callback.test:${server.port}/`, { pool: { tls } }),
    );
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    expect(server.requests).toEqual([]);
  });

  it('against a server without TLS fails unsent', async () => {
    const server = await testServer({
      onBytes: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    });
    const exchange = await testClient().exchange(requestTo(server.url.replace('http:', 'https:')));
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
  });

  it('that is reset while it is greeted fails unsent', async () => {
    const server = await testServer({ onBytes: (socket) => socket.resetAndDestroy() });
    const exchange = await testClient().exchange(requestTo(server.url.replace('http:', 'https:')));
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'connection-failed' });
  });
});

describe('the guard', () => {
  it.each([
    ...privateUrls.slice(0, 3),
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'nonsense',
    'ftp://a/',
  ])('refuses %s before anything is looked up or connected', async (url) => {
    let asked = 0;
    const client = testClient({ lookup: () => Promise.resolve([{ address: `8.8.8.${asked++}` }]) });
    expect(await client.exchange(requestTo(url))).toMatchObject({ kind: 'unsent', code: 'url-refused' });
    expect(asked).toBe(0);
  });

  it('refuses this machine where the deployment does not run on one machine', async () => {
    const server = await testServer(answering(OK));
    const client = testClient({ allowThisMachine: false, allowedCidrs: ['0.0.0.0/0'], lookup: thisMachine });
    expect(await client.exchange(requestTo(server.url))).toMatchObject({
      kind: 'unsent',
      code: 'url-refused',
    });
    const named = requestTo(`http://callback.test:${server.port}/`);
    expect(await client.exchange(named)).toMatchObject({ kind: 'unsent', code: 'address-refused' });
    expect(server.connections).toHaveLength(0);
  });

  it('shows neither the user nor the query of a URL in its message', async () => {
    const exchange = await testClient().exchange(requestTo('http://user:secret@127.0.0.1/?token=secret'));
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'url-refused' });
    expect(exchange.kind === 'unsent' && exchange.message).not.toMatch(/user:|secret|token/);
  });

  it('refuses a name when one of its addresses is bad', async () => {
    const server = await testServer(answering(OK));
    const lookup = () => Promise.resolve([{ address: '127.0.0.1' }, { address: '10.0.0.1' }]);
    const exchange = await testClient({ lookup }).exchange(requestTo(`http://callback.test:${server.port}/`));
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'address-refused' });
    expect(server.connections).toHaveLength(0);
  });

  it('asks once for each connection and connects to that very answer, so a name can not change in between', async () => {
    const server = await testServer(
      answering(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`),
    );
    const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1'];
    let asked = 0;
    const lookup = () => Promise.resolve([{ address: answers[asked++] ?? '' }]);
    const client = testClient({ lookup });
    const request = requestTo(`http://rebinding.test:${server.port}/`);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered' });
    expect(asked).toBe(1);
    expect(await client.exchange(request)).toMatchObject({ kind: 'unsent', code: 'address-refused' });
    expect(asked).toBe(2);
    expect(await client.exchange(request)).toMatchObject({ kind: 'answered' });
    expect(server.connections).toHaveLength(2);
  });

  it('uses the system to look up a name', async () => {
    const server = await testServer(answering(OK));
    const exchange = await testClient().exchange(requestTo(`http://localhost:${server.port}/`));
    expect(exchange).toMatchObject({ kind: 'answered' });
  });
});

describe('a request that can not be written', () => {
  it.each([
    ['Host', 'internal.example.com'],
    ['Content-Length', '3'],
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['expect', '100-continue'],
    ['x-a', 'one\r\nx-b: two'],
    ['x-a', 'snow ☃'],
    ['__proto__', 'v'],
    ['Constructor', 'v'],
    ['prototype', 'v'],
    ['x a', 'name with a space'],
    ['', 'no name'],
  ])('has the header %j: %j', async (name, value) => {
    const server = await testServer(answering(OK));
    const exchange = await testClient().exchange(
      requestTo(server.url, { headers: Object.fromEntries([[name, value]]) }),
    );
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'invalid-request' });
    expect(server.requests).toHaveLength(0);
  });

  it('comes after the client was closed', async () => {
    const server = await testServer(answering(OK));
    const client = testClient();
    await client.close();
    expect(await client.exchange(requestTo(server.url))).toMatchObject({
      kind: 'unsent',
      code: 'client-closed',
    });
    expect(server.connections).toHaveLength(0);
  });
});

describe('a deadline that passes before the write', () => {
  // The marker is a later exchange on the same single connection: what should not be written would come before it.
  const marker = (url: string) => requestTo(url, { body: Buffer.from('marker') });

  it('while another exchange has the connection: the request is never written', async () => {
    const holding = Promise.withResolvers<void>();
    const server = await testServer({
      onRequest: (socket, nth) =>
        nth === 1 ? holding.promise.then(() => socket.write(OK)) : socket.write(OK),
    });
    const client = testClient();
    const first = client.exchange(requestTo(server.url, { body: Buffer.from('first') }));
    const queued = await client.exchange(requestTo(server.url, { body: Buffer.from('late'), timeoutMs: 50 }));
    expect(queued).toMatchObject({ kind: 'unsent', code: 'timeout' });
    holding.resolve();
    expect(await first).toMatchObject({ kind: 'answered' });
    expect(await client.exchange(marker(server.url))).toMatchObject({ kind: 'answered' });
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['first', 'marker']);
    expect(server.connections).toHaveLength(1);
  });

  it('while the connection is being made: the request is never written, and the connection is used by the next', async () => {
    const server = await testServer(answering(OK));
    const found = Promise.withResolvers<{ address: string }[]>();
    const client = testClient({ lookup: () => found.promise });
    const url = `http://callback.test:${server.port}/`;
    const late = await client.exchange(requestTo(url, { body: Buffer.from('late'), timeoutMs: 50 }));
    expect(late).toMatchObject({ kind: 'unsent', code: 'timeout' });
    found.resolve([{ address: '127.0.0.1' }]);
    expect(await client.exchange(marker(url))).toMatchObject({ kind: 'answered' });
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['marker']);
    expect(server.connections).toHaveLength(1);
  });
});
