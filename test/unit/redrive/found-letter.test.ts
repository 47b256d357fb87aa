// The content of an endpoint's queue as letters, and what orders them.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE, type Delivery, encodeAttribute } from '#lib/message/attribute.ts';
import { type FoundLetter, readQueued } from '#lib/redrive/found-letter.ts';
import { inOrder } from '#lib/redrive/replay.ts';
import { attributeOf, undeliverableAttribute } from '#test/support/letters.ts';
import { attributesOf, deliveryOf } from '#test/support/records.ts';

function letterIn(attributes: Record<string, string>): Extract<FoundLetter, { kind: 'letter' }> {
  const read = readQueued('1', attributesOf(attributes));
  if (!read.ok || read.found.kind !== 'letter') throw new Error('this is no letter');
  return read.found;
}

const undelivered = (sequence: string, given: Partial<Delivery>) =>
  letterIn(
    undeliverableAttribute({
      sequence,
      reason: 'unsubscribed',
      from: 'backlog',
      attributes: {
        [ATTRIBUTE]: {
          type: 'String',
          value: encodeAttribute({ kind: 'delivery', value: deliveryOf(given) }),
        },
      },
    }),
  );

describe('letters are ordered', () => {
  test('by their first attempt, when they are dead letters', () => {
    expect(letterIn(attributeOf({ publishedAt: 1_000, firstAt: 2_000 })).orderAt).toBe(2_000);
  });

  test('by their publication in undeliverable: the head of a backlog, tried after all came, is still the first', () => {
    const letters = [
      undelivered('3', { messageId: 'c', publishedAt: 1_400 }),
      undelivered('2', { messageId: 'b', publishedAt: 1_000 }),
      undelivered('1', { messageId: 'a', publishedAt: 1_000, attempt: 7, firstAt: 1_500 }),
    ];
    expect(letters.toSorted(inOrder).map(({ carried }) => carried.messageId)).toEqual(['a', 'b', 'c']);
    expect(letters.map(({ attempts }) => attempts)).toEqual([0, 0, 6]);
  });
});
