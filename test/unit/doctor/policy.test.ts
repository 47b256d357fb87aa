import { expect, test } from 'vitest';
import { differences, grantsOf } from '#lib/doctor/policy.ts';

const SAME = { missing: [], extra: [] };
const statement = (more: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'arn:q', ...more }],
});

test.each([
  ['one action as a list', statement({ Action: ['sqs:SendMessage'] })],
  ['one statement as an object', { Statement: statement({}).Statement[0] }],
  ['a Sid', statement({ Sid: 'Other' })],
  ['text', JSON.stringify(statement({}))],
  ["IAM's percent-encoded text", encodeURIComponent(JSON.stringify(statement({})))],
])('%s means the same', (_, other) => {
  expect(differences(statement({}), other)).toEqual(SAME);
});

test('two statements mean the same as one with two actions on two resources', () => {
  const one = statement({ Action: ['a:A', 'b:B'], Resource: ['x', 'y'] });
  const two = {
    Statement: ['y', 'x'].map((Resource) => ({ Effect: 'Allow', Action: ['b:B', 'a:A'], Resource })),
  };
  expect(differences(one, two)).toEqual(SAME);
});

test('a principal of everybody, and the order of a list in a condition, are written in several ways', () => {
  const given = statement({
    Principal: '*',
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['b', 'a'] } },
  });
  const read = statement({
    Principal: { AWS: '*' },
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['a', 'b'] } },
  });
  expect(differences(given, read)).toEqual(SAME);
});

test.each([
  ['another effect', { Effect: 'Deny' }],
  ['another action', { Action: 'sqs:ReceiveMessage' }],
  ['another resource', { Resource: 'arn:q2' }],
  ['another principal', { Principal: { AWS: '123456789012' } }],
  ['a condition', { Condition: { StringEquals: { a: 'b' } } }],
  ['all but an action', { Action: undefined, NotAction: 'sqs:SendMessage' }],
])('%s is a difference both ways', (_, more) => {
  const other = JSON.parse(JSON.stringify(statement(more)));
  const { missing, extra } = differences(statement({}), other);
  expect(missing).toEqual(['Allow sqs:SendMessage on arn:q']);
  expect(extra).toHaveLength(1);
});

test('a condition with one value fewer is a difference', () => {
  const of = (arns: string[]) => statement({ Condition: { ArnNotEquals: { 'aws:PrincipalArn': arns } } });
  expect(differences(of(['a', 'b']), of(['a'])).missing).toHaveLength(1);
});

test('no policy grants nothing', () => {
  expect(grantsOf('{}')).toEqual([]);
});
