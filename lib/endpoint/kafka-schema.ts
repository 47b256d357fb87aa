// The schema of a Kafka endpoint's configuration, in Gravitee's words. Credentials are in secrets, never in the item.
import * as z from 'zod';
import { field, text, titled } from '#lib/item/field.ts';
import { COMPRESSIONS, type KafkaConfiguration } from './endpoint.ts';
import { security } from './kafka-security-schema.ts';
import { mskRegionOf } from './msk-host.ts';

const ADDRESS = String.raw`[A-Za-z0-9._-]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}`;
const ADDRESSES = new RegExp(`^(${ADDRESS})(\\s*,\\s*(${ADDRESS}))*$`);

const hasPorts = (addresses: string): boolean =>
  addresses.split(',').every((address) => {
    const port = Number(address.slice(address.lastIndexOf(':') + 1));
    return port >= 1 && port <= 65_535;
  });

const topicName = () =>
  titled(
    text(249)
      .regex(/^[A-Za-z0-9._-]+$/, 'must be a Kafka topic: letters, digits, dot, underscore and hyphen')
      .refine((name) => name !== '.' && name !== '..', 'must be a Kafka topic, which . and .. are not'),
    'Topic',
    'The topic that dead letters are published to.',
  );

const producer = () =>
  z.strictObject({
    enabled: titled(
      z.literal(true, 'must be true: dead letters are published here').default(true),
      'Enabled',
      'May be given, as in Gravitee; publishing is what the endpoint is for.',
    ),
    topics: titled(
      z.array(topicName()).length(1, 'must name exactly one topic').optional(),
      'Topics',
      'The topic, in a list of one. The same as topic.',
    ),
    compressionType: titled(
      z.enum(COMPRESSIONS).default('none'),
      'Compression',
      'How records are compressed.',
    ),
  });

const written = () =>
  z.strictObject({
    bootstrapServers: titled(
      text(4_096)
        .regex(ADDRESSES, 'must be host:port, or several separated by commas')
        .refine(hasPorts, 'must have ports from 1 to 65535'),
      'Bootstrap servers',
      'Brokers to ask first: host:port, or several separated by commas.',
    ),
    topic: topicName().optional(),
    producer: titled(producer().optional(), 'Producer', 'How records are published.'),
    security: titled(
      security().optional(),
      'Security',
      'How brokers are connected to: in the clear unless said.',
      {
        default: { protocol: 'PLAINTEXT' },
      },
    ),
  });

type Written = z.output<ReturnType<typeof written>>;

const oneTopic: z.core.CheckFn<Written> = ({ value, issues }) => {
  const listed = value.producer?.topics?.[0];
  const fault = (path: string[], message: string) =>
    issues.push({ code: 'custom', input: value, path, message });
  if (value.topic === undefined && listed === undefined)
    fault(['topic'], 'is missing: give topic or producer.topics');
  if (value.topic !== undefined && listed !== undefined && value.topic !== listed) {
    fault(['producer', 'topics'], 'is given in topic too, with another value: keep one of the two');
  }
};

/** The function's own role signs in with a token, which another host could use at the cluster. */
const atMsk: z.core.CheckFn<Written> = ({ value, issues }) => {
  if (value.security?.sasl?.saslMechanism !== 'AWS_MSK_IAM') return;
  const hosts = value.bootstrapServers.split(',').map((address) => address.trim().replace(/:[0-9]+$/, ''));
  if (hosts.every((host) => mskRegionOf(host) !== undefined)) return;
  const message =
    'must be hosts of Amazon MSK for AWS_MSK_IAM, such as b-1.name.abc123.c2.kafka.eu-west-1.amazonaws.com';
  issues.push({ code: 'custom', input: value, path: ['bootstrapServers'], message });
};

export const kafkaConfiguration = field(() =>
  titled(
    written()
      .check(oneTopic, atMsk)
      .transform(
        (value): KafkaConfiguration => ({
          bootstrapServers: value.bootstrapServers.split(',').map((address) => address.trim()),
          topic: value.topic ?? value.producer?.topics?.[0] ?? '',
          compressionType: value.producer?.compressionType ?? 'none',
          security: value.security ?? { protocol: 'PLAINTEXT' },
        }),
      ),
    'Configuration',
    'The brokers and the topic.',
    { anyOf: [{ required: ['topic'] }, { required: ['producer'] }] },
  ),
);
