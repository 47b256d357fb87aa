// The guard where it counts: the whole corpus of hostile URLs and hostile answers of DNS, through everything that takes
// a URL from a stranger, by the rules of a deployed stage. A public name passes each of them.
import { describe, expect, it } from 'vitest';
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import { createCallbackClient } from '#lib/callback/client.ts';
import type { Lookup } from '#lib/callback/guard.ts';
import { checkSubscription } from '#lib/cli/actions/check.ts';
import { requestToken } from '#lib/credentials/token-request.ts';
import { deliverEnvironment, readConfig } from '#lib/deployment/config.ts';
import { callbackRules, deploymentRules, itemRules } from '#lib/deployment/rules.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { requestTo } from '#test/support/callback-exchange.ts';
import {
  brokenUrls,
  goodUrls,
  hostileAddresses,
  neverAllowedUrls,
  privateUrls,
} from '#test/support/hostile-urls.ts';
import { oddProxy } from '#test/support/proxies.ts';

const hostileUrls = [...neverAllowedUrls, ...privateUrls, ...brokenUrls];

/** A deployed stage that allows plain http, which lets the most through. */
function deployed(more: Record<string, string> = {}) {
  return readConfig(deliverEnvironment, { ...SAMPLE_ENVIRONMENT, ALLOW_HTTP: 'true', ...more });
}

const publicly: Lookup = async () => [{ address: '93.184.215.14' }];
const leadingTo =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address }));
const never: Lookup = () => Promise.reject(new Error('a name was looked up'));
const clientWith = (lookup: Lookup, more?: Record<string, string>) =>
  createCallbackClient({ ...callbackRules(deployed(more)), lookup });

const credentialsFor = (endpoint: string) => ({
  type: 'oauth2' as const,
  endpoint,
  clientId: 'c',
  clientSecret: 's',
  clientAuthentication: 'client_secret_post' as const,
});
const base = { id: 'acme', configuration: { callbackUrl: 'https://hooks.example.com/' } };
const itemWith = (options: object) => ({ ...base, configuration: { ...base.configuration, ...options } });
/** Every place of an item that a stranger's URL or host may stand in. */
const places: [string, (url: string) => object][] = [
  ['callbackUrl', (callbackUrl) => itemWith({ callbackUrl })],
  ['auth.oauth2.endpoint', (endpoint) => itemWith({ auth: { type: 'oauth2', oauth2: oauth2(endpoint) } })],
  ['auth.jwtProfileOauth2.audience', (audience) => itemWith({ auth: jwtProfile({ audience }) })],
  [
    'auth.jwtProfileOauth2.endpoint',
    (endpoint) => itemWith({ auth: jwtProfile({ audience: 'https://sts.example.com/', endpoint }) }),
  ],
];
const oauth2 = (endpoint: string) => ({ endpoint, clientId: 'c', clientSecret: 's' });
const jwtProfile = (more: object) => ({
  type: 'jwtProfileOauth2',
  jwtProfileOauth2: {
    issuer: 'i',
    subject: 's',
    signatureAlgorithm: 'HMAC_HS256',
    keyContent: 'k'.repeat(32),
    ...more,
  },
});

describe.each(places)('registered as %s', (path, itemOf) => {
  const rules = itemRules(deploymentRules(deployed()));
  it.each(hostileUrls)('%j is refused', (url) => {
    const parsed = parseSubscription(itemOf(url), rules);
    expect(!parsed.ok && parsed.faults.map((fault) => fault.path)).toEqual([`configuration.${path}`]);
  });
  it.each(goodUrls)('%j is taken', (url) => {
    expect(parseSubscription(itemOf(url), rules)).toMatchObject({ ok: true });
  });
});

describe('registered as the host of a proxy', () => {
  const rules = itemRules(deploymentRules(deployed()));
  const itemOf = (host: string) => itemWith({ proxy: { enabled: true, host, port: 3128 } });
  const hosts = [
    ...new Set([...neverAllowedUrls, ...privateUrls].map((url) => URL.parse(url)?.hostname ?? '')),
  ];
  it.each([...hosts, ...hostileAddresses, '127.1', '0x7f.1', '2130706433', 'a/b', 'a@b', ''])(
    '%j is refused',
    (host) => {
      expect(parseSubscription(itemOf(host), rules)).toMatchObject({ ok: false });
    },
  );
  it.each(['proxy.example.com', '93.184.215.14', '2606:4700:4700::1111', '[2606:4700:4700::1111]'])(
    '%j is taken',
    (host) => {
      expect(parseSubscription(itemOf(host), rules)).toMatchObject({ ok: true });
    },
  );
});

describe('put by the CLI, which looks names up', () => {
  const check = (item: object, lookup: Lookup) =>
    checkSubscription(item, {
      deployment: deploymentRules(deployed()),
      lookup,
      tables: () => Promise.reject(new Error('nothing is read')),
      secrets: async () => ({ send: () => Promise.reject(new Error('no secret is looked for')) }) as never,
    });
  it.each(hostileAddresses)('a name that leads to %s is refused in every place', async (address) => {
    const items = [
      ...places.map(([, itemOf]) => itemOf('https://name.example.com/')),
      itemWith({ proxy: { enabled: true, host: 'name.example.com', port: 3128 } }),
    ];
    const lookup: Lookup = (name) =>
      (name === 'name.example.com' ? leadingTo('93.184.215.14', address) : publicly)(name);
    for (const item of items) {
      const checked = await check(item, lookup);
      const reasons = checked.ok ? [] : checked.faults.map(({ reason }) => reason);
      expect(reasons).toContainEqual(expect.stringMatching(/^leads to /));
    }
  });
  it('a public name is taken', async () => {
    expect(await check(base, publicly)).toMatchObject({ ok: true });
  });
});

describe('called by deliver', () => {
  it.each(hostileUrls)('%j is not, and no name is looked up', async (url) => {
    expect(await clientWith(never).exchange(requestTo(url))).toMatchObject({
      kind: 'unsent',
      code: 'url-refused',
    });
  });
  it.each(neverAllowedUrls)('%j is not, not even where every range is allowed', async (url) => {
    const one = clientWith(never, { ALLOWED_CIDRS: '0.0.0.0/0,::/0' });
    expect(await one.exchange(requestTo(url))).toMatchObject({ kind: 'unsent', code: 'url-refused' });
  });
  it.each(hostileAddresses)(
    'a name that leads to %s is not, alone or beside a public address',
    async (address) => {
      for (const lookup of [
        leadingTo(address),
        leadingTo('93.184.215.14', address),
        leadingTo(address, '1.1.1.1'),
      ]) {
        const exchange = await clientWith(lookup).exchange(requestTo('https://name.example.com/'));
        expect(exchange).toMatchObject({ kind: 'unsent', code: 'address-refused' });
      }
    },
  );
});

describe('called for a token', () => {
  const ask = (url: string, lookup: Lookup) =>
    requestToken(credentialsFor(url), { tenant: 'a' }, { callback: clientWith(lookup), now: Date.now });
  it.each(hostileUrls)('%j is not, and no name is looked up', async (url) => {
    const answer = await ask(url, never);
    expect(answer).toMatchObject({ ok: false });
    expect(JSON.stringify(answer)).not.toContain('a name was looked up');
  });
  it.each(hostileAddresses)('a name that leads to %s is not', async (address) => {
    expect(await ask('https://name.example.com/', leadingTo('93.184.215.14', address))).toMatchObject({
      ok: false,
      message: expect.stringContaining('the address may not be called'),
    });
  });
});

describe('a public name', () => {
  it('is called: the connection is tried, and it is not the guard that refuses', async () => {
    const pool = { connectTimeoutMs: 500 };
    const exchange = await clientWith(publicly).exchange(requestTo('https://name.example.com:9/', { pool }));
    // What comes of it is the network's affair, and this machine may have no way to it.
    expect(exchange).toMatchObject({
      kind: 'unsent',
      code: expect.not.stringMatching(/^(url|address)-refused$/),
    });
  });

  it('is answered, on whatever port: a proxy stands in for the internet', async () => {
    const heads: string[] = [];
    const proxy = await oddProxy((socket) =>
      socket.on('data', (bytes: Buffer) => {
        const head = bytes.toString().split('\r\n\r\n')[0] ?? '';
        heads.push(...head.split('\r\n').slice(0, 2));
        socket.write(`HTTP/1.1 200 OK\r\n${head.startsWith('CONNECT') ? '' : 'content-length: 0\r\n'}\r\n`);
      }),
    );
    const local = createCallbackClient({
      ...callbackRules(deployed()),
      allowThisMachine: true,
      lookup: publicly,
    });
    const settings = { id: 'p', type: 'HTTP', host: '127.0.0.1', port: proxy.port } as const;
    const exchange = await local.exchange(
      requestTo('http://name.example.com:8088/hook', { pool: { proxy: settings } }),
    );
    expect(exchange).toMatchObject({ kind: 'answered', status: 200 });
    expect(heads).toEqual([
      'CONNECT 93.184.215.14:8088 HTTP/1.1',
      'host: 93.184.215.14:8088',
      'POST /hook HTTP/1.1',
      'host: name.example.com:8088',
    ]);
    await local.close();
  });
});
