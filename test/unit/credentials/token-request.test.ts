// How a token endpoint is reached.
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import type { ExchangeRequest } from '#lib/callback/client.ts';
import { requestToken } from '#lib/credentials/token-request.ts';

const credentials = {
  type: 'oauth2',
  endpoint: 'https://tokens.example/token',
  clientId: 'me',
  clientSecret: 'secret',
} as const;

test('public authorities are trusted beside a trust store, and for their hosts only', async () => {
  const requests: ExchangeRequest[] = [];
  const callback = {
    exchange: async (request: ExchangeRequest) => {
      requests.push(request);
      return { kind: 'unsent', message: 'enough' } as never;
    },
  };
  const tls = { id: 'one', trusted: ['a private one'], verifyHost: false, trustAll: false };
  await requestToken(credentials as never, { tenant: 'a', tls }, { callback, now: Date.now });
  const expected = { ...tls, id: 'one and public', trustedForHost: rootCertificates };
  expect(requests.map(({ pool }) => pool.tls)).toEqual([expected]);
  // An environment shares its sockets out by tenant.
  expect(requests.map(({ pool }) => pool.tenant)).toEqual(['a']);
});
