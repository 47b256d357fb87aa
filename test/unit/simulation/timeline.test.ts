// The order of simulated time.
import { expect, test } from 'vitest';
import { createRandom } from '#lib/simulation/random.ts';
import { createTimeline } from '#lib/simulation/timeline.ts';

test('what is due runs by its time, and at one moment in the order in which it was added', () => {
  const timeline = createTimeline();
  const random = createRandom(7);
  const ran: { readonly at: number; readonly number: number }[] = [];
  for (let number = 0; number < 500; number++) {
    timeline.in(Math.floor(random() * 50), () => ran.push({ at: timeline.now(), number }));
  }
  timeline.runUntil(100);
  expect(ran).toHaveLength(500);
  expect(ran).toEqual(ran.toSorted((one, other) => one.at - other.at || one.number - other.number));
  expect(timeline.now()).toBe(100);
});

test('what is due later stays for later', () => {
  const timeline = createTimeline();
  let ran = 0;
  timeline.in(10, () => (ran += 1));
  timeline.runUntil(9);
  expect(ran).toBe(0);
  timeline.runUntil(10);
  expect(ran).toBe(1);
});
