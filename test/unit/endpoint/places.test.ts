import { describe, expect, test } from 'vitest';
import { itemRules } from '#lib/deployment/rules.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { rulesOf } from '#test/support/deployment-rules.ts';

const kafka = (bootstrapServers: string, security?: object) => ({
  name: 'e',
  type: 'kafka',
  configuration: { bootstrapServers, topic: 't', ...(security && { security }) },
});
const sqs = (queueUrl: string) => ({ name: 'e', type: 'sqs', configuration: { queueUrl } });

function faultsIn(item: object, more: Parameters<typeof rulesOf>[0] = {}): Record<string, string> {
  const parsed = parseEndpoint(item, itemRules(rulesOf(more)));
  return parsed.ok ? {} : Object.fromEntries(parsed.faults.map(({ path, reason }) => [path, reason]));
}

describe('a broker', () => {
  test.each([
    'broker.example:9092',
    'b-1.cluster.abc.c2.kafka.eu-west-1.amazonaws.com:9098',
    '52.1.2.3:9092',
    '[2600:1f18::1]:9092',
  ])('may be at %s: a name is checked when a connection is opened', (servers) => {
    expect(faultsIn(kafka(servers))).toEqual({});
  });

  test.each([
    ['127.0.0.1:9092', 'a loopback address'],
    ['localhost:9092', 'leads to this machine'],
    ['broker.localhost:9092', 'leads to this machine'],
    ['LOCALHOST:9092', 'leads to this machine'],
    ['broker.LocalHost.:9092', 'leads to this machine'],
    ['IP6-Loopback:9092', 'leads to this machine'],
    ['127.1:9092', 'a loopback address'],
    ['2130706433:9092', 'a loopback address'],
    ['0x7f000001:9092', 'a loopback address'],
    ['0177.0.0.1:9092', 'a loopback address'],
    ['127.0.0.1.:9092', 'a loopback address'],
    ['0:9092', 'an unspecified address'],
    ['[::1]:9092', 'a loopback address'],
    ['[::ffff:127.0.0.1]:9092', 'an IPv4-mapped address'],
    ['169.254.169.254:80', 'a link-local address'],
    ['[fd00:ec2::254]:80', "an address of the cloud's own services"],
    ['0.0.0.0:9092', 'an unspecified address'],
    ['10.0.3.7:9092', 'a private address'],
    ['[fd12::1]:9092', 'a private address'],
    ['broker.example:9092, 192.168.1.1:9092', 'a private address'],
  ])('may not be at %s by default, and the fault names the parameter', (servers, what) => {
    const { 'configuration.bootstrapServers': reason, ...others } = faultsIn(kafka(servers));
    expect(others).toEqual({});
    expect(reason).toContain(what);
    expect(reason).toContain('brokerCidrs');
    expect(reason).not.toContain('9092');
  });

  test.each(['[1.2.3.4]:9092', '[:::::]:9092', '1.2.3.4.5:9092'])('needs a host (%s)', (servers) => {
    expect(faultsIn(kafka(servers))).toEqual({
      'configuration.bootstrapServers': 'has a broker whose host is neither a name nor an address',
    });
  });

  test('may be in the private ranges of brokerCidrs, and not in those of callbacks', () => {
    const item = kafka('10.0.3.7:9092');
    expect(faultsIn(item, { brokerCidrs: ['10.0.0.0/16'] })).toEqual({});
    expect(faultsIn(item, { allowedCidrs: ['10.0.0.0/16'] })).toHaveProperty([
      'configuration.bootstrapServers',
    ]);
    expect(faultsIn(kafka('127.0.0.1:9092'), { brokerCidrs: ['10.0.0.0/16'] })).not.toEqual({});
  });

  test('may be on this machine on an emulated stage, but not at the metadata address', () => {
    const local = { allowThisMachine: true };
    expect(faultsIn(kafka('127.0.0.1:9092,localhost:9092'), local)).toEqual({});
    expect(faultsIn(kafka('169.254.169.254:80'), local)).not.toEqual({});
  });
});

describe('a password without TLS', () => {
  const security = (saslMechanism: string, protocol = 'SASL_PLAINTEXT') => ({
    protocol,
    sasl: { saslMechanism, secret: 'webhooks/dev/endpoints/e' },
  });

  test('needs the leave of the deployment under PLAIN', () => {
    const item = kafka('broker.example:9092', security('PLAIN'));
    expect(faultsIn(item)['configuration.security.protocol']).toContain('allowPlaintextSasl');
    expect(faultsIn(item, { allowPlaintextSasl: true })).toEqual({});
  });

  test.each([
    ['SCRAM-SHA-256', 'SASL_PLAINTEXT'],
    ['SCRAM-SHA-512', 'SASL_PLAINTEXT'],
    ['PLAIN', 'SASL_SSL'],
  ])('is not what %s over %s sends', (mechanism, protocol) => {
    expect(faultsIn(kafka('broker.example:9092', security(mechanism, protocol)))).toEqual({});
  });
});

describe('a queue', () => {
  test('is at a host of AWS, over https', () => {
    expect(faultsIn(sqs('https://sqs.eu-west-1.amazonaws.com/123456789012/q'))).toEqual({});
    for (const url of ['http://127.0.0.1:9000', 'http://sqs.eu-west-1.amazonaws.com', 'https://x.example']) {
      expect(Object.keys(faultsIn(sqs(`${url}/123456789012/q`)))).toEqual(['configuration.queueUrl']);
    }
  });

  test('may be at the emulator on an emulated stage, and at no other port', () => {
    const local = { emulator: 'http://127.0.0.1:4566' };
    expect(faultsIn(sqs('http://127.0.0.1:4566/000000000000/q'), local)).toEqual({});
    expect(faultsIn(sqs('http://127.0.0.1:4567/000000000000/q'), local)).not.toEqual({});
  });
});

describe('a certificate for another host', () => {
  const item = (ssl: object) => kafka('broker.example:9092', { protocol: 'SSL', ssl });
  const anyHost = { hostnameVerifier: false };

  test.each([{}, { trustStore: { type: 'NONE' } }])(
    'needs the deployment without a trust store (%j)',
    (store) => {
      expect(faultsIn(item({ ...anyHost, ...store }))).toEqual({
        'configuration.security.ssl.hostnameVerifier': expect.stringContaining('without a trustStore'),
      });
      expect(faultsIn(item({ ...anyHost, ...store }), { allowAnyHostname: true })).toEqual({});
    },
  );

  test('may come from an authority of the trust store', () => {
    const trustStore = { type: 'PKCS12', secret: 'webhooks/dev/endpoints/e' };
    expect(faultsIn(item({ ...anyHost, trustStore }))).toEqual({});
  });
});
