// What becomes of letters that a broker does not take, and of those beside them, through the real function.

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopic, kafkaAddresses, recordsOn, withAdmin } from '#test/support/kafka/addresses.ts';
import { TLS_FOLDER, USER } from '#test/support/kafka/broker.ts';
import { consume } from '#test/support/kafka/console-consumer.ts';
import { type KafkaWorld, startKafkaWorld } from '#test/support/kafka/world.ts';
import { deadLetter } from '#test/support/letters.ts';

const broker = kafkaAddresses();
let world: KafkaWorld;
beforeAll(async () => {
  world = await startKafkaWorld();
});
afterAll(() => world?.close());

const letters = (endpoint: string, ids: readonly string[], body = (id: string) => `body of ${id}`) =>
  ids.map((id) => ({
    letter: deadLetter({ endpoint, messageId: id, subscription: `${endpoint}-${id}` }),
    body: body(id),
  }));

/** The letters of a topic, once there are so many. A letter whose confirmation was lost is written again, so it may be there twice. */
async function arrived(topic: string, count: number): Promise<string[]> {
  let ids: string[] = [];
  let read = 0;
  for (let tries = 0; ids.length < count && tries < 300; tries++) {
    const records = await recordsOn(broker.plaintext, topic);
    if (records === read || records < count) await wait(200);
    else ids = [...new Set(consume(broker.plaintext, topic, records).map(idOf))].sort();
    read = records;
  }
  return ids;
}

const idOf = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
  String(headers['webhook-id']);

/** All that came to `undeliverable` so far, by message. */
const setAside = new Map<string, { reason: string; detail: string; body: string }>();
async function undeliverable(id: string) {
  for (let tries = 0; !setAside.has(id) && tries < 120; tries++) {
    const { Messages = [] } = await world.set.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: world.set.outputs.UndeliverableQueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
      }),
    );
    for (const { Body = '', MessageAttributes } of Messages) {
      const { reason, detail, attributes } = JSON.parse(
        MessageAttributes?.['sqs-webhooks']?.StringValue ?? '',
      );
      setAside.set(JSON.parse(attributes['sqs-webhooks'].value).messageId, { reason, detail, body: Body });
    }
  }
  return setAside.get(id);
}

const linesOf = (event: string, endpoint: string) =>
  world.set.lines.filter(
    (line) => line.includes(`"message":"${event}"`) && line.includes(`"endpoint":"${endpoint}"`),
  );

const putSecret = (Name: string, value: object) =>
  world.set.clients.secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));

test('bytes come out as they went in: text of every kind, binary, nothing, and a record of almost 1 MiB', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  await world.putKafkaEndpoint('bytes', broker.plaintext, topic);
  const large = 'x'.repeat(1_040_000);
  const bodies: [string, string, 'base64' | undefined, Buffer][] = [
    ['text', '{"a": "Zoë 🎉",\n "b":\t1}', undefined, Buffer.from('{"a": "Zoë 🎉",\n "b":\t1}')],
    [
      'binary',
      Buffer.from([0, 255, 10, 13, 128]).toString('base64'),
      'base64',
      Buffer.from([0, 255, 10, 13, 128]),
    ],
    ['nothing', '=', 'base64', Buffer.alloc(0)],
    ['large', large, undefined, Buffer.from(large)],
  ];
  for (const [messageId, body, encoding] of bodies) {
    const letter = deadLetter({
      endpoint: 'bytes',
      messageId,
      ...(encoding && { encoding }),
      excerpt: 'naïve ☃',
    });
    await world.sendLetters([{ letter, body }]);
  }
  await arrived(topic, bodies.length);
  const records = consume(broker.plaintext, topic, bodies.length);
  expect(records).toHaveLength(bodies.length);
  for (const [messageId, , encoding, value] of bodies) {
    const record = records.find(({ headers }) => headers['webhook-id'] === messageId);
    expect(record?.value.equals(value)).toBe(true);
    expect(record?.headers['webhook-excerpt']).toBe('naïve ☃');
    expect(record?.headers['webhook-encoding']).toBe(encoding);
  }
});

test('SASL_SSL with SCRAM, credentials and trust from secrets: they arrive', async () => {
  const topic = await createTopic(broker.plaintext);
  await putSecret('webhooks/local/endpoints/secure', USER);
  await putSecret('webhooks/local/endpoints/secure/ca', {
    certificates: readFileSync(`${TLS_FOLDER}ca.crt`, 'utf8'),
  });
  await world.putKafkaEndpoint('secure', broker.saslSsl, topic, {
    producer: { compressionType: 'gzip' },
    security: {
      protocol: 'SASL_SSL',
      sasl: { saslMechanism: 'SCRAM-SHA-512', secret: 'webhooks/local/endpoints/secure' },
      ssl: { trustStore: { type: 'PEM', secret: 'webhooks/local/endpoints/secure/ca' } },
    },
  });
  await world.sendLetters(letters('secure', ['1', '2', '3']));
  expect(await arrived(topic, 3)).toEqual(['1', '2', '3']);
});

test("a wrong password: only this endpoint's letters wait, and they arrive when the secret is corrected", async () => {
  const topic = await createTopic(broker.plaintext);
  await putSecret('webhooks/local/endpoints/locked', { ...USER, password: 'not it' });
  await world.putKafkaEndpoint('locked', broker.saslPlaintext, topic, {
    security: {
      protocol: 'SASL_PLAINTEXT',
      sasl: { saslMechanism: 'SCRAM-SHA-256', secret: 'webhooks/local/endpoints/locked' },
    },
  });
  const elsewhere = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('beside', broker.plaintext, elsewhere);
  await world.sendLetters([...letters('locked', ['1', '2']), ...letters('beside', ['a', 'b'])]);
  expect(await arrived(elsewhere, 2)).toEqual(['a', 'b']);
  for (let tries = 0; linesOf('endpoint.broken', 'locked').length === 0 && tries < 600; tries++)
    await wait(100);
  expect(linesOf('endpoint.broken', 'locked')[0]).toContain('"reason":"credentials"');
  expect(world.set.lines.join()).not.toContain('not it');
  expect(await recordsOn(broker.plaintext, topic)).toBe(0);
  await world.set.clients.secrets.send(
    new PutSecretValueCommand({
      SecretId: 'webhooks/local/endpoints/locked',
      SecretString: JSON.stringify(USER),
    }),
  );
  expect(await arrived(topic, 2)).toEqual(['1', '2']);
  expect(linesOf('endpoint.recovered', 'locked')).not.toEqual([]);
});

test('a topic that does not exist: letters wait, arrive when it is made, and are undeliverable after a hundred tries', async () => {
  const topic = `late-${Date.now()}`;
  await world.putKafkaEndpoint('late', broker.plaintext, topic);
  const [tired] = letters('late', ['tired']);
  if (tired === undefined) throw new Error();
  await world.sendLetters([
    ...letters('late', ['1', '2']),
    { ...tired, letter: { ...tired.letter, hops: 100 } },
  ]);
  expect(await undeliverable('tired')).toEqual({
    reason: 'endpoint-missing',
    detail: expect.stringContaining('the topic does not exist'),
    body: 'body of tired',
  });
  await withAdmin(broker.plaintext, (admin) =>
    admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }),
  );
  expect(await arrived(topic, 2)).toEqual(['1', '2']);
});

test('a record that is too large is undeliverable, and the others of its batch and partition arrive', async () => {
  const topic = await createTopic(broker.plaintext, {
    partitions: 1,
    configs: { 'max.message.bytes': '20000' },
  });
  await world.putKafkaEndpoint('narrow', broker.plaintext, topic);
  const ids = Array.from({ length: 9 }, (_, n) => `n${n}`);
  await world.sendLetters(
    letters('narrow', ids, (id) => (id === 'n4' ? 'x'.repeat(30_000) : 'y'.repeat(5_000))),
  );
  expect(await undeliverable('n4')).toMatchObject({
    reason: 'record-refused',
    detail: expect.stringContaining('MESSAGE_TOO_LARGE'),
  });
  expect(await arrived(topic, 8)).toEqual(ids.filter((id) => id !== 'n4'));
  expect(await recordsOn(broker.plaintext, topic)).toBe(8);
});

test('an endpoint that was removed: undeliverable, with the reason', async () => {
  await world.sendLetters(letters('nowhere', ['lost']));
  expect(await undeliverable('lost')).toMatchObject({ reason: 'endpoint-removed', body: 'body of lost' });
});

test('thousands of letters for a broker that is dead hold up no other endpoint, and are not in flight', async () => {
  // Through the whole set; as many as may be in flight at all, without it, are in waiting.test.ts.
  const dead = 4_000;
  await world.putKafkaEndpoint('dead', '127.0.0.1:1', 'any');
  const topic = await createTopic(broker.plaintext);
  await world.putKafkaEndpoint('alive', broker.plaintext, topic);
  const ids = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  await world.sendLetters(letters('dead', ids(dead, 'd')));
  await world.sendLetters(letters('alive', ids(200, 'a')));
  expect(await arrived(topic, 200)).toEqual(ids(200, 'a').sort());
  const counts = () => world.set.sqs?.queue('webhooks-local-dead-letters').counts();
  for (let tries = 0; (counts()?.delayed ?? 0) <= dead * 0.9 && tries < 600; tries++) await wait(100);
  const { visible = 0, inFlight = 0, delayed = 0 } = counts() ?? {};
  // None is lost; those of the batches that are under way are there twice until the old ones are deleted.
  expect(visible + inFlight + delayed).toBeGreaterThanOrEqual(dead);
  expect(delayed).toBeGreaterThan(dead * 0.9);
  expect(inFlight).toBeLessThan(dead * 0.1);
  expect(setAside.size).toBe(3);
});
