// A broker that is killed and started again in the middle of a run: every letter is in the topic, and bridge goes on by
// itself.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopic, recordsOn } from '#test/support/kafka/addresses.ts';
import { type Broker, startBroker } from '#test/support/kafka/broker.ts';
import { consume } from '#test/support/kafka/console-consumer.ts';
import { type KafkaWorld, startKafkaWorld } from '#test/support/kafka/world.ts';
import { deadLetter } from '#test/support/letters.ts';

const LETTERS = 5_000;
// On a machine that does other things too, what waits for the broker goes round a few times.
const WITHIN_MS = 280_000;
let broker: Broker;
let world: KafkaWorld;
beforeAll(async () => {
  [broker, world] = await Promise.all([startBroker(), startKafkaWorld()]);
});
afterAll(async () => {
  await world?.close();
  await broker?.close();
});

test('killed and started again amid 5,000 letters: each is there at least once, doubles only where a confirmation was lost', {
  timeout: 300_000,
}, async () => {
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('killed', broker.plaintext, topic);
  const ids = Array.from({ length: LETTERS }, (_, n) => `k${n}`);
  const sending = world.sendLetters(
    ids.map((messageId, n) => ({
      letter: deadLetter({ endpoint: 'killed', messageId, subscription: `s${n % 50}` }),
      body: `{"n":${n}}`,
    })),
  );
  while ((await recordsOn(broker.plaintext, topic)) < LETTERS / 10) await wait(20);
  await broker.kill();
  await sending;
  // For a while nothing can go out, and letters go round.
  await wait(3_000);
  expect(world.left('dead-letters')).toBeGreaterThan(0);
  await broker.start();
  await world.emptied(['dead-letters'], WITHIN_MS);
  const there = await recordsOn(broker.plaintext, topic);
  const records = consume(broker.plaintext, topic, there);
  const seen = Map.groupBy(records, ({ headers }) => headers['webhook-id']);
  expect([...seen.keys()].sort()).toEqual([...ids].sort());
  const doubles = there - LETTERS;
  console.log(`${doubles} of ${LETTERS} letters are in the topic twice`);
  // What was under way when the broker was killed: a batch of each of the function's two environments.
  expect(doubles).toBeLessThanOrEqual(200);
  expect(world.left('undeliverable')).toBe(0);
  expect(world.set.lines.some((line) => line.includes('"message":"endpoint.recovered"'))).toBe(true);
});

test('frozen and thawed, its connections silent: the letters arrive', { timeout: 300_000 }, async () => {
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('frozen', broker.plaintext, topic);
  const letter = (messageId: string) => ({
    letter: deadLetter({ endpoint: 'frozen', messageId }),
    body: messageId,
  });
  await world.sendLetters([letter('before')]);
  await world.emptied(['dead-letters']);
  broker.freeze();
  await world.sendLetters([letter('during')]);
  for (
    let tries = 0;
    !world.set.lines.some((line) => line.includes('"endpoint":"frozen","type":"kafka","reason"'));
    tries++
  ) {
    if (tries > 600) throw new Error('bridge has not noticed');
    await wait(100);
  }
  broker.thaw();
  await world.emptied(['dead-letters'], WITHIN_MS);
  const records = consume(broker.plaintext, topic, await recordsOn(broker.plaintext, topic));
  expect(new Set(records.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['before', 'during']));
});
