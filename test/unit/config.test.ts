import { describe, expect, test } from 'vitest';
import {
  allowsThisMachine,
  callbackRules,
  deliverEnvironment,
  readConfig,
  routeEnvironment,
  subscriptionRules,
} from '#lib/config.ts';

const common = {
  STAGE: 'dev',
  LARGEST_READ_TIMEOUT_MS: '30000',
  ALLOW_HTTP: 'false',
  ALLOWED_CIDRS: '',
  ALLOW_TRUST_ALL: 'false',
  SUBSCRIPTIONS_TABLE: 'webhooks-dev-subscriptions',
  STATE_TABLE: 'webhooks-dev-state',
  DELIVERIES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/deliveries.fifo',
  UNDELIVERABLE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/undeliverable',
};
const deliver = {
  ...common,
  ENDPOINTS_TABLE: 'webhooks-dev-endpoints',
  RETRIES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/retries',
  DEAD_LETTERS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/dead-letters',
  EVENT_BUS: 'default',
  LAG_SECONDS: '20',
  SECRET_CACHE_SECONDS: '300',
};
const configOf = (more: Record<string, string> = {}) =>
  readConfig(deliverEnvironment, { ...deliver, ...more });

describe('the environment', () => {
  test('is read, each value as what it is, and nothing beside it', () => {
    expect(configOf({ ALLOW_HTTP: 'true', ALLOWED_CIDRS: ' 10.0.0.0/8, ,fd00::/8 ', HOME: '/' })).toEqual({
      ...deliver,
      LARGEST_READ_TIMEOUT_MS: 30_000,
      LAG_SECONDS: 20,
      SECRET_CACHE_SECONDS: 300,
      ALLOW_HTTP: true,
      ALLOW_TRUST_ALL: false,
      ALLOWED_CIDRS: ['10.0.0.0/8', 'fd00::/8'],
    });
  });

  test.each(Object.keys(deliver))('without %s stops the function, and says its name', (name) => {
    const { [name]: _, ...rest } = { ...deliver } as Record<string, string>;
    expect(() => readConfig(deliverEnvironment, rest)).toThrow(`${name}: is not set`);
  });

  test.each<[string, string, string]>([
    ['STAGE', '', 'STAGE: '],
    ['LARGEST_READ_TIMEOUT_MS', '30s', 'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0'],
    ['LARGEST_READ_TIMEOUT_MS', '0', 'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0'],
    ['LARGEST_READ_TIMEOUT_MS', '1e3', 'LARGEST_READ_TIMEOUT_MS: must be a whole number above 0'],
    ['ALLOW_HTTP', 'yes', 'ALLOW_HTTP: '],
    ['ALLOWED_CIDRS', '10.0.0.0', 'ALLOWED_CIDRS: must be CIDRs with commas between'],
    ['ALLOWED_CIDRS', '10.0.0.0/33', 'ALLOWED_CIDRS: must be CIDRs with commas between'],
    ['DELIVERIES_QUEUE_URL', 'deliveries.fifo', 'DELIVERIES_QUEUE_URL: must be a queue URL'],
  ])('with %s=%j stops the function, and says what to put', (name, value, message) => {
    expect(() => configOf({ [name]: value })).toThrow(message);
  });

  test('that is wrong in many places is told of all at once', () => {
    expect(() => readConfig(routeEnvironment, { ...common, ALLOW_HTTP: 'no' })).toThrow(
      /ALLOW_HTTP: .*MESSAGES_QUEUE_URL: is not set.*MESSAGES_FIFO_QUEUE_URL: is not set.*RETRIES_QUEUE_URL: is not set/,
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
  const config = configOf({ ALLOWED_CIDRS: '10.1.0.0/16' });
  expect(callbackRules(config)).toEqual({
    allowHttp: false,
    allowedCidrs: ['10.1.0.0/16'],
    allowThisMachine: false,
    responseCapBytes: 65_536,
  });
  const { checkUrl, largestReadTimeoutMs } = subscriptionRules(config);
  expect(largestReadTimeoutMs).toBe(30_000);
  expect(checkUrl('https://10.1.2.3/')).toBeUndefined();
  expect(checkUrl('https://10.2.2.3/')).toBe('leads to a private address');
  expect(checkUrl('http://hooks.example.com/')).toBe('must be an https URL');
});
