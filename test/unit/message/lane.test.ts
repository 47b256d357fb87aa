import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deduplicationIdOf, groupOf, isOtherLane, laneFor, laneOf, laneOfGroup } from '#lib/message/lane.ts';
import { requestsInLane } from '#lib/message/lane-layout.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });

test('a lane is within range, and the same every time', () =>
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 20 }), fc.boolean(), (id, requests, several) => {
      const lane = laneOf(id, { requests, several });
      expect(lane).toBe(laneOf(id, { requests, several }));
      expect(requestsInLane(lane, { requests: Math.max(1, requests), several })).toBeGreaterThan(0);
    }),
  ));

test('lanes do not change from version to version: messages under way would overtake each other', () => {
  const ids = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'];
  const lanesOf = (several: boolean) => ids.map((id) => laneOf(id, { requests: 5, several }));
  expect(lanesOf(false)).toEqual([4, 3, 4, 4, 3, 1]);
  expect(lanesOf(true)).toEqual([0, 1, 0, 0, 1, 0]);
  expect(groupOf('acme', 3)).toBe('giszrYfBSKCiClunzV68qmjTahjnqtFlVUkD9SyoJ1c#3');
});

test('many messages fill all lanes about evenly', () => {
  const counts = new Array<number>(20).fill(0);
  for (let n = 0; n < 20_000; n++) {
    const lane = laneOf(`message-${n}`, { requests: 20, several: false });
    counts[lane] = (counts[lane] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1_200);
});

test('a group id is one that SQS takes, and names its lane, whatever the subscription is called', () =>
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 999 }), (id, lane) => {
      const group = groupOf(id, lane);
      expect(group).toMatch(/^[!-~]{1,128}$/);
      expect(laneOfGroup(group)).toBe(lane);
    }),
  ));

test('subscriptions never share a group', () =>
  fc.assert(
    fc.property(
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      fc.nat(20),
      fc.nat(20),
      (a, b, m, n) => {
        fc.pre(a !== b || m !== n);
        expect(groupOf(a, m)).not.toBe(groupOf(b, n));
      },
    ),
  ));

test('a group that is none of ours names no lane', () => {
  for (const group of [undefined, '', 'x', 'x#', 'x#-1', 'x#1234', 'x#1 ']) {
    expect(laneOfGroup(group), group).toBeUndefined();
  }
});

const identity = fc.record(
  {
    subscription: fc.constantFrom('a', 'a","b', 'ab'),
    messageId: fc.constantFrom('m', 'b","m', 'bm'),
    sends: fc.nat(2),
    replayId: fc.constantFrom('', 'r', 'null'),
  },
  { requiredKeys: ['subscription', 'messageId', 'sends'] },
);

test('two sends have one deduplication id when all of subscription, message, sends and replay are the same', () =>
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      const same =
        a.subscription === b.subscription &&
        a.messageId === b.messageId &&
        a.sends === b.sends &&
        a.replayId === b.replayId;
      expect(deduplicationIdOf(a) === deduplicationIdOf(b)).toBe(same);
      expect(deduplicationIdOf(a)).toMatch(/^[!-~]{1,128}$/);
    }),
    { numRuns: 500 },
  ));

const byId = { requests: 5, several: false } as const;
const byKey = { ...byId, byKey: true } as const;

test('a delivery’s lane follows from its key where its subscription orders by key, else from its id', () => {
  const delivery = { key: 'm0', messageId: 'm1' };
  expect(laneFor(delivery, byKey)).toBe(4);
  expect(laneFor(delivery, byId)).toBe(3);
  expect(laneFor({ messageId: 'm5' }, byKey)).toBe(1);
});

test('by key a delivery has one lane that is its own; without order each lane that exists will do', () => {
  const delivery = { key: 'm0', messageId: 'm1' };
  const lanes = [0, 1, 2, 3, 4, 5];
  expect(lanes.filter((lane) => !isOtherLane(delivery, lane, byKey))).toEqual([4]);
  expect(lanes.filter((lane) => !isOtherLane(delivery, lane, byId))).toEqual([0, 1, 2, 3, 4]);
});
