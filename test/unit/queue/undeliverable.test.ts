// What the record of a message in `undeliverable` says about where it was: redrive goes by it.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE, decodeUndeliverable, encodeAttribute } from '#lib/message/attribute.ts';
import { readPublished } from '#lib/message/published.ts';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';
import { sendDeliveryToUndeliverable, sendUndeliverable } from '#lib/queue/undeliverable.ts';
import type { LogFields } from '#lib/telemetry/log.ts';
import { createMemoryQueues } from '#test/support/memory-queues.ts';
import { attributesOf, deliveryOf, recordOf } from '#test/support/records.ts';

const QUEUE = 'http://sqs/0/undeliverable';
const WHY = { reason: 'asked', detail: 'by a person' };

function setUp() {
  const lines: LogFields[] = [];
  const memory = createMemoryQueues({ now: () => 5_000 });
  const deps = {
    queues: memory.queues,
    undeliverableQueueUrl: QUEUE,
    log: { info() {}, warn: (_: string, fields: LogFields) => void lines.push(fields), error() {} },
    count() {},
    now: () => 5_000,
  };
  const recorded = () => {
    const [message] = memory.taken(QUEUE);
    const parsed = decodeUndeliverable(attributesOf(message?.attributes ?? {}));
    return parsed.ok ? parsed.value : parsed;
  };
  return { deps, recorded, lines };
}

describe('the log line names the message', () => {
  const text = (stringValue: string) => ({ dataType: 'String', stringValue });

  test('by the ids of its publisher, if they are ids', async () => {
    const { deps, lines } = setUp();
    const queue = 'webhooks-dev-messages';
    const named = { id: text('order-1'), subscription: text('acme') };
    await sendUndeliverable({ ...recordOf({ queue }), messageAttributes: named }, WHY, deps);
    const broken = { id: text('x'.repeat(129)), subscription: text('a b') };
    await sendUndeliverable({ ...recordOf({ queue }), messageAttributes: broken }, WHY, deps);
    expect(lines).toMatchObject([
      { sqsMessageId: 'sqs-1', messageId: 'order-1', subscription: 'acme' },
      { sqsMessageId: 'sqs-1', messageId: 'sqs-1', subscription: undefined },
    ]);
  });

  test('of a delivery and of a dead letter by their own ids', async () => {
    const { deps, lines } = setUp();
    const value = deliveryOf();
    const attributes = { 'sqs-webhooks': text(encodeAttribute({ kind: 'delivery', value })) };
    const queue = 'webhooks-dev-deliveries.fifo';
    await sendUndeliverable({ ...recordOf({ queue }), messageAttributes: attributes }, WHY, deps);
    await sendDeliveryToUndeliverable({ delivery: value, body: 'x', sequence: '1' }, WHY, deps);
    const { messageId, subscription } = value;
    expect(lines).toMatchObject([
      { messageId, subscription },
      { messageId, subscription },
    ]);
  });
});

describe('the record names the queue', () => {
  test.each([
    ['webhooks-dev-messages', undefined],
    ['webhooks-dev-messages', 'a-hint'],
    ['webhooks-dev-messages.fifo', 'in-order'],
    ['webhooks-dev-retries', undefined],
  ])('%s, with the group %s', async (queue, group) => {
    const { deps, recorded } = setUp();
    await sendUndeliverable(recordOf({ queue, ...(group !== undefined && { group }) }), WHY, deps);
    expect(recorded()).toMatchObject({ from: queue, sqsMessageId: 'sqs-1', at: 5_000, ...WHY });
    expect(Object.entries(recorded()).find(([name]) => name === 'group')?.[1]).toBe(group);
  });
});

test('the record has the sequence of a delivery, from its queue and from the backlog', async () => {
  const queued = setUp();
  await sendUndeliverable(
    recordOf({ queue: 'webhooks-dev-deliveries.fifo', group: 'g#0', sequence: '77' }),
    WHY,
    queued.deps,
  );
  expect(queued.recorded()).toMatchObject({ sequence: '77' });
  const parked = setUp();
  await sendDeliveryToUndeliverable({ delivery: deliveryOf(), body: 'x', sequence: '78' }, WHY, parked.deps);
  expect(parked.recorded()).toMatchObject({ sequence: '78', from: 'backlog' });
});

test.each(['"', '\\', '\u0001', '€'])(
  'the largest message keeps our attribute, whatever its headers are: %j',
  async (one) => {
    const { deps, recorded } = setUp();
    const sent = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`x-${at}`, '"'.repeat(1_000)]));
    const headers = JSON.stringify({ ...sent, long: one.repeat(32_000 / Buffer.byteLength(one)) });
    const topic = '"'.repeat(256);
    const room = LARGEST_MESSAGE_BYTES - Buffer.byteLength(`topicString${topic}headersString${headers}`);
    const body = 'x'.repeat(room);
    const reading = readPublished(recordOf({ body, attributes: { topic, headers } }));
    if (!reading.ok) throw new Error(reading.unroutable.detail);
    const { headers: travelling, contentType } = reading.message;
    expect(Object.keys(travelling)).toHaveLength(9);
    const delivery = deliveryOf({ topic, contentType, headers: travelling, messageId: '"'.repeat(128) });
    await sendDeliveryToUndeliverable({ delivery, body, sequence: '1' }, WHY, deps);
    expect(recorded()).toMatchObject({ attributes: { [ATTRIBUTE]: { type: 'String' } } });
  },
);
