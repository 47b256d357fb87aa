import { expect, test } from 'vitest';
import { createBackstop, FULL_AT } from '#lib/queue/backstop.ts';
import { createRouteWorld, subscriptionItem } from '#test/support/route-world.ts';

function backstopAt(visible: () => number) {
  const asked = { times: 0, now: 0 };
  const sqs = {
    send: async () => {
      asked.times += 1;
      return { Attributes: { ApproximateNumberOfMessages: String(visible()) } };
    },
  } as never;
  return {
    asked,
    backstop: createBackstop({ sqs, deliveriesQueueUrl: 'http://sqs/0/d.fifo', now: () => asked.now }),
  };
}

test('a queue is too full from its bound on, and is asked about every five seconds at most', async () => {
  let visible = FULL_AT - 1;
  const { asked, backstop } = backstopAt(() => visible);
  expect(await backstop.full()).toBe(false);
  visible = FULL_AT;
  expect(await backstop.full()).toBe(false);
  expect(asked.times).toBe(1);
  asked.now = 5_000;
  expect(await backstop.full()).toBe(true);
});

test('an unknown queue size holds no message back', async () => {
  const sqs = { send: async () => Promise.reject(new Error('throttled')) } as never;
  const backstop = createBackstop({ sqs, deliveriesQueueUrl: 'http://sqs/0/d.fifo', now: () => 0 });
  expect(await backstop.full()).toBe(false);
});

test('messages wait in their own queue while deliveries.fifo is too full, and are routed afterwards', async () => {
  const world = createRouteWorld();
  world.register(subscriptionItem('a'));
  world.publish({ topic: 'orders', id: 'm1' });
  world.setFull(true);
  expect(await world.poll()).toMatchObject({ batchItemFailures: [{}] });
  expect(world.delivered()).toEqual([]);
  world.setFull(false);
  world.advance(30_000);
  await world.poll();
  expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m1']);
});
