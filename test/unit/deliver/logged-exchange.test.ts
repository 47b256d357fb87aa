// Headers and bodies in an attempt's log line: only where the item asks for them, without credentials, and bounded.
import { describe, expect, test } from 'vitest';
import type { Exchange } from '#lib/callback/client.ts';
import { createLoggingBudget, loggedExchange } from '#lib/deliver/logged-exchange.ts';
import type { LoggedPart } from '#lib/subscription/logging-schema.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import { itemWith, subscriptionOf } from '#test/support/subscription-items.ts';

const PARTS: readonly LoggedPart[] = ['requestHeaders', 'requestBody', 'answerHeaders', 'answerBody'];
const unlimited = { loggingBudget: { isOpen: () => true, take: () => true } };

const subscriptionWith = (configuration: object) =>
  subscriptionOf(itemWith({ logging: { bodies: 'all' }, ...configuration }));

const answered = (body: string | Buffer, headers: Record<string, string> = {}, status = 500): Exchange =>
  ({ kind: 'answered', status, headers, body: Buffer.from(body) }) as Exchange;

function logged({
  headers = {},
  body = '{}',
  exchange = answered('no'),
  delivered = false,
  ...configuration
}: {
  headers?: Record<string, string>;
  body?: string | Buffer;
  exchange?: Exchange;
  delivered?: boolean;
  [field: string]: unknown;
}) {
  const sent = { headers, body: Buffer.from(body), exchange };
  return loggedExchange(subscriptionWith(configuration), sent, delivered, unlimited);
}

test('nothing is logged of a subscription that does not ask for it', () => {
  const subscription = subscriptionOf(itemWith({}));
  const exchanged = { headers: { a: 'b' }, body: Buffer.from('{}'), exchange: answered('no') };
  expect(loggedExchange(subscription, exchanged, false, unlimited)).toEqual({});
});

test('failures have headers and bodies, deliveries only where all are asked for', () => {
  const all = { requestHeaders: 'x-a: b', requestBody: '{"n":1}', answerBody: 'no' };
  const exchange = { headers: { 'x-a': 'b' }, body: '{"n":1}' };
  expect(logged({ ...exchange, logging: { bodies: 'failures' } })).toEqual(all);
  expect(logged({ ...exchange, logging: { bodies: 'failures' }, delivered: true })).toEqual({});
  expect(logged({ ...exchange, logging: { bodies: 'all' }, delivered: true })).toEqual(all);
});

test('an attempt without an answer, or without a request, has what there was', () => {
  const unsent: Exchange = { kind: 'unsent', code: 'connection-refused', message: 'no' };
  expect(logged({ headers: { a: 'b' }, exchange: unsent })).toEqual({
    requestHeaders: 'a: b',
    requestBody: '{}',
  });
  const unmade = { headers: { a: 'b' }, body: Buffer.from(''), exchange: undefined };
  expect(loggedExchange(subscriptionWith({}), unmade, false, unlimited)).toEqual({ requestHeaders: 'a: b' });
});

test("Gravitee's form logs the parts that it names", () => {
  const on = { headers: true, payload: true };
  const exchange = answered('no', { 'content-type': 'text/plain', 'set-cookie': 'session=abc' });
  expect(logged({ exchange, logging: { enabled: true, response: on } })).toEqual({
    answerHeaders: 'content-type: text/plain\nset-cookie: [redacted]',
    answerBody: 'no',
  });
});

describe('credentials', () => {
  const token = 'tok-ABCDEFGHIJ-123';
  const secrets = {
    authorization: `Bearer ${token}`,
    'webhook-signature':
      'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    cookie: 'id=1',
    'x-api-key': 'short',
    'x-amz-security-token': 'FwoGZXIvYXdzEJr',
  };

  test.each(PARTS)('are in no part of the line: %s', (part) => {
    const words = [
      'K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN',
      token,
      'id=1',
      'short',
      'FwoGZXIvYXdzEJr',
      'configured-value',
    ];
    const echo = JSON.stringify({ ...secrets, own: 'configured-value', ordinary: 'shown' });
    const on = { headers: true, payload: true };
    const line = logged({
      headers: { ...secrets, 'x-own': 'configured-value', 'x-ordinary': 'shown' },
      body: echo,
      exchange: answered(echo, { 'x-echo': echo, 'www-authenticate': `Bearer ${token}` }),
      logging: { enabled: true, request: on, response: on },
    });
    const text = line[part] ?? '';
    expect(text).toContain('shown');
    expect(text).toContain('[redacted]');
    for (const word of words.filter((one) => one !== 'configured-value')) expect(text).not.toContain(word);
  });

  test("a configured header's value is removed, however it is escaped", () => {
    const subscription = subscriptionWith({ headers: [{ name: 'x-tenant', value: 'secret"value' }] });
    const exchange = answered(JSON.stringify({ got: 'secret"value' }));
    const sent = { headers: { 'x-tenant': 'secret"value' }, body: Buffer.from('{}'), exchange };
    expect(loggedExchange(subscription, sent, false, unlimited)).toEqual({
      requestHeaders: 'x-tenant: [redacted]',
      requestBody: '{}',
      answerBody: '{"got":"[redacted]"}',
    });
  });

  test('thousands of headers of an answer are searched at once', () => {
    let reads = 0;
    const header = {
      name: 'x-tenant',
      get value() {
        reads += 1;
        return 'of-the-tenant';
      },
    };
    const logging = { enabled: true, response: { headers: true } };
    const subscription = { ...subscriptionWith({ logging }), headers: [header] };
    const headers = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`x-${at}`, 'of-the-tenant']),
    );
    const sent = { headers: {}, body: Buffer.from(''), exchange: answered('', headers) };
    const line = loggedExchange(subscription, sent, false, unlimited);
    expect(line.answerHeaders).toMatch(/^x-0: \[redacted\]\nx-1: \[redacted\]\n/);
    expect(line.answerHeaders).not.toContain('tenant');
    expect(reads).toBeLessThan(10);
  });

  test('a credential that the cut divides is removed before it', () => {
    const subscription = subscriptionWith({ logging: { bodies: 'all', excerptBytes: 20 } });
    const headers = { authorization: `Bearer ${token}` };
    const body = Buffer.from(`${'x'.repeat(15)}${token}`);
    const line = loggedExchange(subscription, { headers, body, exchange: answered('') }, false, unlimited);
    expect(line.requestBody).toBe(`${'x'.repeat(15)}[reda`);
  });
});

describe('the size', () => {
  const bytes = (text = '') => Buffer.byteLength(JSON.stringify(text)) - 2;

  test.each([
    ['plain text', 'x'.repeat(100_000)],
    ['controls, which JSON writes in six', '\u0001'.repeat(100_000)],
    ['quotes', '"'.repeat(100_000)],
    ['emoji', '😀'.repeat(50_000)],
    ['bytes that are no text', Buffer.alloc(100_000, 0xff)],
  ])('of a body of %s is not more than asked for, in the bytes of the line', (_, body) => {
    for (const excerptBytes of [1, 100, 4_096]) {
      const line = logged({ body, exchange: answered(body), logging: { bodies: 'all', excerptBytes } });
      for (const text of [line.requestBody, line.answerBody]) {
        expect(bytes(text)).toBeLessThanOrEqual(excerptBytes);
        expect((text ?? '').isWellFormed()).toBe(true);
      }
      if (excerptBytes > 10) expect(bytes(line.requestBody)).toBeGreaterThan(excerptBytes - 10);
    }
  });

  test('of headers is bounded too', () => {
    const headers = Object.fromEntries(
      Array.from({ length: 64 }, (_, at) => [`x-${at}`, '\t"'.repeat(1_000)]),
    );
    expect(bytes(logged({ headers }).requestHeaders)).toBeLessThanOrEqual(4_096);
  });

  test('of a long body is searched no further than it may be logged', () => {
    const headers = Array.from({ length: 20 }, (_, at) => ({ name: `x-${at}`, value: `value of ${at}` }));
    const sent = { headers: {}, body: Buffer.from('a'.repeat(800_000)), exchange: undefined };
    const { requestBody } = loggedExchange(subscriptionWith({ headers }), sent, false, unlimited);
    expect(requestBody).toBe('a'.repeat(1_024));
  });

  test('binary bodies are told by their size', () => {
    expect(logged({ body: Buffer.from([0, 1, 2]) }).requestBody).toBe('[3 bytes that are no text]');
  });

  test("another charset is read by the answer's content type", () => {
    const exchange = answered(Buffer.from('ärger', 'latin1'), {
      'content-type': 'text/plain; charset=iso-8859-1',
    });
    expect(logged({ exchange }).answerBody).toBe('ärger');
  });
});

describe('the budget of a tenant', () => {
  test('ends its bodies for the minute, and nobody else', () => {
    let now = 60_000;
    const deps = { loggingBudget: createLoggingBudget({ loggedBytesPerMinute: 25, now: () => now }) };
    const log = (id: string, tenant?: string) => {
      const item = itemWith({ logging: { bodies: 'all' } }, { id, ...(tenant && { tenant }) });
      const sent = { headers: {}, body: Buffer.from('0123456789'), exchange: undefined };
      return loggedExchange(subscriptionOf(item), sent, false, deps);
    };
    const kept = { requestBody: '0123456789' };
    expect([log('a', 't'), log('b', 't'), log('c', 't'), log('a', 't')]).toEqual([
      kept,
      kept,
      { bodiesLeftOut: true },
      { bodiesLeftOut: true },
    ]);
    expect(log('other')).toEqual(kept);
    now += 60_000;
    expect(log('a', 't')).toEqual(kept);
  });

  const open = { loggedBytesPerMinute: 1_000, now: () => 0 };
  const withoutReading = (what: string): Buffer =>
    new Proxy(Buffer.alloc(10), {
      get(): never {
        throw new Error(`${what} is read`);
      },
    });

  test.each([
    ['of 0', createLoggingBudget({ ...open, loggedBytesPerMinute: 0 }), 0],
    ['that is used up', createLoggingBudget(open), 1_000],
    ['that had too few bytes', createLoggingBudget(open), 1_001],
  ])('%s costs nothing: no text is searched or even read', (_, loggingBudget, bytes) => {
    const subscription = subscriptionWith({});
    loggingBudget.take(tenantOf(subscription), bytes);
    const exchange = { ...answered('no'), body: withoutReading('the answer') } as Exchange;
    const sent = { headers: {}, body: withoutReading('the body'), exchange };
    expect(loggedExchange(subscription, sent, false, { loggingBudget })).toEqual({ bodiesLeftOut: true });
  });

  test('of 0 logs none', () => {
    const loggingBudget = createLoggingBudget({ loggedBytesPerMinute: 0, now: () => 0 });
    const sent = { headers: {}, body: Buffer.from('x'), exchange: undefined };
    expect(loggedExchange(subscriptionWith({}), sent, false, { loggingBudget })).toEqual({
      bodiesLeftOut: true,
    });
  });
});
