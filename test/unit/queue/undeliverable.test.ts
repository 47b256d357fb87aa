// What the record of a message in `undeliverable` says about where it was: redrive goes by it.
import { describe, expect, test } from 'vitest';
import { decodeUndeliverable } from '#lib/message/attribute.ts';
import { sendDeliveryToUndeliverable, sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { createMemoryQueues } from '#test/support/memory-queues.ts';
import { attributesOf, deliveryOf, recordOf } from '#test/support/records.ts';

const QUEUE = 'http://sqs/0/undeliverable';
const WHY = { reason: 'asked', detail: 'by a person' };

function setUp() {
  const memory = createMemoryQueues({ now: () => 5_000 });
  const deps = {
    queues: memory.queues,
    undeliverableQueueUrl: QUEUE,
    log: { info() {}, warn() {}, error() {} },
    count() {},
    now: () => 5_000,
  };
  const recorded = () => {
    const [message] = memory.taken(QUEUE);
    const parsed = decodeUndeliverable(attributesOf(message?.attributes ?? {}));
    return parsed.ok ? parsed.value : parsed;
  };
  return { deps, recorded };
}

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
