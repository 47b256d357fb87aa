import { describe, expect, test } from 'vitest';
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import { deliverEnvironment, readConfig, routeEnvironment } from '#lib/deployment/config.ts';
import {
  allowsThisMachine,
  callbackRules,
  deploymentRules,
  subscriptionRules,
} from '#lib/deployment/rules.ts';
import { SecretReference } from '#lib/item/secret-reference.ts';

const setFor = (schema: { readonly shape: object }): Record<string, string> =>
  Object.fromEntries(Object.entries(SAMPLE_ENVIRONMENT).filter(([name]) => name in schema.shape));
const deliver = setFor(deliverEnvironment);
const configOf = (more: Record<string, string> = {}) =>
  readConfig(deliverEnvironment, { ...deliver, ...more });

describe('the environment', () => {
  test('is read, each value as what it is, and nothing beside it', () => {
    const numbers = Object.entries(deliver).filter(([, value]) => /^\d+$/.test(value));
    expect(configOf({ ALLOW_HTTP: 'true', ALLOWED_CIDRS: ' 10.0.0.0/8, ,fd00::/8 ', HOME: '/' })).toEqual({
      ...deliver,
      ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])),
      ALLOW_HTTP: true,
      ALLOW_PLAINTEXT_SASL: false,
      ALLOW_TRUST_ALL: false,
      ALLOW_ANY_HOSTNAME: false,
      ALLOWED_CIDRS: ['10.0.0.0/8', 'fd00::/8'],
      BROKER_CIDRS: [],
      SHARED_SECRET_PREFIXES: [],
    });
  });

  test.each(Object.keys(deliver))('without %s stops the function, and says its name', (name) => {
    const { [name]: _, ...rest } = deliver;
    expect(() => readConfig(deliverEnvironment, rest)).toThrow(`${name}: is not set`);
  });

  test.each<[string, string, string]>([
    ['STAGE', '', 'STAGE: '],
    [
      'LARGEST_READ_TIMEOUT_MS',
      '30s',
      'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0; it is "30s"',
    ],
    ['LARGEST_READ_TIMEOUT_MS', '0', 'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0'],
    ['LARGEST_READ_TIMEOUT_MS', '1e3', 'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0'],
    ['CLAIMS_LIVE_DAYS', '', 'CLAIMS_LIVE_DAYS: must be a whole number above 0; it is ""'],
    ['EXCERPT_BYTES', '-1', 'EXCERPT_BYTES: must be a whole number, 0 or more; it is "-1"'],
    ['ALLOW_HTTP', 'yes', 'ALLOW_HTTP: '],
    ['ALLOWED_CIDRS', '10.0.0.0', 'ALLOWED_CIDRS: must be CIDRs with commas between'],
    ['ALLOWED_CIDRS', '10.0.0.0/33', 'ALLOWED_CIDRS: must be CIDRs with commas between'],
    ['SECRETS_PREFIX', 'webhooks/', 'SECRETS_PREFIX: must be the beginning of names of secrets'],
    ['SHARED_SECRET_PREFIXES', 'a,/b', 'SHARED_SECRET_PREFIXES: must be beginnings of names of secrets'],
    ['DELIVERIES_QUEUE_URL', 'deliveries.fifo', 'DELIVERIES_QUEUE_URL: must be a queue URL'],
  ])('with %s=%j stops the function, and says what to put', (name, value, message) => {
    expect(() => configOf({ [name]: value })).toThrow(message);
  });

  test('may have nothing of an answer kept', () => {
    expect(configOf({ EXCERPT_BYTES: '0' }).EXCERPT_BYTES).toBe(0);
  });

  test('with several faults reports all of them at once', () => {
    const { MESSAGES_QUEUE_URL, MESSAGES_FIFO_QUEUE_URL, RETRIES_QUEUE_URL, ...withoutQueues } =
      setFor(routeEnvironment);
    expect(() => readConfig(routeEnvironment, { ...withoutQueues, ALLOW_HTTP: 'no' })).toThrow(
      /MESSAGES_QUEUE_URL: is not set.*MESSAGES_FIFO_QUEUE_URL: is not set.*RETRIES_QUEUE_URL: is not set.*ALLOW_HTTP: must be/,
    );
  });
});

describe('callbacks to this machine', () => {
  const emulator = 'http://127.0.0.1:4566';

  test.each(['local', 'local-1', 'local-ci'])('are allowed in the stage %s on an emulated AWS', (STAGE) => {
    expect(allowsThisMachine({ STAGE, AWS_ENDPOINT_URL: emulator })).toBe(true);
  });

  test.each(['dev', 'prod', 'locale', 'Local', 'my-local', ''])('are not in the stage %j', (STAGE) => {
    expect(allowsThisMachine({ STAGE, AWS_ENDPOINT_URL: emulator })).toBe(false);
  });

  test.each([
    undefined,
    '',
    'not a url',
    'https://sqs.us-east-1.amazonaws.com',
    'https://SQS.cn-north-1.amazonaws.com.cn/',
    'https://sqs.us-east-1.api.aws',
    'https://amazonaws.com.',
  ])('are not on AWS itself: endpoint %j', (AWS_ENDPOINT_URL) => {
    expect(allowsThisMachine({ STAGE: 'local', AWS_ENDPOINT_URL })).toBe(false);
  });

  test('are refused by what the functions are given then', () => {
    const check = (more: Record<string, string>) =>
      subscriptionRules(configOf({ ALLOW_HTTP: 'true', ...more })).checkUrl('http://127.0.0.1:8080/');
    expect(check({})).toBe('leads to a loopback address');
    expect(check({ STAGE: 'local' })).toBe('leads to a loopback address');
    expect(check({ AWS_ENDPOINT_URL: emulator })).toBe('leads to a loopback address');
    expect(check({ STAGE: 'local', AWS_ENDPOINT_URL: emulator })).toBeUndefined();
    expect(check({ ALLOWED_CIDRS: '127.0.0.0/8' })).toBe('leads to a loopback address');
  });
});

test('the rules for callbacks and for config items say the same', () => {
  const config = configOf({ ALLOWED_CIDRS: '10.1.0.0/16', RESPONSE_CAP_BYTES: '20000' });
  expect(callbackRules(config)).toEqual({
    allowHttp: false,
    allowedCidrs: ['10.1.0.0/16'],
    allowThisMachine: false,
    responseCapBytes: 20_000,
  });
  const { checkUrl, largestReadTimeoutMs } = subscriptionRules(config);
  expect(largestReadTimeoutMs).toBe(30_000);
  expect(checkUrl('https://10.1.2.3/')).toBeUndefined();
  expect(checkUrl('https://10.2.2.3/')).toBe('leads to a private address');
  expect(checkUrl('http://hooks.example.com/')).toBe('must be an https URL');
});

describe('the rules for secrets', () => {
  test.each([
    [
      'https://sqs.eu-central-1.amazonaws.com/111122223333/webhooks-dev-deliveries.fifo',
      '111122223333',
      'eu-central-1',
    ],
    ['https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q.fifo', '111122223333', 'cn-north-1'],
    ['http://127.0.0.1:4566/000000000000/webhooks-local-deliveries.fifo', '000000000000', undefined],
    ['https://queue.invalid/name', undefined, undefined],
  ])('have the account and the region of %s', (DELIVERIES_QUEUE_URL, account, region) => {
    const more = { SECRETS_PREFIX: 'a/b', SHARED_SECRET_PREFIXES: 'c, d/e' };
    expect(deploymentRules(configOf({ ...more, DELIVERIES_QUEUE_URL })).secrets).toEqual({
      prefix: 'a/b',
      shared: ['c', 'd/e'],
      account,
      region,
    });
  });

  test('are those that items are parsed by', () => {
    const { checkSecret } = subscriptionRules(configOf({ SECRETS_PREFIX: 'a/b' }));
    const acme = { kind: 'subscription', name: 'acme', tenant: undefined } as const;
    expect(checkSecret(new SecretReference('a/b/acme'), acme)).toBeUndefined();
    expect(checkSecret(new SecretReference('a/b/other'), acme)).toContain('belongs to others');
  });
});
