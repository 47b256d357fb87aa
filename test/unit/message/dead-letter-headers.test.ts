import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '#lib/message/attribute.ts';
import {
  bodyIn,
  deadLetterHeaders,
  deadLetterIn,
  HEADERS,
  recordValue,
  VERSION_HEADER,
} from '#lib/message/dead-letter-headers.ts';
import { deadLetter } from '#test/support/letters.ts';

// What UTF-8 can carry.
const text = fc.string({ unit: 'binary' });
const letters: fc.Arbitrary<DeadLetter> = fc.record(
  {
    subscription: fc.string({ minLength: 1 }),
    messageId: fc.string({ minLength: 1 }),
    topic: text,
    endpoint: text,
    reason: fc.constantFrom(
      'rejected' as const,
      'failed' as const,
      'unsent' as const,
      'unknown' as const,
      'lost' as const,
      'crashing' as const,
      'expired' as const,
      'asked' as const,
    ),
    outcome: fc.constantFrom('rejected' as const, 'failed' as const, 'unknown' as const),
    status: fc.integer({ min: 100, max: 599 }),
    code: text,
    attempts: fc.nat(1_000),
    publishedAt: fc.nat({ max: 2e12 }),
    firstAt: fc.nat({ max: 2e12 }),
    lastAt: fc.nat({ max: 2e12 }),
    sequence: fc.bigInt({ min: 0n, max: 10n ** 38n }).map(String),
    contentType: text,
    headers: fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      fc.string({ unit: 'binary' }),
      { noNullPrototype: true },
    ),
    encoding: fc.constant('base64' as const),
    traceparent: text,
    tracestate: text,
    replayId: text,
    rounds: fc.nat(10),
    excerpt: text,
    tenant: text,
  },
  {
    requiredKeys: [
      'subscription',
      'messageId',
      'endpoint',
      'reason',
      'attempts',
      'publishedAt',
      'firstAt',
      'lastAt',
      'sequence',
      'contentType',
      'headers',
    ],
  },
);

const one: DeadLetter = {
  subscription: 'acme-orders',
  messageId: 'order-1',
  topic: 'orders',
  endpoint: 'dlq-endpoint',
  tenant: 'acme',
  reason: 'rejected',
  outcome: 'rejected',
  status: 422,
  attempts: 3,
  publishedAt: 1_700_000_000_000,
  firstAt: 1_700_000_001_000,
  lastAt: 1_700_000_002_000,
  sequence: '18849496460467696128',
  contentType: 'application/json; charset=utf-8',
  headers: { 'x-tenant': 'Zoë' },
  excerpt: 'no such order',
};

const bytesOf = (headers: Record<string, string>): (readonly [Buffer, Buffer])[] =>
  Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
const textsOf = (headers: Map<Buffer, Buffer>): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name.toString(), value.toString()]));
const readWith = (changes: Record<string, string | undefined>) => {
  const headers = { ...textsOf(deadLetterHeaders(one)), ...changes };
  return deadLetterIn(
    bytesOf(
      Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    ),
  );
};

describe('the headers of a dead letter', () => {
  test('come back as the letter that they were made of, whatever is in it', () =>
    fc.assert(
      fc.property(letters, (letter) => {
        expect(deadLetterIn(deadLetterHeaders(letter))).toEqual({ ok: true, value: letter });
      }),
    ));

  test('are one a field, in plain text', () => {
    expect(textsOf(deadLetterHeaders(one))).toEqual({
      'sqs-webhooks-dead-letter': '1',
      'webhook-subscription': 'acme-orders',
      'webhook-id': 'order-1',
      'webhook-topic': 'orders',
      'webhook-endpoint': 'dlq-endpoint',
      'webhook-tenant': 'acme',
      'webhook-reason': 'rejected',
      'webhook-outcome': 'rejected',
      'webhook-status': '422',
      'webhook-attempts': '3',
      'webhook-published-at': '1700000000000',
      'webhook-first-at': '1700000001000',
      'webhook-last-at': '1700000002000',
      'webhook-sequence': '18849496460467696128',
      'content-type': 'application/json; charset=utf-8',
      'webhook-headers': '{"x-tenant":"Zoë"}',
      'webhook-excerpt': 'no such order',
    });
  });

  test('that somebody else has added are passed over', () => {
    expect(readWith({ 'x-mirrored-from': 'other-cluster' })).toEqual({ ok: true, value: one });
  });

  test.each([
    [{ [VERSION_HEADER]: undefined }, 'is missing'],
    [{ [VERSION_HEADER]: '2' }, 'not known'],
    [{ 'webhook-subscription': undefined }, 'subscription'],
    [{ 'webhook-subscription': '' }, 'subscription'],
    [{ 'webhook-status': '422.' }, 'webhook-status: is no number'],
    [{ 'webhook-status': ' 422' }, 'webhook-status: is no number'],
    [{ 'webhook-attempts': '' }, 'webhook-attempts: is no number'],
    [{ 'webhook-reason': 'bored' }, 'reason'],
    [{ 'webhook-headers': '{' }, 'webhook-headers: is no JSON'],
    [{ 'webhook-headers': '[1]' }, 'headers'],
    [{ 'webhook-encoding': 'hex' }, 'encoding'],
  ])('are refused when they are not right: %j', (changes, why) => {
    expect(readWith(changes)).toEqual({ ok: false, detail: expect.stringContaining(why) });
  });

  test.each(['webhook-id', VERSION_HEADER])('are refused when %s is there twice', (name) => {
    const twice = [...deadLetterHeaders(one), [Buffer.from(name), Buffer.from('1')] as const];
    expect(deadLetterIn(twice)).toEqual({ ok: false, detail: `header ${name}: is there twice` });
  });

  test('are refused when one is not UTF-8', () => {
    const broken = [...deadLetterHeaders(one)].map(
      ([name, value]) =>
        [name, name.equals(Buffer.from('webhook-id')) ? Buffer.from([0xff]) : value] as const,
    );
    expect(deadLetterIn(broken)).toEqual({ ok: false, detail: 'header webhook-id: is not UTF-8 text' });
  });

  test('have names of their own, each of one field', () => {
    const names = [VERSION_HEADER, ...Object.values(HEADERS).map(([name]) => name)];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the record's value", () => {
  test.each(['{"n":1}', 'Zoë 🎉', ' ', '\ufeffwith a mark'])('is the body in UTF-8 and back: %j', (body) => {
    const value = recordValue({}, body);
    expect(value).toEqual(Buffer.from(body));
    expect(bodyIn({}, value)).toEqual({ ok: true, value: body });
  });

  test.each(['=', 'AP8=', Buffer.from('text').toString('base64')])(
    'is the bytes of a base64 body, and back: %j',
    (body) => {
      const value = recordValue({ encoding: 'base64' }, body);
      expect(value).toEqual(Buffer.from(body === '=' ? '' : body, 'base64'));
      expect(bodyIn({ encoding: 'base64' }, value)).toEqual({ ok: true, value: body });
    },
  );

  test('that is no text, or is not there, is no body', () => {
    expect(bodyIn({}, Buffer.from([0xff, 0xfe]))).toMatchObject({ ok: false });
    expect(bodyIn({ encoding: 'base64' }, null)).toMatchObject({ ok: false });
  });
});

test('among thousands of subscriptions each letter says its own, again and again', () => {
  const ids = Array.from({ length: 3_000 }, (_, n) => `subscription ${n}`);
  for (const subscription of [...ids, ...ids]) {
    const headers = deadLetterHeaders(deadLetter({ subscription, messageId: 'm' }));
    const read = [...headers].map(([name, value]) => [`${name}`, `${value}`]);
    expect(Object.fromEntries(read)['webhook-subscription']).toBe(subscription);
  }
});
