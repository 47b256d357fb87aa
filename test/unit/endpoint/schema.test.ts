import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const sample = (name: string): unknown => JSON.parse(readFileSync(`events/endpoint-${name}.json`, 'utf8'));

function faultsOf(item: unknown): Record<string, string> {
  const parsed = parseEndpoint(item, anySecrets);
  return parsed.ok ? {} : Object.fromEntries(parsed.faults.map(({ path, reason }) => [path, reason]));
}

const pathsOf = (item: unknown): string[] => Object.keys(faultsOf(item)).sort();

const sqs = (configuration: unknown, name = 'rejected') => ({ name, type: 'sqs', configuration });
const kafka = (more: object) => ({
  name: 'rejected',
  type: 'kafka',
  configuration: { bootstrapServers: 'broker:9092', topic: 't', ...more },
});
const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/rejected';

test('an sqs endpoint is a queue by its URL or its ARN', () => {
  expect(parseEndpoint(sqs({ queueUrl: URL }), anySecrets)).toEqual({
    ok: true,
    endpoint: { name: 'rejected', type: 'sqs', configuration: { queueUrl: URL } },
  });
  expect(parseEndpoint(sample('sqs'), anySecrets)).toEqual({
    ok: true,
    endpoint: {
      name: 'rejected-orders',
      type: 'sqs',
      configuration: { queueArn: 'arn:aws:sqs:eu-west-1:123456789012:rejected-orders' },
    },
  });
});

test('the dead letter queue of the samples is on this machine', () => {
  expect(parseEndpoint(sample('sample-dlq'), anySecrets)).toEqual({
    ok: true,
    endpoint: {
      name: 'sample-dlq',
      type: 'sqs',
      configuration: { queueArn: 'arn:aws:sqs:us-east-1:000000000000:webhooks-local-sample-dlq' },
    },
  });
});

test.each([
  [{}, 'configuration.queueUrl'],
  [{ queueUrl: URL, queueArn: 'arn:aws:sqs:eu-west-1:123456789012:rejected' }, 'configuration.queueArn'],
  [{ queueUrl: 'rejected' }, 'configuration.queueUrl'],
  [{ queueUrl: 'https://example.com/rejected' }, 'configuration.queueUrl'],
  [{ queueUrl: 'https://user:pw@example.com/123456789012/rejected' }, 'configuration.queueUrl'],
  [{ queueArn: 'arn:aws:sns:eu-west-1:123456789012:rejected' }, 'configuration.queueArn'],
  [{ queueArn: 5 }, 'configuration.queueArn'],
  [{ queueURL: URL, queueArn: 'arn:aws:sqs:eu-west-1:123456789012:rejected' }, 'configuration.queueURL'],
  ['rejected', 'configuration'],
  [undefined, 'configuration'],
])('the sqs configuration %j has a fault at %s', (configuration, path) => {
  expect(pathsOf(sqs(configuration))).toEqual([path]);
});

test('fifo queues and other partitions of AWS are fine', () => {
  expect(faultsOf(sqs({ queueUrl: `${URL}.fifo` }))).toEqual({});
  expect(faultsOf(sqs({ queueArn: 'arn:aws-us-gov:sqs:us-gov-west-1:123456789012:rejected.fifo' }))).toEqual(
    {},
  );
});

test('a name is 1 to 128 visible ASCII characters', () => {
  expect(faultsOf(sqs({ queueUrl: URL }, 'a'.repeat(128)))).toEqual({});
  for (const name of ['', 'a'.repeat(129), 'a b', 'ä']) {
    expect(pathsOf(sqs({ queueUrl: URL }, name))).toEqual(['name']);
  }
});

test('the name undeliverable is taken', () => {
  expect(faultsOf(sqs({ queueUrl: URL }, 'undeliverable'))).toEqual({
    name: 'must not be undeliverable, which is an endpoint already',
  });
});

test('an unknown type is a fault that names the two types', () => {
  expect(faultsOf({ name: 'a', type: 'rabbitmq', configuration: {} })).toEqual({
    type: 'must be one of "kafka", "sqs"',
  });
  expect(faultsOf({ name: 'a' })).toEqual({ type: 'is missing: give one of "kafka", "sqs"' });
});

test('all faults are reported at once', () => {
  expect(
    pathsOf({ ...kafka({ topic: 'a b', bootstrapServers: 'broker', acks: 1 }), name: '', weight: 1 }),
  ).toEqual([
    'configuration.acks',
    'configuration.bootstrapServers',
    'configuration.topic',
    'name',
    'weight',
  ]);
});

test("a kafka endpoint is read in Gravitee's words", () => {
  expect(parseEndpoint(sample('kafka'), anySecrets)).toEqual({
    ok: true,
    endpoint: {
      name: 'dlq-endpoint',
      type: 'kafka',
      configuration: {
        bootstrapServers: ['broker-1.example.com:9096', 'broker-2.example.com:9096'],
        topic: 'rejected-messages',
        compressionType: 'gzip',
        security: {
          protocol: 'SASL_SSL',
          sasl: {
            saslMechanism: 'SCRAM-SHA-512',
            secret: { name: 'webhooks/dev/endpoints/dlq-endpoint', key: undefined },
          },
          ssl: { hostnameVerifier: true, trustStore: { type: 'NONE' }, keyStore: { type: 'NONE' } },
        },
      },
    },
  });
});

test('the smallest kafka endpoint is plain and uncompressed', () => {
  expect(parseEndpoint(kafka({ bootstrapServers: 'a:1 , [::1]:65535' }), anySecrets)).toMatchObject({
    endpoint: {
      configuration: {
        bootstrapServers: ['a:1', '[::1]:65535'],
        topic: 't',
        compressionType: 'none',
        security: { protocol: 'PLAINTEXT' },
      },
    },
  });
});

const secret = 'webhooks/dev/kafka#shared';
const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----';

describe.each([
  ['PLAINTEXT', {}],
  ['SSL', {}],
  ['SSL', { ssl: { trustStore: { type: 'PEM', certificates: pem }, keyStore: { type: 'PEM', secret } } }],
  ['SSL', { ssl: { trustStore: { type: 'PEM', secret }, keyStore: { type: 'PKCS12', secret } } }],
  ['SSL', { ssl: { trustStore: { type: 'PKCS12', secret }, hostnameVerifier: false } }],
  ['SASL_PLAINTEXT', { sasl: { saslMechanism: 'PLAIN', secret } }],
  ['SASL_SSL', { sasl: { saslMechanism: 'SCRAM-SHA-256', secret }, ssl: {} }],
])('%s with %j', (protocol, more) => {
  test('is valid', () => {
    expect(faultsOf(kafka({ security: { protocol, ...more } }))).toEqual({});
  });
});

test.each([
  [{ protocol: 'TLS' }, 'protocol'],
  [{ protocol: 'SASL_SSL' }, 'sasl'],
  [{ protocol: 'SSL', sasl: { saslMechanism: 'PLAIN', secret } }, 'sasl'],
  [{ ssl: {} }, 'ssl'],
  [{ protocol: 'SASL_SSL', sasl: { saslMechanism: 'GSSAPI' } }, 'sasl.saslMechanism'],
  [{ protocol: 'SASL_SSL', sasl: { saslMechanism: 'PLAIN' } }, 'sasl.secret'],
  [
    { protocol: 'SASL_SSL', sasl: { saslMechanism: 'PLAIN', secret, saslJaasConfig: 'x' } },
    'sasl.saslJaasConfig',
  ],
  [{ protocol: 'SSL', ssl: { trustStore: { type: 'JKS' } } }, 'ssl.trustStore.type'],
  [{ protocol: 'SSL', ssl: { trustStore: { type: 'PEM' } } }, 'ssl.trustStore.certificates'],
  [
    { protocol: 'SSL', ssl: { trustStore: { type: 'PEM', certificates: 'x' } } },
    'ssl.trustStore.certificates',
  ],
  [{ protocol: 'SSL', ssl: { keyStore: { type: 'PEM', secret, location: '/x' } } }, 'ssl.keyStore.location'],
])('the security %j has a fault at %s', (security, path) => {
  expect(pathsOf(kafka({ security }))).toEqual([`configuration.security.${path}`]);
});

describe("the functions' own role, for Amazon MSK", () => {
  const configuration = (bootstrapServers: string, protocol = 'SASL_SSL') => ({
    ...{ topic: 't', bootstrapServers },
    security: { protocol, sasl: { saslMechanism: 'AWS_MSK_IAM' } },
  });
  const broker = 'b-1.name.abc123.c2.kafka.eu-west-1.amazonaws.com:9098';

  test.each([
    broker,
    `${broker}, b-2-public.name.abc123.c2.kafka.eu-west-1.amazonaws.com:9198`,
    'boot-abc.c1.kafka-serverless.us-east-1.amazonaws.com:9098',
    'b-1.name.abc.c1.kafka.cn-north-1.amazonaws.com.cn:9098',
    'b-1.name.abc.c1.kafka.us-gov-west-1.amazonaws.com:9098',
  ])('signs in at %s', (servers) => {
    expect(faultsOf(kafka(configuration(servers)))).toEqual({});
  });

  test.each([
    'broker.example:9098',
    `${broker},broker.example:9098`,
    'b-1.kafka.eu-west-1.amazonaws.com.broker.example:9098',
    'kafka.eu-west-1.amazonaws.com:9098',
    'b-1.kafka.eu-west-1.example.com:9098',
    '52.1.2.3:9098',
    '[2600:1f18::1]:9098',
  ])('signs in nowhere else: %s', (servers) => {
    expect(pathsOf(kafka(configuration(servers)))).toEqual(['configuration.bootstrapServers']);
  });

  test('signs in over TLS alone', () => {
    expect(pathsOf(kafka(configuration(broker, 'SASL_PLAINTEXT')))).toEqual([
      'configuration.security.protocol',
    ]);
  });
});

test.each([
  [{ topic: undefined }, 'topic'],
  [{ topic: '' }, 'topic'],
  [{ topic: '..' }, 'topic'],
  [{ topic: 'a'.repeat(250) }, 'topic'],
  [{ topic: undefined, producer: {} }, 'topic'],
  [{ producer: { topics: ['other'] } }, 'producer.topics'],
  [{ producer: { topics: ['t', 'u'] } }, 'producer.topics'],
  [{ producer: { topics: [] } }, 'producer.topics'],
  [{ producer: { enabled: false } }, 'producer.enabled'],
  [{ producer: { compressionType: 'brotli' } }, 'producer.compressionType'],
  [{ bootstrapServers: 'a:1,' }, 'bootstrapServers'],
  [{ bootstrapServers: 'a:0' }, 'bootstrapServers'],
  [{ bootstrapServers: 'a:1,b:65536' }, 'bootstrapServers'],
  [{ bootstrapServers: ['a:1'] }, 'bootstrapServers'],
  [{ bootstrapServers: undefined }, 'bootstrapServers'],
  [{ consumer: { enabled: true } }, 'consumer'],
])('the kafka configuration with %j has a fault at %s', (more, path) => {
  expect(pathsOf(kafka(more))).toEqual([`configuration.${path}`]);
});

test('a topic may be given in both places when it is the same', () => {
  expect(faultsOf(kafka({ topic: 'a'.repeat(249), producer: { topics: ['a'.repeat(249)] } }))).toEqual({});
});

test('what is not JSON is a fault', () => {
  expect(pathsOf(kafka({ producer: new Set(['t']) }))).toEqual(['configuration.producer']);
  for (const item of [undefined, null, 'x', [], new Set()]) expect(pathsOf(item)).toEqual(['(item)']);
});

test('any value gives an endpoint or faults; it never throws', () => {
  const configuration = fc.anything({ withSet: true, withBigInt: true });
  const type = fc.constantFrom('kafka', 'sqs', 'x');
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ name: fc.string(), type, configuration })), (item) => {
      const parsed = parseEndpoint(item, anySecrets);
      if (!parsed.ok) expect(parsed.faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
