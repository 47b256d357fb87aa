import { describe, expect, test } from 'vitest';
import { faultsOf, itemWith, sample, subscriptionOf, URL } from '#test/support/subscription-items.ts';

test('the smallest item gets every default of the seed', () => {
  expect(subscriptionOf({ id: 'acme', configuration: { callbackUrl: URL } })).toEqual({
    id: 'acme',
    topic: undefined,
    qos: 'auto',
    callbackUrl: URL,
    headers: [],
    http: {
      connectTimeoutMs: 3_000,
      readTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      maxConcurrentConnections: 5,
    },
    dlq: undefined,
    interruptConsumptionOnServerError: true,
    interruptConsumptionOnException: true,
    retry: { kind: 'default' },
  });
});

test("the seed's JSON is read as it stands", () => {
  const entrypoint = { entrypointId: 'webhook-advanced', callbackUrl: 'https://example.com' };
  expect(subscriptionOf({ id: 'acme', configuration: entrypoint }).callbackUrl).toBe('https://example.com');
  // The seed leaves the callback URL out of its dlq example.
  const dlq = { type: 'webhook-advanced', dlq: { endpoint: 'dlq-endpoint' }, configuration: {} };
  expect(Object.keys(faultsOf({ id: 'acme', ...dlq }))).toEqual(['configuration.callbackUrl']);
});

test.each([
  ['basic', { username: 'username', password: 'a-very-secured-password' }],
  ['token', { value: 'eyJraWQiOiJk...' }],
  [
    'oauth2',
    {
      endpoint: 'https://auth.gravitee.io/my-domain/oauth/token',
      clientId: 'a-client-id',
      clientSecret: 'a-client-secret',
      scopes: ['roles'],
    },
  ],
])("the seed's %s example is understood", (type, credentials) => {
  const item = itemWith({ entrypointId: 'webhook-advanced', auth: { type, [type]: credentials } });
  expect(faultsOf(item)).toEqual({});
  expect(subscriptionOf(item).auth).toEqual({ type, [type]: credentials });
});

test.each([
  ...['none', 'auto', 'at-most-once', 'at-least-once', 'minimal', 'dlq', 'http', 'http-flat', '4x'],
  ...[
    'auth-basic',
    'auth-token',
    'auth-oauth2',
    'auth-secret',
    'auth-jwt-profile',
    'signing',
    'tls',
    'proxy',
  ],
])('the sample subscription-%s is valid', (name) => {
  expect(faultsOf(sample(`subscription-${name}`))).toEqual({});
});

test('the four samples that are registered at the start are one per quality of service', () => {
  for (const qos of ['none', 'auto', 'at-most-once', 'at-least-once']) {
    const subscription = subscriptionOf(sample(`subscription-${qos}`));
    expect(subscription).toMatchObject({
      id: `sample-${qos}`,
      qos,
      callbackUrl: `http://127.0.0.1:8080/sample-${qos}`,
    });
  }
  expect(subscriptionOf(sample('subscription-at-least-once')).dlq).toEqual({ endpoint: 'sample-dlq' });
});

test('the 4.x shape is read: options of the subscriber and of the entrypoint, in two objects', () => {
  expect(subscriptionOf(sample('subscription-4x'))).toMatchObject({
    id: 'from-4x',
    qos: 'at-least-once',
    callbackUrl: 'https://example.com',
    headers: [{ name: 'x-tenant', value: 'acme' }],
    dlq: { endpoint: 'dlq-endpoint' },
    interruptConsumptionOnServerError: true,
    interruptConsumptionOnException: false,
    retry: { kind: 'none' },
    metadata: { team: 'billing' },
  });
});

test('the http options are the same in http and flat beside it', () => {
  const http = { connectTimeout: 1, readTimeout: 2, idleTimeout: 3, maxConcurrentConnections: 4 };
  const expected = {
    connectTimeoutMs: 1,
    readTimeoutMs: 2,
    idleTimeoutMs: 3,
    maxConcurrentConnections: 4,
  };
  expect(subscriptionOf(itemWith({ http })).http).toEqual(expected);
  expect(subscriptionOf(itemWith(http)).http).toEqual(expected);
  expect(
    subscriptionOf({ id: 'acme', entrypointConfiguration: { callbackUrl: URL }, configuration: { http } })
      .http,
  ).toEqual(expected);
});

test.each([
  ['none', 20],
  ['auto', 20],
  ['at-most-once', 1],
  ['at-least-once', 1],
])('under %s, 20 configured connections are %i', (qos, connections) => {
  const item = itemWith({ http: { maxConcurrentConnections: 20 } }, { qos });
  expect(subscriptionOf(item).http.maxConcurrentConnections).toBe(connections);
});

test('the two guaranteed qualities of service have one connection by default too', () => {
  expect(subscriptionOf(itemWith({}, { qos: 'at-most-once' })).http.maxConcurrentConnections).toBe(1);
});

test("Gravitee's upper-case words for the quality of service mean the same", () => {
  const words = ['NONE', 'AUTO', 'AT_MOST_ONCE', 'AT_LEAST_ONCE'];
  expect(words.map((qos) => subscriptionOf(itemWith({}, { qos })).qos)).toEqual([
    'none',
    'auto',
    'at-most-once',
    'at-least-once',
  ]);
});

test('the default readTimeout is not more than the deployment allows', () => {
  expect(subscriptionOf(itemWith({}), { largestReadTimeoutMs: 4_000 }).http.readTimeoutMs).toBe(4_000);
});

test('No Retry turns the default retry off', () => {
  expect(subscriptionOf(itemWith({ retry: { retryOption: 'No Retry' } })).retry).toEqual({ kind: 'none' });
});

test('what Gravitee sends when nothing was chosen is valid', () => {
  const item = itemWith({
    auth: { type: 'none' },
    ssl: {},
    proxy: { enabled: false, useSystemProxy: false },
    logging: { enabled: false, request: { headers: false, payload: false } },
    onOutage: 'probe',
  });
  expect(subscriptionOf(item).onOutage).toBe('probe');
});

test('an undefined field counts as left out', () => {
  expect(faultsOf(itemWith({ auth: undefined, http: undefined }, { topic: undefined }))).toEqual({});
});

describe('a * in a topic', () => {
  test.each(['a*b', '*a', 'a**', '**', '* ', 'a*b*'])(
    '%j is no topic and no beginning of topics',
    (topic) => {
      const reason = expect.stringContaining('may have one * at its end, and no other');
      expect(faultsOf(itemWith({}, { topic }))).toEqual({ topic: reason });
      expect(faultsOf(itemWith({}, { topic: '*', topics: ['a', topic] }))).toEqual({ 'topics.1': reason });
    },
  );

  test.each(['*', 'a', 'a b', 'a\nb', '.'])('%j is one topic, or all', (topic) => {
    expect(subscriptionOf(itemWith({}, { topic })).topic).toBe(topic);
  });

  test('a beginning of topics belongs into topics', () => {
    expect(faultsOf(itemWith({}, { topic: 'a*' }))).toEqual({ topic: expect.stringContaining('topics') });
    expect(subscriptionOf(itemWith({}, { topic: '*', topics: ['a*', '*'] })).topics).toEqual(['a*', '*']);
  });
});

describe('order by key', () => {
  const http = { http: { maxConcurrentConnections: 20 } };

  test.each(['at-least-once', 'at-most-once', 'AT_LEAST_ONCE'])(
    'under %s it has the lanes of its cap',
    (qos) => {
      const { order, http: parsed } = subscriptionOf(itemWith(http, { qos, order: 'key' }));
      expect({ order, lanes: parsed.maxConcurrentConnections }).toEqual({ order: 'key', lanes: 20 });
      expect(subscriptionOf(itemWith({}, { qos, order: 'key' })).http.maxConcurrentConnections).toBe(5);
    },
  );

  test('the order of the subscription is one lane, said or not', () => {
    for (const order of ['subscription', undefined]) {
      const parsed = subscriptionOf(itemWith(http, { qos: 'at-least-once', order }));
      expect(parsed.http.maxConcurrentConnections).toBe(1);
    }
    expect(subscriptionOf(itemWith(http, { order: 'subscription' })).http.maxConcurrentConnections).toBe(20);
  });

  test('without an order to keep it is a fault that says what to do', () => {
    for (const qos of ['auto', 'none', undefined])
      expect(faultsOf(itemWith({}, { qos, order: 'key' }))).toEqual({
        order: expect.stringContaining('set qos to at-least-once or at-most-once'),
      });
  });

  test('a wrong word has its own fault, and none for what follows from it', () => {
    expect(Object.keys(faultsOf(itemWith({}, { qos: 'twice', order: 'key' })))).toEqual(['qos']);
    expect(Object.keys(faultsOf(itemWith({}, { qos: 'at-least-once', order: 'keys' })))).toEqual(['order']);
    expect(faultsOf(itemWith({ order: 'key' }, { qos: 'at-least-once' }))).toEqual({
      'configuration.order': expect.stringContaining('put it at the top of the item'),
    });
  });
});
