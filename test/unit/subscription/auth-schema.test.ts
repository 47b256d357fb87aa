// Secured callbacks as items say them: what is understood, and each fault at its place.
import { expect, test } from 'vitest';
import { faultsOf, itemWith, pathsOf } from '#test/support/subscription-items.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----';
const claims = {
  issuer: 'i',
  subject: 's',
  audience: 'https://e/token',
  expirationTime: 30,
  keyContent: PEM,
};
const jwt = (more: object) => ({ type: 'jwtProfileOauth2', jwtProfileOauth2: { ...claims, ...more } });
const oauth2 = (more: object) => ({
  type: 'oauth2',
  oauth2: { endpoint: 'https://e/token', clientId: 'c', clientSecret: 's', ...more },
});
const hmac = (bits: number, bytes: number) => ({
  signatureAlgorithm: `HMAC_HS${bits}`,
  keyContent: 'k'.repeat(bytes),
});

test.each([
  { type: 'none' },
  { type: 'basic', basic: { username: 'u', password: '' } },
  { type: 'basic', secret: 'webhooks/dev/acme' },
  { type: 'basic', secret: 'webhooks/dev/shared#acme' },
  { type: 'token', token: { value: 'eyJ.a-b_c.d' } },
  { type: 'token', secret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf#k' },
  oauth2({}),
  oauth2({ scopes: [], clientAuthentication: 'client_secret_basic' }),
  { type: 'oauth2', secret: 'name' },
  jwt({}),
  jwt({ keySource: 'PEM', keyId: 'k', x509CertChain: 'X5C', jwtId: 'j' }),
  jwt({ ...hmac(512, 86), expirationTime: 1, expirationTimeUnit: 'HOURS', secretBase64Encoded: true }),
  jwt({ ...hmac(256, 32), expirationTime: 3_600 }),
  jwt(hmac(384, 48)),
  jwt({ keySource: 'PKCS12', keyContent: 'AAAA', keystoreOptions: { alias: 'a', storePassword: 's' } }),
  jwt({ audience: 'the-server', endpoint: 'https://e/token', customClaims: [{ name: 'n', value: 'v' }] }),
  { type: 'jwtProfileOauth2', secret: 'name' },
])('%j is understood', (auth) => {
  expect(faultsOf(itemWith({ auth }))).toEqual({});
});

test.each([
  [{ type: 'bearer' }, 'auth.type'],
  [{}, 'auth.type'],
  [{ type: 'none', basic: {} }, 'auth'],
  [{ type: 'basic' }, 'auth.basic'],
  [{ type: 'basic', basic: { username: 'u', password: 'p' }, secret: 'x' }, 'auth.secret'],
  [{ type: 'basic', basic: { username: '', password: 'p' } }, 'auth.basic.username'],
  [{ type: 'basic', basic: { username: 'a:b', password: 'p' } }, 'auth.basic.username'],
  [{ type: 'basic', basic: { username: 'u', password: 'a\nb' } }, 'auth.basic.password'],
  [{ type: 'basic', secret: '' }, 'auth.secret'],
  [{ type: 'basic', secret: 'a#b#c' }, 'auth.secret'],
  [{ type: 'basic', secret: 'a#' }, 'auth.secret'],
  [{ type: 'basic', secret: 'a b' }, 'auth.secret'],
  [{ type: 'token', token: { value: 'Bearer x' } }, 'auth.token.value'],
  [{ type: 'token', token: {} }, 'auth.token.value'],
  [oauth2({ endpoint: 'e/token' }), 'auth.oauth2.endpoint'],
  [oauth2({ endpoint: 'https://refused' }), 'auth.oauth2.endpoint'],
  [oauth2({ scopes: 'roles' }), 'auth.oauth2.scopes'],
  [oauth2({ scopes: ['a b'] }), 'auth.oauth2.scopes.0'],
  [oauth2({ clientAuthentication: 'none' }), 'auth.oauth2.clientAuthentication'],
  [jwt({ expirationTime: 0 }), 'auth.jwtProfileOauth2.expirationTime'],
  [jwt({ expirationTime: 3_601 }), 'auth.jwtProfileOauth2.expirationTime'],
  [jwt({ expirationTime: 61, expirationTimeUnit: 'MINUTES' }), 'auth.jwtProfileOauth2.expirationTime'],
  [jwt({ expirationTime: 1, expirationTimeUnit: 'DAYS' }), 'auth.jwtProfileOauth2.expirationTime'],
  [jwt(hmac(256, 31)), 'auth.jwtProfileOauth2.keyContent'],
  [jwt(hmac(384, 47)), 'auth.jwtProfileOauth2.keyContent'],
  [jwt(hmac(512, 63)), 'auth.jwtProfileOauth2.keyContent'],
  [jwt({ ...hmac(256, 40), secretBase64Encoded: true }), 'auth.jwtProfileOauth2.keyContent'],
  [jwt({ signatureAlgorithm: 'RS256' }), 'auth.jwtProfileOauth2.signatureAlgorithm'],
  [jwt({ issuer: undefined }), 'auth.jwtProfileOauth2.issuer'],
  [
    jwt({
      customClaims: [
        { name: 'n', value: 'v' },
        { name: 'n', value: 'w' },
      ],
    }),
    'auth.jwtProfileOauth2.customClaims.1.name',
  ],
  [jwt({ audience: 'the-server' }), 'auth.jwtProfileOauth2.audience'],
  [jwt({ audience: 'https://refused/token' }), 'auth.jwtProfileOauth2.audience'],
  [jwt({ endpoint: 'https://refused/token' }), 'auth.jwtProfileOauth2.endpoint'],
  [jwt({ keySource: 'JKS' }), 'auth.jwtProfileOauth2.keySource'],
  [jwt({ keyContent: '/etc/keys/private.pem' }), 'auth.jwtProfileOauth2.keyContent'],
  [jwt({ keySource: 'PKCS12', keyContent: '/etc/keys/store.p12' }), 'auth.jwtProfileOauth2.keyContent'],
])('%j has its fault at %s', (auth, path) => {
  expect(pathsOf(itemWith({ auth }))).toEqual([`configuration.${path}`]);
});

test('what can not be supported says what to do instead', () => {
  const reason = (auth: object, path: string) =>
    faultsOf(itemWith({ auth }))[`configuration.auth.jwtProfileOauth2.${path}`];
  expect(reason(jwt({ keySource: 'JKS' }), 'keySource')).toContain('keytool -importkeystore');
  expect(reason(jwt({ keyContent: '/etc/key.pem' }), 'keyContent')).toContain('-----BEGIN');
});
