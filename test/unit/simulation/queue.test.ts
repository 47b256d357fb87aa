// What a receive of the simulated queue is filled with, and when a lane or a partition gives nothing.
import { expect, test } from 'vitest';
import { createSimulatedQueue, type Fill } from '#lib/simulation/queue.ts';
import { createRandom } from '#lib/simulation/random.ts';
import { createTimeline } from '#lib/simulation/timeline.ts';

function queueOf(fill: Fill, partitions = 1) {
  const timeline = createTimeline();
  let wakes = 0;
  const deps = { timeline, random: createRandom(1), onReady: () => (wakes += 1) };
  return { timeline, queue: createSimulatedQueue({ fill, partitions }, deps), wakes: () => wakes };
}
function sent(fill: Fill, lanes: Readonly<Record<string, number>>) {
  const { queue } = queueOf(fill);
  for (const [lane, count] of Object.entries(lanes)) {
    for (let one = 0; one < count; one++) queue.send(lane, 1);
  }
  return queue;
}

test.each([
  ['eachLane', [4, 3, 3]],
  ['laneFirst', [9, 1]],
  ['oneLane', [9]],
  ['oneMessage', [1]],
] as const)('of lanes with 9, 9 and 9 messages, %s takes %j', (fill, counts) => {
  const queue = sent(fill, { a: 9, b: 9, c: 9 });
  const taken = queue.receive();
  expect(taken.map(({ sentAt }) => sentAt.length)).toEqual(counts);
  expect(queue.waiting()).toBe(27 - counts.reduce<number>((sum, count) => sum + count, 0));
});

test('a lane gives nothing while a batch of it is in flight, and the rest after', () => {
  const queue = sent('oneLane', { a: 12 });
  const [first] = queue.receive();
  expect(first?.sentAt).toHaveLength(10);
  expect(queue.receive()).toEqual([]);
  if (first !== undefined) queue.settle(first.lane);
  expect(queue.receive()[0]?.sentAt).toHaveLength(2);
});

test('a partition takes 300 receives at once, and then 300 a second', () => {
  const { timeline, queue, wakes } = queueOf('oneMessage');
  for (let lane = 0; lane < 400; lane++) queue.send(String(lane), 1);
  let received = 0;
  const receiveAll = () => {
    while (queue.receive().length > 0) received += 1;
  };
  receiveAll();
  expect(received).toBe(300);
  for (let ms = 1; ms <= 101; ms++) {
    timeline.runUntil(ms);
    receiveAll();
  }
  expect(received).toBe(330);
  expect(wakes()).toBeGreaterThan(0);
});
