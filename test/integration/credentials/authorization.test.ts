// The Authorization header against a real OAuth2 server and a real Secrets Manager: through the guarded client, with
// time, rotation and revocation.
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createCallbackClient, type ExchangeRequest } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { createAuthorization } from '#lib/credentials/authorization.ts';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { listen } from '#lib/local/aws/listen.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { LogFields } from '#lib/telemetry/log.ts';
import { type OAuthServer, oauthClient, publicKeys, startOAuthServer } from '#test/support/oauth-server.ts';
import { httpProxy } from '#test/support/proxies.ts';
import { rowServer } from '#test/support/row-server.ts';
import { startSecretsManager } from '#test/support/secrets-manager.ts';
import { pem as privatePem, serverTls } from '#test/support/tls/private.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = rsa.publicKey.export({ format: 'jwk' });
const HMAC = 'a-key-that-is-long-enough-for-every-hmac-of-the-family-up-to-512-bits';

let server: OAuthServer;
beforeAll(async () => {
  server = await startOAuthServer([
    oauthClient('post', { client_secret: 'secret', token_endpoint_auth_method: 'client_secret_post' }),
    oauthClient('basic', { client_secret: 'se cret:+', token_endpoint_auth_method: 'client_secret_basic' }),
    oauthClient('signing', publicKeys({ ...jwk, kid: 'k1' })),
    ...['256', '384', '512'].map((bits) =>
      oauthClient(`hmac${bits}`, {
        client_secret: HMAC,
        token_endpoint_auth_method: 'client_secret_jwt',
        token_endpoint_auth_signing_alg: `HS${bits}` as never,
      }),
    ),
  ]);
});
afterAll(() => server?.close());

const oauth2 = (more: object = {}) => ({
  endpoint: server.tokenUrl,
  clientId: 'post',
  clientSecret: 'secret',
  scopes: ['roles'],
  ...more,
});
const jwtProfile = (more: object = {}) => ({
  issuer: 'signing',
  subject: 'signing',
  audience: server.tokenUrl,
  expirationTime: 30,
  keyContent: pem,
  ...more,
});

/** A subscription with this `auth`, as it is read from its item. */
function securedBy(auth: unknown, id = 'acme', more: object = {}): Subscription {
  const item = { id, configuration: { callbackUrl: 'https://example.com/', auth, ...more } };
  const parsed = parseSubscription(item, {
    largestReadTimeoutMs: 30_000,
    allowTrustAll: false,
    allowAnyHostname: false,
    checkUrl: () => undefined,
    checkSecret: () => undefined,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.subscription;
}

async function start(secretsGiven: Readonly<Record<string, string>> = {}) {
  server.options.lifeSeconds = 600;
  server.options.say = undefined;
  const manager = await startSecretsManager(secretsGiven);
  const callback = createCallbackClient({
    allowHttp: true,
    allowedCidrs: [],
    allowThisMachine: true,
    responseCapBytes: 65_536,
  });
  onTestFinished(() => callback.close());
  const warnings: [string, LogFields][] = [];
  const sockets = { left: 1 };
  const { now } = manager.clock;
  const secrets = createSecrets({ client: manager.client, cacheMs: 300_000, now });
  const authorization = createAuthorization({
    secrets,
    connectionOf: createConnectionOf({ secrets }),
    callback: {
      async exchange(request: ExchangeRequest) {
        if (sockets.left === 0) throw new LocalFault('EMFILE');
        return await callback.exchange(request);
      },
    },
    log: { warn: (event, fields) => void warnings.push([event, fields]) },
    now,
  });
  const headerFor = async (subscription: Subscription): Promise<string> => {
    const authorized = await authorization.headerFor(subscription);
    return authorized.ok ? String(authorized.header) : `${authorized.code}: ${authorized.message}`;
  };
  const before = server.requests();
  const tokenRequests = () => server.requests() - before;
  return { ...manager, authorization, headerFor, warnings, tokenRequests, sockets };
}

const inBase64 = (text: string) => Buffer.from(text).toString('base64');

describe('basic and token', () => {
  test('are sent unchanged, in UTF-8', async () => {
    const { headerFor } = await start();
    const basic = securedBy({ type: 'basic', basic: { username: 'Åsa', password: 'p:a s' } });
    expect(await headerFor(basic)).toBe(`Basic ${inBase64('Åsa:p:a s')}`);
    expect(await headerFor(securedBy({ type: 'token', token: { value: 'eyJ.a' } }))).toBe('Bearer eyJ.a');
    expect(await headerFor(securedBy({ type: 'none' }))).toBe('undefined');
  });

  test('come from a secret, from one of its entries, or from an entry that is plain text', async () => {
    const credentials = { username: 'u', password: 'p' };
    const { headerFor, reads } = await start({
      own: JSON.stringify(credentials),
      shared: JSON.stringify({ acme: credentials, byConsole: JSON.stringify(credentials), token: 'eyJ.b' }),
      plain: 'eyJ.c',
      entries: JSON.stringify({ value: 'eyJ.d' }),
    });
    for (const secret of ['own', 'shared#acme', 'shared#byConsole']) {
      expect(await headerFor(securedBy({ type: 'basic', secret }))).toBe(`Basic ${inBase64('u:p')}`);
    }
    expect(await headerFor(securedBy({ type: 'token', secret: 'shared#token' }))).toBe('Bearer eyJ.b');
    expect(await headerFor(securedBy({ type: 'token', secret: 'plain' }))).toBe('Bearer eyJ.c');
    expect(await headerFor(securedBy({ type: 'token', secret: 'entries' }))).toBe('Bearer eyJ.d');
    expect(reads()).toBe(4);
  });

  test.each([
    ['basic', 'own', 'own is not what is asked for: username is missing: give text'],
    ['basic', 'own#none', 'own has no entry of the name that the item gives'],
    ['basic', 'text', 'text is not what is asked for: it must be an object'],
    ['token', 'own', 'own is not what is asked for: value is missing: give text'],
    ['oauth2', 'own', 'own is not what is asked for: endpoint is missing'],
  ])('%s from %s that does not hold them: what is wrong, and no value', async (type, secret, message) => {
    const { headerFor } = await start({ own: '{"password":"MaRkEd"}', text: 'MaRkEd' });
    const said = await headerFor(securedBy({ type, secret }));
    expect(said).toContain(`secret-invalid: the secret ${message}`);
    expect(said).not.toContain('MaRkEd');
  });

  test('in an item cause one warning with instructions and without values', async () => {
    const { headerFor, warnings } = await start({ own: 'eyJ.a' });
    const inline = securedBy({ type: 'token', token: { value: 'MaRkEd' } });
    await headerFor(inline);
    await headerFor(inline);
    await headerFor(securedBy({ type: 'token', secret: 'own' }, 'other'));
    expect(warnings).toEqual([['credentials.inline', { subscription: 'acme', fix: expect.any(String) }]]);
    expect(JSON.stringify(warnings)).not.toContain('MaRkEd');
  });
});

describe('oauth2', () => {
  test.each([
    ['client_secret_post', {}],
    ['client_secret_basic', { clientId: 'basic', clientSecret: 'se cret:+' }],
  ])('by %s', async (clientAuthentication, more) => {
    const { headerFor } = await start();
    const header = await headerFor(
      securedBy({ type: 'oauth2', oauth2: oauth2({ clientAuthentication, ...more }) }),
    );
    expect(await server.accepts(header)).toBe(true);
    const sent = server.authorizations().at(-1);
    expect(sent?.startsWith('Basic ') ?? false).toBe(clientAuthentication === 'client_secret_basic');
  });

  test('fifty parallel deliveries make one token request, and so do two subscriptions of one client', async () => {
    const { headerFor, tokenRequests } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() }, 'one');
    const two = securedBy({ type: 'oauth2', oauth2: oauth2() }, 'two');
    const headers = await Promise.all(Array.from({ length: 50 }, (_, n) => headerFor(n % 2 ? one : two)));
    expect(new Set(headers).size).toBe(1);
    expect(await server.accepts(headers[0])).toBe(true);
    expect(tokenRequests()).toBe(1);
  });

  test('a token is cached until shortly before its expiry', async () => {
    const { headerFor, tokenRequests, clock } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    const first = await headerFor(one);
    clock.ms += 569_000;
    expect(await headerFor(one)).toBe(first);
    clock.ms += 1_000;
    expect(await headerFor(one)).not.toBe(first);
    expect(tokenRequests()).toBe(2);
  });

  test('a token that lives one second is renewed after it expires', async () => {
    const { headerFor, tokenRequests, clock } = await start();
    server.options.lifeSeconds = 1;
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    const first = await headerFor(one);
    clock.ms += 2_000;
    expect(await headerFor(one)).not.toBe(first);
    expect(tokenRequests()).toBe(2);
  });

  test('a token without expires_in is used for five minutes', async () => {
    const { headerFor, tokenRequests, clock } = await start();
    server.options.say = () => ({ status: 200, body: '{"access_token":"a","token_type":"Bearer"}' });
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    expect(await headerFor(one)).toBe('Bearer a');
    clock.ms += 269_000;
    await headerFor(one);
    expect(tokenRequests()).toBe(1);
    clock.ms += 1_000;
    await headerFor(one);
    expect(tokenRequests()).toBe(2);
  });

  test('while a renewal fails, the old token is used until it expires', async () => {
    const { headerFor, clock } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    const first = await headerFor(one);
    server.options.say = () => ({ status: 503 });
    clock.ms += 580_000;
    expect(await headerFor(one)).toBe(first);
    clock.ms += 20_000;
    expect(await headerFor(one)).toMatch(
      /^token-failed: no token from http:\/\/127\.0\.0\.1:\d+: it answered 503$/,
    );
  });

  test.each([
    [
      { status: 401, body: '{"error":"invalid_client","error_description":"MaRkEd"}' },
      'token-refused',
      '401 invalid_client',
    ],
    [{ status: 400, body: '{"error":"MaRkEd"}' }, 'token-refused', 'it answered 400'],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/MaRkEd' } }, 'token-refused', 'it answered 302'],
    [{ status: 500, body: 'MaRkEd' }, 'token-failed', 'it answered 500'],
    [
      { status: 200, body: '{"access_token":5,"token_type":"MaRkEd"}' },
      'token-malformed',
      'JSON with access_token',
    ],
    [{ status: 200, body: 'MaRkEd' }, 'token-malformed', 'JSON with access_token'],
    [{ status: 204 }, 'token-malformed', 'JSON with access_token'],
  ])('an endpoint that answers %j is %s, and none of its words are told', async (said, code, message) => {
    const { headerFor } = await start();
    server.options.say = () => said;
    const told = await headerFor(securedBy({ type: 'oauth2', oauth2: oauth2() }));
    expect(told).toMatch(new RegExp(`^${code}: no token from http://127`));
    expect(told).toContain(message);
    expect(told).not.toContain('MaRkEd');
  });

  test('that no socket is left for is no fault of its endpoint: the old token is used, else the message comes back', async () => {
    const { authorization, headerFor, clock, sockets } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    sockets.left = 0;
    await expect(authorization.headerFor(one)).rejects.toThrow(LocalFault);
    sockets.left = 1;
    const token = await headerFor(one);
    sockets.left = 0;
    clock.ms += 580_000;
    expect(await headerFor(one)).toBe(token);
    clock.ms += 30_000;
    await expect(authorization.headerFor(one)).rejects.toThrow(LocalFault);
    // The callback has answered 401 then: nothing is thrown, and whether there is another token is not known.
    expect(await authorization.refused(one, token)).toBe(true);
    sockets.left = 1;
    expect(await headerFor(one)).toMatch(/^Bearer /);
  });

  test("is requested through the subscription's proxy", async () => {
    const { headerFor } = await start();
    const proxy = await httpProxy();
    const through = { enabled: true, type: 'HTTP', host: '127.0.0.1', port: proxy.port };
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() }, 'acme', { proxy: through });
    expect(await server.accepts(await headerFor(one))).toBe(true);
    expect(proxy.asked).toEqual([`CONNECT ${new URL(server.tokenUrl).host}`]);
  });

  test('is not shared with a subscription that asks through another proxy, and neither is a failure', async () => {
    const { headerFor, tokenRequests } = await start();
    const auth = { type: 'oauth2', oauth2: oauth2() };
    // Nothing listens there.
    const proxy = { enabled: true, type: 'HTTP', host: '127.0.0.1', port: 9 };
    const [broken, healthy] = await Promise.all([
      headerFor(securedBy(auth, 'broken', { proxy })),
      headerFor(securedBy(auth, 'healthy')),
    ]);
    expect(broken).toMatch(/^token-unreachable: /);
    expect(await server.accepts(healthy)).toBe(true);
    expect(await headerFor(securedBy(auth, 'broken', { proxy }))).toMatch(/^token-unreachable: /);
    expect(tokenRequests()).toBe(1);
  });

  test('does not wait for others whose token endpoint is at the same origin', async () => {
    const { headerFor } = await start();
    const answered = Promise.withResolvers<undefined>();
    const tokens = createHttpServer(async (req, res) => {
      // Slow until the token of the healthy one was given out.
      if (req.url !== '/token') await answered.promise;
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end('{"access_token":"given","token_type":"Bearer"}');
    });
    const { url, close } = await listen(tokens, 0);
    onTestFinished(close);
    const tokenFrom = (path: string, id: string) =>
      headerFor(securedBy({ type: 'oauth2', oauth2: oauth2({ endpoint: `${url}/${path}` }) }, id));
    const slow = Array.from({ length: 10 }, (_, n) => tokenFrom(`slow/${n}`, `slow-${n}`));
    expect(await tokenFrom('token', 'healthy')).toBe('Bearer given');
    answered.resolve(undefined);
    expect(await Promise.all(slow)).toEqual(slow.map(() => 'Bearer given'));
  });

  test("is accepted from a server with a certificate that the subscription's trust store trusts", async () => {
    const { headerFor } = await start();
    const tokens = createServer(serverTls(), (_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end('{"access_token":"private","token_type":"Bearer"}');
    });
    const { url, close } = await listen(tokens, 0);
    onTestFinished(close);
    const endpoint = `https://127.0.0.1:${new URL(url).port}/token`;
    const auth = { type: 'oauth2', oauth2: oauth2({ endpoint }) };
    expect(await headerFor(securedBy(auth))).toMatch(/^token-unreachable: .*TLS failed/);
    const ssl = { trustStore: { type: 'PEM', content: privatePem('ca.crt') } };
    expect(await headerFor(securedBy(auth, 'acme', { ssl }))).toBe('Bearer private');
  });

  test('is read after a 100 that nobody asked for, with a null scope and an id_token of another kind', async () => {
    const { headerFor } = await start();
    const json = '{"access_token":"odd","scope":null,"id_token":1}';
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\n\r\n`;
    const tokens = await rowServer({ bytes: `HTTP/1.1 100 Continue\r\n\r\n${head}${json}`, after: 'stays' });
    onTestFinished(() => tokens.close());
    expect(await headerFor(securedBy({ type: 'oauth2', oauth2: oauth2({ endpoint: tokens.url }) }))).toBe(
      'Bearer odd',
    );
  });

  test('a token endpoint that is unreachable or forbidden is an outage with that reason', async () => {
    const { headerFor } = await start();
    const at = (endpoint: string) => securedBy({ type: 'oauth2', oauth2: oauth2({ endpoint }) });
    expect(await headerFor(at('http://127.0.0.1:1/token'))).toMatch(/^token-unreachable: .*refused/);
    expect(await headerFor(at('http://169.254.169.254/token'))).toMatch(
      /^token-unreachable: .*may not be called/,
    );
    expect(await headerFor(at('http://10.0.0.1/token'))).toMatch(/^token-unreachable: .*may not be called/);
  });

  test('a rotated client secret is read again when the token endpoint refuses the old one', async () => {
    const { headerFor, put, reads, clock } = await start({
      one: JSON.stringify(oauth2({ clientSecret: 'old' })),
    });
    const one = securedBy({ type: 'oauth2', secret: 'one' });
    expect(await headerFor(one)).toMatch(/^token-refused/);
    await put('one', JSON.stringify(oauth2()));
    // Once in 30 seconds: an endpoint that always refuses must not have every delivery read the secret.
    const before = reads();
    expect(await headerFor(one)).toMatch(/^token-refused/);
    expect(reads()).toBe(before);
    clock.ms += 30_000;
    expect(await server.accepts(await headerFor(one))).toBe(true);
  });
});

describe('jwtProfileOauth2', () => {
  const byJwt = (more: object = {}) =>
    securedBy({ type: 'jwtProfileOauth2', jwtProfileOauth2: jwtProfile(more) });

  test.each([
    ['an RSA key', {}],
    ['a key id', { keyId: 'k1' }],
    ['claims of its own', { customClaims: [{ name: 'tenant', value: 'acme' }], jwtId: 'once' }],
    ['an endpoint beside the audience', { endpoint: 'ENDPOINT' }],
  ])('with %s', async (_, more) => {
    const { headerFor } = await start();
    const given = 'endpoint' in more ? { endpoint: server.tokenUrl } : more;
    expect(await server.accepts(await headerFor(byJwt(given)))).toBe(true);
  });

  test.each(['256', '384', '512'])('with an HMAC of %s bits, of text or of base64', async (bits) => {
    const { headerFor } = await start();
    const client = { issuer: `hmac${bits}`, subject: `hmac${bits}`, signatureAlgorithm: `HMAC_HS${bits}` };
    expect(await server.accepts(await headerFor(byJwt({ ...client, keyContent: HMAC })))).toBe(true);
    const inSecret = { ...client, keyContent: inBase64(HMAC), secretBase64Encoded: true };
    expect(await server.accepts(await headerFor(byJwt(inSecret)))).toBe(true);
  });

  test('with a key store, from the item and from a secret, and with its certificates', async () => {
    const store = keyStore('store-password');
    const given = {
      keySource: 'PKCS12',
      keyContent: store.base64,
      keystoreOptions: { storePassword: 'store-password' },
    };
    const client = await startOAuthServer([oauthClient('stored', publicKeys(store.jwk))]);
    onTestFinished(() => client.close());
    const at = { issuer: 'stored', subject: 'stored', audience: client.tokenUrl };
    const { headerFor } = await start({ one: JSON.stringify(jwtProfile({ ...given, ...at })) });
    const bySecret = securedBy({ type: 'jwtProfileOauth2', secret: 'one' });
    expect(await client.accepts(await headerFor(bySecret))).toBe(true);
    const header = await headerFor(byJwt({ ...given, ...at, x509CertChain: 'X5C' }));
    expect(await client.accepts(header)).toBe(true);
    const wrong = await headerFor(byJwt({ ...given, ...at, keystoreOptions: { storePassword: 'MaRkEd' } }));
    expect(wrong).toMatch(/^credentials-invalid: the key store can not be opened/);
    expect(wrong).not.toContain('MaRkEd');
  });

  test.each([
    [
      { keyContent: '-----BEGIN PRIVATE KEY-----\nMaRkEd\n-----END PRIVATE KEY-----' },
      'no private key in PEM',
    ],
    [{ x509CertChain: 'X5C' }, 'comes with no certificate'],
  ])('with a key that is no use says what is wrong', async (more, message) => {
    const { headerFor, tokenRequests } = await start();
    const told = await headerFor(byJwt(more));
    expect(told).toContain('credentials-invalid');
    expect(told).toContain(message);
    expect(told).not.toContain('MaRkEd');
    expect(tokenRequests()).toBe(0);
  });
});

describe('a 401', () => {
  test('reads the secret again, and returns true only if it has changed', async () => {
    const { authorization, headerFor, put, clock } = await start({ one: 'old' });
    const one = securedBy({ type: 'token', secret: 'one' });
    const used = await headerFor(one);
    expect(await authorization.refused(one, used)).toBe(false);
    await put('one', 'new');
    // Read a moment ago: who refuses everything must not have it read for every message.
    expect(await authorization.refused(one, used)).toBe(false);
    clock.ms += 30_000;
    expect(await authorization.refused(one, used)).toBe(true);
    expect(await headerFor(one)).toBe('Bearer new');
  });

  test('of one subscription changes nothing for others that use entries of the same secret', async () => {
    const entries = (value: string) => JSON.stringify({ acme: { value }, other: { value } });
    const { authorization, headerFor, put, clock } = await start({ one: entries('v1') });
    const [acme, other] = ['acme', 'other'].map((id) =>
      securedBy({ type: 'token', secret: `one#${id}` }, id),
    );
    if (acme === undefined || other === undefined) throw new Error('two subscriptions');
    await put('one', entries('v2'));
    const used = await headerFor(acme);
    expect(used).toBe('Bearer v2');
    // The receiver of acme refuses every version, and so finds the previous one for acme.
    expect(await authorization.refused(acme, used)).toBe(true);
    expect(await headerFor(acme)).toBe('Bearer v1');
    expect(await headerFor(other)).toBe('Bearer v2');
    // Nor does it use up the look at the secret that another has when it is refused itself.
    await put('one', entries('v3'));
    expect(await authorization.refused(other, 'Bearer v2')).toBe(true);
    expect(await headerFor(other)).toBe('Bearer v3');
    // A version that is current again after a while is tried again.
    clock.ms += 300_000;
    expect(await headerFor(acme)).toBe('Bearer v3');
  });

  test('of a revoked token requests another one, once in 30 seconds', async () => {
    const { authorization, headerFor, tokenRequests, clock } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    const revoked = await headerFor(one);
    await server.revoke(revoked);
    const lanes = await Promise.all(Array.from({ length: 5 }, () => authorization.refused(one, revoked)));
    expect(lanes).toEqual([true, true, true, true, true]);
    expect(tokenRequests()).toBe(2);
    const next = await headerFor(one);
    expect(await server.accepts(next)).toBe(true);
    expect(await authorization.refused(one, next)).toBe(false);
    expect(tokenRequests()).toBe(2);
    clock.ms += 30_000;
    expect(await authorization.refused(one, next)).toBe(true);
    expect(tokenRequests()).toBe(3);
  });

  test('while no token is available does not affect the next one', async () => {
    const { authorization, headerFor } = await start();
    const one = securedBy({ type: 'oauth2', oauth2: oauth2() });
    const revoked = await headerFor(one);
    server.options.say = () => ({ status: 503 });
    expect(await authorization.refused(one, revoked)).toBe(true);
    expect(await headerFor(one)).toMatch(/^token-failed/);
  });

  test('without credentials is a refusal', async () => {
    const { authorization } = await start();
    expect(await authorization.refused(securedBy({ type: 'none' }), undefined)).toBe(false);
  });
});

/** A PKCS#12 store as OpenSSL makes it, and its public key. */
function keyStore(password: string) {
  const folder = mkdtempSync(join(tmpdir(), 'webhooks-store-'));
  try {
    const file = (name: string) => join(folder, name);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=webhooks', '-days', '2'],
      ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
    );
    openssl(
      ...['pkcs12', '-export', '-inkey', file('key.pem'), '-in', file('cert.pem'), '-name', 'webhooks'],
      ...['-passout', `pass:${password}`, '-out', file('store.p12')],
    );
    const publicJwk = createPublicKey(readFileSync(file('cert.pem'))).export({ format: 'jwk' });
    return { base64: readFileSync(file('store.p12')).toString('base64'), jwk: publicJwk };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
