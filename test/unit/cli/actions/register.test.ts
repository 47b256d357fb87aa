// Which credentials leave a config item for which secret, and what is left of the item.
import { describe, expect, test } from 'vitest';
import { planOf, redacted } from '#lib/cli/actions/register.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const RULES = {
  largestReadTimeoutMs: 30_000,
  allowTrustAll: false,
  checkUrl: () => undefined,
  ...anySecrets,
};
const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const named = (purpose: string) => `webhooks/dev/acme@${purpose}`;
const itemWith = (options: object, block = 'configuration') => ({
  id: 'acme',
  [block]: { callbackUrl: 'https://example.com', ...options },
});

const basic = { username: 'u', password: 'a-very-secured-password' };
const oauth2 = {
  endpoint: 'https://auth.example.com/token',
  clientId: 'a-client-id',
  clientSecret: 'a-client-secret',
  scopes: ['roles'],
};
const jwtProfileOauth2 = { issuer: 'i', subject: 's', audience: 'https://a.example.com', keyContent: 'k' };
const pkcs12 = { content: 'AAAA', password: 'store-password' };

describe('a plan', () => {
  test.each([
    ['basic', { auth: { type: 'basic', basic } }, { auth: basic }],
    ['token', { auth: { type: 'token', token: { value: 'eyJ' } } }, { auth: { value: 'eyJ' } }],
    ['oauth2', { auth: { type: 'oauth2', oauth2 } }, { auth: oauth2 }],
    [
      'jwtProfileOauth2',
      { auth: { type: 'jwtProfileOauth2', jwtProfileOauth2 } },
      { auth: jwtProfileOauth2 },
    ],
    ['signing keys', { signing: { keys: [KEY] } }, { signing: { value: [KEY] } }],
    [
      "a proxy's password",
      { proxy: { enabled: true, host: 'p', port: 1, username: 'u', password: 'p' } },
      { proxy: { username: 'u', password: 'p' } },
    ],
    ['a key store', { ssl: { keyStore: { type: 'PKCS12', ...pkcs12 } } }, { keyStore: pkcs12 }],
    [
      'a trust store with a password',
      { ssl: { trustStore: { type: 'PKCS12', ...pkcs12 } } },
      { trustStore: pkcs12 },
    ],
    [
      'two kinds at once',
      { auth: { type: 'basic', basic }, signing: { keys: [KEY] } },
      { auth: basic, signing: { value: [KEY] } },
    ],
  ])('takes %s out of the item, and names the secret there', (_, options, expected) => {
    for (const block of ['configuration', 'entrypointConfiguration']) {
      const { item, moves } = planOf(itemWith(options, block), named);
      expect(Object.fromEntries(moves.map(({ secret, value }) => [secret, value]))).toEqual(
        Object.fromEntries(Object.entries(expected).map(([purpose, value]) => [named(purpose), value])),
      );
      const left = JSON.stringify(item);
      for (const { secret, path } of moves) {
        expect(left).toContain(secret);
        expect(path.startsWith(`${block}.`)).toBe(true);
      }
      for (const credential of ['password"', 'a-client-secret', 'eyJ', KEY, 'AAAA'])
        expect(left).not.toContain(credential);
    }
  });

  test('keeps what is left as it was, secrets that are named already among it', () => {
    const options = { signing: { secrets: ['mine', named('signing')], keys: [KEY] }, headers: [] };
    expect(planOf(itemWith(options), named).item).toEqual({
      id: 'acme',
      configuration: {
        callbackUrl: 'https://example.com',
        headers: [],
        signing: { secrets: ['mine', named('signing')] },
      },
    });
  });

  test.each([
    ['nothing secured', {}],
    ['a secret', { auth: { type: 'basic', secret: 'mine' } }],
    ['none', { auth: { type: 'none' } }],
    [
      'certificates to trust',
      { ssl: { trustStore: { type: 'PEM', content: '-----BEGIN CERTIFICATE-----' } } },
    ],
    ['a proxy without a password', { proxy: { enabled: true, host: 'p', port: 1 } }],
  ])('of an item with %s changes nothing', (_, options) => {
    const item = itemWith(options);
    expect(planOf(item, named)).toEqual({ item, moves: [] });
  });

  test('of an item that has an option twice moves it once, and leaves it in neither place', () => {
    const auth = { type: 'basic', basic };
    const item = { ...itemWith({ auth }), entrypointConfiguration: { auth } };
    const plan = planOf(item, named);
    expect(plan.moves).toHaveLength(1);
    expect(plan.item.configuration).toMatchObject({ auth: { type: 'basic', secret: named('auth') } });
    expect(plan.item.entrypointConfiguration).toEqual({ auth: { type: 'basic', secret: named('auth') } });
  });

  test('leaves an item that still parses, as the same subscription', () => {
    const item = itemWith({ signing: { keys: [KEY] }, http: { readTimeout: 5000 } });
    const before = parseSubscription(item, RULES);
    const after = parseSubscription(planOf(item, named).item, RULES);
    expect(after).toEqual({
      ...before,
      subscription: {
        ...(before.ok && before.subscription),
        signing: { scheme: 'standard-webhooks', secrets: [{ name: named('signing'), key: undefined }] },
      },
    });
  });
});

test('a redacted item shows no credential, says what is hidden, and can’t be put by mistake', () => {
  const auth = { type: 'basic', basic };
  const proxy = { enabled: true, host: 'p', port: 1, username: 'u', password: 'hunter2' };
  const signing = { secrets: ['mine'], keys: [KEY] };
  for (const [name, options] of Object.entries({ auth, proxy, signing })) {
    const { item, hidden } = redacted(itemWith({ [name]: options }));
    expect(hidden).toEqual([expect.stringContaining(`configuration.${name}`)]);
    for (const credential of ['secured', 'hunter2', KEY])
      expect(JSON.stringify(item)).not.toContain(credential);
    expect(parseSubscription(item, RULES)).toMatchObject({ ok: false });
  }
  const plain = itemWith({ signing: { secrets: ['mine'] } });
  expect(redacted(plain)).toEqual({ item: plain, hidden: [] });
});
