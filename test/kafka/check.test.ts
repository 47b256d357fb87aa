// What `endpoints test` says of Kafka endpoints, at a real broker.
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { checkTopic } from '#lib/cli/actions/check-topic.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { onThisMachine } from '#test/support/broker-guards.ts';
import { createTopic, kafkaAddresses, recordsOn, withAdmin } from '#test/support/kafka/addresses.ts';
import { OTHER_USER, USER } from '#test/support/kafka/broker.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const broker = kafkaAddresses();

function check(topic: string, user?: { username: string; password: string }, servers?: string) {
  const security = user && {
    protocol: 'SASL_PLAINTEXT',
    sasl: { saslMechanism: 'SCRAM-SHA-256', secret: 'user' },
  };
  const bootstrapServers = servers ?? (user ? broker.saslPlaintext : broker.plaintext);
  const parsed = parseEndpoint(
    {
      name: 'e',
      type: 'kafka',
      configuration: { bootstrapServers, topic, ...(security && { security }) },
    },
    anySecrets,
  );
  if (!parsed.ok || parsed.endpoint.type !== 'kafka') throw new Error(JSON.stringify(parsed));
  const read = async () => ({ ok: true as const, value: JSON.stringify(user), version: '1' });
  return checkTopic(parsed.endpoint, {
    secrets: { read, readAnew: read },
    iamToken: async () => 'token',
    brokers: onThisMachine,
  });
}

const allow = (topic: string, operation: 4 | 8) =>
  withAdmin(broker.plaintext, (admin) =>
    admin.createAcls({
      creations: [
        {
          resourceType: ResourceTypes.TOPIC,
          resourceName: topic,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${OTHER_USER.username}`,
          host: '*',
          operation,
          permissionType: AclPermissionTypes.ALLOW,
        },
      ],
    }),
  );

test('a working endpoint is reported as such, and no record is published', async () => {
  const topic = await createTopic(broker.plaintext);
  expect(await check(topic, USER)).toEqual({
    ok: true,
    findings: [
      '1 broker answers over SASL_PLAINTEXT.',
      `The topic ${topic} exists, with 3 partitions.`,
      'This user may publish to it.',
    ],
  });
  expect(await recordsOn(broker.plaintext, topic)).toBe(0);
});

test.each([
  ['a topic that does not exist', () => check('no-such-topic'), 'the topic does not exist'],
  ['a wrong password', () => check('t', { ...USER, password: 'x' }), 'do not accept the credentials'],
  ['an address where nobody listens', () => check('t', undefined, '127.0.0.1:1'), 'no broker answers'],
  [
    'a topic that the user may not even see',
    async () => check(await createTopic(broker.plaintext), OTHER_USER),
    'may not',
  ],
])('%s is told of', async (_, checking, words) => {
  expect(await checking()).toEqual({ ok: false, findings: [expect.stringContaining(words)] });
});

test('the right to see a topic is not taken for the right to publish', async () => {
  const other = await createTopic(broker.plaintext);
  await allow(other, AclOperations.WRITE);
  const topic = await createTopic(broker.plaintext);
  await allow(topic, AclOperations.DESCRIBE);
  // A broker learns of a permission some time after it was given.
  const checked = () => check(topic, OTHER_USER);
  await expect.poll(checked, { timeout: 30_000 }).toMatchObject({
    ok: false,
    findings: [
      expect.anything(),
      expect.anything(),
      `This user has no permission to publish to ${topic}: allow WRITE on the topic.`,
    ],
  });
  await allow(topic, AclOperations.WRITE);
  await expect.poll(checked, { timeout: 30_000 }).toMatchObject({ ok: true });
});
