// How many of a message's headers its request has. Receivers answer 431 to too many, which would stop the subscription.
import { expect, test } from 'vitest';
import { requestOf } from '#lib/deliver/request.ts';

function requestWith(
  headers: Readonly<Record<string, string>>,
  configured: { name: string; value: string }[] = [],
) {
  const delivery = {
    subscription: 's',
    messageId: 'm',
    contentType: 'application/json',
    headers,
    publishedAt: 0,
    attempt: 1,
    sends: 0,
  };
  const request = requestOf(delivery, '{}', { headers: configured }, 0);
  const names = Object.keys(request.headers).filter((name) => name in headers);
  return { names, dropped: request.dropped, headers: request.headers };
}

const many = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, value]));

test('of 64 headers all are sent, of more the first 64; the others are counted', () => {
  expect(requestWith(many(64))).toMatchObject({ names: Object.keys(many(64)), dropped: 0 });
  expect(requestWith(many(100))).toMatchObject({ names: Object.keys(many(64)), dropped: 36 });
  expect(requestWith(many(30_000))).toMatchObject({ names: Object.keys(many(64)), dropped: 29_936 });
});

test('those that make more than 8 KB are dropped, each by itself, and smaller ones behind them are sent', () => {
  const headers = {
    'x-a': 'v'.repeat(4_000),
    'x-b': 'v'.repeat(4_178),
    'x-c': 'v'.repeat(4_168),
    'x-d': 'v',
  };
  // 4,007, 4,185, 4,175 and 8 bytes.
  expect(requestWith(headers)).toMatchObject({ names: ['x-a', 'x-b'], dropped: 2 });
  expect(requestWith({ ...headers, 'x-b': 'v'.repeat(4_179) })).toMatchObject({
    names: ['x-a', 'x-c', 'x-d'],
    dropped: 1,
  });
  expect(requestWith({ 'x-a': 'v'.repeat(8_186) })).toMatchObject({ names: [], dropped: 1 });
});

test('headers that are not allowed take no place of others', () => {
  const refused = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`webhook-${n}`, 'v'.repeat(200)]),
  );
  expect(requestWith({ ...refused, ...many(64) })).toMatchObject({
    names: Object.keys(many(64)),
    dropped: 100,
  });
});

test("the subscription's own headers are all sent", () => {
  const configured = Array.from({ length: 100 }, (_, n) => ({ name: `own-${n}`, value: 'v'.repeat(200) }));
  const { headers, dropped } = requestWith(many(64), configured);
  expect(Object.keys(headers).filter((name) => name.startsWith('own-'))).toHaveLength(100);
  expect(dropped).toBe(0);
});
