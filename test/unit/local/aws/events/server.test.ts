import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import { createEvents, type Events } from '#lib/local/aws/events/server.ts';
import type { Listening } from '#lib/local/aws/listen.ts';

let events: Events;
let endpoint: Listening;
let client: EventBridgeClient;
beforeEach(async () => {
  events = createEvents({ clock: { now: () => Date.UTC(2026, 4, 3, 12, 0, 7, 250) } });
  endpoint = await startEndpoint({ port: 0, services: { events } });
  client = new EventBridgeClient({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await endpoint.close();
});

type Entries = ConstructorParameters<typeof PutEventsCommand>[0]['Entries'];
const put = (...Entries: NonNullable<Entries>) => client.send(new PutEventsCommand({ Entries }));
const good = { Source: 'webhooks', DetailType: 'Paused', Detail: '{"id":"größe ✓"}' };

it('keeps an event as a target would get it, under the id of the answer', async () => {
  const { FailedEntryCount, Entries } = await put(good);
  expect(FailedEntryCount).toBe(0);
  expect(Entries).toEqual([{ EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
  expect(events.list()).toEqual([
    {
      version: '0',
      id: Entries?.[0]?.EventId,
      'detail-type': 'Paused',
      source: 'webhooks',
      account: '000000000000',
      time: '2026-05-03T12:00:07Z',
      region: 'us-east-1',
      resources: [],
      detail: { id: 'größe ✓' },
      bus: 'default',
    },
  ]);
});

it('takes time, resources and bus from the entry, the bus by its name or its ARN', async () => {
  const more = { Time: new Date('2020-02-03T04:05:06Z'), Resources: ['arn:a', 'arn:b'] };
  const arn = 'arn:aws:events:us-east-1:000000000000:event-bus/orders';
  await put({ ...good, ...more, EventBusName: 'orders' }, { ...good, EventBusName: arn });
  expect(events.list()).toMatchObject([
    { time: '2020-02-03T04:05:06Z', resources: ['arn:a', 'arn:b'], bus: 'orders' },
    { bus: 'orders' },
  ]);
});

it.each([
  ['no source', { Source: undefined }, 'InvalidArgument', 'Source is a required'],
  ['an empty source', { Source: '' }, 'InvalidArgument', 'Source is a required'],
  ['no detail type', { DetailType: undefined }, 'InvalidArgument', 'DetailType is a required'],
  ['no detail', { Detail: undefined }, 'InvalidArgument', 'Detail is a required'],
  ['a detail that is no JSON', { Detail: '{a}' }, 'MalformedDetail', 'malformed'],
  ['a detail that is a list', { Detail: '[1]' }, 'MalformedDetail', 'malformed'],
  ['a detail that is null', { Detail: 'null' }, 'MalformedDetail', 'malformed'],
  ["one of AWS's own sources", { Source: 'aws.s3' }, 'NotAuthorizedForSourceException', 'source'],
])('an entry with %s fails in its place, and the others are put', async (_, wrong, code, message) => {
  const { FailedEntryCount, Entries } = await put(good, { ...good, ...wrong }, good);
  expect(FailedEntryCount).toBe(1);
  expect(Entries).toEqual([
    { EventId: expect.any(String) },
    { ErrorCode: code, ErrorMessage: expect.stringContaining(message) },
    { EventId: expect.any(String) },
  ]);
  expect(events.list().map(({ id }) => id)).toEqual([Entries?.[0]?.EventId, Entries?.[2]?.EventId]);
  expect(events.calls.list()).toMatchObject([{ operation: 'PutEvents', entries: 3, failed: 1 }]);
});

it.each([
  ['no entry', []],
  ['eleven entries', Array.from({ length: 11 }, () => good)],
  ['entries of 1 MiB together', [1, 2].map(() => ({ ...good, Detail: JSON.stringify('a'.repeat(524_288)) }))],
])('a call with %s is refused whole', async (_, entries) => {
  await expect(put(...entries)).rejects.toMatchObject({ name: 'ValidationException' });
  expect(events.list()).toEqual([]);
  expect(events.calls.list()).toMatchObject([{ error: 'ValidationException' }]);
});

it('forgets the oldest of more than a thousand events', async () => {
  for (let call = 0; call < 101; call++) {
    const Detail = JSON.stringify({ call });
    await put(...Array.from({ length: 10 }, () => ({ ...good, Detail })));
  }
  expect(events.list()).toHaveLength(1000);
  expect(events.list().at(0)?.detail).toEqual({ call: 1 });
  expect(events.list().at(-1)?.detail).toEqual({ call: 100 });
  events.clear();
  expect(events.list()).toEqual([]);
});

it.each([
  ['error', 'InternalException', 500],
  ['throttle', 'ThrottlingException', 400],
] as const)('a fault of the kind %s puts nothing', async (kind, name, httpStatusCode) => {
  events.faults.add({ operation: 'PutEvents', kind });
  await expect(put(good)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  expect(events.list()).toEqual([]);
  expect(events.calls.list()).toMatchObject([{ fault: kind, error: name }]);
  await put(good);
  expect(events.list()).toHaveLength(1);
});

it('a lost answer is one whose events were put', async () => {
  events.faults.add({ operation: 'PutEvents', kind: 'lost-answer' });
  await expect(put(good)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(events.list()).toHaveLength(1);
});

it('refused entries fail by their place, and may be put again', async () => {
  events.faults.add({ operation: 'PutEvents', kind: 'refuse-entries', entries: ['1'] });
  const { FailedEntryCount, Entries } = await put(good, good, good);
  expect(FailedEntryCount).toBe(1);
  expect(Entries?.[1]).toEqual({ ErrorCode: 'InternalFailure', ErrorMessage: expect.any(String) });
  expect(events.list()).toHaveLength(2);
});

it('says that it has no rules', async () => {
  await expect(client.send(new ListRulesCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringContaining('ListRules is not here'),
  });
});
