// For whom a message is: topics and ids as people write them, and what can't be understood, with its reason.
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, QUEUES, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

describe('topics and ids', () => {
  test.each([
    'EC2 Instance State-change Notification',
    'orders/created/v1',
    'com.example.#',
    ' leading and trailing ',
    '注文 👩‍👩‍👧 ü',
    'x'.repeat(256),
    '👍'.repeat(128),
    '%',
    '"quoted"\\ \t',
  ])('a topic may be %s', async (topic) => {
    const one = await rig.subscribe({ topic });
    const fifo = await rig.subscribe({ topic, qos: 'at-most-once' });
    await one.publish('{}', { group: 'topics' });
    expect(bodiesOf(await one.requests(1))).toEqual(['{}']);
    expect(bodiesOf(await fifo.requests(1))).toEqual(['{}']);
  });

  test.each([
    'a#b',
    'a/b',
    '#',
    '/',
    'claim#x#y#z',
    '%23',
    'ä'.normalize('NFD').slice(0, 1),
    '~!@$^&*()_+=[]{}|;:,.<>?',
    'x'.repeat(128),
  ])('a subscription, and a message, may be called %s', async (name) => {
    const one = await rig.subscribe({ id: name, topic: undefined, qos: 'at-most-once' });
    await one.publish('{}', { id: name });
    const [request] = await one.requests(1);
    expect(request?.headers['webhook-id']).toBe(name);
    expect(request?.headers).not.toHaveProperty('webhook-topic');
  });

  test('ids that only differ in where a # stands are different messages of different subscriptions', async () => {
    const [left, right] = await Promise.all([
      rig.subscribe({ id: 'l', qos: 'at-most-once' }),
      rig.subscribe({ id: 'l#r', qos: 'at-most-once' }),
    ]);
    await left.publish('left', { id: 'r#m' });
    await right.publish('right', { id: 'm' });
    expect(bodiesOf(await left.requests(1))).toEqual(['left']);
    expect(bodiesOf(await right.requests(1))).toEqual(['right']);
    expect(await rig.heldOf('l')).toEqual([]);
  });

  test.each(['none', 'auto', 'at-most-once', 'at-least-once'])(
    '%s: one message id arrives at each subscription of the topic, once, however often it is published',
    async (qos) => {
      const topic = `twice ${qos}`;
      const [one, other] = await Promise.all([rig.subscribe({ topic, qos }), rig.subscribe({ topic, qos })]);
      await rig.whilePaused(QUEUES.messages, async () => {
        for (let times = 0; times < 3; times++) await one.publish('{}', { id: 'same' });
        await one.publish('{"last":1}', { id: 'last', group: qos });
      });
      await rig.emptied(QUEUES.messages);
      await rig.emptied(QUEUES.deliveries);
      for (const { path } of [one, other]) {
        expect(bodiesOf(rig.receiver.received(path)).sort()).toEqual(['{"last":1}', '{}']);
      }
    },
  );

  test('a message for one subscription goes to no other of its topic', async () => {
    const topic = 'narrow';
    const one = await rig.subscribe({ topic });
    const other = await rig.subscribe({ topic });
    await rig.set.publish('narrow', { subscription: one.id, topic });
    const [request] = await one.requests(1);
    expect(request?.headers['webhook-topic']).toBe(topic);
    await rig.set.publish('wide', { topic });
    expect(bodiesOf(await other.requests(1))).toEqual(['wide']);
  });

  test('a message for a topic without subscriptions is done, counted, and no longer on the queue', async () => {
    await rig.set.publish('for nobody', { topic: 'nobody' });
    await rig.until(
      () => rig.set.lines.find((line) => line.includes('"MessagesWithoutSubscription":1')),
      'it is counted',
    );
    await rig.emptied(QUEUES.messages);
    expect(rig.refused()).toEqual([]);
  });

  test("a publisher can't set the functions' own attribute", async () => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    const forged = {
      v: 1,
      kind: 'delivery',
      subscription: 'other',
      messageId: 'x',
      attempt: 9,
      replayId: 'r',
    };
    await one.publish('{}', { attributes: { 'sqs-webhooks': JSON.stringify(forged), other: 'ignored' } });
    const [request] = await one.requests(1);
    expect(request?.headers['webhook-attempt']).toBe('1');
    expect(request?.headers['webhook-id']).not.toBe('x');
  });
});

describe('an invalid message goes to undeliverable with its reason and attributes; its batch continues', () => {
  const cases: [string, Record<string, string>, string, string][] = [
    ['an id with a space', { id: 'a b' }, 'malformed-attribute', 'attribute id: '],
    ['an id beyond ASCII', { id: 'é' }, 'malformed-attribute', 'attribute id: '],
    ['an id that is too long', { id: 'x'.repeat(129) }, 'malformed-attribute', 'attribute id: '],
    ['a topic that is too long', { topic: 'x'.repeat(257) }, 'malformed-attribute', 'attribute topic: '],
    [
      'a subscription that is none',
      { subscription: 'a b' },
      'malformed-attribute',
      'attribute subscription: ',
    ],
    ['an unknown subscription', { subscription: 'nobody' }, 'unknown-subscription', 'nobody'],
    [
      'a content type that is none',
      { 'content-type': 'json' },
      'malformed-attribute',
      'attribute content-type: ',
    ],
    [
      'a content type with a line break',
      { 'content-type': 'text/plain\r\nx-injected: 1' },
      'malformed-attribute',
      'attribute content-type: ',
    ],
    ['headers that are no JSON', { headers: 'x-a: b' }, 'malformed-attribute', 'attribute headers: '],
    ['headers that are a list', { headers: '["x"]' }, 'malformed-attribute', 'attribute headers: '],
    ['headers that are null', { headers: 'null' }, 'malformed-attribute', 'attribute headers: '],
    ['headers that hold a number', { headers: '{"x":1}' }, 'malformed-attribute', 'attribute headers: '],
    ['an unknown encoding', { encoding: 'gzip' }, 'malformed-attribute', 'attribute encoding: '],
    ['base64 that is none', { encoding: 'base64' }, 'malformed-attribute', 'attribute encoding: '],
  ];

  test.each([undefined, 'g'])('one by one, beside messages that are right (group %s)', async (group) => {
    const one = await rig.subscribe();
    const body = (what: string) => `!${what} ${group}`;
    const send = group === undefined ? QUEUES.messages : QUEUES.messagesFifo;
    await rig.whilePaused(send, async () => {
      for (const [what, attributes] of cases) {
        await one.publish(body(what), { ...(group !== undefined && { group }), attributes, ...attributes });
        await one.publish(`beside ${what}`, group === undefined ? {} : { group });
      }
    });
    const right = await one.requests(cases.length);
    expect(bodiesOf(right).sort()).toEqual(cases.map(([what]) => `beside ${what}`).sort());
    for (const [what, attributes, reason, words] of cases) {
      const refused = await rig.undeliverable(body(what));
      expect(refused).toMatchObject({ reason, from: send, ...(group !== undefined && { group }) });
      for (const [name, value] of Object.entries(attributes))
        expect(refused.attributes[name]).toEqual({ type: 'String', value });
      expect(refused.detail).toContain(words);
      expect(refused.sqsMessageId).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('no address at all', async () => {
    await rig.set.publish('{"no":"address"}', {});
    expect(await rig.undeliverable('{"no":"address"}')).toMatchObject({
      reason: 'no-address',
      attributes: {},
    });
  });

  test('binary attributes, which come back as base64', async () => {
    const one = await rig.subscribe();
    await rig.set.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: rig.set.outputs.MessagesQueueUrl,
        MessageBody: 'binary',
        MessageAttributes: {
          topic: { DataType: 'Binary', BinaryValue: Buffer.from(one.topic) },
          other: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
        },
      }),
    );
    expect(await rig.undeliverable('binary')).toMatchObject({
      reason: 'malformed-attribute',
      detail: expect.stringContaining('attribute topic: is of type Binary'),
      attributes: {
        topic: { type: 'Binary', value: Buffer.from(one.topic).toString('base64') },
        other: { type: 'Binary', value: 'AP8=' },
      },
    });
  });

  test.each([
    ['a CloudEvent without a source', { specversion: '1.0', type: 't', id: '1' }, 'source'],
    ['an EventBridge event without a detail', { 'detail-type': 't', id: '1', source: 's' }, 'detail'],
    [
      'an SNS notification without a message',
      { Type: 'Notification', TopicArn: 'a:b', MessageId: '1' },
      'Message',
    ],
  ])('%s says what is missing', async (_, event, missing) => {
    const body = JSON.stringify(event);
    await rig.set.publish(body, {});
    const refused = await rig.undeliverable(body);
    expect(refused.reason).toBe('no-address');
    expect(refused.detail).toContain(missing);
  });
});
