// Each limit, on both sides of it.
import { describe, expect, test } from 'vitest';
import { faultsOf, itemWith, pathsOf } from '#test/support/subscription-items.ts';

const a = (count: number): string => 'a'.repeat(count);
const top = (name: string) => (value: unknown) => itemWith({}, { [name]: value });
const option = (name: string) => (value: unknown) => itemWith({ [name]: value });

describe.each([
  ['connectTimeout', 1, 10_000],
  ['readTimeout', 1, 30_000],
  ['idleTimeout', 1, 900_000],
  ['maxConcurrentConnections', 1, 20],
])('%s', (name, least, most) => {
  const item = (value: unknown) => itemWith({ http: { [name]: value } });

  test(`may be ${least} to ${most}`, () => {
    expect(faultsOf(item(least))).toEqual({});
    expect(faultsOf(item(most))).toEqual({});
  });

  test(`may not be ${least - 1} or ${most + 1}`, () => {
    expect(faultsOf(item(least - 1))).toEqual({
      [`configuration.http.${name}`]: `must be at least ${least}`,
    });
    const reason = faultsOf(item(most + 1))[`configuration.http.${name}`];
    expect(reason).toMatch(new RegExp(`^must be at most ${most}`));
  });

  test.each([[1.5], ['5'], [true], [{}], [[]]])('is a whole number, not %j', (value) => {
    expect(faultsOf(item(value))[`configuration.http.${name}`]).toMatch(/^must be a whole number/);
  });

  test('is held to the same flat', () => {
    expect(pathsOf(itemWith({ [name]: least - 1 }))).toEqual([`configuration.${name}`]);
    expect(pathsOf(itemWith({ [name]: most + 1 }))).toEqual([`configuration.${name}`]);
  });
});

test('the largest readTimeout is what the deployment says', () => {
  const item = itemWith({ readTimeout: 5_001 });
  expect(faultsOf(item, { largestReadTimeoutMs: 5_001 })).toEqual({});
  expect(faultsOf(item, { largestReadTimeoutMs: 5_000 })).toEqual({
    'configuration.readTimeout': 'must be at most 5000, the largest of this deployment',
  });
});

test('a limit that cannot be a number is no way round it', () => {
  expect(pathsOf(itemWith({ readTimeout: Number.POSITIVE_INFINITY }))).toEqual(['configuration.readTimeout']);
  expect(pathsOf(itemWith({ readTimeout: Number.NaN }))).toEqual(['configuration.readTimeout']);
});

test.each([
  ['id', a(1), top('id')],
  ['id', a(128), top('id')],
  ['id', '!~', top('id')],
  ['topic', a(1), top('topic')],
  ['topic', a(256), top('topic')],
  ['topic', 'Bestellungen, größer: \u0000 🙂', top('topic')],
  ['dlq', { endpoint: a(128) }, top('dlq')],
  ['headers', [{ name: a(256), value: a(8_192) }], option('headers')],
  ['headers', [{ name: "!#$%&'*+-.^_`|~09AZaz", value: '' }], option('headers')],
  ['headers', [{ name: 'x', value: 'a\t b \u00ff' }], option('headers')],
  ['headers', [], option('headers')],
  ['callbackUrl', `HTTPS://e/${a(2_038)}`, option('callbackUrl')],
])('%s may be %j', (_, value, item) => {
  expect(faultsOf(item(value))).toEqual({});
});

test.each([
  ['id', '', 'id', top('id')],
  ['id', a(129), 'id', top('id')],
  ['id', 'a b', 'id', top('id')],
  ['id', 'größe', 'id', top('id')],
  ['id', 7, 'id', top('id')],
  ['topic', '', 'topic', top('topic')],
  ['topic', a(257), 'topic', top('topic')],
  ['qos', 'at least', 'qos', top('qos')],
  ['qos', 'AT-LEAST-TWICE', 'qos', top('qos')],
  ['type', 'sse', 'type', top('type')],
  ['entrypointId', 'webhooks', 'entrypointId', top('entrypointId')],
  ['dlq', {}, 'dlq.endpoint', top('dlq')],
  ['dlq', { endpoint: a(129) }, 'dlq.endpoint', top('dlq')],
  ['dlq', 'dlq-endpoint', 'dlq', top('dlq')],
  ['metadata', { a: 1 }, 'metadata.a', top('metadata')],
  ['callbackUrl', '', 'configuration.callbackUrl', option('callbackUrl')],
  ['callbackUrl', 'ftp://example.com', 'configuration.callbackUrl', option('callbackUrl')],
  ['callbackUrl', 'https://', 'configuration.callbackUrl', option('callbackUrl')],
  ['callbackUrl', 'https://a b', 'configuration.callbackUrl', option('callbackUrl')],
  ['callbackUrl', `https://e/${a(2_039)}`, 'configuration.callbackUrl', option('callbackUrl')],
  ['headers', { 'x-a': 'b' }, 'configuration.headers', option('headers')],
  ['headers', [{ name: 'x-a' }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ value: 'b' }], 'configuration.headers.0.name', option('headers')],
  ['headers', [{ name: '', value: 'x' }], 'configuration.headers.0.name', option('headers')],
  ['headers', [{ name: 'x a', value: '' }], 'configuration.headers.0.name', option('headers')],
  ['headers', [{ name: a(257), value: '' }], 'configuration.headers.0.name', option('headers')],
  ['headers', [{ name: 'x', value: a(8_193) }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ name: 'x', value: 'a\r\nb: c' }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ name: 'x', value: 'a\n' }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ name: 'x', value: ' a' }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ name: 'x', value: 'a ' }], 'configuration.headers.0.value', option('headers')],
  ['headers', [{ name: 'x', value: '€' }], 'configuration.headers.0.value', option('headers')],
  ['onOutage', 'Stop', 'configuration.onOutage', option('onOutage')],
])('%s may not be %j', (_, value, path, item) => {
  expect(pathsOf(item(value))).toEqual([path]);
});

test.each([
  'Host',
  'content-length',
  'Transfer-Encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-authorization',
  'webhook-id',
  'Webhook-Signature',
  'webhook-anything',
])('the header %s is refused', (name) => {
  expect(pathsOf(itemWith({ headers: [{ name, value: 'x' }] }))).toEqual(['configuration.headers.0.name']);
});

test('a header name may be given once, in whatever case', () => {
  const headers = ['x-a', 'x-b', 'X-A'].map((name) => ({ name, value: 'v' }));
  expect(faultsOf(itemWith({ headers }))).toEqual({
    'configuration.headers.2.name':
      'is the name of header 0 too: join the values there, separated by a comma',
  });
});

test('a hundred headers are enough', () => {
  const headers = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `x-${n}`, value: '' }));
  expect(faultsOf(itemWith({ headers: headers(100) }))).toEqual({});
  expect(pathsOf(itemWith({ headers: headers(101) }))).toEqual(['configuration.headers']);
});

test('the callback URL must pass the rule for URLs, which says why not', () => {
  expect(faultsOf(itemWith({ callbackUrl: 'https://refused' }))).toEqual({
    'configuration.callbackUrl': 'leads to a refused place',
  });
});

describe.each(['interruptConsumptionOnServerError', 'interruptConsumptionOnException'])(
  '%s: false',
  (flag) => {
    const path = `configuration.${flag}`;

    test('is refused under at-least-once without a dlq', () => {
      expect(pathsOf(itemWith({ [flag]: false }, { qos: 'at-least-once' }))).toEqual([path]);
    });

    test('is fine with a dlq, or under another quality of service, or when true', () => {
      const dlq = { endpoint: 'x' };
      expect(faultsOf(itemWith({ [flag]: false }, { qos: 'at-least-once', dlq }))).toEqual({});
      expect(faultsOf(itemWith({ [flag]: true }, { qos: 'at-least-once' }))).toEqual({});
      for (const qos of ['none', 'auto', 'at-most-once']) {
        expect(faultsOf(itemWith({ [flag]: false }, { qos }))).toEqual({});
      }
    });
  },
);
