// The sample events of route, deliver, bridge, resume and redrive, each through the parser that reads it in the function.
import { readdirSync, readFileSync } from 'node:fs';
import type { SQSEvent } from 'aws-lambda';
import { expect, test } from 'vitest';
import { decodeDeadLetter, decodeDelivery } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import { bytesOf, readPublished } from '#lib/message/published.ts';
import { parseRedriveRequest as parseRedrive } from '#lib/redrive/request.ts';
import { parseResumeRequest } from '#lib/resume/request.ts';

const FOLDER = new URL('../../../events/', import.meta.url);
const jsonIn = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
const recordsIn = (name: string) => (jsonIn(name) as SQSEvent).Records;

const SENT_AT = 1_795_413_600_000;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const ORDER = '{"order":17,"state":"placed"}';

const plain = {
  topic: 'orders',
  subscription: undefined,
  id: 'order-17-placed',
  contentType: 'application/json',
  headers: {},
  encoding: undefined,
  traceparent: undefined,
  body: ORDER,
  publishedAt: SENT_AT,
};
const read = (message: object, ignored: string[] = []) => ({
  ok: true,
  ignored,
  dropped: 0,
  message: { ...plain, ...message },
});
const refused = (reason: string, detail: string) => ({ ok: false, unroutable: { reason, detail } });

const ROUTED: Readonly<Record<string, readonly object[]>> = {
  'route-topic': [read({ headers: { 'x-tenant': 'acme' }, traceparent: TRACEPARENT })],
  'route-subscription': [read({ topic: undefined, subscription: 'acme-orders', id: expect.any(String) })],
  'route-binary': [
    read({
      topic: 'labels',
      id: expect.any(String),
      contentType: 'image/png',
      encoding: 'base64',
      body: 'iVBORw0KGgo=',
    }),
  ],
  'route-cloudevent': [
    read({
      topic: 'com.example.order.placed',
      // base64url(sha256('["/shop","A234-1234-1234"]'))
      id: 'sshd9S9sYLnlGf267_Enwi0lvKOvo16FU2PhAQ3ihsI',
      contentType: 'application/cloudevents+json',
      body: expect.stringContaining('"specversion":"1.0"'),
    }),
  ],
  'route-eventbridge': [
    read({
      topic: 'EC2 Instance State-change Notification',
      id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      body: expect.stringContaining('"detail":{'),
    }),
  ],
  'route-sns-wrapped': [read({})],
  'route-sns-raw': [read({})],
  'route-fifo': [
    read({ key: 'customer-4', place: expect.any(String) }),
    read({
      id: 'order-17-paid',
      body: '{"order":17,"state":"paid"}',
      key: 'customer-4',
      place: expect.any(String),
    }),
  ],
  'route-malformed-attribute': [
    refused(
      'malformed-attribute',
      'attribute headers: is not a JSON object of strings; write {"x-name":"value"}',
    ),
  ],
  'route-no-address': [
    refused('no-address', expect.stringContaining('neither the attribute topic nor subscription is set')),
  ],
};

const delivery = {
  subscription: 'acme-orders',
  messageId: 'order-17-placed',
  topic: 'orders',
  contentType: 'application/json',
  headers: { 'x-tenant': 'acme' },
  traceparent: TRACEPARENT,
  publishedAt: SENT_AT,
  attempt: 1,
  sends: 0,
};
const { topic: _, traceparent: __, ...untraced } = delivery;

const DELIVERED: Readonly<Record<string, readonly object[]>> = {
  'deliver-delivery': [{ ok: true, value: delivery }],
  'deliver-binary': [
    {
      ok: true,
      value: {
        ...untraced,
        messageId: 'label-17',
        contentType: 'image/png',
        headers: {},
        encoding: 'base64',
        attempt: 3,
        sends: 2,
        firstAt: 1_795_413_601_000,
      },
    },
  ],
  'deliver-malformed': [{ ok: false, detail: expect.stringContaining('attribute sqs-webhooks: v: ') }],
};

const letter = {
  subscription: 'acme-orders',
  messageId: 'order-17-placed',
  topic: 'orders',
  contentType: 'application/json',
  headers: { 'x-tenant': 'acme' },
  traceparent: TRACEPARENT,
  publishedAt: SENT_AT,
  endpoint: 'dlq-endpoint',
  tenant: 'acme',
  reason: 'rejected',
  outcome: 'rejected',
  status: 422,
  attempts: 1,
  firstAt: SENT_AT + 1_000,
  lastAt: SENT_AT + 1_000,
  sequence: '18890000000000000012',
  excerpt: 'no such order',
};

const BRIDGED: Readonly<Record<string, readonly object[]>> = {
  'bridge-dead-letter': [{ ok: true, value: letter }],
  'bridge-binary': [
    {
      ok: true,
      value: expect.objectContaining({ messageId: 'label-17', encoding: 'base64', status: 415, attempts: 3 }),
    },
  ],
  'bridge-waiting': [{ ok: true, value: { ...letter, hops: 4, waitsSince: SENT_AT + 1_010 } }],
  'bridge-malformed': [{ ok: false, detail: expect.stringContaining('attribute sqs-webhooks: endpoint: ') }],
};

const RESUMED: Readonly<Record<string, object>> = {
  'resume-status': { ok: true, request: { subscription: 'acme-orders', action: 'status' } },
  'resume-status-all': { ok: true, request: { action: 'status', limit: 100 } },
  'resume-list-backlog': {
    ok: true,
    request: { subscription: 'acme-orders', action: 'list-backlog', limit: 25 },
  },
  'resume-rules': { ok: true, request: { action: 'rules' } },
  'resume-skip-head': { ok: true, request: { subscription: 'acme-orders', action: 'skip-head', lane: 0 } },
  // Nobody's request: the function knows the schedule's event before it reads one, and its integration test sends it.
  'resume-scheduled': { ok: false, answer: expect.objectContaining({ ok: false }) },
};

const REDRIVEN: Readonly<Record<string, object>> = {
  'redrive-dry-run': { endpoint: 'sample-dlq', dryRun: true, sample: 20, filter: {} },
  'redrive-filtered': {
    endpoint: 'rejected-orders',
    filter: {
      subscription: 'acme-orders',
      status: [400, '5xx'],
      reason: ['rejected'],
      from: Date.parse('2026-11-25T00:00:00Z'),
      to: Date.parse('2026-11-25T12:00:00Z'),
    },
    limit: 1_000,
    ratePerSecond: 50,
    redriveId: 'after-the-fix',
    dryRun: false,
  },
  'redrive-undeliverable': {
    endpoint: 'undeliverable',
    filter: { reason: ['unsubscribed', 'unknown-subscription'] },
  },
  'redrive-kafka-offsets': {
    endpoint: 'dlq-endpoint',
    offsets: new Map([
      [0, 1_200n],
      [2, 0n],
    ]),
    includeUnknown: true,
  },
};

test.each(Object.entries(REDRIVEN))('%s is read as it should be', (name, expected) => {
  expect(parseRedrive(jsonIn(name))).toMatchObject({ ok: true, request: expected });
});

test.each(Object.entries(RESUMED))('%s is read as it should be', (name, expected) => {
  expect(parseResumeRequest(jsonIn(name))).toEqual(expected);
});

test.each(Object.entries(ROUTED))('%s is read as it should be', (name, expected) => {
  expect(recordsIn(name).map(readPublished)).toEqual(expected);
});

test.each(Object.entries(DELIVERED))('%s is read as it should be', (name, expected) => {
  expect(recordsIn(name).map(({ messageAttributes }) => decodeDelivery(messageAttributes))).toEqual(expected);
});

test.each(Object.entries(BRIDGED))('%s is read as it should be', (name, expected) => {
  expect(recordsIn(name).map(({ messageAttributes }) => decodeDeadLetter(messageAttributes))).toEqual(
    expected,
  );
});

test('the binary samples hold the bytes of a PNG', () => {
  for (const name of ['route-binary', 'deliver-binary', 'bridge-binary']) {
    expect(bytesOf(recordsIn(name)[0]?.body ?? '', 'base64')).toEqual(
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    );
  }
});

test('the deliveries are in a lane of their subscription', () => {
  const groups = Object.keys(DELIVERED).flatMap((name) =>
    recordsIn(name).map(({ attributes }) => attributes.MessageGroupId),
  );
  expect(groups.sort()).toEqual([0, 0, 4].map((lane) => groupOf('acme-orders', lane)).sort());
});

test('every sample of the functions is read by a test', () => {
  const samples = readdirSync(FOLDER).filter((file) =>
    /^(route|deliver|bridge|resume|redrive)-.*\.json$/.test(file),
  );
  const tested = [ROUTED, DELIVERED, BRIDGED, RESUMED, REDRIVEN].flatMap((all) =>
    Object.keys(all).map((name) => `${name}.json`),
  );
  expect(samples.sort()).toEqual(tested.sort());
});
