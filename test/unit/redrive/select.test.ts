import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deliveryOf, inOrder, replayIdOf } from '#lib/redrive/replay.ts';
import { type Filter, letterMatches, skipOf } from '#lib/redrive/select.ts';
import { deadLetter, letter } from '#test/support/letters.ts';

describe('a letter is picked', () => {
  const found = letter({
    subscription: 'acme',
    topic: 'orders',
    messageId: 'm1',
    status: 410,
    lastAt: 5_000,
  });
  test.each<[Filter, boolean]>([
    [{}, true],
    [{ subscription: 'acme' }, true],
    [{ subscription: 'other' }, false],
    [{ topic: 'orders' }, true],
    [{ topic: 'order' }, false],
    [{ status: [410] }, true],
    [{ status: [400, 404] }, false],
    [{ status: ['4xx'] }, true],
    [{ status: ['5xx'] }, false],
    [{ reason: ['expired', 'rejected'] }, true],
    [{ reason: ['expired'] }, false],
    [{ outcome: ['rejected'] }, true],
    [{ outcome: ['failed'] }, false],
    [{ ids: new Set(['m1']) }, true],
    [{ ids: new Set(['m2']) }, false],
    [{ from: 5_000 }, true],
    [{ from: 5_001 }, false],
    [{ to: 5_001 }, true],
    [{ to: 5_000 }, false],
    [{ subscription: 'acme', status: [404] }, false],
  ])('by %j: %s', (filter, expected) => {
    expect(letterMatches(found, filter)).toBe(expected);
  });

  test('by status only if it has one', () => {
    const { status: _, outcome: __, ...bare } = letter(deadLetter({ reason: 'expired' }));
    const expired = { ...bare, status: undefined, outcome: undefined };
    expect(letterMatches(expired, { status: ['4xx', '5xx'] })).toBe(false);
    expect(letterMatches(expired, { outcome: ['rejected', 'unknown'] })).toBe(false);
    expect(letterMatches(expired, { reason: ['expired'] })).toBe(true);
  });
});

describe('a letter is skipped', () => {
  const asked = { endpoint: 'rejected', includeUnknown: false, redriveId: 'r1', mostRounds: 10 };
  test.each([['unknown'], ['lost'], ['crashing']] as const)(
    'when it may have been delivered (%s), unless that is asked for',
    (reason) => {
      const found = letter({ reason, outcome: reason === 'unknown' ? 'unknown' : 'failed' });
      expect(skipOf(found, asked)).toBe('unknown');
      expect(skipOf(found, { ...asked, includeUnknown: true })).toBeUndefined();
    },
  );

  test('when it has come back as often as a letter may', () => {
    expect(skipOf(letter({ rounds: 9 }), asked)).toBeUndefined();
    expect(skipOf(letter({ rounds: 10 }), asked)).toBe('rounds');
    expect(skipOf(letter({ rounds: 3 }), { ...asked, mostRounds: 3 })).toBe('rounds');
  });

  test('when this very redrive replayed it and it was rejected again, which another redrive may try', () => {
    const { replayId = '' } = deliveryOf(letter(), 'r1');
    const again = letter({ replayId, rounds: 1 });
    expect(skipOf(again, asked)).toBe('rejected-again');
    expect(skipOf(again, { ...asked, redriveId: 'r2' })).toBeUndefined();
  });
});

describe('a replay', () => {
  test('begins with attempt 1, and carries the message and how often it came back', () => {
    const carried = {
      headers: { a: 'b' },
      encoding: 'base64' as const,
      traceparent: 't',
      tracestate: 's',
    };
    const delivery = deliveryOf(letter({ ...carried, attempts: 7, rounds: 2 }), 'r1');
    expect(delivery).toEqual({
      subscription: 'acme',
      messageId: 'm1',
      topic: 'orders',
      contentType: 'application/json',
      publishedAt: 1_000,
      ...carried,
      attempt: 1,
      sends: 0,
      // Its subscription's filter does not apply to it.
      direct: true,
      rounds: 3,
      sequence: expect.any(String),
      replayId: expect.stringMatching(/^redrive\.[\w-]{16}\.[\w-]{22}$/),
    });
    expect(deliveryOf(letter(), 'r1').rounds).toBe(1);
  });

  const identity = fc.record({
    subscription: fc.constantFrom('a', 'b'),
    messageId: fc.constantFrom('a', 'b'),
    replayId: fc.constantFrom(undefined, 'a', 'null'),
    sequence: fc.constantFrom('', '1', '2'),
    body: fc.constantFrom('1', '2'),
    topic: fc.constantFrom(undefined, 'null'),
    contentType: fc.constantFrom('application/json', 'text/plain'),
    encoding: fc.constantFrom(undefined, 'base64' as const),
    key: fc.constantFrom(undefined, 'null'),
    headers: fc.constantFrom({}, { 'x-a': '1' }),
  });
  type Identity = typeof identity extends fc.Arbitrary<infer T> ? T : never;
  const idOf = (redriveId: string, { body, ...given }: Identity) => {
    const { carried, ...found } = letter({}, body);
    return replayIdOf(redriveId, { ...found, ...given, carried: { ...carried, ...given } });
  };

  test('has one id for one redrive and letter, and another for any other', () =>
    fc.assert(
      fc.property(identity, identity, fc.constantFrom('r1', 'r2'), (one, other, redriveId) => {
        const same = redriveId === 'r1' && JSON.stringify(one) === JSON.stringify(other);
        expect(idOf('r1', one) === idOf(redriveId, other)).toBe(same);
      }),
    ));

  test('is one with that of the same letter written twice, whatever became of the second', () => {
    const once = letter({ headers: { 'x-a': '1', 'x-b': '2' } });
    // DynamoDB may return the headers in another order.
    const twice = letter({ headers: { 'x-b': '2', 'x-a': '1' }, lastAt: 9_000, attempts: 3, status: 410 });
    expect(deliveryOf(twice, 'r1').replayId).toBe(deliveryOf(once, 'r1').replayId);
  });

  test('comes by first attempt, then as its lane had it, as numbers of any length', () => {
    const letters = [
      letter({ messageId: 'd', firstAt: 3, sequence: '1' }),
      letter({ messageId: 'c', firstAt: 2, sequence: '18849496460467696128' }),
      letter({ messageId: 'b', firstAt: 2, sequence: '9' }),
      letter({ messageId: 'a', firstAt: 1, sequence: '18849496460467696129' }),
    ];
    expect(letters.toSorted(inOrder).map(({ carried }) => carried.messageId)).toEqual(['a', 'b', 'c', 'd']);
  });
});
