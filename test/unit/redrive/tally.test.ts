// The counts of a redrive, and the letters that it shows.
import { expect, test } from 'vitest';
import { createTally, OTHERS } from '#lib/redrive/tally.ts';
import { attributeOf, letter, undeliverableAttribute } from '#test/support/letters.ts';
import { createRedriveWorld, URLS } from '#test/support/redrive-world.ts';

test('a subscription with the name of a property of every object is counted', () => {
  const tally = createTally({ sample: 0 });
  const names = ['constructor', 'constructor', '__proto__', 'toString'];
  for (const subscription of names) tally.match(letter({ subscription }));
  const { bySubscription } = tally.counts;
  expect(Object.entries(bySubscription)).toEqual([
    ['constructor', 2],
    ['__proto__', 1],
    ['toString', 1],
  ]);
});

test('of many statuses some are counted one by one', () => {
  const tally = createTally({ sample: 0 });
  for (let status = 1; status <= 3_000; status += 1) tally.match(letter({ status }));
  expect(Object.keys(tally.counts.byStatus)).toHaveLength(1_001);
  expect(tally.counts.byStatus[OTHERS]).toBe(2_000);
});

// A publisher's malformed attribute has any length, and so has a forged letter. Lambda's answer has 6 MB at most.
const LONG = 'x'.repeat(900_000);
test.each([
  ['a reason', undeliverableAttribute({ reason: LONG })],
  ['a topic', undeliverableAttribute({ attributes: { topic: { type: 'String', value: LONG } } })],
  ['an id', undeliverableAttribute({ attributes: { id: { type: 'String', value: LONG } } })],
  [
    'a subscription',
    undeliverableAttribute({ attributes: { subscription: { type: 'String', value: LONG } } }),
  ],
  ['a code', attributeOf({ code: LONG })],
])('%s of almost 1 MiB is shown cut', async (_, attributes) => {
  const world = createRedriveWorld();
  for (let count = 0; count < 10; count += 1) world.memory.put(URLS.undeliverable, { body: 'x', attributes });
  const answer = await world.call({ endpoint: 'undeliverable', dryRun: true });
  expect(answer.matched).toBe(10);
  expect(answer.sample).toHaveLength(10);
  expect(JSON.stringify(answer).length).toBeLessThan(20_000);
});
