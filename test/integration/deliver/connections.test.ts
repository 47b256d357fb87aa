// `ssl` and `proxy` all the way: stores and credentials from Secrets Manager, read by the bundle that is deployed, before
// a server that asks for a client's certificate and behind real proxies.
import type { TLSSocket } from 'node:tls';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpProxy, socks5Proxy } from '#test/support/proxies.ts';
import { OK, type RawServer, rawServer } from '#test/support/raw-server.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import { STORE_PASSWORD as password, pem, serverTls, store } from '#test/support/tls/private.ts';

let rig: Rig;
let server: RawServer;
/** Whose certificate each request came with. */
const callers: string[] = [];
beforeAll(async () => {
  const behaviour: Parameters<typeof rawServer>[0] = {
    onRequest(socket) {
      callers.push(String((socket as TLSSocket).getPeerCertificate().subject.CN));
      socket.write(OK);
    },
  };
  [rig, server] = await Promise.all([
    startRig(),
    rawServer(behaviour, serverTls({ asksForCertificate: true })),
  ]);
});
afterAll(() => Promise.all([rig?.close(), server?.close()]));

async function secretOf(value: unknown): Promise<string> {
  const Name = `webhooks/local/shared/${crypto.randomUUID()}`;
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  await rig.set.clients.secrets.send(new CreateSecretCommand({ Name, SecretString }));
  return Name;
}

test.each([
  [
    'PKCS12',
    async () => ({
      trustStore: {
        type: 'PKCS12',
        secret: await secretOf({ content: store('keytool-trust.p12'), password }),
      },
      keyStore: { type: 'PKCS12', secret: await secretOf({ content: store('openssl-ec.p12'), password }) },
    }),
    'client-ec',
  ],
  [
    'PEM, as it is',
    async () => ({
      trustStore: { type: 'PEM', secret: await secretOf(pem('ca.crt')) },
      keyStore: {
        type: 'PEM',
        secret: await secretOf(pem('client-rsa.crt') + pem('intermediate.crt') + pem('client-rsa.key')),
      },
    }),
    'client-rsa',
  ],
])('a message arrives with the certificate of a secret: %s', async (_, ssl, name) => {
  const before = server.requests.length;
  const callbackUrl = `https://127.0.0.1:${server.port}/hook`;
  const one = await rig.subscribe({ qos: 'at-most-once', configuration: { callbackUrl, ssl: await ssl() } });
  await one.publish('{"a": 1}');
  await rig.until(() => server.requests.length > before || undefined, 'a request');
  expect(callers.at(-1)).toBe(name);
});

test('a store that is not there sends nothing, and says which', async () => {
  const before = server.requests.length;
  const callbackUrl = `https://127.0.0.1:${server.port}/hook`;
  const ssl = { keyStore: { type: 'PEM', secret: 'webhooks/local/shared/nobody-made-it' } };
  const one = await rig.subscribe({ qos: 'at-most-once', configuration: { callbackUrl, ssl } });
  await one.publish('{"a": 1}');
  const pause = await rig.paused(one.id, 'outage');
  expect(pause.detail).toContain('webhooks/local/shared/nobody-made-it does not exist');
  expect(server.requests.length).toBe(before);
});

test.each([
  ['HTTP', httpProxy, (port: string) => `CONNECT 127.0.0.1:${port}`],
  ['SOCKS5', socks5Proxy, (port: string) => `127.0.0.1:${port}`],
])(
  'a message arrives through the proxy of a subscription, with credentials of a secret: %s',
  async (type, start, asked) => {
    const credentials = { username: 'acme', password: 'a-very-secured-password' };
    const proxy = await start(credentials);
    const one = await rig.subscribe({
      configuration: {
        proxy: {
          enabled: true,
          type,
          host: '127.0.0.1',
          port: proxy.port,
          secret: await secretOf(credentials),
        },
      },
    });
    await one.publish('{"a": 1}');
    await one.requests(1);
    expect(proxy.asked).toEqual([asked(new URL(rig.receiver.url).port)]);
  },
);
