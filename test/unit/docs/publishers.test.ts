// What PUBLISHERS.md sends goes through the parser that route uses, and its templates fit the stack and the events.
import type { SQSRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createEvent } from '#lib/filter/event.ts';
import { compileFilter, isWanted } from '#lib/filter/filter.ts';
import { bytesOf, KNOWN, readPublished } from '#lib/message/published.ts';
import { isOfTopics } from '#lib/subscription/topics.ts';
import { readPage } from '#test/support/page.ts';
import { faultsOf } from '#test/support/subscription-items.ts';

const page = readPage('PUBLISHERS.md');
const jsonOf = (name: string): unknown => JSON.parse(page.block(name));

function recordOf(body: string, attributes: Record<string, string> = {}): SQSRecord {
  const messageAttributes = Object.entries(attributes).map(([name, stringValue]) => [
    name,
    { dataType: 'String', stringValue },
  ]);
  return {
    messageId: 'sqs-id',
    receiptHandle: '',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1795413600000',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '1795413600000',
    },
    messageAttributes: Object.fromEntries(messageAttributes),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: 'us-east-1',
  };
}

function published(body: string, attributes?: Record<string, string>) {
  const reading = readPublished(recordOf(body, attributes));
  if (!reading.ok) throw new Error(reading.unroutable.detail);
  return reading.message;
}

test('the table of attributes has each that is read, and no other', () => {
  const listed = page.table('attribute').flatMap(([names = '']) => names.split(', '));
  expect(listed.sort()).toEqual([...KNOWN].sort());
});

test.each([
  ['no-address', {}],
  ['malformed-attribute', { topic: 'orders', encoding: 'gzip' }],
  ['payload-pointer', { topic: 'orders', ExtendedPayloadSize: '300000' }],
])('%s is among the reasons, and is what such a message gets', (reason, attributes) => {
  expect(page.table('reason').map(([name]) => name)).toContain(reason);
  expect(readPublished(recordOf('{}', attributes))).toMatchObject({ ok: false, unroutable: { reason } });
});

test('the CloudEvent has its type as topic and goes out whole', () => {
  const body = page.block('cloudevent');
  const { topic, id, contentType, body: sent } = published(body);
  expect({ topic, contentType, sent }).toEqual({
    topic: 'com.example.order.placed',
    contentType: 'application/cloudevents+json',
    sent: body,
  });
  expect(id).not.toBe(published(body.replace('/shop/eu', '/shop/us')).id);
});

test('the EventBridge event has its detail-type as topic, its id, and goes out whole', () => {
  const body = JSON.stringify(jsonOf('eventbridge-event'));
  expect(published(body)).toMatchObject({
    topic: 'order.placed',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    contentType: 'application/json',
    body,
  });
});

test('the SNS notification is unwrapped, with the topic of its name or of its attribute', () => {
  const notification = z
    .object({ MessageAttributes: z.record(z.string(), z.unknown()) })
    .loose()
    .parse(jsonOf('sns-notification'));
  const body = JSON.stringify(notification);
  const message = {
    id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    contentType: 'application/vnd.order+json',
    body: '{"order":17,"state":"placed"}',
  };
  expect(published(body)).toMatchObject({ ...message, topic: 'orders' });
  const topic = { Type: 'String', Value: 'paid orders' };
  const named = { ...notification, MessageAttributes: { ...notification.MessageAttributes, topic } };
  expect(published(JSON.stringify(named))).toMatchObject({ ...message, topic: 'paid orders' });
  // Raw, the same attributes are the queue's.
  const raw = published(message.body, { topic: 'orders', 'content-type': message.contentType });
  expect(raw).toMatchObject({ ...message, id: 'sqs-id', topic: 'orders' });
});

test('a body of = in base64 is an empty one', () => {
  expect(bytesOf(published('=', { topic: 'orders', encoding: 'base64' }).body, 'base64')).toHaveLength(0);
});

const eventSchema = z.looseObject({ detail: z.looseObject({ subscription: z.string() }) });

/** Whether a message passes a subscription's filter. */
function passesFilter(filter: unknown, message: Parameters<typeof createEvent>[0]): boolean {
  const compiled = compileFilter(filter);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return isWanted(createEvent(message), compiled.value);
}

/** Whether an event passes the pattern of a rule: our filters have the same language, over the body of a message. */
const passesPattern = (pattern: unknown, event: object): boolean =>
  passesFilter(
    { body: pattern },
    { body: JSON.stringify(event), headers: {}, contentType: 'application/json' },
  );

const template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}) })),
});
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
};
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:webhooks-dev-messages';

/** The template with what CloudFormation would put in the place of Fn::Sub and Fn::GetAtt. */
function resourcesOf(name: string): Record<string, { Type: string; Properties: Record<string, unknown> }> {
  const resolve = (json: unknown): unknown => {
    if (Array.isArray(json)) return json.map(resolve);
    if (typeof json !== 'object' || json === null) return json;
    if ('Fn::Sub' in json)
      return String(json['Fn::Sub']).replace(/\$\{([^}]+)\}/g, (_, variable: string) => {
        const value = PSEUDO[variable];
        if (value === undefined) throw new Error(`${name}: nobody knows ${variable}`);
        return value;
      });
    if ('Fn::GetAtt' in json)
      return `the ${z.tuple([z.string(), z.string()]).parse(json['Fn::GetAtt']).join("'s ")}`;
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, resolve(value)]));
  };
  const { Resources } = template.parse(jsonOf(name));
  return template.shape.Resources.parse(resolve(Resources));
}

const policyFor = (service: string, source: string, queue = QUEUE_ARN) => ({
  Queues: ['https://sqs.us-east-1.amazonaws.com/123456789012/webhooks-dev-messages'],
  PolicyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sqs:SendMessage',
        Resource: queue,
        Condition: { ArnEquals: { 'aws:SourceArn': source } },
      },
    ],
  },
});

describe('the templates', () => {
  test('the rule takes the event, and may send it to the queue', () => {
    const { OrdersToWebhooks, MayPublish, MayKeepNotPublished } = resourcesOf('eventbridge-rule');
    const { EventPattern, Targets } = OrdersToWebhooks?.Properties ?? {};
    const event = z.record(z.string(), z.unknown()).parse(jsonOf('eventbridge-event'));
    for (const [field, values] of Object.entries(
      z.record(z.string(), z.array(z.string())).parse(EventPattern),
    ))
      expect(values).toContain(event[field]);
    const notPublished = "the NotPublished's Arn";
    expect(Targets).toEqual([{ Id: 'webhooks', Arn: QUEUE_ARN, DeadLetterConfig: { Arn: notPublished } }]);
    const rule = "the OrdersToWebhooks's Arn";
    expect(MayKeepNotPublished?.Properties).toMatchObject({
      PolicyDocument: policyFor('events.amazonaws.com', rule, notPublished).PolicyDocument,
    });
    expect(MayPublish?.Properties).toEqual(policyFor('events.amazonaws.com', "the OrdersToWebhooks's Arn"));
  });

  test('the rule of subscription events takes what the functions announce, and nothing about the watchers', () => {
    const { SubscriptionEventsToWebhooks, MayPublish, MayKeepNotPublished } = resourcesOf('events-rule');
    const { EventPattern, Targets } = SubscriptionEventsToWebhooks?.Properties ?? {};
    const types = z.looseObject({ 'detail-type': z.array(z.string()) }).parse(EventPattern)['detail-type'];
    expect(types).toEqual(['subscription.paused', 'subscription.resumed', 'subscription.dead-lettering']);
    // The same types as in the list for operators.
    expect(
      readPage('OPERATORS.md')
        .table('detail-type')
        .map(([type]) => type),
    ).toEqual(types);
    const event = eventSchema.parse(jsonOf('subscription-event'));
    const about = (subscription: string, more = {}) =>
      passesPattern(EventPattern, { ...event, ...more, detail: { ...event.detail, subscription } });
    expect(about('acme-shipments')).toBe(true);
    for (const type of types) expect(about('beta', { 'detail-type': type })).toBe(true);
    expect(about('watch-acme')).toBe(false);
    expect(about('acme-shipments', { source: 'com.example.shop' })).toBe(false);
    const rule = "the SubscriptionEventsToWebhooks's Arn";
    const notPublished = "the NotPublished's Arn";
    expect(Targets).toEqual([{ Id: 'webhooks', Arn: QUEUE_ARN, DeadLetterConfig: { Arn: notPublished } }]);
    expect(MayPublish?.Properties).toEqual(policyFor('events.amazonaws.com', rule));
    expect(MayKeepNotPublished?.Properties).toMatchObject({
      PolicyDocument: policyFor('events.amazonaws.com', rule, notPublished).PolicyDocument,
    });
  });

  test('the subscription to these events gets those of its customer, and none about itself', () => {
    const item = jsonOf('events-subscription');
    expect(faultsOf(item)).toEqual({});
    const { topics, filter, id } = z
      .looseObject({ topics: z.array(z.string()), filter: z.unknown(), id: z.string() })
      .parse(item);
    const event = eventSchema.parse(jsonOf('subscription-event'));
    const body = JSON.stringify(event);
    const { topic, ...message } = published(body);
    expect(topic).toBe('subscription.dead-lettering');
    expect(isOfTopics(String(topic), topics)).toBe(true);
    const gets = (text: string) => passesFilter(filter, { ...message, body: text });
    expect(gets(body)).toBe(true);
    expect(gets(body.replace('acme-shipments', 'beta-shipments'))).toBe(false);
    expect(gets(body.replace('acme-shipments', id))).toBe(false);
  });

  test('the subscription is that of the notification, and may send it to the queue', () => {
    const { OrdersToWebhooks, MayPublish } = resourcesOf('sns-subscription');
    const { TopicArn } = z.object({ TopicArn: z.string() }).parse(jsonOf('sns-notification'));
    expect(OrdersToWebhooks?.Properties).toEqual({ TopicArn, Protocol: 'sqs', Endpoint: QUEUE_ARN });
    expect(MayPublish?.Properties).toEqual(policyFor('sns.amazonaws.com', TopicArn));
  });

  test("the pipe makes a CloudEvent of a record of its stream, in the record's own group", () => {
    const { Properties } = resourcesOf('pipe').OrdersToWebhooks ?? {};
    const { Target, TargetParameters } = z
      .object({
        Target: z.string(),
        TargetParameters: z.object({
          SqsQueueParameters: z.object({ MessageGroupId: z.string(), MessageDeduplicationId: z.string() }),
          InputTemplate: z.string(),
        }),
      })
      .parse(Properties);
    expect(Target).toBe(`${QUEUE_ARN}.fifo`);
    const record = jsonOf('stream-record');
    const at = (path: string): unknown =>
      path
        .split('.')
        .slice(1)
        .reduce<unknown>((json, key) => z.record(z.string(), z.unknown()).parse(json)[key], record);
    const { MessageGroupId, MessageDeduplicationId } = TargetParameters.SqsQueueParameters;
    expect([at(MessageGroupId), at(MessageDeduplicationId)]).toEqual([
      'order-17',
      'c9fbe7d0261a5163fcb6940593e41797',
    ]);
    const body = TargetParameters.InputTemplate.replace(/<(\$[^>]*)>/g, (_, path: string) => {
      const value = at(path);
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
    expect(published(body)).toMatchObject({ topic: 'orders', contentType: 'application/cloudevents+json' });
    expect(JSON.parse(body)).toMatchObject({ data: { id: { S: 'order-17' }, state: { S: 'paid' } } });
  });

  test('every JSON block of the page is read by these tests', () => {
    const named = [...page.text.matchAll(/^```json ?(.*)$/gm)].map(([, name]) => name);
    expect(named).toEqual([
      'cloudevent',
      'eventbridge-rule',
      'eventbridge-event',
      'events-rule',
      'events-subscription',
      'subscription-event',
      'sns-subscription',
      'sns-notification',
      'pipe',
      'stream-record',
    ]);
  });
});
