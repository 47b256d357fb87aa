// `signing`, `ssl` and `proxy` as items give them: what is taken, and the sentence for what can't be.
import { describe, expect, test } from 'vitest';
import { faultsOf, itemWith, subscriptionOf } from '#test/support/subscription-items.ts';

const store = { type: 'PKCS12', content: 'AAAA', password: 'p' };
const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----';
const key = `whsec_${Buffer.alloc(24).toString('base64')}`;

test.each([
  { signing: { secrets: ['a'] } },
  { signing: { secrets: ['a', 'b', 'c', 'd', 'e#f'] } },
  { signing: { keys: [key] } },
  { signing: { secrets: ['a'], keys: [key, `whsk_${Buffer.alloc(32).toString('base64')}`] } },
  { ssl: {} },
  { ssl: { hostnameVerifier: false, trustStore: { type: 'PEM', secret: 'authority' } } },
  { ssl: { hostnameVerifier: true, trustAll: false, trustStore: { type: '' }, keyStore: { type: '' } } },
  { ssl: { trustStore: { type: 'PEM', content: pem } } },
  { ssl: { trustStore: store, keyStore: { ...store, alias: 'a', keyPassword: 'p' } } },
  { ssl: { trustStore: { type: '' }, keyStore: { type: 'PEM', certContent: pem, keyContent: pem } } },
  { ssl: { keyStore: { type: 'PEM', secret: 'name' } } },
  { ssl: { keyStore: { type: 'PKCS12', secret: 'name#key' } } },
  { proxy: { enabled: false, useSystemProxy: true } },
  { proxy: { enabled: true, host: 'proxy', port: 1 } },
  { proxy: { enabled: true, type: 'SOCKS5', host: 'proxy', port: 1, username: 'u', password: 'p' } },
  { proxy: { enabled: true, type: 'SOCKS4', host: '[2a00::1]', port: 65_535, username: 'u' } },
  { proxy: { enabled: true, host: '2a00::1', port: 65_535, secret: 'name' } },
])('taken: %j', (options) => {
  expect(subscriptionOf(itemWith(options))).toBeDefined();
});

describe('refused', () => {
  test.each<[string, object, RegExp]>([
    ['ssl.trustAll', { ssl: { trustAll: true } }, /not allowed by this deployment: .*trustStore/],
    ['ssl.trustStore.type', { ssl: { trustStore: { ...store, type: 'JKS' } } }, /keytool -importkeystore/],
    ['ssl.keyStore.type', { ssl: { keyStore: { type: 'JKS', path: '/k.jks' } } }, /keytool -importkeystore/],
    [
      'ssl.trustStore.path',
      { ssl: { trustStore: { ...store, path: '/t.p12' } } },
      /no gateway disk .* give the content/,
    ],
    ['ssl', { callbackUrl: 'http://example.com', ssl: { keyStore: store } }, /is for https/],
    [
      'proxy.useSystemProxy',
      { proxy: { enabled: true, useSystemProxy: true } },
      /none from their environment/,
    ],
    ['proxy.host', { proxy: { enabled: true, host: 'refused.test', port: 1 } }, /leads to/],
    ['proxy.username', { proxy: { enabled: true, host: 'p', port: 1, password: 'p' } }, /is missing/],
    [
      'proxy.username',
      { proxy: { enabled: true, host: 'p', port: 1, username: 'ü'.repeat(128) } },
      /255 bytes/,
    ],
    [
      'proxy.password',
      { proxy: { enabled: true, type: 'SOCKS4', host: 'p', port: 1, username: 'u', password: 'p' } },
      /make type SOCKS5/,
    ],
    ['signing.keys.0', { signing: { keys: ['whsec_c2hvcnQ='] } }, /too short: .* 24 bytes/],
    ['signing.keys.0', { signing: { keys: [key.replace('whsec_', '')] } }, /must begin with whsec_/],
    ['signing.keys', { signing: { secrets: ['a', 'b', 'c'], keys: [key, key, key] } }, /more than 5/],
  ])('%s of %j', (path, options, reason) => {
    const faults = faultsOf(itemWith({ ...options }));
    expect(Object.keys(faults)).toEqual([`configuration.${path}`]);
    expect(faults[`configuration.${path}`]).toMatch(reason);
  });

  test('no trustAll where the deployment allows it, but one beside a trust store', () => {
    const allowed = { allowTrustAll: true };
    expect(faultsOf(itemWith({ ssl: { trustAll: true } }), allowed)).toEqual({});
    const both = itemWith({ ssl: { trustAll: true, trustStore: store } });
    expect(Object.keys(faultsOf(both, allowed))).toEqual(['configuration.ssl.trustAll']);
  });

  test('no certificate of a public authority for any host, unless the deployment allows it', () => {
    const allowed = { allowAnyHostname: true };
    for (const trustStore of [undefined, { type: '' }]) {
      const item = itemWith({ ssl: { hostnameVerifier: false, ...(trustStore && { trustStore }) } });
      expect(Object.keys(faultsOf(item))).toEqual(['configuration.ssl.hostnameVerifier']);
      expect(faultsOf(item, allowed)).toEqual({});
    }
    const anyCertificate = itemWith({ ssl: { hostnameVerifier: false, trustAll: true } });
    expect(faultsOf(anyCertificate, { allowTrustAll: true })).toEqual({});
  });
});
