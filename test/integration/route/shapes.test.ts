// Bodies that say by their own shape for whom they are: what of them arrives at the callback, and under which id.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

describe('a CloudEvent in structured JSON', () => {
  const event = `{ "specversion":"1.0", "type":"com.example.order", "source":"/shop", "id":"A 1/ü",
    "data":{"z":1,"a":12345678901234567890}}`;

  test('arrives complete, with its type as topic and a hash of source and id as message id', async () => {
    const one = await rig.subscribe({ topic: 'com.example.order' });
    await rig.set.publish(event, {});
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe(event);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'webhook-topic': 'com.example.order',
      'webhook-id': createHash('sha256').update('["/shop","A 1/ü"]').digest('base64url'),
    });
  });

  test('of another source is another message, of the same source the same', async () => {
    const one = await rig.subscribe({ topic: 'sources', qos: 'at-most-once' });
    const of = (source: string, data: number) =>
      JSON.stringify({ specversion: '1.0', type: 'sources', source, id: '1', data });
    await rig.set.publish(of('/a', 1), { group: 'sources' });
    await rig.set.publish(of('/a', 2), { group: 'sources' });
    await rig.set.publish(of('/b', 3), { group: 'sources' });
    expect(bodiesOf(await one.requests(2))).toEqual([of('/a', 1), of('/b', 3)]);
  });

  test("attributes win over the event's own words", async () => {
    const one = await rig.subscribe({ topic: 'by attribute' });
    await rig.set.publish(event, {
      topic: 'by attribute',
      id: 'mine',
      attributes: { 'content-type': 'text/plain' },
    });
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe(event);
    expect(request?.headers).toMatchObject({
      'content-type': 'text/plain',
      'webhook-id': 'mine',
      'webhook-topic': 'by%20attribute'.replace('%20', ' '),
    });
  });
});

test('an EventBridge event arrives complete, with its detail-type as topic and its id as message id', async () => {
  const one = await rig.subscribe({ topic: 'EC2 Instance State-change Notification' });
  const id = '7bf73129-1428-4cd3-a780-95db273d1602';
  const event = `{"version":"0","id":"${id}","detail-type":"EC2 Instance State-change Notification",
    "source":"aws.ec2","account":"123456789012","time":"2026-11-11T21:29:54Z","region":"us-east-1","resources":[],
    "detail":{"instance-id":"i-abcd1111","state":"pending"}}`;
  await rig.set.publish(event, {});
  const [request] = await one.requests(1);
  expect(request?.body.toString()).toBe(event);
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-topic': 'EC2 Instance State-change Notification',
  });
});

describe('an SNS notification', () => {
  const wrapped = (more: object = {}) => ({
    Type: 'Notification',
    MessageId: crypto.randomUUID(),
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:sns-orders',
    Subject: 'ignored',
    Message: '{"b":1, "a":"ü"}',
    Timestamp: '2026-11-11T21:29:54.123Z',
    SignatureVersion: '1',
    Signature: 'x',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/x.pem',
    UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',
    ...more,
  });

  test("wrapped: only its message arrives, with the topic's name as topic and the MessageId as message id", async () => {
    const one = await rig.subscribe({ topic: 'sns-orders' });
    const notification = wrapped();
    await rig.set.publish(JSON.stringify(notification), {});
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe(notification.Message);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': notification.MessageId,
      'webhook-topic': 'sns-orders',
    });
  });

  test("wrapped: its message attributes are read like the queue's", async () => {
    const one = await rig.subscribe({ topic: 'within' });
    const MessageAttributes = Object.fromEntries(
      Object.entries({
        topic: 'within',
        id: 'my-id',
        'content-type': 'text/plain',
        headers: '{"x-a":"1"}',
      }).map(([name, Value]) => [name, { Type: 'String', Value }]),
    );
    await rig.set.publish(JSON.stringify(wrapped({ MessageAttributes, Message: 'plain text' })), {});
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe('plain text');
    expect(request?.headers).toMatchObject({
      'content-type': 'text/plain',
      'webhook-id': 'my-id',
      'webhook-topic': 'within',
      'x-a': '1',
    });
  });

  test('wrapped: base64 in its message arrives as bytes', async () => {
    const one = await rig.subscribe({ topic: 'sns-bytes' });
    const MessageAttributes = { encoding: { Type: 'String', Value: 'base64' } };
    const TopicArn = 'arn:aws:sns:us-east-1:123456789012:sns-bytes';
    await rig.set.publish(JSON.stringify(wrapped({ TopicArn, MessageAttributes, Message: 'AP8=' })), {});
    const [request] = await one.requests(1);
    expect(request?.body).toEqual(Buffer.from([0, 255]));
  });

  test.each([
    ['a control character', 'a\u0001b'],
    ['what is no character', '\ufffe'],
  ])('wrapped: %s, which JSON can say and SQS refuses, arrives nevertheless', async (_, Message) => {
    const topic = `sns-odd-${Message.length}`;
    const TopicArn = `arn:aws:sns:us-east-1:123456789012:${topic}`;
    const one = await rig.subscribe({ topic });
    // As SNS writes it: in ASCII.
    const body = JSON.stringify(wrapped({ TopicArn, Message })).replace('\ufffe', '\\ufffe');
    await rig.set.publish(body, {});
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe(Message);
  });

  test('raw: the attributes are those of the queue message', async () => {
    const one = await rig.subscribe();
    await one.publish('raw', { id: 'raw-id', attributes: { 'content-type': 'text/plain' } });
    const [request] = await one.requests(1);
    expect(request?.body.toString()).toBe('raw');
    expect(request?.headers).toMatchObject({ 'webhook-id': 'raw-id', 'content-type': 'text/plain' });
  });

  test('a body of its shape that was published with a topic is a payload like any other', async () => {
    const one = await rig.subscribe();
    const body = JSON.stringify(wrapped());
    await one.publish(body);
    expect(bodiesOf(await one.requests(1))).toEqual([body]);
  });
});
