// Offenders that are items of a customer: each is small, and takes much time to parse or to use.
import {
  beginLines,
  encryptedPemWithRounds,
  pkcs12WithKeyRounds,
  pkcs12WithMacRounds,
} from './costly-stores.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offence, Offender } from './offender.ts';

const PASSWORD = 'password';

/** No request reaches this address: the expensive work comes before the request. */
const CALLBACK = 'http://127.0.0.1:9/';
const OVER_TLS = 'https://127.0.0.1:9/';

/** Puts one item with a topic of its own. `deliver` has read the item when the subscription is paused. */
async function oneItem(
  { putSubscription, publish, pauseReason }: Neighbourhood,
  configuration: Record<string, unknown>,
): Promise<Offence> {
  await putSubscription({ id: 'offender', topic: 'offender', configuration });
  return {
    send: () => publish({ topic: 'offender', count: 5 }),
    isSeen: async () => (await pauseReason('offender')) !== undefined,
  };
}

const item = (
  name: string,
  configurationOf: () => Record<string, unknown>,
  more: Partial<Offender> = {},
): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  ...more,
  start: (neighbourhood) => oneItem(neighbourhood, configurationOf()),
});

const keyStore = (content: string) => ({
  callbackUrl: OVER_TLS,
  ssl: { keyStore: { type: 'PKCS12', content, password: PASSWORD } },
});

/** Items of the neighbours' own topic: each message of the neighbours is for them too. */
const onTheirTopic = (name: string, count: number, item: Record<string, unknown>): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  async start({ putSubscription, pauseReason, topic }) {
    for (let index = 0; index < count; index++) {
      await putSubscription({ id: `offender-${index}`, topic, ...item });
    }
    return {
      // The neighbours' own messages are its load.
      async send() {},
      isSeen: async () => (await pauseReason('offender-0')) !== undefined,
    };
  },
});

/** Filters that cost much, on a topic of the offender, with bodies on which each of them costs as much as it may. */
const costlyFilters = (name: string, filters: readonly object[], body: unknown): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  async start({ putSubscription, publish, serve }) {
    const server = await serve({ status: 204 });
    const configuration = { callbackUrl: server.url };
    // Without a filter: it shows that `route` is through with a message.
    await putSubscription({ id: 'offender', topic: 'offender', configuration });
    for (const [index, filter] of filters.entries()) {
      await putSubscription({ id: `offender-${index}`, topic: 'offender', filter, configuration });
    }
    return {
      send: () => publish({ topic: 'offender', body: JSON.stringify(body), count: 5 }),
      isSeen: async () => (await server.count()) > 0,
    };
  },
});

/** An item with a hundred long credentials, whose beginnings are everywhere in the bodies and in the answer's headers. */
const logsAll = (name: string, environment: Readonly<Record<string, string>> = {}): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  environment,
  async start({ putSubscription, publish, serve }) {
    const names = Array.from({ length: 4_000 }, (_, index) => `h${index}`);
    const body = 'a'.repeat(32_768);
    const server = await serve({
      status: 204,
      headers: Object.fromEntries(names.map((name) => [name, 'a'])),
    });
    const headers = Array.from({ length: 100 }, (_, index) => ({
      name: `x-${index}`,
      value: `${'a'.repeat(500)}${index}`,
    }));
    const part = { headers: true, payload: true };
    const logging = { enabled: true, request: part, response: part, excerptBytes: 4_096 };
    const configuration = { callbackUrl: server.url, headers, logging };
    await putSubscription({ id: 'offender', topic: 'offender', configuration });
    return {
      send: () => publish({ topic: 'offender', body, count: 5 }),
      isSeen: async () => (await server.count()) > 0,
    };
  },
});

const wildcards = (count: number, end: string): object => ({
  body: { a: [{ wildcard: `${'*a'.repeat(count)}${end}` }] },
});

/** Alternatives in alternatives, and alternatives beside alternatives: two to the power of `beside` combinations. */
const deepOr = (depth: number, beside: number): object => {
  let inner: object = { end: [1] };
  for (let level = 0; level < depth; level++) inner = { $or: [inner, { n: [level] }] };
  const others = Array.from({ length: beside }, (_, n) => [`o${n}`, { $or: [{ a: [1] }, { b: [1] }] }]);
  return { body: { inner, ...Object.fromEntries(others) } };
};

/** Alternatives that objects of a list nearly fulfil. */
const orOverLists = (salt: number): object => ({
  body: {
    list: {
      a: [salt],
      $or: Array.from({ length: 50 }, (_, n) => ({ [`k${n}`]: [salt], b: [{ 'anything-but': [n] }] })),
    },
  },
});

const keys = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index % 10]));

export const ITEMS: readonly Offender[] = [
  {
    name: 'a callback URL with 26 secrets of one letter, and an answer that is this letter',
    kind: 'items',
    everyMs: 1_000,
    async start({ putSubscription, publish, serve }) {
      const server = await serve({ status: 400, body: 'e'.repeat(200) });
      const callbackUrl = `${server.url}/?${Array.from({ length: 26 }, () => 'key=e').join('&')}`;
      // With a place for its dead letters the subscription goes on.
      const dlq = { endpoint: 'undeliverable' };
      await putSubscription({ id: 'offender', topic: 'offender', dlq, configuration: { callbackUrl } });
      return {
        send: () => publish({ topic: 'offender', count: 5 }),
        isSeen: async () => (await server.count()) > 0,
      };
    },
  },
  logsAll('a hundred headers of an item that logs all, and an answer of 4,000 headers'),
  logsAll('the same, where its tenant has no bytes left', { TENANT_LOGGING_BYTES: '0' }),
  item('a PKCS#12 store whose MAC asks for two billion rounds', () =>
    keyStore(pkcs12WithMacRounds(2_000_000_000, PASSWORD)),
  ),
  item('a PKCS#12 store whose key asks for two billion rounds', () =>
    keyStore(pkcs12WithKeyRounds(2_000_000_000, PASSWORD)),
  ),
  item('an encrypted PEM key that asks for ten million rounds', () => ({
    callbackUrl: CALLBACK,
    auth: {
      type: 'jwtProfileOauth2',
      jwtProfileOauth2: {
        issuer: 'offender',
        subject: 'offender',
        audience: CALLBACK,
        expirationTime: 30,
        expirationTimeUnit: 'SECONDS',
        signatureAlgorithm: 'RSA_RS256',
        keySource: 'INLINE',
        keyContent: encryptedPemWithRounds(10_000_000, PASSWORD),
        keystoreOptions: { keyPassword: PASSWORD },
      },
    },
  })),
  item('a trust store of lines that begin a certificate', () => ({
    callbackUrl: OVER_TLS,
    ssl: { trustStore: { type: 'PEM', content: beginLines(60_000) } },
  })),
  onTheirTopic('five items of 30,000 unknown keys on the same topic', 5, {
    ...keys(30_000),
    configuration: { callbackUrl: CALLBACK },
  }),
  onTheirTopic('twenty items with a text of 350 KB on the same topic', 20, {
    description: '\\"'.repeat(175_000),
    configuration: { callbackUrl: CALLBACK },
  }),
  onTheirTopic('forty items just under the limits, with 480 unknown keys, on the same topic', 40, {
    ...keys(480),
    configuration: { callbackUrl: CALLBACK, headers: { name: 'x'.repeat(50_000) } },
  }),
  onTheirTopic('twenty filters of 10,000 wildcards on the same topic', 20, {
    filter: wildcards(10_000, 'z'),
    configuration: { callbackUrl: CALLBACK },
  }),
  onTheirTopic('twenty filters with $or 300 deep, and 30 of them side by side, on the same topic', 20, {
    filter: deepOr(300, 30),
    configuration: { callbackUrl: CALLBACK },
  }),
  costlyFilters(
    'forty filters of 4,000 wildcards, and bodies of 100 KB on which they cost most',
    Array.from({ length: 40 }, (_, n) => wildcards(4_000, `*z${n}*a`)),
    { a: 'a'.repeat(100_000) },
  ),
  costlyFilters(
    'forty filters with $or over a list of 2,000 objects',
    Array.from({ length: 40 }, (_, n) => orOverLists(n)),
    { list: Array.from({ length: 2_000 }, (_, n) => ({ a: n % 40, b: n, [`k${n % 50}`]: n })) },
  ),
];
