// One message to many subscriptions: each gets it exactly once, whatever becomes of route and of SQS meanwhile.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());
beforeEach(() => rig.sqs.faults.clear());

const sent = () => rig.sqs.calls.entries({ operation: 'SendMessageBatch', queue: QUEUES.deliveries });

const subscribeMany = (count: number, topic: string): Promise<Subscribed[]> =>
  Promise.all(
    numbered(count).map((n) => rig.subscribe({ id: `${topic}-${n}`, topic, qos: 'at-least-once' })),
  );

/** A message that comes after it in each lane shows that nothing else is to come. */
async function eachGotOnce(all: readonly Subscribed[], topic: string, bodies: string[]): Promise<void> {
  await rig.emptied(QUEUES.messagesFifo, 30_000);
  await rig.emptied(QUEUES.deliveries, 30_000);
  await rig.set.publish('marker', { topic, group: randomUUID() });
  for (const one of all)
    expect(bodiesOf(await one.requests(bodies.length + 1, 30_000))).toEqual([...bodies, 'marker']);
}

test('one message to 250 subscriptions arrives at each exactly once', async () => {
  const all = await subscribeMany(250, 'wide');
  await rig.set.publish('a', { topic: 'wide', group: 'g' });
  await eachGotOnce(all, 'wide', ['a']);
});

test('route is killed in the middle of a fan-out: each still gets it, exactly once and in order', async () => {
  const all = await subscribeMany(250, 'killed');
  await rig.whilePaused(QUEUES.deliveries, async () => {
    for (let kill = 0; kill < 2; kill++) {
      const before = sent();
      await rig.set.publish(`m${kill}`, { topic: 'killed', group: 'g' });
      await new Promise<void>((resolve) => {
        const look = () => (sent() > before + 50 ? resolve() : setImmediate(look));
        look();
      });
      expect(sent()).toBeLessThan(before + 250);
      // SQS forgets what it has seen after five minutes: the second try comes before.
      expect(await rig.crash('route', 240)).toBe(1);
      await rig.emptied(QUEUES.messagesFifo, 30_000);
    }
  });
  await eachGotOnce(all, 'killed', ['m0', 'm1']);
});

test.each(['error', 'lost-answer', 'refuse-entries'] as const)(
  'SQS does not confirm part of a fan-out (%s): each gets each message exactly once, in order',
  async (kind) => {
    const topic = `unconfirmed-${kind}`;
    const all = await subscribeMany(30, topic);
    rig.sqs.faults.add({
      operation: 'SendMessageBatch',
      kind,
      queue: QUEUES.deliveries,
      times: kind === 'refuse-entries' ? 1 : 4,
      ...(kind === 'refuse-entries' && { entries: ['3', '7'] }),
    });
    const bodies = numbered(4);
    await rig.whilePaused(QUEUES.messagesFifo, () =>
      Promise.all([
        all[0]?.publishAll(bodies, topic),
        rig.set.publish('other', { topic: 'nobody', group: 'other' }),
      ]),
    );
    await rig.until(() => rig.sqs.faults.pending() === 0 || undefined, 'the faults used up');
    await rig.pass(61);
    await eachGotOnce(all, topic, bodies);
  },
);

test("messages do not overtake an earlier message of their group that can't be sent yet; other groups do", async () => {
  const one = await rig.subscribe({ qos: 'at-least-once' });
  const other = await rig.subscribe({ qos: 'at-least-once' });
  rig.sqs.faults.add({
    operation: 'SendMessageBatch',
    kind: 'refuse-entries',
    queue: QUEUES.deliveries,
    entries: ['0'],
  });
  await rig.whilePaused(QUEUES.messagesFifo, async () => {
    await one.publishAll(['a', 'b', 'c'], 'first');
    await other.publishAll(['x', 'y'], 'second');
  });
  expect(bodiesOf(await other.requests(2))).toEqual(['x', 'y']);
  await rig.pass(61);
  expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
});
