import { X509Certificate } from 'node:crypto';
import { checkServerIdentity as defaultCheck, rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import type { KafkaSsl } from '#lib/endpoint/endpoint.ts';
import { connectionTo } from '#lib/kafka/connection.ts';
import { pem } from '#test/support/tls/private.ts';

const unused = () => {
  throw new Error('a connection without credentials needs neither secrets nor names');
};
const deps = {
  secrets: { read: unused, readAnew: unused },
  iamToken: unused,
  brokers: { lookup: unused, addresses: addressRules({ allowedCidrs: [], allowThisMachine: false }) },
};

test.each([
  [1, 3_000],
  [4, 750],
  // Less would be too short for each of them.
  [20, 500],
])('for connecting, each of %i bootstrap servers has %i ms', async (count, ms) => {
  const bootstrapServers = Array.from({ length: count }, (_, index) => `broker-${index}.example:9092`);
  const configuration = {
    bootstrapServers,
    topic: 'dead-letters',
    compressionType: 'none',
    security: { protocol: 'PLAINTEXT' },
  } as const;
  const connection = await connectionTo(configuration, deps);
  expect(connection).toMatchObject({ ok: true, options: { connectTimeout: ms } });
});

test('tries are apart by times that grow and differ, so that environments do not come again together', async () => {
  const security = { protocol: 'PLAINTEXT' } as const;
  const bootstrapServers = ['broker.example:9092'];
  const configuration = { bootstrapServers, topic: 't', compressionType: 'none', security } as const;
  const connection = await connectionTo(configuration, deps);
  if (!connection.ok) throw new Error(connection.message);
  const { retryDelay } = connection.options;
  for (const [attempt, longest] of [250, 500, 1_000].entries()) {
    const delays = Array.from({ length: 20 }, () => retryDelay(undefined, 'metadata', attempt + 1));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(longest);
    expect(new Set(delays).size).toBeGreaterThan(1);
  }
});

describe('a certificate that does not name the broker', () => {
  /** As a server presents it: no certificate above it. */
  const presented = (certificate: string) => {
    const { raw, subject } = new X509Certificate(certificate);
    return { raw, subject: { CN: subject }, subjectaltname: 'DNS:elsewhere.example' } as never;
  };
  const OWN = pem('server.crt');
  const [PUBLIC = ''] = rootCertificates;

  async function refuses(ssl: KafkaSsl, certificate: string, allowAnyHostname = false) {
    const configuration = {
      bootstrapServers: ['broker.example:9093'],
      topic: 'dead-letters',
      compressionType: 'none',
      security: { protocol: 'SSL', ssl },
    } as const;
    const connection = await connectionTo(configuration, { ...deps, allowAnyHostname });
    if (!connection.ok) throw new Error(connection.message);
    const { checkServerIdentity = defaultCheck } = connection.options.tls ?? {};
    return checkServerIdentity('broker.example', presented(certificate)) !== undefined;
  }

  const anyHost = { hostnameVerifier: false };
  const ours = { type: 'PEM', certificates: pem('ca.crt') } as const;
  const both = { type: 'PEM', certificates: `${pem('ca.crt')}${PUBLIC}` } as const;

  test.each([
    ['is refused by default', { hostnameVerifier: true, trustStore: ours }, OWN, true],
    ['is taken from a private authority of the store', { ...anyHost, trustStore: ours }, OWN, false],
    ['is taken from a private authority beside a public one', { ...anyHost, trustStore: both }, OWN, false],
    ['is refused from a public authority in the store', { ...anyHost, trustStore: both }, PUBLIC, true],
    ['is refused without a store', anyHost, PUBLIC, true],
  ])('%s', async (_, ssl, certificate, expected) => {
    expect(await refuses(ssl, certificate)).toBe(expected);
  });

  test.each([anyHost, { ...anyHost, trustStore: both }])(
    'is taken where the deployment allows it',
    async (ssl) => {
      expect(await refuses(ssl, PUBLIC, true)).toBe(false);
    },
  );
});
