// No fault contains a credential: every text in these items carries a mark, and no fault may contain the mark.
import { expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { itemWith, rules } from '#test/support/subscription-items.ts';

const MARK = 'MaRkEd';
const mark = `${MARK}-p4ss`;
const marked = { [`${MARK}key`]: mark };

const credentials = [
  { type: 'basic', basic: { username: mark, password: mark } },
  { type: 'token', token: { value: mark } },
  {
    type: 'oauth2',
    oauth2: { endpoint: `https://e/${mark}`, clientId: mark, clientSecret: mark, scopes: [mark] },
  },
  {
    type: 'jwtProfileOauth2',
    jwtProfileOauth2: {
      issuer: mark,
      subject: mark,
      audience: mark,
      expirationTime: 30,
      keyContent: mark,
      keyId: mark,
      keystoreOptions: { alias: mark, storePassword: mark, keyPassword: mark },
      customClaims: [{ name: mark, value: mark }],
    },
  },
];

const auths: unknown[] = [
  ...credentials,
  ...credentials.map(({ type }) => ({ type, secret: mark })),
  // Malformed: of another shape, with unknown keys, with texts that may not stand there.
  mark,
  [mark],
  { type: mark },
  { [mark]: mark },
  ...credentials.map(({ type }) => ({ type, [type]: mark })),
  ...credentials.map(({ type }) => ({ type, [type]: marked })),
  ...credentials.map(({ type }) => ({ type, [type]: [mark] })),
  ...credentials.map(({ type }) => ({ type, [mark]: { [mark]: new Set([mark]) } })),
  ...credentials.map(({ type }) => ({ type, secret: `${mark} ${mark}` })),
  ...credentials.map(({ type }) => ({ type, secret: `whsec_${mark}` })),
  ...credentials.map((auth) => ({ ...auth, ...marked })),
  ...credentials.map((auth) => ({ ...auth, secret: mark })),
  ...credentials.map((auth) => ({ ...auth, value: mark, username: mark, password: mark })),
  { type: 'basic', basic: { username: `${mark}:`, password: `${mark}\n` } },
  { type: 'basic', basic: { username: `${mark}${'x'.repeat(2_000)}`, password: { [mark]: mark } } },
  { type: 'token', token: { value: `Bearer ${mark}` } },
  { type: 'oauth2', oauth2: { endpoint: mark, clientId: 5, clientSecret: [mark], scopes: [`${mark} x`] } },
  { type: 'oauth2', oauth2: { endpoint: `https://refused/${mark}`, clientId: mark, clientSecret: mark } },
  {
    type: 'jwtProfileOauth2',
    jwtProfileOauth2: { signatureAlgorithm: mark, keySource: mark, keyContent: [mark] },
  },
  { type: 'jwtProfileOauth2', jwtProfileOauth2: { customClaims: [marked, { name: mark, value: [mark] }] } },
];

const others: Record<string, unknown>[] = [
  { signing: mark },
  { signing: { secrets: [`whsec_${mark}`, `${mark} x`] } },
  { signing: marked },
  { ssl: { keyStore: { type: 'PKCS12', content: `*${mark}`, password: mark } } },
  { ssl: { keyStore: { type: mark, ...marked } } },
  { ssl: { keyStore: { type: 'PEM', certContent: mark, keyContent: mark, path: mark } } },
  { proxy: { enabled: true, username: mark, password: mark, host: `${mark} x` } },
  { proxy: { enabled: mark, ...marked } },
  { headers: [{ name: 'authorization', value: `${mark}\n` }] },
  { headers: [{ name: `Bearer ${mark}`, value: mark }] },
  { headers: [{ name: 'x-a', value: mark, token: mark }] },
  { headers: { authorization: mark } },
  { callbackUrl: `https://user:${mark}@refused/?token=${mark}` },
  { callbackUrl: `ftp://${mark}` },
  { callbackUrl: [mark] },
  { onOutage: mark, retry: { retryOption: mark } },
];

test.each([...auths.map((auth) => ({ auth })), ...others])('no fault tells a marked text: %j', (options) => {
  // Beside another fault, so that well-formed credentials are part of an item that is refused.
  const parsed = parseSubscription(itemWith({ ...options, callback: 1 }), rules);
  expect(parsed.ok).toBe(false);
  expect(JSON.stringify(parsed)).not.toContain(MARK);
});

test('the same option twice with another credential tells neither', () => {
  const auth = (value: string) => ({ auth: { type: 'token', token: { value } } });
  const item = { ...itemWith(auth(mark)), entrypointConfiguration: auth(`${mark}2`) };
  const parsed = parseSubscription(item, rules);
  expect(parsed.ok).toBe(false);
  expect(JSON.stringify(parsed)).not.toContain(MARK);
});

test.each([
  { security: { protocol: 'SASL_SSL', sasl: { saslMechanism: 'PLAIN', username: mark, password: mark } } },
  { security: { protocol: 'SASL_SSL', sasl: { saslMechanism: 'PLAIN', secret: `${mark} x` } } },
  { security: { protocol: 'SASL_SSL', sasl: { saslMechanism: mark, saslJaasConfig: `password="${mark}"` } } },
  { security: { protocol: 'SSL', ssl: { keyStore: { type: 'PEM', key: mark, ...marked } } } },
  { security: { protocol: 'SSL', ssl: { trustStore: { type: 'PEM', certificates: mark } } } },
  { security: { [mark]: new Set([mark]) } },
])('no fault of an endpoint tells a marked text: %j', (security) => {
  const configuration = { bootstrapServers: 'b:1', topic: 't', ...security };
  const parsed = parseEndpoint({ name: 'e', type: 'kafka', configuration }, rules);
  expect(parsed.ok).toBe(false);
  expect(JSON.stringify(parsed)).not.toContain(MARK);
});
