import { describe, expect, test } from 'vitest';
import { refusalOfQueueUrl, regionOfHost } from '#lib/endpoint/queue-host.ts';

const ON_AWS = { emulator: undefined };
const PATH = '/123456789012/rejected';

describe('a queue may be at every host that AWS documents, and its region is known', () => {
  test.each([
    ['sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['sqs.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['sqs.ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
    ['sqs.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['sqs-fips.us-east-1.amazonaws.com', 'us-east-1'],
    ['sqs.eu-central-1.api.aws', 'eu-central-1'],
    ['sqs-fips.ca-central-1.api.aws', 'ca-central-1'],
    ['sqs.cn-northwest-1.api.amazonwebservices.com.cn', 'cn-northwest-1'],
    ['eu-west-1.queue.amazonaws.com', 'eu-west-1'],
    ['cn-north-1.queue.amazonaws.com.cn', 'cn-north-1'],
    ['queue.amazonaws.com', 'us-east-1'],
    ['vpce-0123456789abcdef0-abcdefgh.sqs.eu-west-1.vpce.amazonaws.com', 'eu-west-1'],
    ['vpce-0123456789abcdef0-abcdefgh-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com', 'eu-west-1'],
  ])('%s', (host, region) => {
    expect(refusalOfQueueUrl(`https://${host}${PATH}`, ON_AWS)).toBeUndefined();
    expect(regionOfHost(host)).toBe(region);
  });
});

describe('a signed request with a session token goes nowhere else', () => {
  test.each([
    'http://sqs.eu-west-1.amazonaws.com',
    'http://127.0.0.1:9000',
    'https://127.0.0.1',
    'https://localhost',
    'https://169.254.169.254',
    'https://[::1]',
    'https://10.0.0.7',
    'https://attacker.example',
    'https://sqs.eu-west-1.amazonaws.com.attacker.example',
    'https://attacker.example#.sqs.eu-west-1.amazonaws.com',
    'https://sqs.eu-west-1.amazonaws.com:8443',
    'https://sqs.eu-west-1.amazonaws.com@attacker.example',
    'https://user@sqs.eu-west-1.amazonaws.com',
    'https://sqs.eu-west-1.amazonaws.com.',
    'https://evil-sqs.eu-west-1.amazonaws.com',
    'https://sqs.evil.eu-west-1.amazonaws.com',
    'https://s3.eu-west-1.amazonaws.com',
    'https://my-bucket.s3.amazonaws.com',
    'https://abc.execute-api.eu-west-1.amazonaws.com',
    'https://abc.lambda-url.eu-west-1.on.aws',
    // A PrivateLink service of anybody's.
    'https://vpce-0123-abcd.vpce-svc-0123.eu-west-1.vpce.amazonaws.com',
    'https://attacker.sqs.eu-west-1.vpce.amazonaws.com',
    'https://sqsXeu-west-1.amazonaws.com',
    'ftp://sqs.eu-west-1.amazonaws.com',
    'not a URL',
  ])('%s', (place) => {
    expect(refusalOfQueueUrl(`${place}${PATH}`, ON_AWS)).toMatch(/^(must|is) /);
  });

  test.each(['?x=1', '#x'])('nor with %s behind its path', (more) => {
    expect(refusalOfQueueUrl(`https://sqs.eu-west-1.amazonaws.com${PATH}${more}`, ON_AWS)).toContain('path');
  });
});

describe('on an emulated stage', () => {
  const EMULATED = { emulator: 'http://127.0.0.1:4566' };
  test.each(['http://127.0.0.1:4566', 'http://localhost:4566', 'https://sqs.eu-west-1.amazonaws.com'])(
    'a queue may be at %s',
    (place) => expect(refusalOfQueueUrl(`${place}${PATH}`, EMULATED)).toBeUndefined(),
  );
  test.each([
    'http://127.0.0.1:9000',
    'http://127.0.0.2:4566',
    'https://127.0.0.1:4566',
    'http://127.0.0.1',
    'http://10.0.0.7:4566',
    'http://169.254.169.254',
  ])('but not at %s', (place) => expect(refusalOfQueueUrl(`${place}${PATH}`, EMULATED)).toMatch(/^must /));
});
