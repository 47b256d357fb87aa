// Options that are understood and not supported yet: one fault at the option when it is well-formed, its own faults
// when it is not.
import { describe, expect, test } from 'vitest';
import { faultsOf, itemWith, pathsOf } from '#test/support/subscription-items.ts';

const option = (name: string) => (value: unknown) => itemWith({ [name]: value });
const top = (name: string) => (value: unknown) => itemWith({}, { [name]: value });
const store = { type: 'PKCS12', content: 'AAAA', password: 'p' };
const delays = { maxAttempts: 3, initialDelaySeconds: 1, maxDelaySeconds: 1 };
const retry = (more: object) => ({ retryOption: 'Retry On Fail', ...delays, ...more });
const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----';

describe('well-formed', () => {
  test.each([
    ['channel', 'orders'],
    ['startingAt', '2027-01-31T08:00:00Z'],
    ['endingAt', '2027-01-31T08:00:00.123+01:00'],
    ['endingAt', 1_800_000_000_000],
  ])('%s %j has one fault, which says what to use instead', (name, value) => {
    const faults = faultsOf(top(name)(value));
    expect(Object.keys(faults)).toEqual([name]);
    expect(faults[name]).toMatch(new RegExp(`^is understood but not yet supported .*: leave ${name} out; `));
  });

  test('all such options are reported at once', () => {
    const item = itemWith({}, { channel: 'c', startingAt: 0, endingAt: 1 });
    expect(pathsOf(item)).toEqual(['channel', 'endingAt', 'startingAt']);
  });
});

describe('malformed', () => {
  test.each([
    ['signing', {}, 'signing.secrets'],
    ['signing', { keys: [] }, 'signing.keys'],
    ['signing', { secrets: [] }, 'signing.secrets'],
    ['signing', { secrets: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'signing.secrets'],
    ['signing', { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] }, 'signing.secrets.0'],
    ['ssl', { trustAll: 'yes' }, 'ssl.trustAll'],
    ['ssl', { trustStore: { type: 'PEM' } }, 'ssl.trustStore.content'],
    ['ssl', { trustStore: { type: 'PEM', content: 'AAAA' } }, 'ssl.trustStore.content'],
    ['ssl', { trustStore: { ...store, content: '*' } }, 'ssl.trustStore.content'],
    ['ssl', { trustStore: { ...store, type: 'BKS' } }, 'ssl.trustStore.type'],
    ['ssl', { keyStore: { type: 'PEM', certContent: pem } }, 'ssl.keyStore.keyContent'],
    ['proxy', { enabled: true, port: 1 }, 'proxy.host'],
    ['proxy', { enabled: true, host: 'h' }, 'proxy.port'],
    ['proxy', { enabled: true, host: 'h', port: 0 }, 'proxy.port'],
    ['proxy', { enabled: true, host: 'h', port: 65_536 }, 'proxy.port'],
    ['proxy', { enabled: true, host: 'h', port: 1, password: 'p', secret: 's' }, 'proxy.secret'],
    ['proxy', { enabled: true, host: 'h', port: 1, username: 'u', secret: 's' }, 'proxy.secret'],
    ['proxy', { type: 'SOCKS6' }, 'proxy.type'],
    ['retry', {}, 'retry.retryOption'],
    ['retry', { retryOption: 'no retry' }, 'retry.retryOption'],
    ['retry', { retryOption: 'No Retry', maxAttempts: 1 }, 'retry.maxAttempts'],
    ['retry', retry({ maxAttempts: 0 }), 'retry.maxAttempts'],
    ['retry', retry({ maxAttempts: 101 }), 'retry.maxAttempts'],
    ['retry', retry({ maxAttempts: undefined }), 'retry.maxAttempts'],
    ['retry', retry({ initialDelaySeconds: 0 }), 'retry.initialDelaySeconds'],
    ['retry', retry({ initialDelaySeconds: 2 }), 'retry.initialDelaySeconds'],
    ['retry', retry({ maxDelaySeconds: 21_601 }), 'retry.maxDelaySeconds'],
    ['retry', retry({ maxAgeSeconds: 0 }), 'retry.maxAgeSeconds'],
    ['retry', retry({ maxAgeSeconds: 1_814_401 }), 'retry.maxAgeSeconds'],
    ['retry', retry({ retryStrategy: 'linear' }), 'retry.retryStrategy'],
    ['retry', retry({ jitter: 0.5 }), 'retry.jitter'],
    ['retry', retry({ statuses: [429, 500] }), 'retry.statuses.1'],
    ['retry', retry({ statuses: [429, 429] }), 'retry.statuses'],
    ['batch', { maxMessages: 1 }, 'batch.maxMessages'],
    ['batch', { maxMessages: 2.5 }, 'batch.maxMessages'],
    ['batch', { most: 10 }, 'batch.most'],
    ['batch', true, 'batch'],
    ['batch', { maxMessages: 101 }, 'batch.maxMessages'],
    ['batch', { maxBytes: 0 }, 'batch.maxBytes'],
    ['batch', { maxBytes: 1_048_577 }, 'batch.maxBytes'],
    ['batch', { format: 'xml' }, 'batch.format'],
    ['batch', { format: 'json' }, 'batch.format'],
    ['batch', { format: 'cloudevents' }, 'batch.format'],
    ['logging', { enabled: 1 }, 'logging.enabled'],
    ['logging', { enabled: true, request: { body: true } }, 'logging.request.body'],
    ['logging', { bodies: 'some' }, 'logging.bodies'],
    ['logging', { bodies: 'all', excerptBytes: 0 }, 'logging.excerptBytes'],
    ['logging', { bodies: 'all', excerptBytes: 4_097 }, 'logging.excerptBytes'],
    ['logging', { excerptBytes: 10 }, 'logging.bodies'],
    ['logging', { bodies: 'all', enabled: true }, 'logging.enabled'],
    ['logging', { bodies: 'none', response: { payload: true } }, 'logging.response'],
    ['logging', { enabled: true, mode: { entrypoint: true } }, 'logging.mode'],
    ['logging', { enabled: true, content: { payload: true } }, 'logging.content'],
  ])('%s %j has its own fault at %s', (name, value, path) => {
    expect(pathsOf(option(name)(value))).toEqual([`configuration.${path}`]);
  });

  test.each([
    ['channel', 'x'.repeat(1_025)],
    ['channel', 5],
    ['startingAt', 'tomorrow'],
    ['startingAt', '2027-02-30T08:00:00Z'],
    ['endingAt', -1],
    ['endingAt', 1.5],
    ['endingAt', true],
  ])('%s %j has its own fault', (name, value) => {
    const faults = faultsOf(top(name)(value));
    expect(Object.keys(faults)).toEqual([name]);
    expect(faults[name]).not.toMatch(/not yet/);
  });
});
