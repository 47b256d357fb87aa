import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ATTRIBUTE,
  type DeadLetter,
  type Delivery,
  decodeDeadLetter,
  decodeDelivery,
  encodeAttribute,
} from '#lib/message/attribute.ts';
import { attributesOf, deliveryOf } from '#test/support/records.ts';

// What SQS takes, by its API reference.
const TAKEN_BY_SQS = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

const anyText = fc.string({ unit: 'binary' });
const lettersOfAllSorts = fc.oneof(
  anyText,
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('\uFFFE\uFFFF', '\uD800', '\uDC00x', '"\\\u0000', '\u2028'),
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const deliveries = fc.record(
  {
    subscription: fc.string({ minLength: 1 }),
    messageId: fc.string({ minLength: 1 }),
    topic: lettersOfAllSorts,
    contentType: lettersOfAllSorts,
    headers: fc.dictionary(
      lettersOfAllSorts.filter((name) => name !== '__proto__'),
      lettersOfAllSorts,
      { noNullPrototype: true },
    ),
    encoding: fc.constant('base64' as const),
    traceparent: lettersOfAllSorts,
    tracestate: lettersOfAllSorts,
    publishedAt: fc.nat(),
    attempt: fc.integer({ min: 1, max: 1_000 }),
    sends: fc.nat(1_000),
    replayId: lettersOfAllSorts,
    rounds: fc.nat(10),
    firstAt: fc.nat(),
  },
  {
    requiredKeys: ['subscription', 'messageId', 'contentType', 'headers', 'publishedAt', 'attempt', 'sends'],
  },
);

const decode = (text: string) => decodeDelivery(attributesOf({ [ATTRIBUTE]: text }));

describe('the attribute of a delivery', () => {
  test('comes back as it went, whatever is in it, and has only characters that SQS takes', () =>
    fc.assert(
      fc.property(deliveries, (delivery) => {
        const text = encodeAttribute({ kind: 'delivery', value: delivery });
        expect(text).toMatch(TAKEN_BY_SQS);
        expect(decode(text)).toEqual({ ok: true, value: delivery });
      }),
      { numRuns: 300 },
    ));

  test.each<[string, string]>([
    ['not JSON', 'attribute sqs-webhooks: is not JSON'],
    ['null', 'attribute sqs-webhooks: '],
    ['{"v":2}', 'attribute sqs-webhooks: v: '],
    [JSON.stringify({ ...deliveryOf(), v: 1, kind: 'token' }), 'attribute sqs-webhooks: kind: '],
    [
      JSON.stringify({ ...deliveryOf(), v: 1, kind: 'delivery', sends: -1 }),
      'attribute sqs-webhooks: sends: ',
    ],
    [
      JSON.stringify({ ...deliveryOf({ subscription: '' }), v: 1, kind: 'delivery' }),
      'attribute sqs-webhooks: subscription: ',
    ],
  ])('that is malformed is told with its place: %s', (text, detail) => {
    expect(decode(text)).toEqual({ ok: false, detail: expect.stringContaining(detail) });
  });

  test('that is missing or no text is a fault', () => {
    const missing = { ok: false, detail: 'attribute sqs-webhooks: is missing' };
    expect(decodeDelivery({})).toEqual(missing);
    expect(decodeDelivery(attributesOf({ [ATTRIBUTE]: Buffer.from('{}') }))).toEqual(missing);
  });

  test('never throws, whatever JSON it holds', () =>
    fc.assert(
      fc.property(fc.oneof(fc.json(), anyText, optional(fc.constant('{"v":1,"kind":"delivery"'))), (text) => {
        expect(typeof decode(text ?? '').ok).toBe('boolean');
      }),
    ));
});

test('a delivery that was read goes on as a dead letter, under its new kind', () => {
  const read = decode(encodeAttribute({ kind: 'delivery', value: deliveryOf({ topic: 'orders' }) }));
  if (!read.ok) throw new Error(read.detail);
  const { attempt, sends: _, ...rest }: Delivery = read.value;
  const letter: DeadLetter = {
    ...rest,
    endpoint: 'rejected',
    reason: 'rejected',
    outcome: 'rejected',
    status: 410,
    attempts: attempt,
    firstAt: 1,
    lastAt: 2,
    sequence: '7',
  };
  const text = encodeAttribute({ kind: 'dead-letter', value: letter });
  expect(JSON.parse(text)).toMatchObject({ v: 1, kind: 'dead-letter' });
  expect(decodeDeadLetter(attributesOf({ [ATTRIBUTE]: text }))).toEqual({ ok: true, value: letter });
  expect(decode(text).ok).toBe(false);
});
