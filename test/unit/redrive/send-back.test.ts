// A message that never had a subscription goes back to its publisher's queue as it came.
import type { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';
import { createSendBack } from '#lib/redrive/send-back.ts';

async function sentAttributes(body: string, attributes: Record<string, { type: string; value: string }>) {
  const sent: SendMessageCommand['input'][] = [];
  const sqs = {
    async send({ input }: SendMessageCommand) {
      sent.push(input);
      return {};
    },
  };
  const queues = { messagesQueueUrl: 'https://q/messages', messagesFifoQueueUrl: 'https://q/messages.fifo' };
  const sqsMessageId = 'c4c5b9a0-0000-4000-8000-000000000000';
  const origin = { from: 'dev-messages', sqsMessageId, at: 1, reason: 'r', detail: 'd', attributes };
  const found = { kind: 'unaddressed', body, origin };
  await createSendBack({ sqs: sqs as never, ...queues })(found as never, 'one');
  return sent[0]?.MessageAttributes;
}

const topic = { type: 'String', value: 'orders' };
const idOf = (value: string) => ({ DataType: 'String', StringValue: value });
const OTHERS = 'topicStringorders'.length;
const ID = 'idString'.length + 36;

test.each([
  ['one with room for its id', LARGEST_MESSAGE_BYTES - OTHERS - ID, true],
  ['the largest', LARGEST_MESSAGE_BYTES - OTHERS - ID + 1, false],
])('%s fits into the queue', async (_, bytes, hasId) => {
  const attributes = await sentAttributes('ü'.repeat(bytes / 2) + 'x'.repeat(bytes % 2), { topic });
  expect(attributes).toEqual({
    topic: idOf('orders'),
    ...(hasId && { id: idOf('c4c5b9a0-0000-4000-8000-000000000000') }),
  });
});

test('one with an id keeps it', async () => {
  expect(await sentAttributes('{}', { topic, id: { type: 'String', value: 'a' } })).toEqual({
    topic: idOf('orders'),
    id: idOf('a'),
  });
});
