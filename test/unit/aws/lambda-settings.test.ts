// What the functions' signed calls take from Lambda's variables, and when they leave it to the SDK.
import { describe, expect, test } from 'vitest';
import { lambdaSettings } from '#lib/aws/lambda-settings.ts';

const ON_LAMBDA = {
  AWS_LAMBDA_FUNCTION_NAME: 'sqs-webhooks-dev-deliver',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKID',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'session',
};

test("the role's credentials, the region and its endpoint are read from the variables", () => {
  expect(lambdaSettings(ON_LAMBDA)).toEqual({
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
    region: 'eu-west-1',
    dynamodb: new URL('https://dynamodb.eu-west-1.amazonaws.com/'),
  });
});

test('a configured endpoint comes first, that of the service before that of all', () => {
  const all = { ...ON_LAMBDA, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };
  expect(lambdaSettings(all)?.dynamodb?.href).toBe('http://127.0.0.1:4566/');
  const one = { ...all, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' };
  expect(lambdaSettings(one)?.dynamodb?.href).toBe('http://127.0.0.1:8000/');
});

test.each(['cn-north-1', 'us-gov-west-1', 'us-iso-east-1', 'eusc-de-east-1', 'nowhere'])(
  'the endpoint in %s is left to the rules of the SDK',
  (region) => {
    const settings = lambdaSettings({ ...ON_LAMBDA, AWS_REGION: region });
    expect(settings).toMatchObject({ region, dynamodb: undefined });
  },
);

describe('the SDK is asked', () => {
  test.each(Object.keys(ON_LAMBDA).filter((name) => name !== 'AWS_SESSION_TOKEN'))('without %s', (name) => {
    expect(lambdaSettings({ ...ON_LAMBDA, [name]: undefined })).toBeUndefined();
    expect(lambdaSettings({ ...ON_LAMBDA, [name]: '' })).toBeUndefined();
  });

  test.each([
    'AWS_PROFILE',
    'AWS_CONFIG_FILE',
    'AWS_ACCOUNT_ID',
    'AWS_CREDENTIAL_EXPIRATION',
    'AWS_CREDENTIAL_SCOPE',
    'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
    'AWS_USE_DUALSTACK_ENDPOINT',
    'AWS_USE_FIPS_ENDPOINT',
  ])('where %s is set', (name) => {
    expect(lambdaSettings({ ...ON_LAMBDA, [name]: 'true' })).toBeUndefined();
  });
});
