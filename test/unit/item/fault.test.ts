// Where a fault is, in which words, and that all of them are told.
import { expect, test } from 'vitest';
import { faultsOf, itemWith, pathsOf, URL } from '#test/support/subscription-items.ts';

test('all faults are reported at once, each with its path', () => {
  const item = {
    id: 'a b',
    qos: 'often',
    dlq: { endpoint: '' },
    callbackUrl: URL,
    configuration: {
      callbackUrl: 'https://refused',
      http: { readTimeout: 99_999, connectTimeout: 0, keepAlive: true },
      headers: [{ name: 'Host', value: 'x' }, { name: 'x-b' }],
      auth: { type: 'basic', basic: { username: 'u' } },
      logging: { bodies: 'some' },
    },
  };
  expect(pathsOf(item)).toEqual([
    'callbackUrl',
    'configuration.auth.basic.password',
    'configuration.callbackUrl',
    'configuration.headers.0.name',
    'configuration.headers.1.value',
    'configuration.http.connectTimeout',
    'configuration.http.keepAlive',
    'configuration.http.readTimeout',
    'configuration.logging.bodies',
    'dlq.endpoint',
    'id',
    'qos',
  ]);
});

test('an empty item lacks an id and a callback URL', () => {
  expect(faultsOf({})).toEqual({
    id: 'is missing: give text. The name of the subscription: 1 to 128 visible ASCII characters.',
    'configuration.callbackUrl': 'is missing: give text. Where messages are POSTed to.',
  });
  expect(pathsOf({ id: 'a', entrypointConfiguration: {} })).toEqual(['entrypointConfiguration.callbackUrl']);
  expect(pathsOf({ id: 'a', configuration: {}, entrypointConfiguration: {} })).toEqual([
    'entrypointConfiguration.callbackUrl',
  ]);
});

test.each([undefined, null, 'text', 7, [], true])('an item that is %j has one fault', (item) => {
  expect(pathsOf(item)).toEqual(['(item)']);
});

test('a configuration that is no object is one fault, not two', () => {
  expect(faultsOf({ id: 'a', configuration: 'x' })).toEqual({ configuration: 'must be an object' });
  expect(faultsOf(itemWith({ http: 5 }))).toEqual({ 'configuration.http': 'must be an object' });
});

test('an unknown key is a fault, with a suggestion', () => {
  expect(faultsOf(itemWith({ http: { connect_timeout: 1, readTimout: 1 } }))).toEqual({
    'configuration.http.connect_timeout': 'is not known here: did you mean connectTimeout?',
    'configuration.http.readTimout': 'is not known here: did you mean readTimeout?',
  });
  expect(faultsOf(itemWith({}, { topicc: 'x' }))).toEqual({
    topicc: 'is not known here: did you mean topic?',
  });
  expect(faultsOf(itemWith({ headers: [{ name: 'a', value: 'b', vlaue: 'c' }] }))).toEqual({
    'configuration.headers.0.vlaue': 'is not known here: did you mean value?',
  });
});

test('an unknown key without a similar one gets the list of known keys', () => {
  expect(faultsOf(itemWith({}, { dlq: { endpoint: 'x', priority: 1 } }))).toEqual({
    'dlq.priority': 'is not known here: remove it; known are endpoint',
  });
});

test('a key that belongs elsewhere is told where', () => {
  expect(faultsOf({ ...itemWith({ qos: 'auto', dlq: {} }), auth: { type: 'none' }, http: {} })).toEqual({
    auth: 'is not known here: put it into configuration',
    http: 'is not known here: put it into configuration',
    'configuration.qos': 'is not known here: put it at the top of the item',
    'configuration.dlq': 'is not known here: put it at the top of the item',
  });
});

test("Gravitee's words without a meaning here name the word to use", () => {
  const keyStore = { type: 'PKCS12', path: '/opt/store', password: 'x' };
  expect(faultsOf(itemWith({ ssl: { keyStore } }))['configuration.ssl.keyStore.path']).toMatch(
    /no gateway disk/,
  );
});

test('the same option twice is fine with the same value, a fault with another', () => {
  const headers = [{ name: 'a', value: 'b' }];
  const same = {
    id: 'a',
    configuration: { callbackUrl: URL, headers, http: { readTimeout: 5 }, readTimeout: 5 },
  };
  expect(faultsOf(same)).toEqual({});
  const turned = [{ value: 'b', name: 'a' }];
  expect(faultsOf({ ...same, entrypointConfiguration: { callbackUrl: URL, headers: turned } })).toEqual({});
  expect(
    faultsOf({
      ...same,
      entrypointId: 'webhook',
      entrypointConfiguration: {
        entrypointId: 'webhook-advanced',
        callbackUrl: `${URL}/other`,
        headers: [],
        http: { readTimeout: 6 },
      },
    }),
  ).toEqual({
    'entrypointConfiguration.callbackUrl':
      'is given in configuration.callbackUrl too, with another value: keep one of the two',
    'entrypointConfiguration.headers':
      'is given in configuration.headers too, with another value: keep one of the two',
    'entrypointConfiguration.http.readTimeout':
      'is given in configuration.http.readTimeout too, with another value: keep one of the two',
    'entrypointConfiguration.entrypointId':
      'is given in entrypointId too, with another value: keep one of the two',
  });
});

test('a longer list, or an object with more in it, is another value', () => {
  const item = {
    id: 'a',
    configuration: { callbackUrl: URL, headers: [], logging: { enabled: false } },
    entrypointConfiguration: {
      headers: [{ name: 'a', value: 'b' }],
      logging: { enabled: false, request: { headers: true } },
    },
  };
  expect(pathsOf(item)).toEqual(['entrypointConfiguration.headers', 'entrypointConfiguration.logging']);
});

test('a path has one fault, the first', () => {
  expect(faultsOf(itemWith({ headers: [{ name: '', value: 'x' }] }))).toEqual({
    'configuration.headers.0.name': 'must not be empty',
  });
});

test('no suggestion is made for a long key', () => {
  const key = `connectTimeout${'_'.repeat(40)}`;
  expect(faultsOf(itemWith({ http: { [key]: 1 } }))[`configuration.http.${key}`]).not.toMatch(/did you mean/);
});

test('a DynamoDB set is a fault: it must be a list', () => {
  expect(faultsOf(itemWith({ headers: new Set(['a']) }))).toEqual({
    'configuration.headers': 'must be JSON, not a DynamoDB set: write a list',
  });
});

test.each([
  ['a DynamoDB set', new Set(['a'])],
  ['an empty set', new Set()],
  ['binary', new Uint8Array([1])],
  ['a bigint', 5n],
  ['a class', new Date(0)],
  ['a number that is none', Number.NaN],
])('%s is a fault where it stands, and the other faults are told too', (_, value) => {
  expect(pathsOf({ ...itemWith({ http: value, onOutage: 'x' }), metadata: { a: value } })).toEqual([
    'configuration.http',
    'configuration.onOutage',
    'metadata.a',
  ]);
});

test('a value that is nested for ever is a fault', () => {
  const metadata: Record<string, unknown> = {};
  metadata.again = metadata;
  expect(pathsOf({ ...itemWith({}), metadata })).toEqual(['(item)']);
});

test('a value that is nested deeper than DynamoDB nests is a fault', () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { again: nested(levels - 1) });
  const [path] = pathsOf({ ...itemWith({}), metadata: nested(40) });
  expect(path).toMatch(/^metadata\.again/);
});

test('a key of a prototype is an unknown key', () => {
  const item: unknown = JSON.parse(`{"id":"a","configuration":{"callbackUrl":"${URL}","__proto__":{"x":1}}}`);
  expect(pathsOf(item)).toEqual(['configuration.__proto__']);
  expect(pathsOf(itemWith({ constructor: 1, http: { toString: 1 } }))).toEqual([
    'configuration.constructor',
    'configuration.http.toString',
  ]);
});

test('a path is printable and short, whatever the key', () => {
  const [path] = pathsOf(itemWith({ [`line\nbreak${'x'.repeat(500)}`]: 1 }));
  expect(path).toMatch(/^configuration\.line\?breakx{54}$/);
});

test('reasons are plain words', () => {
  expect(faultsOf(itemWith({ headers: 5, auth: 'basic', readTimeout: 'x' }, { qos: 1, topic: [] }))).toEqual({
    'configuration.auth': 'must be an object, not text',
    'configuration.headers': 'must be a list, not a number',
    'configuration.readTimeout': 'must be a whole number, not text',
    qos: 'must be one of none, auto, at-most-once, at-least-once',
    topic: 'must be text, not a list',
  });
});
