// How an item names a secret, and by which name the secret is then read.
import { describe, expect, test } from 'vitest';
import { isArnOf, SecretReference, secretReference, secretsIn } from '#lib/item/secret-reference.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret';
const parsed = (text: string) => secretReference('a value').safeParse(text);

test.each([
  ['a/b', 'a/b', undefined],
  ['a/b#k', 'a/b', 'k'],
  ['a/b#k/../x', 'a/b', 'k/../x'],
  // Only an ARN has a random end.
  ['a/b-AbCdEf', 'a/b-AbCdEf', undefined],
  [`${ARN}:a/b-AbCdEf`, 'a/b', undefined],
  [`${ARN}:a/b-AbCdEf#k`, 'a/b', 'k'],
  [`${ARN}:a/b`, 'a/b', undefined],
  [`${ARN}:a/b-second-AbCdEf`, 'a/b-second', undefined],
  ['arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a', 'a', undefined],
])('%s is read by the name %s, entry %s', (text, name, key) => {
  expect(parsed(text)).toMatchObject({ success: true, data: { name, key } });
});

test.each([
  'a:b',
  'arn:aws:sqs:eu-west-1:123456789012:queue',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a:key::',
  'arn:aws:secretsmanager:eu-west-1:1234:secret:a',
  `${ARN}:`,
  `${ARN}:a#`,
  'a#b#c',
  'a b',
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
])('%s names no secret', (text) => {
  expect(parsed(text).success).toBe(false);
});

describe('an ARN in an item is that of a secret', () => {
  const given = (text: string) => {
    const { arn } = secretReference('a value').parse(text);
    if (arn === undefined) throw new Error('no ARN');
    return arn;
  };

  test.each([
    ['complete', `${ARN}:a/b-AbCdEf`, `${ARN}:a/b-AbCdEf`, true],
    ['without its random end', `${ARN}:a/b`, `${ARN}:a/b-AbCdEf`, true],
    ['that was removed and made again', `${ARN}:a/b-AbCdEf`, `${ARN}:a/b-GhIjKl`, false],
    ['without its end, which looks complete', `${ARN}:a/b-second`, `${ARN}:a/b-AbCdEf`, false],
    ['of another region', `${ARN}:a/b`, `${ARN.replace('west', 'east')}:a/b-AbCdEf`, false],
    ['whose name is longer', `${ARN}:a/b`, `${ARN}:a/b-c-AbCdEf`, false],
  ])('%s', (_, text, actual, isSame) => {
    expect(isArnOf(given(text), actual)).toBe(isSame);
  });
});

test('every reference in a parsed item is found, with its place, and nothing that only looks like one', () => {
  const one = new SecretReference('a');
  const two = new SecretReference('b', 'k');
  const item = {
    auth: { type: 'basic', secret: one },
    signing: { secrets: [one, two] },
    headers: [{ name: 'a', key: 'b' }],
    metadata: { name: 'a', key: 'b' },
    dlq: undefined,
  };
  expect(secretsIn(item, ['configuration'])).toEqual([
    { path: ['configuration', 'auth', 'secret'], reference: one },
    { path: ['configuration', 'signing', 'secrets', '0'], reference: one },
    { path: ['configuration', 'signing', 'secrets', '1'], reference: two },
  ]);
});
