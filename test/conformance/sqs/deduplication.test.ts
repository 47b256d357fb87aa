// What counts as sent twice, and as received twice by the same attempt.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import { describe, expect } from 'vitest';
import { bodies, sqsUnderTest } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'a queue with the scope messageGroup keeps ids apart by group': 'ignores DeduplicationScope',
  },
});
const { check, fifoQueue, send, receive, remove } = sqs;

const twice = { MessageGroupId: 'g', MessageDeduplicationId: 'same' };

describe('sending', () => {
  check('a second message with the same id is not delivered', async () => {
    const queue = await fifoQueue();
    await send(queue, 'x', twice);
    await send(queue, 'y', twice);
    expect(bodies(await receive(queue))).toEqual(['x']);
  });

  check('a duplicate is answered with the id of the first', async () => {
    const queue = await fifoQueue();
    const first = await send(queue, 'x', twice);
    const second = await send(queue, 'x', twice);
    expect(second.MessageId).toBe(first.MessageId);
  });

  check('an id stays taken when its message is deleted', async () => {
    const queue = await fifoQueue();
    await send(queue, 'x', twice);
    const [message] = await receive(queue);
    await remove(queue, message);
    await send(queue, 'y', twice);
    expect(await receive(queue)).toEqual([]);
  });

  check('an id counts for all groups of a queue', async () => {
    const queue = await fifoQueue();
    await send(queue, 'x', { ...twice, MessageGroupId: 'g1' });
    await send(queue, 'y', { ...twice, MessageGroupId: 'g2' });
    expect(bodies(await receive(queue))).toEqual(['x']);
  });

  check('a queue with the scope messageGroup keeps ids apart by group', async () => {
    const queue = await fifoQueue({
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    await send(queue, 'x', { ...twice, MessageGroupId: 'g1' });
    await send(queue, 'y', { ...twice, MessageGroupId: 'g2' });
    await send(queue, 'z', { ...twice, MessageGroupId: 'g2' });
    expect(bodies(await receive(queue))).toEqual(['x', 'y']);
  });

  check('content-based deduplication takes the body for the id', async () => {
    const queue = await fifoQueue({ ContentBasedDeduplication: 'true' });
    for (const body of ['x', 'x', 'y']) await send(queue, body, { MessageGroupId: 'g' });
    expect(bodies(await receive(queue))).toEqual(['x', 'y']);
  });
});

describe('receiving', () => {
  check('the same attempt id is given the same messages again', async () => {
    const queue = await fifoQueue();
    await sqs.sendTo(queue, 'g', '1', '2');
    const attempt = { MaxNumberOfMessages: 1, ReceiveRequestAttemptId: 'attempt' };
    const first = await receive(queue, attempt);
    const second = await receive(queue, attempt);
    expect(bodies(first)).toEqual(['1']);
    expect(bodies(second)).toEqual(['1']);
  });
});
