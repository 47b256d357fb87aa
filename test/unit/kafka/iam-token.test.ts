import { expect, test } from 'vitest';
import { createIamToken } from '#lib/kafka/iam-token.ts';

const credentials = async () => ({
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'abc+/==def',
});
const at = Date.UTC(2026, 10, 25, 8, 3, 31);
const token = createIamToken({ credentials, region: async () => 'us-east-1', now: () => at });
const urlIn = (text: string) => new URL(Buffer.from(text, 'base64url').toString());

test("a token is the URL that AWS's own signer for MSK signs for the same credentials and time", async () => {
  const { origin, pathname, searchParams } = urlIn(await token('eu-west-1'));
  expect(origin + pathname).toBe('https://kafka.eu-west-1.amazonaws.com/');
  expect(Object.fromEntries(searchParams)).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261125/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20261125T080331Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': 'abc+/==def',
    'X-Amz-SignedHeaders': 'host',
    // Made by aws-msk-iam-sasl-signer-js 1.0.3.
    'X-Amz-Signature': 'f74b16fdafe3b43158d7e2e1ae5d9066e1cc1eb49408a951d6129bee7fb4b66c',
    'User-Agent': 'sqs-webhooks',
  });
});

test("a cluster whose name says no region is in the function's own", async () => {
  expect(urlIn(await token()).hostname).toBe('kafka.us-east-1.amazonaws.com');
});

test('a token holds no padding, which SASL would not take', async () => {
  expect(await token('eu-west-1')).toMatch(/^[A-Za-z0-9_-]+$/);
});
