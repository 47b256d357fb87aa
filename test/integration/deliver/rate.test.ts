// A subscription with a rate on the local set: its requests at the callback, over several environments that are killed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { excessOver } from '#test/support/rate-bound.ts';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ maxEnvironments: 5 });
});
afterAll(() => rig?.close());

/** Of deliveries.fifo: a function that was killed at once had no time to shorten it. */
const VISIBILITY_SECONDS = 360;
/** A part of a request that a busy machine may add between a request's start and its arrival. */
const ON_THE_WAY = 0.3;

const timesOf = (one: Subscribed): number[] => one.received().map(({ arrivedAt }) => arrivedAt);

test.each([
  { qos: 'at-least-once', cap: 1, rateLimit: { requests: 4, perSeconds: 1 } },
  { qos: 'at-most-once', cap: 1, rateLimit: { requests: 4, perSeconds: 1 } },
  { qos: 'auto', cap: 5, rateLimit: { requests: 8, perSeconds: 1 } },
])('%o: the bound holds at the callback while functions are killed, and all messages come', async (one) => {
  const { qos, cap, rateLimit } = one;
  const http = { maxConcurrentConnections: cap };
  const paced = await rig.subscribe({ qos, dlq: 'letters', rateLimit, configuration: { http } });
  const bodies = numbered(24);
  await paced.publishAll(bodies, 'stream');
  // While messages of the queue wait for their turn, and twice in a slice of a drain.
  for (const before of [2, 9, 15]) {
    await rig.until(() => paced.received().length >= before || undefined, `${before} requests`, 30_000);
    await rig.crash('deliver', VISIBILITY_SECONDS);
  }
  const letters = async () => (await rig.lettersOf(paced.id)).map(({ body }) => body);
  await rig.until(
    async () => {
      const seen = new Set([...bodiesOf(paced.received()), ...(await letters())]);
      return seen.size === bodies.length || undefined;
    },
    'all messages',
    60_000,
  );
  await rig.emptied(QUEUES.deliveries, 30_000);
  expect(excessOver(rateLimit, cap, timesOf(paced))).toBeLessThanOrEqual(ON_THE_WAY);
  if (qos === 'at-most-once') {
    const sent = bodiesOf(paced.received());
    expect(sent).toEqual([...new Set(sent)]);
  }
});

test('a pace slower than a slice waits in the queue retries, and a subscription beside it is delivered', async () => {
  const rateLimit = { requests: 1, perSeconds: 5 };
  const paced = await rig.subscribe({ qos: 'at-least-once', rateLimit });
  const beside = await rig.subscribe({ qos: 'at-least-once' });
  await paced.publishAll(numbered(4), 'stream');
  await paced.requests(1);
  const deliver = () => rig.set.functions.running().filter((one) => one.function.endsWith('-deliver'));
  await rig.emptied(QUEUES.messages);
  await rig.emptied(QUEUES.deliveries);
  await rig.until(() => deliver().length === 0 || undefined, 'no function at work');
  expect(paced.received()).toHaveLength(1);
  await beside.publishAll(numbered(20), 'beside');
  expect(bodiesOf(await beside.requests(20))).toEqual(numbered(20));
  expect(await rig.pauseOf(beside.id)).toBeUndefined();
  await paced.requests(4, 30_000);
  expect(bodiesOf(paced.received())).toEqual(numbered(4));
  expect(excessOver(rateLimit, 1, timesOf(paced))).toBeLessThanOrEqual(ON_THE_WAY);
});
