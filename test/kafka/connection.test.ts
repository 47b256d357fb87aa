// Every way to connect that an endpoint can ask for, at a real broker; and what is said when it can't be done.
import { readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { Producer } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import type { SecretRead } from '#lib/credentials/secrets.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { connectionTo, type KafkaConnection } from '#lib/kafka/connection.ts';
import { failureOf } from '#lib/kafka/failure.ts';
import { onThisMachine } from '#test/support/broker-guards.ts';
import { createTopic, kafkaAddresses } from '#test/support/kafka/addresses.ts';
import { STORE_PASSWORD, TLS_FOLDER, USER } from '#test/support/kafka/broker.ts';
import { anySecrets } from '#test/support/secret-rules.ts';

const broker = kafkaAddresses();
const tlsFile = (name: string) => readFileSync(`${TLS_FOLDER}${name}`);
const store = (name: string, password = STORE_PASSWORD) =>
  JSON.stringify({ content: tlsFile(name).toString('base64'), password });

const SECRETS: Readonly<Record<string, string>> = {
  user: JSON.stringify(USER),
  'wrong-password': JSON.stringify({ ...USER, password: 'not it' }),
  'no-password': '{"username":"bridge"}',
  ca: JSON.stringify({ certificates: tlsFile('ca.crt').toString() }),
  'trust-p12': store('trust.p12'),
  'trust-p12-wrong': store('trust.p12', 'not it'),
  'client-p12': store('client.p12'),
  'client-p12-wrong': store('client.p12', 'not it'),
  'client-pem': JSON.stringify({
    certificateChain: tlsFile('client.crt').toString(),
    key: tlsFile('client.key').toString(),
  }),
  'client-locked': JSON.stringify({
    certificateChain: tlsFile('client.crt').toString(),
    key: tlsFile('client-locked.key').toString(),
    keyPassword: STORE_PASSWORD,
  }),
};

async function read(id: string): Promise<SecretRead> {
  const value = SECRETS[id];
  return value === undefined
    ? { ok: false, code: 'secret-missing', message: `the secret ${id} does not exist` }
    : { ok: true, value, version: '1' };
}
const secrets = { read, readAnew: read };

type Configuration = { bootstrapServers: string; security?: object; producer?: object };

function connect(configuration: Configuration): Promise<KafkaConnection> {
  const parsed = parseEndpoint(
    { name: 'e', type: 'kafka', configuration: { topic: 't', ...configuration } },
    anySecrets,
  );
  if (!parsed.ok || parsed.endpoint.type !== 'kafka') throw new Error(JSON.stringify(parsed));
  return connectionTo(parsed.endpoint.configuration, {
    secrets,
    iamToken: async () => 'token',
    brokers: onThisMachine,
  });
}

async function send(
  configuration: Configuration,
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' = 'none',
) {
  const topic = await createTopic(broker.plaintext, { partitions: 1 });
  const connection = await connect(configuration);
  if (!connection.ok) throw new Error(connection.message);
  const producer = new Producer({
    ...connection.options,
    idempotent: true,
    producerId: -1n,
    producerEpoch: -1,
    compression,
  });
  try {
    const value = Buffer.from('a dead letter');
    const { offsets } = await producer.send({ messages: [{ topic, value }] });
    return offsets;
  } finally {
    await producer.close();
  }
}

const PEM = { type: 'PEM', secret: 'ca' };
const scram = (saslMechanism: string, secret = 'user') => ({ saslMechanism, secret });
const arrived = [expect.objectContaining({ offset: 0n })];

describe('a record goes out', () => {
  test('in the clear', async () => {
    expect(await send({ bootstrapServers: broker.plaintext })).toEqual(arrived);
  });

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('by SASL_PLAINTEXT with %s', async (mechanism) => {
    const security = { protocol: 'SASL_PLAINTEXT', sasl: scram(mechanism) };
    expect(await send({ bootstrapServers: broker.saslPlaintext, security })).toEqual(arrived);
  });

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('by SASL_SSL with %s', async (mechanism) => {
    const security = { protocol: 'SASL_SSL', sasl: scram(mechanism), ssl: { trustStore: PEM } };
    expect(await send({ bootstrapServers: broker.saslSsl, security })).toEqual(arrived);
  });

  test.each([
    ['PEM in the item', { type: 'PEM', certificates: tlsFile('ca.crt').toString() }],
    ['PEM from a secret', PEM],
    ['PKCS12', { type: 'PKCS12', secret: 'trust-p12' }],
  ])('with a trust store: %s', async (_, trustStore) => {
    const security = { protocol: 'SASL_SSL', sasl: scram('PLAIN'), ssl: { trustStore } };
    expect(await send({ bootstrapServers: broker.saslSsl, security })).toEqual(arrived);
  });

  test.each([
    ['PEM', { type: 'PEM', secret: 'client-pem' }],
    ['PEM with a locked key', { type: 'PEM', secret: 'client-locked' }],
    ['PKCS12', { type: 'PKCS12', secret: 'client-p12' }],
  ])("with the client's own certificate: %s", async (_, keyStore) => {
    const security = { protocol: 'SSL', ssl: { trustStore: PEM, keyStore } };
    expect(await send({ bootstrapServers: broker.ssl, security })).toEqual(arrived);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('compressed by %s', async (compression) => {
    expect(await send({ bootstrapServers: broker.plaintext }, compression)).toEqual(arrived);
  });
});

describe('what is wrong is said', () => {
  const failing = (configuration: Configuration) =>
    send(configuration).then(
      () => 'was sent',
      (error: unknown) => failureOf(error),
    );

  test.each(['PLAIN', 'SCRAM-SHA-512'])('when the password is wrong: %s', async (mechanism) => {
    const security = { protocol: 'SASL_PLAINTEXT', sasl: scram(mechanism, 'wrong-password') };
    expect(await failing({ bootstrapServers: broker.saslPlaintext, security })).toMatchObject({
      kind: 'authentication',
    });
  });

  test("when the broker's certificate is not trusted", async () => {
    const security = { protocol: 'SASL_SSL', sasl: scram('PLAIN') };
    expect(await failing({ bootstrapServers: broker.saslSsl, security })).toMatchObject({ kind: 'tls' });
  });

  test('when the certificate is for another host; it does where names are not verified', async () => {
    // The certificate is for localhost and 127.0.0.1.
    const port = Number(broker.saslSsl.split(':')[1]);
    const proxy = createServer((socket) => {
      const onward = createConnection(port, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((one) => one.destroy()));
    });
    const address = await new Promise<string>((resolve) => {
      proxy.listen(port, '127.0.0.2', () => resolve(`127.0.0.2:${port}`));
    });
    const through = (hostnameVerifier: boolean) => ({
      bootstrapServers: address,
      security: { protocol: 'SASL_SSL', sasl: scram('PLAIN'), ssl: { trustStore: PEM, hostnameVerifier } },
    });
    try {
      expect(await failing(through(true))).toEqual({
        kind: 'tls',
        detail: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
      });
      expect(await send(through(false))).toEqual(arrived);
    } finally {
      proxy.close();
    }
  });

  test('when TLS is spoken to a broker that does not, and the other way round', async () => {
    const security = { protocol: 'SSL', ssl: { trustStore: PEM } };
    expect(await failing({ bootstrapServers: broker.plaintext, security })).toMatchObject({ kind: 'tls' });
    expect(await failing({ bootstrapServers: broker.saslSsl })).toMatchObject({ kind: 'tls' });
  });

  test('when nobody listens', async () => {
    expect(await failing({ bootstrapServers: '127.0.0.1:1' })).toMatchObject({ kind: 'unreachable' });
  });

  test('when the name does not exist', async () => {
    expect(await failing({ bootstrapServers: 'kafka.invalid:9092' })).toMatchObject({ kind: 'unreachable' });
  });
});

describe('an unusable secret or store is reported before a connection is made', () => {
  const sasl = (secret: string) => ({ protocol: 'SASL_PLAINTEXT', sasl: scram('PLAIN', secret) });
  const ssl = (ssl: object) => ({ protocol: 'SSL', ssl });
  test.each([
    ['no such secret', sasl('nobody'), 'secret-missing'],
    ['a secret without a password', sasl('no-password'), 'secret-invalid'],
    [
      'a trust store whose password is wrong',
      ssl({ trustStore: { type: 'PKCS12', secret: 'trust-p12-wrong' } }),
      'store-invalid',
    ],
    [
      'a key store whose password is wrong',
      ssl({ keyStore: { type: 'PKCS12', secret: 'client-p12-wrong' } }),
      'store-invalid',
    ],
  ])('%s', async (_, security, code) => {
    const connection = await connect({ bootstrapServers: broker.plaintext, security });
    expect(connection).toMatchObject({ ok: false, code });
    expect(JSON.stringify(connection)).not.toContain('not it');
  });
});
