// Dead letters on a topic of a real broker, back to their subscriptions: exactly those that are asked for, in order; a
// long redrive that is killed and made again.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { DeadLetter } from '#lib/message/attribute.ts';
import { createTopic, kafkaAddresses, recordsOn, withAdmin } from '#test/support/kafka/addresses.ts';
import { writeLetters } from '#test/support/kafka/letters.ts';
import { type KafkaWorld, startKafkaWorld } from '#test/support/kafka/world.ts';
import { deadLetter } from '#test/support/letters.ts';

const broker = kafkaAddresses();
let world: KafkaWorld;
let lambda: LambdaClient;
beforeAll(async () => {
  world = await startKafkaWorld({ maxEnvironments: 4 });
  lambda = new LambdaClient({
    endpoint: world.set.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterAll(() => world?.close());

const answered = z.object({
  ok: z.literal(true),
  done: z.boolean(),
  cursor: z.string().optional(),
  seen: z.number(),
  left: z.number(),
  matched: z.number(),
  sent: z.number(),
  skipped: z.record(z.string(), z.number()),
  counts: z.object({ bySubscription: z.record(z.string(), z.number()) }).optional(),
});
type Answer = z.infer<typeof answered>;

/** One call; undefined when the function was killed. */
async function call(request: Record<string, unknown>): Promise<Answer | undefined> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: 'webhooks-local-redrive', Payload: JSON.stringify(request) }),
  );
  return FunctionError === undefined
    ? answered.parse(JSON.parse(Buffer.from(Payload ?? []).toString()))
    : undefined;
}

async function callAll(request: Record<string, unknown>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await call({ ...request, ...(cursor !== undefined && { cursor }) });
    if (answer === undefined) throw new Error(`redrive failed: ${world.set.lines.slice(-5).join('\n')}`);
    answers.push(answer);
    cursor = answer.cursor;
    if (cursor === undefined) return answers;
  }
}

const sum = (answers: readonly Answer[], of: 'sent' | 'matched' | 'seen') =>
  answers.reduce((total, answer) => total + answer[of], 0);
const arrived = (path: string) =>
  world.receiver.received(path).map(({ headers }) => String(headers['webhook-id']));

test('of 1,000 messages of five subscriptions a filtered redrive delivers exactly those that were rejected so, in order', async () => {
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('returns', broker.plaintext, topic);
  const ids = ['one', 'two', 'three', 'four', 'five'].map((name) => `returns-${name}`);
  // The n-th message of the k-th subscription is rejected where n is a multiple of k + 2; half of these with a 410.
  const statusOf = (n: number, k: number) => (n % (k + 2) > 0 ? 200 : n % 4 === 0 ? 410 : 400);
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  for (const [k, id] of ids.entries()) {
    await world.subscribe(id, 'returns');
    world.receiver.answer(
      `/${id}`,
      numbers.map((n) => ({ status: statusOf(n, k) })),
    );
  }
  await Promise.all(
    ids.map(async (id) => {
      for (const n of numbers) {
        await world.set.publish(`{"n":${n}}`, { subscription: id, group: id, id: `${id}-${n}` });
      }
    }),
  );
  for (const id of ids) await world.receiver.requests(`/${id}`, 200, 200_000);
  await world.emptied(['deliveries.fifo', 'dead-letters'], 100_000);

  const rejectedOf = (k: number, status: number) => numbers.filter((n) => statusOf(n, k) === status);
  const all = ids.map((_, k) => rejectedOf(k, 400).length + rejectedOf(k, 410).length);
  const [looked] = await callAll({ endpoint: 'returns', dryRun: true });
  expect(looked).toMatchObject({
    done: true,
    counts: { bySubscription: Object.fromEntries(ids.map((id, k) => [id, all[k]])) },
  });

  const asked = { endpoint: 'returns', status: 410, redriveId: 'of-410' };
  const answers = await callAll(asked);
  const expected = ids.map((id, k) => rejectedOf(k, 410).map((n) => `${id}-${n}`));
  expect(sum(answers, 'sent')).toBe(expected.flat().length);
  for (const [k, id] of ids.entries()) {
    await world.receiver.requests(`/${id}`, 200 + (expected[k]?.length ?? 0), 100_000);
  }
  await world.emptied(['deliveries.fifo'], 100_000);
  for (const [k, id] of ids.entries()) expect(arrived(`/${id}`).slice(200)).toEqual(expected[k]);

  // The same again, of one of them: made once.
  await callAll({ ...asked, subscription: ids[0] });
  const marker = 'marker';
  await world.set.publish('{}', { subscription: ids[0] ?? '', id: marker });
  await world.receiver.requests(`/${ids[0]}`, 200 + (expected[0]?.length ?? 0) + 1, 100_000);
  expect(arrived(`/${ids[0]}`).slice(200)).toEqual([...(expected[0] ?? []), marker]);
}, 600_000);

/** More than two pages of 10,000 letters. */
const LETTERS = Number(process.env.COUNT ?? 25_000);

test(`a redrive of ${LETTERS} that is killed in the middle and made again loses none, and doubles none`, async () => {
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('many', broker.plaintext, topic);
  const ordered = Math.floor(LETTERS / 100);
  const subscriptions = [
    { id: 'many-once', qos: 'at-most-once', count: ordered },
    { id: 'many-in-order', qos: 'at-least-once', count: ordered },
    ...['a', 'b', 'c'].map((name) => ({
      id: `many-${name}`,
      qos: 'auto',
      count: Math.floor((LETTERS - 2 * ordered) / 3),
    })),
  ];
  const letters: { letter: DeadLetter; body: string }[] = [];
  for (const { id, qos, count } of subscriptions) {
    await world.set.putSubscription({
      id,
      qos,
      dlq: { endpoint: 'many' },
      configuration: {
        callbackUrl: `${world.receiver.url}/${id}`,
        ...(qos === 'auto' && { maxConcurrentConnections: 20 }),
      },
    });
    for (let n = 0; n < count; n += 1) {
      letters.push({
        letter: deadLetter({
          subscription: id,
          messageId: `${id}-${n}`,
          endpoint: 'many',
          firstAt: n,
          lastAt: n,
          sequence: String(n),
        }),
        body: `{"n":${n}}`,
      });
    }
  }
  // As they came: those of one subscription in order, between each other.
  letters.sort((a, b) => a.letter.firstAt - b.letter.firstAt);
  await writeLetters(broker.plaintext, topic, letters);
  expect(await recordsOn(broker.plaintext, topic)).toBe(letters.length);

  const request = { endpoint: 'many', redriveId: 'killed', maxSeconds: 60 };
  const first = callAll(request).catch(() => 'killed');
  const total = () =>
    subscriptions.reduce((count, { id }) => count + world.receiver.received(`/${id}`).length, 0);
  while (total() < letters.length / 20) await new Promise((resolve) => setTimeout(resolve, 100));
  const kills = await world.set.functions.kill('redrive');
  expect({ kills, first: await first }).toEqual({ kills: 1, first: 'killed' });
  expect(total()).toBeLessThan(letters.length);

  const answers = await callAll(request);
  expect(answers.at(-1)).toMatchObject({ done: true, left: 0 });
  // All of them anew: nobody had kept the cursor.
  expect(sum(answers, 'sent')).toBe(letters.length);
  expect(sum(answers, 'seen')).toBe(letters.length);
  for (const { id, count } of subscriptions) await world.receiver.requests(`/${id}`, count, 600_000);
  await world.emptied(['deliveries.fifo'], 600_000);
  for (const { id, qos, count } of subscriptions) {
    const ids = arrived(`/${id}`);
    const expected = Array.from({ length: count }, (_, n) => `${id}-${n}`);
    if (qos === 'auto') expect(ids.toSorted()).toEqual(expected.toSorted());
    else expect(ids).toEqual(expected);
  }
}, 1_800_000);

test('no consumer group is left behind', async () => {
  const groups = await withAdmin(broker.plaintext, (admin) => admin.listGroups());
  // Kafka's own console consumer, which judges topics in other tests, makes one each time.
  const ours = [...groups.keys()].filter((name) => !name.startsWith('console-consumer-'));
  expect(ours).toEqual([]);
});
