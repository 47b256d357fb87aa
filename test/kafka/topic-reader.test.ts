// Letters read back from a real broker: transactions, compaction, retention, times, TLS and SASL; and no consumer group
// is left behind.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Producer } from '@platformatic/kafka';
import { afterEach, expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { connectionTo } from '#lib/kafka/connection.ts';
import { createTopicReader } from '#lib/kafka/topic-reader.ts';
import { type KafkaPosition, openTopic } from '#lib/redrive/kafka-source.ts';
import { idsOf } from '#lib/redrive/select.ts';
import type { Source } from '#lib/redrive/source.ts';
import { onThisMachine } from '#test/support/broker-guards.ts';
import { createTopic, kafkaAddresses, withAdmin } from '#test/support/kafka/addresses.ts';
import { OTHER_USER, TLS_FOLDER, USER } from '#test/support/kafka/broker.ts';
import { recordOf, type Written, writeLetters } from '#test/support/kafka/letters.ts';
import { deadLetter } from '#test/support/letters.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const broker = kafkaAddresses();
const PLAIN = { bootstrapServers: broker.plaintext };
const SECRETS: Readonly<Record<string, string>> = {
  user: JSON.stringify(USER),
  'wrong-password': JSON.stringify({ ...USER, password: 'not it' }),
  'no-rights': JSON.stringify(OTHER_USER),
  ca: JSON.stringify({ certificates: readFileSync(`${TLS_FOLDER}ca.crt`).toString() }),
};
const read = async (id: string) => ({ ok: true as const, value: SECRETS[id] ?? '', version: '1' });

const opened: Source<KafkaPosition>[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) await source.close({ more: false });
});

async function open(
  topic: string,
  options: Partial<Parameters<typeof openTopic>[0]> = {},
  configuration: { bootstrapServers: string; security?: object } = PLAIN,
): Promise<Source<KafkaPosition>> {
  const parsed = parseEndpoint(
    { name: 'e', type: 'kafka', configuration: { topic, ...configuration } },
    anySecrets,
  );
  if (!parsed.ok || parsed.endpoint.type !== 'kafka') throw new Error(JSON.stringify(parsed));
  const connection = await connectionTo(parsed.endpoint.configuration, {
    secrets: { read, readAnew: read },
    iamToken: async () => '',
    brokers: onThisMachine,
  });
  if (!connection.ok) throw new Error(connection.message);
  const reader = await createTopicReader(topic, connection);
  const source = await openTopic(
    { since: undefined, offsets: undefined, cursor: undefined, ...options },
    { reader, now: Date.now },
  );
  opened.push(source);
  return source;
}

/** Reads a source to its end. */
async function idsIn(source: Source<KafkaPosition>): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const room = { letters: 10_000, bytes: 2 ** 26, until: Date.now() + 60_000 };
    const { wanted, ended } = await source.read(room, ({ ok }) => ok);
    await source.settle(wanted);
    ids.push(...wanted.map(({ found }) => idsOf(found)[0]));
    if (ended) return ids;
  }
}

const named = (names: readonly string[], partition = 0): Written[] =>
  names.map((messageId) => ({ letter: deadLetter({ messageId }), body: `{"id":"${messageId}"}`, partition }));
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `m${from + index}`);

test('every partition is read, with binary and large bodies as they were', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 3 });
  const large = 'x'.repeat(900_000);
  const bytes = Buffer.from([0, 255, 10, 13]).toString('base64');
  await writeLetters(broker.plaintext, topic, [
    { letter: deadLetter({ messageId: 'binary', encoding: 'base64' }), body: bytes, partition: 0 },
    { letter: deadLetter({ messageId: 'empty', encoding: 'base64' }), body: '=', partition: 1 },
    { letter: deadLetter({ messageId: 'large' }), body: large, partition: 2 },
  ]);
  // Together they would be too long for a batch.
  const larger = { letter: deadLetter({ messageId: 'larger' }), body: large, partition: 2 };
  await writeLetters(broker.plaintext, topic, [larger]);
  const source = await open(topic);
  const { wanted } = await source.read(
    { letters: 99, bytes: 2 ** 26, until: Date.now() + 60_000 },
    () => true,
  );
  const bodies = Object.fromEntries(wanted.map(({ found }) => [idsOf(found)[0], found.body]));
  expect(bodies).toEqual({ binary: bytes, empty: '=', large, larger: large });
});

test('what a transaction never committed is not read, though it is longer than an answer; the rest is', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: [broker.plaintext],
    idempotent: true,
    transactionalId: `t-${topic}`,
  });
  const body = 'x'.repeat(100_000);
  const inTransaction = async (names: readonly string[], how: 'commit' | 'abort') => {
    const transaction = await producer.beginTransaction();
    for (const messageId of names) {
      await transaction.send({
        messages: [recordOf(topic, { letter: deadLetter({ messageId }), body, partition: 0 })],
      });
    }
    await transaction[how]();
  };
  try {
    await inTransaction(['good-1'], 'commit');
    // Several answers long: 2 MiB a partition.
    await inTransaction(numbers(60), 'abort');
    await writeLetters(broker.plaintext, topic, named(['plain']));
    await inTransaction(['bad'], 'abort');
    await inTransaction(['good-2', 'good-3'], 'commit');
    expect(await idsIn(await open(topic))).toEqual(['good-1', 'plain', 'good-2', 'good-3']);
    // What is open yet is behind the end, and holds nothing up.
    const open1 = await producer.beginTransaction();
    await open1.send({
      messages: [recordOf(topic, { letter: deadLetter({ messageId: 'open' }), body, partition: 0 })],
    });
    expect(await idsIn(await open(topic))).toEqual(['good-1', 'plain', 'good-2', 'good-3']);
    await open1.commit();
    expect(await idsIn(await open(topic))).toContain('open');
  } finally {
    await producer.close();
  }
});

test('a compacted topic is read over its gaps to its end', async () => {
  const topic = await createTopic(broker.plaintext, {
    partitions: 1,
    configs: {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.01',
      'segment.ms': '100',
      'max.compaction.lag.ms': '100',
    },
  });
  // Of one subscription, so that all have one key.
  for (let round = 0; round < 4; round += 1) {
    await writeLetters(broker.plaintext, topic, named(numbers(50, round * 50)));
    await wait(150);
  }
  let ids = await idsIn(await open(topic));
  for (let tries = 0; ids.length === 200 && tries < 80; tries += 1) {
    await wait(500);
    ids = await idsIn(await open(topic));
  }
  expect(ids.length).toBeLessThan(200);
  expect(ids.at(-1)).toBe('m199');
});

test('from a time and from offsets; records that retention deleted are reported', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 2 });
  await writeLetters(broker.plaintext, topic, [...named(numbers(5)), ...named(['other'], 1)]);
  expect(await idsIn(await open(topic, { since: Date.now() + 6 * 60_000 }))).toEqual([]);
  expect((await idsIn(await open(topic, { since: Date.now() - 60_000 }))).length).toBe(6);
  expect(await idsIn(await open(topic, { offsets: new Map([[0, 3n]]) }))).toEqual(['m3', 'm4']);
  await expect(open(topic, { offsets: new Map([[2, 0n]]) })).rejects.toThrow('no partition 2');
  const cursor = { 0: { next: '1', end: '5' } };
  await withAdmin(broker.plaintext, (admin) =>
    admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 4n }] }] }),
  );
  const source = await open(topic, { cursor });
  expect(await idsIn(source)).toEqual(['m4']);
  expect(source.notes).toEqual(['Partition 0: offsets 1 to 3 are gone from the topic, unread.']);
});

test('a cursor of a deleted, longer topic of the same name is an error', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  await writeLetters(broker.plaintext, topic, named(['a']));
  const source = await open(topic, { cursor: { 0: { next: '70', end: '80' } } });
  await expect(idsIn(source)).rejects.toThrow('it is not the topic that it was');
});

test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('over TLS with %s', async (saslMechanism) => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  await writeLetters(broker.plaintext, topic, named(['a', 'b']));
  const security = {
    protocol: 'SASL_SSL',
    sasl: { saslMechanism, secret: 'user' },
    ssl: { trustStore: { type: 'PEM', secret: 'ca' } },
  };
  expect(await idsIn(await open(topic, {}, { bootstrapServers: broker.saslSsl, security }))).toEqual([
    'a',
    'b',
  ]);
});

test('errors are sentences: password, rights, topic, address', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  const sasl = (secret: string) => ({
    bootstrapServers: broker.saslPlaintext,
    security: { protocol: 'SASL_PLAINTEXT', sasl: { saslMechanism: 'SCRAM-SHA-256', secret } },
  });
  await expect(open(topic, {}, sasl('wrong-password'))).rejects.toThrow(
    "the topic can't be read: the brokers do not accept the credentials",
  );
  await expect(open(topic, {}, sasl('no-rights'))).rejects.toThrow(
    /this user may not read the topic|does not exist/,
  );
  await expect(open('no-such-topic')).rejects.toThrow('the topic does not exist');
  await expect(open(topic, {}, { bootstrapServers: '127.0.0.1:1' })).rejects.toThrow('no broker answers');
});

test('no consumer group is left behind', async () => {
  const groups = await withAdmin(broker.plaintext, (admin) => admin.listGroups());
  // Kafka's own console consumer leaves some.
  const ours = [...groups.keys()].filter((group) => !group.startsWith('console-consumer-'));
  expect(ours).toEqual([]);
});
