// What a form left empty: null, "" and groups of them count as left out, in items of subscriptions and of endpoints.
import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { withoutBlanks } from '#lib/item/blanks.ts';
import { faultsOf, itemWith, rules, subscriptionOf, URL } from '#test/support/subscription-items.ts';

const plain = subscriptionOf(itemWith({}));

describe('as if it were left out', () => {
  test.each([
    [
      'every option',
      Object.fromEntries(
        ['headers', 'auth', 'retry', 'ssl', 'proxy', 'logging', 'http'].map((name) => [name, null]),
      ),
      {},
    ],
    [
      'every field at the top',
      {},
      {
        topic: null,
        qos: null,
        type: null,
        dlq: null,
        channel: null,
        metadata: null,
        startingAt: null,
        endingAt: null,
        tenant: null,
      },
    ],
    ['a channel without a text', {}, { channel: '' }],
    [
      'fields of http',
      { http: { connectTimeout: null, readTimeout: null, maxConcurrentConnections: null } },
      {},
    ],
    [
      'a group of fields',
      { retry: { retryOption: null, maxAttempts: null, retryStrategy: '' } },
      { metadata: { note: null } },
    ],
    ['a type of credentials', { auth: { type: null, basic: { username: '', password: null } } }, {}],
    [
      'the stores of today',
      {
        ssl: { hostnameVerifier: true, trustStore: { type: 'NONE' }, keyStore: { type: 'NONE', alias: '' } },
      },
      {},
    ],
    [
      'the stores of older exports',
      { ssl: { trustAll: false, trustStore: { type: '', content: null }, keyStore: { type: '' } } },
      {},
    ],
    [
      'a proxy',
      { proxy: { enabled: false, host: '', port: null, username: '', password: null, type: 'HTTP' } },
      {},
    ],
    [
      'numbers',
      { http: { connectTimeout: '', idleTimeout: '' }, readTimeout: '', retry: { maxAttempts: '' } },
      {},
    ],
    [
      'rows of headers',
      {
        headers: [
          { name: '', value: '' },
          { name: null, value: '' },
        ],
      },
      {},
    ],
    ['a note', {}, { metadata: { note: null } }],
  ])('%s', (_, options, top) => {
    const { ssl, proxy, metadata, auth, ...rest } = subscriptionOf(itemWith(options, top));
    const { auth: _auth, ...expected } = plain;
    expect(rest).toEqual(expected);
    expect(auth).toBeUndefined();
    expect(proxy?.enabled ?? false).toBe(false);
    expect(ssl?.trustStore?.type ?? 'NONE').toBe('NONE');
    expect(metadata ?? {}).toEqual({});
  });

  test.each(['NONE', '', null])('what a form left in a store of type %j', (type) => {
    const rest = { path: null, content: '', password: '' };
    const ssl = {
      hostnameVerifier: true,
      trustStore: { type, ...rest },
      keyStore: { type, ...rest, alias: '', keyPassword: '' },
    };
    const { trustStore, keyStore } = subscriptionOf(itemWith({ ssl })).ssl ?? {};
    expect([trustStore?.type ?? 'NONE', keyStore?.type ?? 'NONE']).toEqual(['NONE', 'NONE']);
    const security = { protocol: 'SSL', ssl };
    const configuration = { bootstrapServers: 'kafka.example.com:9092', topic: 'dead', security };
    expect(parseEndpoint({ name: 'e', type: 'kafka', configuration }, rules)).toMatchObject({ ok: true });
    // A value that somebody wrote is no blank.
    expect(Object.keys(faultsOf(itemWith({ ssl: { trustStore: { type: 'NONE', password: 'a' } } })))).toEqual(
      ['configuration.ssl.trustStore'],
    );
  });

  test('the stores of an endpoint', () => {
    for (const type of ['NONE', '', null]) {
      const security = {
        protocol: 'SSL',
        ssl: { hostnameVerifier: null, trustStore: { type }, keyStore: { type } },
      };
      const configuration = {
        bootstrapServers: 'kafka.example.com:9092',
        topic: 'dead',
        producer: null,
        security,
      };
      const item = { name: 'e', type: 'kafka', tenant: null, configuration };
      expect(parseEndpoint(item, rules), String(type)).toMatchObject({ ok: true });
    }
  });
});

describe('still a fault', () => {
  test.each([
    ['an entry of a list', { headers: [null] }, ['configuration.headers.0']],
    ['a callback URL', { callbackUrl: null }, ['configuration.callbackUrl']],
    ['a callback URL without a text', { callbackUrl: '' }, ['configuration.callbackUrl']],
    ['the name of a secret', { auth: { type: 'basic', secret: '' } }, ['configuration.auth.secret']],
    ['keys to sign with', { signing: { secrets: null } }, ['configuration.signing.secrets']],
    ['credentials of a type', { auth: { type: 'basic', basic: null } }, ['configuration.auth.basic']],
    [
      'a field that must be there',
      {
        retry: {
          retryOption: 'Retry On Fail',
          maxAttempts: null,
          initialDelaySeconds: 1,
          maxDelaySeconds: 1,
        },
      },
      ['configuration.retry.maxAttempts'],
    ],
  ])('%s', (_, options, paths) => {
    expect(Object.keys(faultsOf(itemWith(options)))).toEqual(paths);
  });

  test.each([{}, { endpoint: '' }, { endpoint: null }])('the endpoint of dead letters: %j', (dlq) => {
    expect(Object.keys(faultsOf(itemWith({}, { dlq })))).toEqual(['dlq.endpoint']);
  });
});

test('a row of headers in which something is written stays, and its fault is said', () => {
  const { headers } = subscriptionOf(
    itemWith({
      headers: [
        { name: 'x', value: 'a' },
        { name: '', value: null },
      ],
    }),
  );
  expect(headers).toEqual([{ name: 'x', value: 'a' }]);
  const faulty = (row: unknown) => Object.keys(faultsOf(itemWith({ headers: [row] })));
  expect(faulty({ name: '', value: 'a' })).toEqual(['configuration.headers.0.name']);
  expect(faulty({ name: 'x', value: null })).toEqual(['configuration.headers.0.value']);
  expect(faulty(null)).toEqual(['configuration.headers.0']);
  expect(faulty({})).not.toEqual([]);
});

test('texts that may be empty stay', () => {
  const { headers, auth, metadata } = subscriptionOf(
    itemWith(
      {
        headers: [{ name: 'x', value: '' }],
        auth: { type: 'basic', basic: { username: 'u', password: '' } },
      },
      { metadata: { note: '' } },
    ),
  );
  expect(headers).toEqual([{ name: 'x', value: '' }]);
  expect(auth).toMatchObject({ basic: { password: '' } });
  expect(metadata).toEqual({ note: '' });
});

test('an item in which nothing is empty is not copied', () => {
  const item = { id: 'a', configuration: { callbackUrl: URL, headers: [] } };
  expect(withoutBlanks(item)).toBe(item);
});

test.each([
  'none',
  'NONE',
  'None',
  'auto',
  'Auto',
  'At-Most-Once',
  'AT_MOST_ONCE',
  'at most once',
  'atMostOnce',
  'At-Least-Once',
  'AT_LEAST_ONCE',
  'at_least-once',
])('the quality of service may be written %s', (qos) => {
  const letters = (word: string) => word.toLowerCase().replaceAll(/[^a-z]/g, '');
  expect(letters(subscriptionOf(itemWith({}, { qos })).qos)).toBe(letters(qos));
});

test.each(['often', 'at-least', 'once', 'at--least-once', 7, ['auto']])(
  'the quality of service %j is a fault',
  (qos) => {
    expect(faultsOf(itemWith({}, { qos }))).toEqual({
      qos: expect.stringContaining('none, auto, at-most-once, at-least-once'),
    });
  },
);
