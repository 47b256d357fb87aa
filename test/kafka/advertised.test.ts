// Brokers advertise listeners, and records go there: a listener that can't be reached, or that leads where no connection may
// go, is found and named, whatever the bootstrap servers are.
import { afterEach, expect, test } from 'vitest';
import { createKafkaPublisher } from '#lib/bridge/kafka-publisher.ts';
import { addressRules } from '#lib/callback/address.ts';
import { checkTopic } from '#lib/cli/actions/check-topic.ts';
import type { KafkaEndpoint } from '#lib/endpoint/endpoint.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { type BrokerGuard, guardConnections } from '#lib/kafka/broker-guard.ts';
import { connectionTo } from '#lib/kafka/connection.ts';
import { createTopicReader } from '#lib/kafka/topic-reader.ts';
import { onThisMachine } from '#test/support/broker-guards.ts';
import { freePort } from '#test/support/free-port.ts';
import { createTopic, kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';
import { type Forwarder, startForwarder } from '#test/support/kafka/forwarder.ts';
import { deadLetter } from '#test/support/letters.ts';
import { recordOf } from '#test/support/records.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const broker = kafkaAddresses();
const read = async () => ({ ok: true as const, value: '{}', version: '1' });
const secrets = { read, readAnew: read };
const iamToken = async () => 'token';

const forwarders: Forwarder[] = [];
async function forwarded(advertisedPort?: number): Promise<string> {
  const forwarder = await startForwarder(broker.plaintext, advertisedPort);
  forwarders.push(forwarder);
  return forwarder.address;
}
afterEach(async () => {
  for (const one of forwarders.splice(0)) await one.close();
});

function endpointOf(bootstrapServers: string, topic: string): KafkaEndpoint {
  const parsed = parseEndpoint(
    { name: 'e', type: 'kafka', configuration: { bootstrapServers, topic } },
    anySecrets,
  );
  if (!parsed.ok || parsed.endpoint.type !== 'kafka') throw new Error(JSON.stringify(parsed));
  return parsed.endpoint;
}

/** Only the forwarder's address may be connected to: the broker's own is a forbidden one. */
const onlyBootstrap: BrokerGuard = {
  ...onThisMachine,
  addresses: {
    refusal: (address) => (address === '127.0.0.2' ? undefined : 'a loopback address'),
  },
};

const LETTER = { record: recordOf(), letter: deadLetter() };

const publish = (endpoint: KafkaEndpoint, brokers: BrokerGuard) => {
  const publisher = createKafkaPublisher(endpoint, { secrets, iamToken, brokers, now: Date.now });
  return publisher.publish([LETTER], Date.now() + 40_000).finally(() => publisher.close());
};

test('`endpoints test` names an advertised listener that is not reachable, and the bridge does so too', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 2 });
  const port = await freePort();
  const endpoint = endpointOf(await forwarded(port), topic);
  const { ok, findings } = await checkTopic(endpoint, { secrets, iamToken, brokers: onThisMachine });
  expect(ok).toBe(false);
  expect(findings.at(-1)).toMatch(
    new RegExp(
      `^The leader of 2 partitions \\(0, 1\\) advertises 127\\.0\\.0\\.1:${port}, which can't be reached`,
    ),
  );
  expect(await publish(endpoint, onThisMachine)).toEqual([
    { kind: 'waits', reason: 'unreachable', detail: expect.stringContaining(`at 127.0.0.1:${port})`) },
  ]);
  expect(await recordsOn(broker.plaintext, topic)).toBe(0);
});

test('an advertised listener at a forbidden address is not connected to, by the bridge, the check and redrive', async () => {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  const endpoint = endpointOf(await forwarded(), topic);
  const words = /loopback address at 127\.0\.0\.1:\d+\)/;
  expect(await publish(endpoint, onlyBootstrap)).toEqual([
    { kind: 'waits', reason: 'unreachable', detail: expect.stringMatching(words) },
  ]);
  expect(await checkTopic(endpoint, { secrets, iamToken, brokers: onlyBootstrap })).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([expect.stringMatching(words)]),
  });
  const connection = await connectionTo(endpoint.configuration, {
    secrets,
    iamToken,
    brokers: onlyBootstrap,
  });
  if (!connection.ok) throw new Error(connection.message);
  const reader = await createTopicReader(topic, connection);
  await expect(reader.bounds()).rejects.toThrow(words);
  await reader.close();
  expect(await recordsOn(broker.plaintext, topic)).toBe(0);
  // The same endpoint without the rule: the letter arrives.
  expect(await publish(endpoint, onThisMachine)).toEqual([{ kind: 'taken' }]);
});

test.each([
  ['a loopback literal', () => broker.plaintext, 'PLAINTEXT'],
  ['a name of this machine', () => broker.plaintext.replace('127.0.0.1', 'localhost'), 'PLAINTEXT'],
  ['a loopback literal, with TLS', () => broker.ssl, 'SSL'],
  ['a name of this machine, with TLS', () => broker.ssl.replace('127.0.0.1', 'localhost'), 'SSL'],
])('a bootstrap server is not connected to outside a local stage: %s', async (_, address, protocol) => {
  const { NetworkError, ConnectionPool } = await import('@platformatic/kafka');
  const strict = { ...onThisMachine, addresses: addressRules({ allowedCidrs: [], allowThisMachine: false }) };
  const endpoint = endpointOf(address(), 't');
  const configuration = {
    ...endpoint.configuration,
    security: { protocol: protocol as 'PLAINTEXT' | 'SSL' },
  };
  const connection = await connectionTo(configuration, { secrets, iamToken, brokers: strict });
  if (!connection.ok) throw new Error(connection.message);
  const { tls } = connection.options;
  const pool = new ConnectionPool('c', { ...(tls && { tls }), connectTimeout: 3_000 });
  guardConnections(pool, { isTls: tls !== undefined, guard: strict }, { NetworkError });
  const [host = '', port] = address().split(':');
  await expect(pool.get({ host, port: Number(port) })).rejects.toMatchObject({
    cause: { code: 'ERR_CALLBACK_ADDRESS_REFUSED' },
    brokerAddress: address(),
  });
});
