// FIFO queues: what is handed out together, what blocks a group, and what frees it.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import { setImmediate as turn } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { bodies, sqsUnderTest } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'a first message given back by visibility 0 waits for the others of its group in flight':
      'hands it out at once, as AWS was recorded too',
  },
});
const { check, fifoQueue, sendTo, receive, remove, changeVisibility, elapse } = sqs;

describe('what one receive hands out', () => {
  check('a run of one group, in order', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3');
    expect(bodies(await receive(queue))).toEqual(['1', '2', '3']);
  });

  check('a sequence number that grows, and every system attribute', async () => {
    const queue = await fifoQueue();
    const ids = { MessageGroupId: 'g' };
    const first = await sqs.send(queue, 'x', { ...ids, MessageDeduplicationId: '1' });
    const second = await sqs.send(queue, 'y', { ...ids, MessageDeduplicationId: '2' });
    expect(BigInt(first.SequenceNumber ?? 0)).toBeLessThan(BigInt(second.SequenceNumber ?? 0));
    const [message] = await receive(queue);
    expect(Object.keys(message?.Attributes ?? {})).toEqual(
      expect.arrayContaining([
        'ApproximateFirstReceiveTimestamp',
        'ApproximateReceiveCount',
        'MessageDeduplicationId',
        'MessageGroupId',
        'SenderId',
        'SentTimestamp',
        'SequenceNumber',
      ]),
    );
  });
});

describe('what blocks a group', () => {
  check('one message in flight blocks its group and no other', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'a', 'a1', 'a2');
    await sendTo(queue, 'b', 'b1');
    expect(bodies(await receive(queue, { MaxNumberOfMessages: 1 }))).toEqual(['a1']);
    expect(bodies(await receive(queue))).toEqual(['b1']);
    expect(await receive(queue)).toEqual([]);
  });

  check('a group is blocked until all of it that is in flight is deleted', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3');
    const [first, second] = await receive(queue, { MaxNumberOfMessages: 2 });
    await remove(queue, first);
    expect(await receive(queue)).toEqual([]);
    await remove(queue, second);
    expect(bodies(await receive(queue))).toEqual(['3']);
  });

  check('a message whose visibility was extended blocks its group past the first timeout', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    await sendTo(queue, 'g', '1', '2');
    const [first] = await receive(queue, { MaxNumberOfMessages: 1 });
    await changeVisibility(queue, first, 30);
    await elapse(1000);
    expect(await receive(queue)).toEqual([]);
  });

  // AWS hands it out (lib/local/aws/sqs/lane.ts says more): our default is the stricter lock, a switch has the other.
  check(
    'a first message given back by visibility 0 waits for the others of its group in flight',
    async () => {
      const queue = await fifoQueue();
      await sendTo(queue, 'g', '1', '2', '3', '4');
      const [first] = await receive(queue, { MaxNumberOfMessages: 3 });
      await changeVisibility(queue, first, 0);
      expect(await receive(queue)).toEqual([]);
    },
  );
});

describe('order after messages come back', () => {
  check('a visibility timeout that ends keeps the order', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3');
    await receive(queue, { MaxNumberOfMessages: 1, VisibilityTimeout: 1 });
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['1', '2', '3']);
  });

  check('a batch whose timeouts end together keeps the order', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3', '4');
    await receive(queue, { MaxNumberOfMessages: 3, VisibilityTimeout: 1 });
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['1', '2', '3', '4']);
  });

  check('a visibility of 0 on the only one in flight keeps the order', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3');
    const [first] = await receive(queue, { MaxNumberOfMessages: 1 });
    await changeVisibility(queue, first, 0);
    expect(bodies(await receive(queue))).toEqual(['1', '2', '3']);
  });

  // As recorded on AWS: only a message that is invisible, and those after it, are held back.
  check('a message whose timeout ends is handed out although a later one was extended', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', '1', '2', '3', '4');
    const [, second] = await receive(queue, { MaxNumberOfMessages: 3, VisibilityTimeout: 1 });
    await changeVisibility(queue, second, 30);
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['1']);
  });
});

check('four receivers at once never share a group, and see each group in order', async () => {
  const groups = 20;
  const perGroup = 10;
  const queue = await fifoQueue();
  for (let group = 0; group < groups; group++) {
    const Entries = Array.from({ length: perGroup }, (_, n) => ({
      Id: `entry-${n}`,
      MessageBody: String(n),
      MessageGroupId: `group-${group}`,
      MessageDeduplicationId: `${group}-${n}`,
    }));
    await sqs.call(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  }
  const held = new Set<string>();
  const seen = new Map<string, string[]>();
  let shared = 0;
  let done = 0;

  async function consume(): Promise<void> {
    while (done < groups * perGroup) {
      const messages = await receive(queue, { MaxNumberOfMessages: 3 });
      const mine = new Set(messages.map(({ Attributes }) => Attributes?.MessageGroupId ?? ''));
      for (const group of mine) {
        if (held.has(group)) shared++;
        held.add(group);
      }
      for (const { Attributes, Body = '' } of messages) {
        const group = Attributes?.MessageGroupId ?? '';
        seen.set(group, [...(seen.get(group) ?? []), Body]);
      }
      await turn();
      for (const group of mine) held.delete(group);
      for (const message of messages) {
        await remove(queue, message);
        done++;
      }
    }
  }

  await Promise.all([consume(), consume(), consume(), consume()]);
  const inOrder = Array.from({ length: perGroup }, (_, n) => String(n));
  expect(shared).toBe(0);
  expect(seen.size).toBe(groups);
  for (const order of seen.values()) expect(order).toEqual(inOrder);
});
