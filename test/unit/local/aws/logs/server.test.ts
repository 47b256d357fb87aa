// CloudWatch Logs on this machine, through AWS's own client.
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LogServer, startLogServer } from '#test/support/log-server.ts';

let server: LogServer;
beforeEach(async () => {
  server = await startLogServer({ mostBytes: 4 * 1024 * 1024 });
});
afterEach(() => server.close());

const logGroupName = '/aws/lambda/webhooks-local-deliver';
const filter = (input: object) => server.client.send(new FilterLogEventsCommand({ logGroupName, ...input }));
const found = async (filterPattern: string) =>
  ((await filter({ filterPattern })).events ?? []).map(({ message }) => message);

describe('a filter pattern', () => {
  const one = '{"message":"a","id":"x\\"y","n":5,"deep":{"s":"t"}}';
  const other = '{"message":"b","id":"xyz","n":7}';
  test.each<[string, string[]]>([
    ['', [one, other, 'plain "a"']],
    ['{ $.message = "a" }', [one]],
    ['{ $.message = a }', [one]],
    ['{$.message!="a"}', [other]],
    ['{ $.id = "x\\"y" }', [one]],
    ['{ $.id = "x*" }', [one, other]],
    ['{ $.id = "*z" }', [other]],
    ['{ $.id = "x*z" }', [other]],
    ['{ $.id = "x*xyz" }', []],
    ['{ $.n = 5 }', [one]],
    ['{ $.n > 5 }', [other]],
    ['{ ($.n >= 5) && ($.n < 7) }', [one]],
    ['{ ($.message = "a") || ($.message = "b") && ($.n = 9) }', [one]],
    ['{ (($.message = "a") || ($.message = "b")) && ($.n = 7) }', [other]],
    ['{ $.deep.s = "t" }', [one]],
    ['{ $.constructor = "*" }', []],
    ['"plain \\"a\\""', ['plain "a"']],
    ['plain', ['plain "a"']],
  ])('%s', async (pattern, lines) => {
    for (const line of [one, other, 'plain "a"']) server.raw('deliver', line);
    expect(await found(pattern)).toEqual(lines);
  });

  test.each([
    '{ $.a = "x" ',
    '{ $.a }',
    '{ $.a > "x" }',
    '{ a = 1 }',
    '{ $.a = 1 } x',
    '%a%',
    '-a',
    '[a, b]',
    `"${'x'.repeat(1_023)}"`,
  ])('that is not understood here is refused: %s', async (filterPattern) => {
    await expect(filter({ filterPattern })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

test('a page ends at its limit, at a megabyte, and after many lines that do not match', async () => {
  for (let index = 0; index < 25_000; index++) server.raw('deliver', `{"n":${index}}`);
  const first = await filter({ limit: 10 });
  expect(first.events).toHaveLength(10);
  const second = await filter({ limit: 10, nextToken: first.nextToken });
  expect(second.events?.[0]?.message).toBe('{"n":10}');
  const empty = await filter({ filterPattern: '{ $.n = 24999 }' });
  expect(empty).toMatchObject({ events: [], nextToken: expect.any(String) });
  const rest = await filter({ filterPattern: '{ $.n = 24999 }', nextToken: empty.nextToken });
  expect(rest.events?.map(({ message }) => message)).toEqual(['{"n":24999}']);
  expect(rest.nextToken).toBeUndefined();
  for (let index = 0; index < 3; index++) server.raw('deliver', 'x'.repeat(500_000));
  const large = await filter({ filterPattern: 'xxx', nextToken: 'n25000' });
  expect(large.events).toHaveLength(2);
  expect(large.nextToken).toBeDefined();
});

test('begin and end of the time are included', async () => {
  const begin = server.now();
  for (const line of ['a', 'b', 'c']) {
    server.raw('deliver', line);
    server.advance(1);
  }
  const { events = [] } = await filter({ startTime: begin + 1, endTime: begin + 2 });
  expect(events.map(({ message, timestamp }) => [message, timestamp])).toEqual([
    ['b', begin + 1],
    ['c', begin + 2],
  ]);
});

test('a group keeps its newest lines, and no other group loses any', async () => {
  server.raw('route', 'kept');
  for (let index = 0; index < 100; index++) server.raw('deliver', `${index} ${'x'.repeat(100_000)}`);
  const lines: string[] = [];
  for (let nextToken: string | undefined; ; ) {
    const page = await filter({ nextToken });
    lines.push(...(page.events ?? []).map(({ message = '' }) => message));
    nextToken = page.nextToken;
    if (nextToken === undefined) break;
  }
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.join('').length).toBeLessThan(4 * 1024 * 1024);
  expect(lines.at(-1)).toMatch(/^99 /);
  const route = await filter({ logGroupName: '/aws/lambda/webhooks-local-route' });
  expect(route.events).toHaveLength(1);
});

test.each<[string, object, string]>([
  ['a group that is not there', { logGroupName: 'none' }, 'ResourceNotFoundException'],
  ['a wrong token', { nextToken: 'x' }, 'InvalidParameterException'],
  ['a limit of 0', { limit: 0 }, 'InvalidParameterException'],
  ['a name and an identifier', { logGroupIdentifier: logGroupName }, 'InvalidParameterException'],
])('%s is refused', async (_, input, name) => {
  await expect(filter(input)).rejects.toMatchObject({ name });
});
