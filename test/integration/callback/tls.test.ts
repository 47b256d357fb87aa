// `ssl` on real TLS servers: a private authority, a client's own certificate, and what is refused before a byte is sent.
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import type { SecretRead } from '#lib/credentials/secrets.ts';
import { ssl as sslSchema } from '#lib/subscription/ssl-schema.ts';
import { answering, requestTo, testClient, testServer } from '#test/support/callback-exchange.ts';
import { OK, type RawServer } from '#test/support/raw-server.ts';
import { helloServer } from '#test/support/tls/hello-server.ts';
import { STORE_PASSWORD as password, pem, serverTls, store } from '#test/support/tls/private.ts';
import { selfSigned } from '#test/support/tls/self-signed.ts';
import { ticketServer } from '#test/support/tls/ticket-server.ts';

const thisMachine = () => Promise.resolve([{ address: '127.0.0.1' }]);
const client = () => testClient({ allowHttp: false, lookup: thisMachine });
const urlOf = ({ port }: RawServer, host = 'callback.test') => `https://${host}:${port}/hook`;

/** Secrets Manager with so much in it; what is put is there from the next reading on. */
function secretsOf(values: Record<string, unknown>) {
  const read = async (id: string): Promise<SecretRead> =>
    id in values
      ? { ok: true, value: JSON.stringify(values[id]), version: '1' }
      : { ok: false, code: 'secret-missing', message: `the secret ${id} does not exist` };
  return { values, secrets: { read, readAnew: read } };
}

async function tlsOf(ssl: unknown, connectionOf = createConnectionOf(secretsOf({}))) {
  const read = await connectionOf({ id: 'a', ssl: sslSchema().parse(ssl) });
  if (!read.ok) throw new Error(read.message);
  return read.tls;
}

const trustStore = { type: 'PEM', content: pem('ca.crt') };
const clients = (server: RawServer): unknown[] =>
  server.connections.map((socket) => (socket as TLSSocket).getPeerCertificate().subject?.CN);

describe('a private authority', () => {
  it.each([
    ['PEM', trustStore],
    ['PKCS12', { type: 'PKCS12', content: store('keytool-trust.p12'), password }],
  ])('is trusted where a trust store names it: %s', async (_, trustStore) => {
    const server = await testServer(answering(OK), serverTls());
    const request = requestTo(urlOf(server), { pool: { tls: await tlsOf({ trustStore }) } });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('is trusted by nobody else, and one who trusts another does not trust it', async () => {
    const server = await testServer(answering(OK), serverTls());
    const one = client();
    const other = await tlsOf({ trustStore: { type: 'PEM', content: pem('intermediate.crt') } });
    for (const tls of [undefined, other]) {
      const exchange = await one.exchange(requestTo(urlOf(server), { pool: { tls } }));
      expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    }
    expect(server.bytesReceived()).toBe(0);
  });

  it('does not vouch for another host, unless the host is not to be verified', async () => {
    const server = await testServer(answering(OK), serverTls());
    const one = client();
    const strict = await one.exchange(
      requestTo(urlOf(server, 'other.test'), { pool: { tls: await tlsOf({ trustStore }) } }),
    );
    expect(strict).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    const tls = await tlsOf({ trustStore, hostnameVerifier: false });
    expect(await one.exchange(requestTo(urlOf(server, 'other.test'), { pool: { tls } }))).toMatchObject({
      kind: 'answered',
    });
    // The authority still counts.
    const untrusted = await tlsOf({ hostnameVerifier: false });
    const exchange = await one.exchange(requestTo(urlOf(server, 'other.test'), { pool: { tls: untrusted } }));
    expect(exchange).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
  });

  it('that is trusted for its hosts only does not vouch for another host, whatever else is trusted', async () => {
    const server = await testServer(answering(OK), serverTls());
    const [ours, another] = [pem('ca.crt'), selfSigned('other.test', { bits: 2_048 }).cert];
    const one = client();
    const to = (host: string, tls: { trusted: string[]; trustedForHost: string[] }) => {
      const settings = { ...tls, id: tls.trusted.join(), verifyHost: false, trustAll: false };
      return one.exchange(requestTo(urlOf(server, host), { pool: { tls: settings } }));
    };
    const forHost = { trusted: [another], trustedForHost: [ours] };
    expect(await to('other.test', forHost)).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    expect(server.requests).toHaveLength(0);
    expect(await to('callback.test', forHost)).toMatchObject({ kind: 'answered' });
    const forAny = { trusted: [ours], trustedForHost: [another] };
    expect(await to('other.test', forAny)).toMatchObject({ kind: 'answered' });
  });

  it('is not asked for with trustAll, which lets any certificate do', async () => {
    const server = await testServer(answering(OK), serverTls());
    const request = requestTo(urlOf(server, 'other.test'), {
      pool: { tls: await tlsOf({ trustAll: true }) },
    });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered' });
  });
});

describe("a client's own certificate", () => {
  const rsa = { type: 'PKCS12', content: store('openssl-legacy-rsa.p12'), password };
  const ec = {
    type: 'PEM',
    certContent: `${pem('client-ec.crt')}${pem('intermediate.crt')}`,
    keyContent: pem('client-ec.key'),
  };

  it.each([
    ['client-rsa', rsa],
    ['client-ec', ec],
    ['client-ec', { type: 'PKCS12', content: store('keytool-keys.p12'), password, alias: 'client-ec' }],
  ])('is shown, with those between: %s', async (name, keyStore) => {
    const server = await testServer(answering(OK), serverTls({ asksForCertificate: true }));
    const request = requestTo(urlOf(server), { pool: { tls: await tlsOf({ trustStore, keyStore }) } });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
    expect(clients(server)).toEqual([name]);
  });

  it('is what lets a request in', async () => {
    const server = await testServer(answering(OK), serverTls({ asksForCertificate: true }));
    const tls = await tlsOf({ trustStore });
    const exchange = await client().exchange(requestTo(urlOf(server), { pool: { tls } }));
    expect(exchange.kind).not.toBe('answered');
    expect(server.requests).toHaveLength(0);
  });

  it('that is changed in its secret is shown from then on: a kept connection of the old one is not used', async () => {
    const server = await testServer(answering(OK), serverTls({ asksForCertificate: true }));
    const { values, secrets } = secretsOf({ mtls: rsa, ca: trustStore });
    const connectionOf = createConnectionOf({ secrets });
    const ssl = {
      trustStore: { type: 'PEM', secret: 'ca' },
      keyStore: { type: 'PKCS12', secret: 'mtls' },
    };
    const one = client();
    const send = async () =>
      one.exchange(requestTo(urlOf(server), { pool: { tls: await tlsOf(ssl, connectionOf) } }));
    await send();
    await send();
    values.mtls = { content: store('openssl-ec.p12'), password };
    await send();
    expect(server.requests).toHaveLength(3);
    expect(clients(server)).toEqual(['client-rsa', 'client-ec']);
  });
});

describe('an unreadable store gives an error without any of its content', () => {
  const inSecrets = {
    pem: { certContent: pem('client-ec.crt'), keyContent: pem('client-rsa.key') },
    p12: { content: store('openssl-rsa.p12'), password: 'another' },
    odd: { content: 5 },
  };
  it.each([
    [
      { keyStore: { type: 'PEM', secret: 'nobody-made-it' } },
      'secret-missing',
      'nobody-made-it does not exist',
    ],
    [
      { keyStore: { type: 'PEM', secret: 'pem' } },
      'key-store-invalid',
      'the keyStore of ssl has no certificate',
    ],
    [{ keyStore: { type: 'PKCS12', secret: 'p12' } }, 'key-store-invalid', 'its password'],
    [
      { trustStore: { type: 'PEM', secret: 'odd' } },
      'secret-invalid',
      'the secret odd is not what is asked for: content',
    ],
    [
      { trustStore: { type: 'PKCS12', content: 'AAAA' } },
      'trust-store-invalid',
      'the trustStore of ssl is not',
    ],
  ])('%j', async (ssl, code, message) => {
    const read = await createConnectionOf(secretsOf(inSecrets))({ id: 'a', ssl: sslSchema().parse(ssl) });
    expect(read).toEqual({ ok: false, code, message: expect.stringContaining(message) });
    expect(JSON.stringify(read)).not.toMatch(/BEGIN|another/);
  });
});

describe('what a receiver can cost by TLS alone', () => {
  const withoutCertificate = { tls: { id: 'any', verifyHost: false, trustAll: true } };

  it.each([
    ['instead of an answer', undefined, { kind: 'unknown', code: 'framing-too-large' }],
    ['behind an answer', OK, { kind: 'answered', status: 200 }],
  ])('session tickets without end, %s, end the connection', async (_, answer, expected) => {
    const server = await ticketServer(answer === undefined ? {} : { answer });
    onTestFinished(() => server.close());
    const request = requestTo(`https://callback.test:${server.port}/`, { pool: withoutCertificate });
    expect(await client().exchange(request)).toMatchObject(expected);
    await expect.poll(() => server.openNow(), { timeout: 20_000 }).toBe(0);
  });

  it('a handshake without end ends the connection, and nothing was sent', async () => {
    const server = await helloServer();
    onTestFinished(() => server.close());
    const request = requestTo(`https://callback.test:${server.port}/`, { pool: withoutCertificate });
    expect(await client().exchange(request)).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
    await expect.poll(() => server.openNow(), { timeout: 20_000 }).toBe(0);
  });

  it('a handshake with a certificate chain of 90 KB is made', async () => {
    const { cert, ...key } = serverTls();
    // A server sends what it is told to, whether or not one certificate belongs to the other.
    const chain = `${cert}\n`.repeat(Math.floor(90_000 / new X509Certificate(cert).raw.length));
    const server = await testServer(answering(OK), { ...key, cert: chain });
    const request = requestTo(urlOf(server), { pool: withoutCertificate });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('a handshake with a prime that the receiver chooses is not made', async () => {
    const certificate = selfSigned('callback.test', { bits: 2_048 });
    const dhe = { dhparam: 'auto', ciphers: 'DHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
    const server = await testServer(answering(OK), { ...certificate, ...dhe });
    const request = requestTo(urlOf(server), { pool: withoutCertificate });
    expect(await client().exchange(request)).toMatchObject({ kind: 'unsent', code: 'tls-failed' });
  });

  it('a receiver of TLS 1.2 is called', async () => {
    const server = await testServer(answering(OK), { ...serverTls(), maxVersion: 'TLSv1.2' });
    const request = requestTo(urlOf(server), { pool: withoutCertificate });
    expect(await client().exchange(request)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('no second handshake is made on a connection', async () => {
    const renegotiated = Promise.withResolvers<Error | null>();
    const server = await testServer(
      {
        onRequest(socket) {
          (socket as TLSSocket).renegotiate({}, renegotiated.resolve);
          socket.on('close', () => renegotiated.resolve(new Error('closed')));
        },
      },
      { ...serverTls(), maxVersion: 'TLSv1.2' },
    );
    const request = requestTo(urlOf(server), { timeoutMs: 1_000, pool: withoutCertificate });
    const exchanging = client().exchange(request);
    expect(await renegotiated.promise).toBeInstanceOf(Error);
    expect(await exchanging).toMatchObject({ kind: 'unknown' });
  });
});
