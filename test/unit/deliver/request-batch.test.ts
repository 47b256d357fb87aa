// Which messages go in one request, how they stand in its body, and which headers it has.
import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { inRequests, requestFor, requestsInTurn } from '#lib/deliver/request-batch.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import type { Batch } from '#lib/subscription/option-fields.ts';
import { deliveryOf } from '#test/support/records.ts';

type Given = Partial<Delivery> & { readonly body?: string };
const FORMATS = ['json-array', 'cloudevents-batch', 'ndjson'] as const;

const messages = (given: readonly (string | Given)[]) =>
  given.map((one, index) => {
    const { body = '{}', ...delivery } = typeof one === 'string' ? { body: one } : one;
    return { delivery: deliveryOf({ messageId: `m${index + 1}`, ...delivery }), body };
  });

function requestsOf(given: readonly (string | Given)[], batch: Partial<Batch> = {}) {
  const rules = { batch: { maxMessages: 10, maxBytes: 262_144, format: 'json-array' as const, ...batch } };
  return [...inRequests(messages(given), rules, 'test')].map((sending) => ({
    ids: sending.members.map(({ delivery }) => delivery.messageId),
    marks: sending.members.map(({ delivery }) => delivery.batch),
    isBatch: sending.batch !== undefined,
    ...requestFor(sending, { headers: [] }, 1_000),
  }));
}
const idsOf = (given: readonly (string | Given)[], batch: Partial<Batch> = {}) =>
  requestsOf(given, batch).map(({ ids }) => ids.join(' '));
const bodyOf = (given: readonly (string | Given)[], format: Batch['format']): string =>
  requestsOf(given, { format })[0]?.body.toString() ?? '';

test('without batch each message is a request of its own, as it is', () => {
  const [one, two] = inRequests(messages(['{"a":1}', 'text']), {}, 'test');
  expect([one, two].map((sending) => sending && requestFor(sending, { headers: [] }, 0))).toMatchObject([
    { headers: { 'webhook-id': 'm1' }, body: Buffer.from('{"a":1}') },
    { headers: { 'webhook-id': 'm2' }, body: Buffer.from('text') },
  ]);
});

describe('the sequence number', () => {
  const rules = { batch: { maxMessages: 10, maxBytes: 262_144, format: 'json-array' as const } };
  const sequencesOf = (given: readonly { readonly sequence: string; readonly isReplay?: true }[]) =>
    [
      ...inRequests(
        given.map(({ sequence, isReplay }, index) => ({
          delivery: deliveryOf({ messageId: `m${index}`, ...(isReplay && { replayId: 'r', sequence }) }),
          body: '{}',
          sequence: isReplay ? '99' : sequence,
        })),
        rules,
        'test',
      ),
    ].map((sending) => requestFor(sending, { headers: [] }, 1_000).headers['webhook-sequence']);

  test('of a batch is the largest of its messages', () => {
    expect(sequencesOf([{ sequence: '8' }, { sequence: '10' }, { sequence: '9' }])).toEqual(['10']);
  });

  test('of a replayed dead letter is not given to newer messages: they are in another request', () => {
    const replay = { isReplay: true } as const;
    expect(
      sequencesOf([
        { sequence: '20' },
        { sequence: '3', ...replay },
        { sequence: '4', ...replay },
        { sequence: '21' },
      ]),
    ).toEqual(['20', '4', '21']);
  });
});

describe('the cost of long bodies', () => {
  const long = `[${'{},'.repeat(150_000)}{}]`;
  const rules = { batch: { maxMessages: 10, maxBytes: 1_048_576, format: 'json-array' as const } };
  const given = messages(Array.from({ length: 6 }, () => long));

  test('each is parsed once, also where it does not fit beside the one before it', () => {
    const parse = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parse.mockRestore());
    expect([...inRequests(given, rules, 'test')].map(({ members }) => members.length)).toEqual([2, 2, 2]);
    expect(parse).toHaveBeenCalledTimes(6);
  });

  test('other work has its turn between two requests with long bodies', async () => {
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const sendings = await requestsInTurn(given, rules, { stage: 'test' });
    clearImmediate(next);
    expect(sendings).toEqual([...inRequests(given, rules, 'test')]);
    expect(turns).toBeGreaterThanOrEqual(sendings.length);
  });
});

describe('the body', () => {
  const odd = '{ "big": 12345678901234567890, "a":1.0,\t"a": "Gr\\u00fc\u00dfe" }';

  test('of an array has the bodies byte for byte', () => {
    expect(bodyOf([odd, '[1]', 'null'], 'json-array')).toBe(`[${odd},[1],null]`);
    expect(requestsOf(['1'])[0]?.headers['content-type']).toBe('application/json');
  });

  test('of lines has one a line, byte for byte', () => {
    expect(bodyOf([odd, '[1]', '"\\n"'], 'ndjson')).toBe(`${odd}\n[1]\n"\\n"\n`);
    expect(requestsOf(['1'], { format: 'ndjson' })[0]?.headers['content-type']).toBe('application/x-ndjson');
  });

  test('of CloudEvents has events as they came, and wraps everything else', () => {
    const event = '{"specversion":"1.0", "id":"e","source":"s","type":"t","data":{}}';
    const given = [
      { body: event, contentType: 'application/cloudevents+json' },
      { body: odd, topic: 'orders' },
      { body: 'Grüße\n"x"', contentType: 'text/plain' },
      { body: Buffer.from([0, 255]).toString('base64'), encoding: 'base64', contentType: 'image/png' },
      { body: 'no json', contentType: 'application/json' },
      { body: '=', encoding: 'base64', contentType: 'application/json' },
      { body: '{"specversion":"1.0","id":"","source":"s","type":"t"}', traceparent: 'tp' },
    ] as const;
    const body = bodyOf(given, 'cloudevents-batch');
    expect(body.startsWith(`[${event},`)).toBe(true);
    expect(body).toContain(`"data":${odd}}`);
    const wrapped = (index: number, more: object) => ({
      specversion: '1.0',
      id: `m${index}`,
      source: 'urn:sqs-webhooks:test',
      type: 'sqs-webhooks.message',
      time: new Date(messages(['1'])[0]?.delivery.publishedAt ?? 0).toISOString(),
      datacontenttype: 'application/json',
      ...more,
    });
    expect(JSON.parse(body)).toEqual([
      JSON.parse(event),
      wrapped(2, { type: 'orders', data: JSON.parse(odd) }),
      wrapped(3, { datacontenttype: 'text/plain', data: 'Grüße\n"x"' }),
      wrapped(4, { datacontenttype: 'image/png', data_base64: 'AP8=' }),
      wrapped(5, { data_base64: Buffer.from('no json').toString('base64') }),
      wrapped(6, {}),
      wrapped(7, { traceparent: 'tp', data: JSON.parse(given[6].body) }),
    ]);
    expect(requestsOf(given, { format: 'cloudevents-batch' })[0]?.headers['content-type']).toBe(
      'application/cloudevents-batch+json',
    );
  });

  test('of CloudEvents has no time for a message that was published at no time', () => {
    const body = bodyOf([{ body: '1', publishedAt: 1e300 }], 'cloudevents-batch');
    expect(JSON.parse(body)[0]).not.toHaveProperty('time');
  });

  test('holds a single message in the same way', () => {
    expect(bodyOf(['{}'], 'json-array')).toBe('[{}]');
    expect(requestsOf(['{}'])[0]?.headers).toMatchObject({ 'webhook-batch': '1' });
  });
});

describe('a body that does not fit the format goes alone, in its place', () => {
  test.each([
    ['text', { body: 'hello' }],
    ['nothing', { body: '=', encoding: 'base64' }],
    ['JSON of another content type', { body: '1', contentType: 'text/plain' }],
    [
      'bytes that are no UTF-8',
      { body: Buffer.from('"\xff"', 'latin1').toString('base64'), encoding: 'base64' },
    ],
    ['a byte order mark', { body: '\ufeff{}' }],
    ['a compressed body', { body: '1', headers: { 'content-encoding': 'gzip' } }],
  ] as const)('%s', (_, alone) => {
    for (const format of ['json-array', 'ndjson'] as const) {
      const requests = requestsOf(['1', '2', alone, '4', '5'], { format });
      expect(requests.map(({ ids }) => ids.join(' '))).toEqual(['m1 m2', 'm3', 'm4 m5']);
      expect(requests[1]).toMatchObject({ isBatch: false, headers: { 'webhook-id': 'm3' } });
      expect(requests[1]?.headers).not.toHaveProperty('webhook-batch');
      expect(requests[1]?.headers['content-type']).toBe(
        'contentType' in alone ? alone.contentType : 'application/json',
      );
    }
  });

  test.each(['{\n}', '{}\n', '{}\r', '\r\n{}'])('%j among lines', (body) => {
    expect(idsOf(['1', body, '3'], { format: 'ndjson' })).toEqual(['m1', 'm2', 'm3']);
    expect(idsOf(['1', body, '3'], { format: 'json-array' })).toEqual(['m1 m2 m3']);
  });

  test('a compressed body among CloudEvents', () => {
    const zipped = { body: 'H4s=', encoding: 'base64', headers: { 'content-encoding': 'gzip' } } as const;
    expect(idsOf(['1', zipped, '3'], { format: 'cloudevents-batch' })).toEqual(['m1', 'm2', 'm3']);
  });

  test.each(['application/problem+json; charset=utf-8', 'Application/JSON', 'text/json'])(
    'but not %s',
    (contentType) => {
      expect(idsOf([{ body: '1', contentType }, '2'])).toEqual(['m1 m2']);
    },
  );
});

describe('limits', () => {
  test('maxMessages', () => {
    expect(idsOf(['1', '2', '3', '4', '5'], { maxMessages: 2 })).toEqual(['m1 m2', 'm3 m4', 'm5']);
  });

  test.each(FORMATS)('maxBytes are those of the whole body of %s', (format) => {
    const three = requestsOf(['{}', '{}', '{}'], { format })[0]?.body.length ?? 0;
    expect(idsOf(['{}', '{}', '{}'], { format, maxBytes: three })).toEqual(['m1 m2 m3']);
    expect(idsOf(['{}', '{}', '{}'], { format, maxBytes: three - 1 })).toEqual(['m1 m2', 'm3']);
  });

  test('a message that is larger than maxBytes is a batch of its own', () => {
    const requests = requestsOf(['1', `"${'x'.repeat(100)}"`, '3'], { maxBytes: 50 });
    expect(requests.map(({ ids, isBatch }) => [...ids, isBatch])).toEqual([
      ['m1', true],
      ['m2', true],
      ['m3', true],
    ]);
  });
});

describe('the id', () => {
  const hashOf = (...ids: string[]) => createHash('sha256').update(JSON.stringify(ids)).digest('base64url');

  test("is a hash of the members' ids", () => {
    const [one] = requestsOf(['1', '2']);
    expect(one?.headers['webhook-id']).toBe(hashOf('m1', 'm2'));
    expect(one?.marks).toEqual([hashOf('m1', 'm2'), hashOf('m1', 'm2')]);
  });

  test('keeps those together that were sent together, and others away from them', () => {
    const batch = hashOf('m1', 'm2');
    const given = [{ batch }, { batch }, {}, {}, { batch: 'x' }, {}];
    expect(idsOf(given)).toEqual(['m1 m2', 'm3 m4', 'm5', 'm6']);
    expect(requestsOf(given)[0]?.headers['webhook-id']).toBe(batch);
  });

  test('a message that is there twice is not in one batch twice', () => {
    expect(idsOf([{}, { messageId: 'x' }, { messageId: 'x', replayId: 'r' }, {}])).toEqual(['m1 x', 'x m4']);
  });

  test('messages with other retries behind them are apart', () => {
    expect(idsOf([{ retries: 1 }, { retries: 1 }, {}, { retries: 0 }])).toEqual(['m1 m2', 'm3 m4']);
  });
});

describe('headers', () => {
  test('are those that all members share; what is said of one body is not said of the batch', () => {
    const headers = { 'x-all': 'a', 'x-some': 'b', 'content-language': 'de', digest: 'd', 'ce-id': 'c' };
    const [one] = requestsOf([
      { headers, topic: 'orders', attempt: 2 },
      { headers: { ...headers, 'x-some': 'other', 'x-new': 'n' }, topic: 'orders', attempt: 3 },
    ]);
    expect(one?.headers).toEqual({
      'user-agent': 'sqs-webhooks',
      accept: '*/*',
      'content-type': 'application/json',
      'x-all': 'a',
      'webhook-id': expect.any(String),
      'webhook-timestamp': '1',
      'webhook-attempt': '3',
      'webhook-topic': 'orders',
      'webhook-batch': '2',
    });
  });

  test('have a topic and a trace context only where all members have the same', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const traced = { traceparent, tracestate: 'a=b' };
    expect(requestsOf([traced, traced])[0]?.headers.traceparent).toMatch(
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-/,
    );
    const [mixed] = requestsOf([{ ...traced, topic: 'a' }, { topic: 'b' }]);
    for (const name of ['traceparent', 'tracestate', 'webhook-topic'])
      expect(mixed?.headers).not.toHaveProperty(name);
  });
});
