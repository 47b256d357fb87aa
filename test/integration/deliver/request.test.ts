// What arrives at the callback: the very bytes that were published, and the headers by their precedence.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

describe('the body arrives byte by byte', () => {
  test.each([
    ['JSON with an odd order of keys and odd spaces', '{"b":1,\n\t "a" : [ 2 ] ,"1":0, "b":2}'],
    ['integers larger than a double holds', '{"id":9007199254740993,"n":1e400,"z":-0.0}'],
    ['text beyond ASCII', '{"text":"Grüße, 世界, 👩‍👩‍👧, \u0301, \u007f, \ufeff"}'],
    ['escapes as they were written', '{"a":"\\u00e9\\ud83d\\ude00\\ufffe\\/"}'],
    ['what is no JSON', 'not json <at all> & "quoted" \\ %00 \r\n\ttabs'],
    ['a byte order mark first', '\ufeff{}'],
    ['one space', ' '],
  ])('%s', async (_, body) => {
    const one = await rig.subscribe();
    await one.publish(body);
    const [request] = await one.requests(1);
    expect(request?.body).toEqual(Buffer.from(body, 'utf8'));
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    });
  });

  test('every byte there is, as base64', async () => {
    const one = await rig.subscribe();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await one.publish(bytes.toString('base64'), {
      attributes: { encoding: 'base64', 'content-type': 'application/octet-stream' },
    });
    const [request] = await one.requests(1);
    expect(request?.body).toEqual(bytes);
    expect(request?.headers['content-type']).toBe('application/octet-stream');
  });

  test('an empty body: a single = as base64', async () => {
    const one = await rig.subscribe();
    await one.publish('=', { attributes: { encoding: 'base64' } });
    const [request] = await one.requests(1);
    expect(request?.body).toHaveLength(0);
    expect(request?.headers['content-length']).toBe('0');
  });

  test('without the encoding attribute, base64 is plain text', async () => {
    const one = await rig.subscribe();
    await one.publish('=');
    await one.publish('aGFsbG8=');
    const texts = (await one.requests(2)).map(({ body }) => body.toString());
    expect(texts.sort()).toEqual(['=', 'aGFsbG8=']);
  });

  describe('896 KiB, the largest message', () => {
    const largest = (topic: string): string => {
      const free = LARGEST_MESSAGE_BYTES - 'topicString'.length - topic.length;
      return '"\\é'.repeat(200_000) + 'x'.repeat(free - 800_000);
    };

    test.each(['auto', 'at-most-once'])('with its dead letter, under %s', async (qos) => {
      const one = await rig.subscribe({ qos, dlq: 'e' });
      rig.receiver.answer(one.path, [{ status: 400, body: '\u0001'.repeat(2_000) }]);
      const body = largest(one.topic);
      await one.publish(body);
      const [request] = await one.requests(1);
      expect(request?.body.equals(Buffer.from(body))).toBe(true);
      const [letter] = await rig.letters(one.id, 1);
      expect(letter?.body === body).toBe(true);
    });

    test('from the backlog, in its place', async () => {
      const one = await rig.subscribe({ qos: 'at-least-once' });
      rig.receiver.answer(one.path, [{ status: 503 }, { status: 503 }, { status: 503 }]);
      const body = largest(one.topic);
      await one.publishAll(['first', body, 'last'], 'group');
      await rig.paused(one.id, 'outage');
      const requests = await one.requests(6);
      const texts = requests.slice(-3).map((request) => request.body.toString());
      expect([texts[0], texts[1] === body, texts[2]]).toEqual(['first', true, 'last']);
    });

    test('with most of it in headers, from the backlog', async () => {
      const one = await rig.subscribe({ qos: 'at-least-once' });
      rig.receiver.answer(one.path, [{ status: 503 }, { status: 503 }, { status: 503 }]);
      const headers = JSON.stringify({ 'x-a': '1', long: 'x'.repeat(600_000) });
      await one.publish('large', { attributes: { headers } });
      const [, , , request] = await one.requests(4);
      expect([request?.body.toString(), request?.headers['x-a']]).toEqual(['large', '1']);
    });

    test('held, and sent when asked for', async () => {
      const one = await rig.subscribe({ qos: 'at-most-once' });
      rig.receiver.answer(one.path, [{ status: 500 }]);
      const body = largest(one.topic);
      await one.publish(body);
      const [held] = await rig.held(one.id, 1);
      await rig.set.functions.invoke('resume', {
        subscription: one.id,
        action: 'send-held',
        messageId: held?.sk,
      });
      const [, again] = await one.requests(2);
      expect(again?.body.equals(Buffer.from(body))).toBe(true);
    });

    test('undeliverable, although its attributes would not fit in JSON', async () => {
      const topic = '\u0080'.repeat(128);
      const x = '"'.repeat(200_000);
      const body = 'b'.repeat(LARGEST_MESSAGE_BYTES - 220_000);
      await rig.set.publish(body, { topic, id: 'has a space', attributes: { x } });
      const found = await rig.undeliverable(body);
      expect(found.detail).toContain('without attributes that do not fit: x');
      expect(Object.keys(found.attributes)).toEqual(['id', 'topic']);
    });
  });

  test("characters that SQS refuses can't be published", async () => {
    const one = await rig.subscribe();
    await expect(one.publish('\ufffe')).rejects.toThrow();
    await expect(one.publish('\u0000')).rejects.toThrow();
    await one.publish('ok');
    const [request, ...more] = await one.requests(1);
    expect(request?.body.toString()).toBe('ok');
    expect(more).toEqual([]);
  });
});

describe('headers', () => {
  test('say which message it is, which attempt and when', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ status: 503 }]);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const tracestate = 'congo=t61rcWkgMzE';
    await one.publish('{}', { id: 'event-7', attributes: { traceparent, tracestate } });
    const requests = await one.requests(2);
    for (const [index, { headers, method, arrivedAt }] of requests.entries()) {
      expect(method).toBe('POST');
      expect(headers).toMatchObject({
        'webhook-id': 'event-7',
        'webhook-attempt': String(index + 1),
        'webhook-topic': one.topic,
        traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)),
        tracestate,
      });
      expect(Math.abs(Number(headers['webhook-timestamp']) - arrivedAt / 1000)).toBeLessThan(10);
      // The line of the attempt says the span that the callback was given as its parent.
      const spanId = String(headers.traceparent).slice(36, 52);
      await rig.until(
        () =>
          rig.set.lines.some((line) => line.includes(`"traceId":"${traceId}","spanId":"${spanId}"`)) ||
          undefined,
        `a line of ${spanId}`,
      );
    }
    const parents = requests.map(({ headers }) => headers.traceparent);
    expect(new Set([traceparent, ...parents]).size).toBe(3);
  });

  test("the webhook-id is the publisher's message id where none was given", async () => {
    const one = await rig.subscribe();
    const sqsMessageId = await one.publish('{}');
    const [request] = await one.requests(1);
    expect(request?.headers['webhook-id']).toBe(sqsMessageId);
  });

  test("configured headers and the product's own headers win over a message's", async () => {
    const one = await rig.subscribe({
      configuration: {
        headers: [
          { name: 'X-Both', value: 'configured' },
          { name: 'X-Item', value: 'päid' },
          { name: 'Content-Type', value: 'application/configured' },
        ],
      },
    });
    const headers = {
      'x-both': 'message',
      'X-Message': 'a b\tc',
      'x-empty': '',
      'Webhook-Id': 'forged',
      'webhook-attempt': '99',
      Authorization: 'Bearer from-the-message',
    };
    await one.publish('{}', {
      attributes: { headers: JSON.stringify(headers), 'content-type': 'text/plain' },
    });
    const [request] = await one.requests(1);
    expect(request?.headers).toMatchObject({
      'x-both': 'configured',
      'x-item': 'päid',
      'x-message': 'a b\tc',
      'x-empty': '',
      'content-type': 'application/configured',
      authorization: 'Bearer from-the-message',
      'webhook-attempt': '1',
    });
    expect(request?.headers['webhook-id']).not.toBe('forged');
  });

  test('forbidden and invalid headers of a message are dropped and counted, and the message is delivered', async () => {
    const one = await rig.subscribe();
    const dropped = {
      Host: 'evil.example',
      'Content-Length': '1',
      Connection: 'close',
      'Keep-Alive': 'timeout=1',
      'Transfer-Encoding': 'chunked',
      TE: 'trailers',
      Trailer: 'x',
      Upgrade: 'h2c',
      Expect: '100-continue',
      'Proxy-Authorization': 'Basic x',
      'webhook-signature': 'v1,forged',
      'a name': 'x',
      '': 'x',
      'x-line': 'a\r\nX-Injected: 1',
      'x-null': 'a\u0000b',
      'x-snow': '☃',
    };
    await one.publish('whole', { attributes: { headers: JSON.stringify({ ...dropped, 'x-kept': '1' }) } });
    const [request] = await one.requests(1);
    const { headers } = request ?? { headers: {} };
    expect(request?.body.toString()).toBe('whole');
    expect(headers).toMatchObject({
      host: new URL(rig.receiver.url).host,
      'content-length': '5',
      'x-kept': '1',
    });
    for (const name of ['x-line', 'x-injected', 'x-null', 'x-snow', 'te', 'trailer', 'upgrade', 'expect']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers).not.toHaveProperty('webhook-signature');
    const counted = `"HeadersDropped":${Object.keys(dropped).length}`;
    await rig.until(() => rig.set.lines.find((line) => line.includes(counted)), counted);
  });

  test.each([
    'get',
    'set',
    'has',
    'delete',
    'clear',
    'concat',
    'normalize',
    'constructor',
    'common',
    'post',
    'valueof',
    'hasownproperty',
    '__proto__',
  ])('a message header may be called %s', async (name) => {
    const one = await rig.subscribe();
    await one.publish('{}', { attributes: { headers: `{${JSON.stringify(name)}:"text","x-next":"1"}` } });
    const [request] = await one.requests(1, 4_000);
    expect(request?.headers['x-next']).toBe('1');
  });

  test.each([
    ['EC2 Instance State-change Notification', 'EC2 Instance State-change Notification'],
    ['orders/created#1', 'orders/created#1'],
    ['100% Grüße 👍', '100%25 Gr%C3%BC%C3%9Fe %F0%9F%91%8D'],
    [' spaced ', '%20spaced%20'],
    ['x'.repeat(256), 'x'.repeat(256)],
    ['👍'.repeat(128), '%F0%9F%91%8D'.repeat(128)],
  ])('webhook-topic carries %s', async (topic, value) => {
    const one = await rig.subscribe({ topic });
    await one.publish('{}');
    const [request] = await one.requests(1);
    expect(request?.headers['webhook-topic']).toBe(value);
  });
});
