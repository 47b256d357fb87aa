// From the callback's rejection to the topic, through the real functions and a real broker; what is there is read back
// by Kafka's own console consumer.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopic, kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';
import { consume } from '#test/support/kafka/console-consumer.ts';
import { type KafkaWorld, startKafkaWorld } from '#test/support/kafka/world.ts';

const broker = kafkaAddresses();
let world: KafkaWorld;
beforeAll(async () => {
  world = await startKafkaWorld();
});
afterAll(() => world?.close());

test('of 1,000 messages of five subscriptions exactly the rejected ones are in the topic, with all headers', async () => {
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('circle', broker.plaintext, topic);
  const subscriptions = ['one', 'two', 'three', 'four', 'five'].map((name) => `circle-${name}`);
  // The n-th message of the k-th subscription is rejected where n is a multiple of k + 2.
  const isRejected = (n: number, k: number) => n % (k + 2) === 0;
  for (const [k, id] of subscriptions.entries()) {
    await world.subscribe(id, 'circle');
    const steps = Array.from({ length: 200 }, (_, n) => ({
      status: isRejected(n, k) ? 400 + k : 200,
      body: isRejected(n, k) ? `no ${n}` : '',
    }));
    world.receiver.answer(`/${id}`, steps);
  }
  await Promise.all(
    subscriptions.map(async (id) => {
      for (let n = 0; n < 200; n++) {
        const attributes = { headers: JSON.stringify({ 'x-n': `${n}` }) };
        await world.set.publish(`{"n":${n},"for":"${id}"}`, {
          subscription: id,
          group: id,
          id: `${id}-${n}`,
          attributes,
        });
      }
    }),
  );
  for (const id of subscriptions) await world.receiver.requests(`/${id}`, 200, 100_000);
  const expected = subscriptions.flatMap((id, k) =>
    Array.from({ length: 200 }, (_, n) => n)
      .filter((n) => isRejected(n, k))
      .map((n) => ({ id, k, n })),
  );
  await world.emptied();
  expect(await recordsOn(broker.plaintext, topic)).toBe(expected.length);
  const records = consume(broker.plaintext, topic, expected.length);
  expect(records.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
    expected.map(({ id, n }) => `${id}-${n}`).sort(),
  );
  const byId = new Map(records.map((record) => [record.headers['webhook-id'], record]));
  for (const { id, k, n } of expected) {
    const record = byId.get(`${id}-${n}`);
    expect(record?.key).toBe(id);
    expect(record?.value.toString()).toBe(`{"n":${n},"for":"${id}"}`);
    expect(record?.headers).toEqual({
      'sqs-webhooks-dead-letter': '1',
      'webhook-subscription': id,
      'webhook-id': `${id}-${n}`,
      // The group that it was published in.
      'webhook-key': id,
      'webhook-endpoint': 'circle',
      'webhook-reason': 'rejected',
      'webhook-outcome': 'rejected',
      'webhook-status': String(400 + k),
      'webhook-attempts': '1',
      'webhook-published-at': expect.stringMatching(/^\d{13}$/),
      'webhook-first-at': expect.stringMatching(/^\d{13}$/),
      'webhook-last-at': expect.stringMatching(/^\d{13}$/),
      'webhook-sequence': expect.stringMatching(/^\d+$/),
      'content-type': 'application/json',
      'webhook-headers': `{"x-n":"${n}"}`,
      'webhook-excerpt': `no ${n}`,
    });
  }
  // A subscription's are all in one partition: its key's.
  for (const id of subscriptions)
    expect(new Set(records.filter(({ key }) => key === id).map(({ partition }) => partition)).size).toBe(1);
});
