// What publishers may put on the queue, and what is said of what they may not.
import { hash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, type Published, readPublished } from '#lib/message/published.ts';
import { type Given, recordOf } from '#test/support/records.ts';

function messageOf(given: Given): Published {
  const reading = readPublished(recordOf(given));
  if (!reading.ok) throw new Error(reading.unroutable.detail);
  return reading.message;
}

function unroutableOf(given: Given) {
  const reading = readPublished(recordOf(given));
  if (reading.ok) throw new Error('it was taken');
  return reading.unroutable;
}

const topic = 'orders';

describe('attributes', () => {
  test('all of them are read', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const attributes = {
      topic,
      subscription: 'acme',
      id: 'order-1',
      'content-type': 'application/octet-stream',
      headers: '{"X-Tenant":"t1","x-b":"2"}',
      encoding: 'base64',
      traceparent,
      tracestate: 'congo=t61rcWkgMzE',
    };
    expect(readPublished(recordOf({ body: 'aGk=', attributes, sentAt: 77 }))).toEqual({
      ok: true,
      ignored: [],
      dropped: 0,
      message: {
        id: 'order-1',
        topic,
        subscription: 'acme',
        contentType: 'application/octet-stream',
        headers: { 'x-tenant': 't1', 'x-b': '2' },
        encoding: 'base64',
        traceparent,
        tracestate: 'congo=t61rcWkgMzE',
        body: 'aGk=',
        publishedAt: 77,
      },
    });
  });

  test('one of topic or subscription is enough, the rest has defaults', () => {
    expect(messageOf({ id: 'sqs-9', attributes: { topic } })).toEqual({
      id: 'sqs-9',
      topic,
      subscription: undefined,
      contentType: 'application/json',
      headers: {},
      encoding: undefined,
      traceparent: undefined,
      tracestate: undefined,
      body: '{"n":1}',
      publishedAt: 1_000,
    });
    expect(messageOf({ attributes: { subscription: 'acme' } })).toMatchObject({ subscription: 'acme' });
  });

  test('a header named __proto__ is left out and reported: no object could carry it on', () => {
    const headers = '{"__proto__":"a","__PROTO__":"b","constructor":"c","x-a":"d"}';
    const reading = readPublished(recordOf({ attributes: { topic, headers } }));
    expect(reading).toMatchObject({
      ok: true,
      ignored: ['headers.__proto__', 'headers.__proto__'],
      message: { headers: { constructor: 'c', 'x-a': 'd' } },
    });
  });

  test('headers that are too large for the state table are left out and reported', () => {
    const headers = JSON.stringify({ 'x-a': '1', long: 'x'.repeat(600_000), 'x-b': '2' });
    expect(readPublished(recordOf({ attributes: { topic, headers } }))).toMatchObject({
      ok: true,
      ignored: [],
      dropped: 1,
      message: { headers: { 'x-a': '1', 'x-b': '2' } },
    });
  });

  test('an unknown attribute is ignored and reported, whatever its type', () => {
    const reading = readPublished(recordOf({ attributes: { topic, Topic: 'x', blob: Buffer.from('x') } }));
    expect(reading).toMatchObject({ ok: true, ignored: ['Topic', 'blob'] });
  });

  test('an invalid traceparent is dropped: it is no reason to refuse a message', () => {
    const tracestate = 'congo=t61rcWkgMzE';
    const none = { traceparent: undefined, tracestate: undefined };
    expect(messageOf({ attributes: { topic, traceparent: 'nonsense', tracestate } })).toMatchObject(none);
    expect(messageOf({ attributes: { topic, tracestate } })).toMatchObject(none);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const tooLong = { topic, traceparent, tracestate: 'a'.repeat(513) };
    expect(messageOf({ attributes: tooLong })).toMatchObject({ traceparent, tracestate: undefined });
  });

  const event = (more: object) =>
    JSON.stringify({ specversion: '1.0', type: 't', source: '/s', id: '1', ...more });
  const hashed = (text: string): string => `sha256:${hash('sha256', text, 'base64url')}`;

  test.each<[string, Given, string | undefined]>([
    [
      'the message group, whatever else there is',
      { queue: 'messages.fifo', group: 'g', attributes: { topic, key: 'k' } },
      'g',
    ],
    ['the message group on a standard queue', { group: 'g', attributes: { topic, key: 'k' } }, 'g'],
    ['the attribute, else', { attributes: { topic, key: 'k' }, body: event({ partitionkey: 'p' }) }, 'k'],
    ['a CloudEvent’s partitionkey, else', { body: event({ partitionkey: 'p' }) }, 'p'],
    ['a partitionkey that is a number', { body: event({ partitionkey: 42 }) }, '42'],
    ['none: a partitionkey that is a list', { body: event({ partitionkey: ['p'] }) }, undefined],
    ['none: an empty partitionkey', { body: event({ partitionkey: '' }) }, undefined],
    ['none', { attributes: { topic } }, undefined],
    ['any characters', { attributes: { topic, key: 'é / ü\n#%' } }, 'é / ü\n#%'],
    ['of 128 characters', { attributes: { topic, key: 'k'.repeat(128) } }, 'k'.repeat(128)],
    ['the hash of a longer one', { attributes: { topic, key: 'k'.repeat(129) } }, hashed('k'.repeat(129))],
    ['the hash of half a character', { body: event({ partitionkey: 'a\ud800' }) }, hashed('a\ud800')],
    ['the base64 of bytes', { attributes: { topic, key: Buffer.from([0, 255]) } }, 'AP8='],
  ])('the key is %s', (_, given, key) => {
    expect(messageOf(given).key).toBe(key);
  });

  test('an SNS notification may have a key of bytes', () => {
    const MessageAttributes = { key: { Type: 'Binary', Value: 'AP8=' } };
    const TopicArn = 'arn:aws:sns:us-east-1:000000000000:orders';
    const body = JSON.stringify({
      Type: 'Notification',
      TopicArn,
      MessageId: 'm',
      Message: '{}',
      MessageAttributes,
    });
    expect(messageOf({ body }).key).toBe('AP8=');
  });

  test('the place is the sequence number of messages.fifo, if it is one that fits into a key', () => {
    const placeOf = (more: Given) => messageOf({ attributes: { topic }, ...more }).place;
    const fifo = { queue: 'messages.fifo', group: 'g' };
    expect(placeOf({ ...fifo, sequence: '18890000000000000008' })).toBe('18890000000000000008');
    expect(placeOf({ ...fifo, sequence: '1'.repeat(40) })).toBeUndefined();
    expect(placeOf({ ...fifo, sequence: 'x1' })).toBeUndefined();
    expect(placeOf({})).toBeUndefined();
  });

  test('a topic may have any characters, up to 256', () => {
    for (const name of ['EC2 Instance State-change Notification', 'é/ü#%', 't'.repeat(256)]) {
      expect(messageOf({ attributes: { topic: name } }).topic).toBe(name);
    }
  });

  test.each<[string, NonNullable<Given['attributes']>, string]>([
    [
      'a topic of type Binary',
      { topic: Buffer.from('x') },
      'attribute topic: is of type Binary; send a String',
    ],
    ['an empty topic', { topic: '' }, 'attribute topic: must be 1 to 256 characters'],
    ['a topic of 257', { topic: 't'.repeat(257) }, 'attribute topic: must be 1 to 256 characters'],
    ['a topic of half a character', { topic: 'a\ud800' }, 'attribute topic: is not well-formed Unicode'],
    ['an id with a space', { topic, id: 'a b' }, 'attribute id: must be 1 to 128 visible ASCII'],
    ['an id with a line break', { topic, id: 'a\n' }, 'attribute id: must be 1 to 128 visible ASCII'],
    ['an id of 129', { topic, id: 'i'.repeat(129) }, 'attribute id: must be 1 to 128 visible ASCII'],
    ['a subscription beyond ASCII', { subscription: 'é' }, 'attribute subscription: must be 1 to 128'],
    [
      'a content type that is none',
      { topic, 'content-type': 'json' },
      'attribute content-type: is not a media',
    ],
    [
      'a content type with a line break',
      { topic, 'content-type': 'text/plain\n' },
      'attribute content-type: is not a media',
    ],
    ['an unknown encoding', { topic, encoding: 'gzip' }, 'attribute encoding: only base64 is known'],
    ['a body that is not base64', { topic, encoding: 'base64' }, 'attribute encoding: says base64, but'],
    ['headers that are not JSON', { topic, headers: 'x-a: b' }, 'attribute headers: is not a JSON object'],
    ['headers that are a list', { topic, headers: '["x"]' }, 'attribute headers: is not a JSON object'],
    ['headers that are null', { topic, headers: 'null' }, 'attribute headers: is not a JSON object'],
    ['a header that is a number', { topic, headers: '{"x":1}' }, 'attribute headers: is not a JSON object'],
  ])('%s is refused with its name and what to put', (_, attributes, detail) => {
    expect(unroutableOf({ attributes })).toEqual({
      reason: 'malformed-attribute',
      detail: expect.stringContaining(detail),
    });
  });

  test('no detail repeats the body or a header: it goes into the log', () => {
    const secret = 'hunter2';
    const given = { body: secret, attributes: { topic, headers: `{"authorization":"${secret}"` } };
    expect(JSON.stringify(unroutableOf(given))).not.toContain(secret);
    const encoded = { body: secret, attributes: { topic, encoding: 'base64' } };
    expect(JSON.stringify(unroutableOf(encoded))).not.toContain(secret);
  });
});

describe('a body in base64', () => {
  test('comes back as its bytes; a single = stands for none', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const body = Buffer.from(bytes).toString('base64') || '=';
        const message = messageOf({ body, attributes: { topic, encoding: 'base64' } });
        expect(bytesOf(message.body, message.encoding).equals(bytes)).toBe(true);
      }),
    ));

  test.each(['A', 'AA', 'AAA', 'AA=', 'A===', 'AAAA=', '====', 'AA==AA==', 'AA-_', 'AAAA\n', 'AAA\u00e9'])(
    'is not %j',
    (body) => {
      expect(unroutableOf({ body, attributes: { topic, encoding: 'base64' } }).reason).toBe(
        'malformed-attribute',
      );
    },
  );

  test('may be as large as any queue takes, and more', () => {
    const body = 'AAAA'.repeat(2_500_000);
    expect(messageOf({ body, attributes: { topic, encoding: 'base64' } }).body).toBe(body);
  });

  test('is not looked into for a shape', () => {
    const body = Buffer.from('{"specversion":"1.0"}').toString('base64');
    expect(messageOf({ body, attributes: { topic, encoding: 'base64' } }).contentType).toBe(
      'application/json',
    );
  });
});

test('a text body comes back as its UTF-8 bytes', () => {
  expect(bytesOf('é€😀', undefined)).toEqual(Buffer.from('é€😀', 'utf8'));
  expect(bytesOf('=', undefined)).toEqual(Buffer.from('='));
});

describe('a pointer to a payload in S3', () => {
  const pointer = (name: string) => JSON.stringify([name, { s3BucketName: 'bucket', s3Key: 'key' }]);
  const current = pointer('software.amazon.payloadoffloading.PayloadS3Pointer');
  const wrapped = JSON.stringify({
    Type: 'Notification',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:orders',
    MessageId: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    Message: current,
    MessageAttributes: { ExtendedPayloadSize: { Type: 'Number', Value: '300000' } },
  });

  test.each([
    [
      'with the attribute of the client',
      { body: current, attributes: { topic, ExtendedPayloadSize: '300000' } },
    ],
    ['with that of its first version', { body: 'x', attributes: { topic, SQSLargePayloadSize: '300000' } }],
    ['without an attribute', { body: current, attributes: { topic } }],
    [
      'of the first version',
      { body: pointer('com.amazon.sqs.javamessaging.MessageS3Pointer'), attributes: { topic } },
    ],
    [
      'with spaces and a mark',
      { body: `\ufeff\n${current.replace(',', ' , ')}`, attributes: { subscription: 'acme' } },
    ],
    ['in a notification of SNS', { body: wrapped }],
    [
      'in base64',
      { body: Buffer.from(current).toString('base64'), attributes: { topic, encoding: 'base64' } },
    ],
  ])('%s is not for a customer', (_, given) => {
    expect(unroutableOf(given)).toEqual({ reason: 'payload-pointer', detail: expect.stringContaining('S3') });
  });

  test('is not what only mentions one', () => {
    const body = JSON.stringify({ note: current });
    expect(messageOf({ body, attributes: { topic } }).body).toBe(body);
  });
});

describe('a CloudEvent', () => {
  const event = { specversion: '1.0', type: 'order.placed', source: '/shop', id: 'e 1', data: { n: 1 } };
  const body = JSON.stringify(event);
  const id = hash('sha256', '["/shop","e 1"]', 'base64url');

  test('says topic and id, and is sent whole', () => {
    expect(messageOf({ body })).toMatchObject({
      topic: 'order.placed',
      id,
      contentType: 'application/cloudevents+json',
      body,
    });
  });

  test('of another source with the same id is another message', () => {
    const other = messageOf({ body: JSON.stringify({ ...event, source: '/warehouse' }) });
    expect(other.id).not.toBe(id);
  });

  test('yields to every attribute', () => {
    const attributes = { topic, id: 'mine', 'content-type': 'application/json' };
    expect(messageOf({ body, attributes })).toMatchObject({
      topic,
      id: 'mine',
      contentType: 'application/json',
    });
    expect(messageOf({ body, attributes: { subscription: 'acme' } })).toMatchObject({
      subscription: 'acme',
      topic: 'order.placed',
      id,
    });
  });

  test('with a byte order mark is one too, and is sent with it', () => {
    expect(messageOf({ body: `\ufeff${body}` })).toMatchObject({
      topic: 'order.placed',
      id,
      body: `\ufeff${body}`,
    });
  });

  test.each(['type', 'source', 'id'])('without %s has no address, and is told so', (name) => {
    expect(unroutableOf({ body: JSON.stringify({ ...event, [name]: undefined }) })).toEqual({
      reason: 'no-address',
      detail: 'the body has a specversion but not the type, source and id of a CloudEvent',
    });
  });

  test('with a type that no topic can be is refused by what it is, not by an attribute that nobody set', () => {
    expect(unroutableOf({ body: JSON.stringify({ ...event, type: 't'.repeat(257) }) })).toEqual({
      reason: 'malformed-attribute',
      detail: 'topic, read from the body: must be 1 to 256 characters',
    });
    expect(unroutableOf({ body: body.replace('order.placed', '\\ud800') }).detail).toBe(
      'topic, read from the body: is not well-formed Unicode',
    );
  });
});

describe('an EventBridge event', () => {
  const event = {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    detail: { state: 'terminated' },
  };

  test('says topic and id, and is sent whole', () => {
    const body = JSON.stringify(event);
    expect(messageOf({ body })).toMatchObject({
      topic: event['detail-type'],
      id: event.id,
      contentType: 'application/json',
      body,
    });
  });

  test.each(['id', 'source', 'detail'])('without %s has no address, and is told so', (name) => {
    expect(unroutableOf({ body: JSON.stringify({ ...event, [name]: undefined }) })).toEqual({
      reason: 'no-address',
      detail: 'the body has a detail-type but not the id, source and detail of an EventBridge event',
    });
  });
});

describe('an SNS notification', () => {
  const notification = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:orders.fifo',
    Message: '{"order":1}',
    Timestamp: '2026-11-23T10:00:00.000Z',
  };
  const wrapped = (more: object = {}) => JSON.stringify({ ...notification, ...more });
  const text = (Value: string, Type = 'String') => ({ Type, Value });

  test('is unwrapped: its topic, its id, its message', () => {
    expect(messageOf({ body: wrapped() })).toMatchObject({
      topic: 'orders.fifo',
      id: notification.MessageId,
      body: '{"order":1}',
      contentType: 'application/json',
    });
  });

  test("has our attributes among SNS's own, and they win", () => {
    const MessageAttributes = {
      topic: text('bills'),
      id: text('17', 'Number'),
      'content-type': text('text/plain'),
      colour: text('cmVk', 'Binary'),
    };
    expect(messageOf({ body: wrapped({ MessageAttributes }) })).toMatchObject({
      topic: 'bills',
      id: '17',
      contentType: 'text/plain',
    });
  });

  test('can carry a payload in base64', () => {
    const body = wrapped({ Message: 'AAEC', MessageAttributes: { encoding: text('base64') } });
    expect(messageOf({ body })).toMatchObject({ encoding: 'base64', body: 'AAEC' });
  });

  test('addressed to one subscription by an attribute that is no text is refused, not sent to everybody', () => {
    const MessageAttributes = { subscription: text('YWNtZQ==', 'Binary') };
    expect(unroutableOf({ body: wrapped({ MessageAttributes }) })).toEqual({
      reason: 'malformed-attribute',
      detail: 'subscription, read from the body: is no text; send a String',
    });
  });

  test('whose message has characters that SQS refuses is sent on as its bytes', () => {
    for (const Message of ['a\u0000b', '\ufffe', 'é\u001f😀']) {
      const message = messageOf({ body: wrapped({ Message }) });
      expect(message.body).toMatch(/^[A-Za-z0-9+/=]+$/);
      expect(bytesOf(message.body, message.encoding)).toEqual(Buffer.from(Message));
    }
  });

  test('whose message would be too long as base64 is refused: no later queue would take it', () => {
    const Message = `${'a'.repeat(700_000)}\u0000`;
    expect(unroutableOf({ body: wrapped({ Message }) }).detail).toContain('too long to be sent on as base64');
    expect(messageOf({ body: wrapped({ Message: Message.slice(0, -1) }) }).body).toHaveLength(700_000);
    const shorter = { body: wrapped({ Message: Message.slice(20_000) }) };
    expect(messageOf(shorter).encoding).toBe('base64');
    const headers = JSON.stringify({ 'x-a': '"'.repeat(30_000) });
    expect(unroutableOf({ ...shorter, attributes: { headers } }).detail).toContain('too long');
  });

  test('is sent whole when the message has an address of its own', () => {
    const body = wrapped();
    expect(messageOf({ body, attributes: { topic } })).toMatchObject({ topic, body, id: 'sqs-1' });
    expect(messageOf({ body, attributes: { subscription: 'acme' } })).toMatchObject({ body });
  });

  test.each(['MessageId', 'Message'])('without %s has no address, and is told so', (name) => {
    expect(unroutableOf({ body: wrapped({ [name]: undefined }) }).detail).toBe(
      'the body has a TopicArn but not the MessageId and Message of an SNS notification',
    );
  });

  test('that asks to confirm a subscription has no address', () => {
    expect(unroutableOf({ body: wrapped({ Type: 'SubscriptionConfirmation' }) }).reason).toBe('no-address');
  });
});

describe('any other body', () => {
  test.each([
    'hello',
    '[]',
    'null',
    '"specversion"',
    '{"specversion":1}',
    '{"detail-type":',
    '{"TopicArn":"a:b"}',
  ])('%j has no address of its own, and any will do beside one', (body) => {
    expect(unroutableOf({ body }).reason).toBe('no-address');
    expect(messageOf({ body, attributes: { topic } })).toMatchObject({ topic, body });
  });
});

const anyText = fc.string({ unit: 'binary' });
const names = fc.constantFrom(
  'topic',
  'subscription',
  'id',
  'content-type',
  'headers',
  'encoding',
  '__proto__',
);
const values = fc.oneof(
  anyText,
  fc.json(),
  fc.constantFrom('base64', 'orders', 'text/plain', '{"__proto__":"x"}'),
);
const shapes = fc
  .record(
    {
      specversion: fc.constantFrom<unknown>('1.0', 1),
      type: fc.anything(),
      source: fc.anything(),
      id: fc.anything(),
      'detail-type': anyText,
      detail: fc.jsonValue(),
      Type: fc.constant('Notification'),
      TopicArn: anyText,
      MessageId: anyText,
      Message: anyText,
      MessageAttributes: fc.dictionary(
        names,
        fc.record({ Type: fc.constantFrom('String', 'Binary'), Value: values }),
      ),
    },
    { requiredKeys: [] },
  )
  .map((shape) => {
    try {
      return JSON.stringify(shape);
    } catch {
      return '{}';
    }
  });

test('any message is parsed or refused with a reason; a parsed one can be sent on', () =>
  fc.assert(
    fc.property(
      fc.oneof(anyText, fc.json(), shapes),
      fc.array(fc.tuple(fc.oneof(names, anyText), fc.oneof(values, fc.uint8Array().map(Buffer.from))), {
        maxLength: 5,
      }),
      (body, attributes) => {
        const record: SQSRecord = recordOf({ body, attributes: Object.fromEntries(attributes) });
        const reading = readPublished(record);
        if (!reading.ok) {
          expect(['malformed-attribute', 'no-address', 'payload-pointer']).toContain(
            reading.unroutable.reason,
          );
          expect(reading.unroutable.detail).not.toBe('');
          return;
        }
        const { id, topic: to, subscription, contentType } = reading.message;
        expect(id).toMatch(/^[!-~]{1,128}$/);
        expect(to ?? subscription).toBeTruthy();
        expect(contentType).not.toMatch(/[\r\n]/);
        expect(bytesOf(reading.message.body, reading.message.encoding)).toBeInstanceOf(Buffer);
      },
    ),
    { numRuns: 1_000 },
  ));
