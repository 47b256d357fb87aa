// What a receipt handle still does once its visibility has ended, someone else has the message, or it is gone.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { bodies, sqsUnderTest } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'FIFO: a delete after the visibility ended is refused, and the message stays': 'deletes it',
    'FIFO: a change of visibility after it ended is refused': 'changes it',
    'standard: deleting twice is a success': 'answers ReceiptHandleIsInvalid',
    'standard: a change of visibility of a message that is not in flight is refused': 'changes it',
  },
});
const { check, standardQueue, fifoQueue, send, sendTo, receive, remove, changeVisibility, elapse } = sqs;

const forOneSecond = { MaxNumberOfMessages: 1, VisibilityTimeout: 1 };

describe('FIFO', () => {
  check('FIFO: a delete after the visibility ended is refused, and the message stays', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', 'x');
    const [message] = await receive(queue, forOneSecond);
    await elapse(1000);
    await expect(remove(queue, message)).rejects.toThrow(/receipt handle has expired/);
    expect(bodies(await receive(queue))).toEqual(['x']);
  });

  check('FIFO: a delete by an old handle is refused, and the message stays', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', 'x');
    const [message] = await receive(queue, forOneSecond);
    await elapse(1000);
    await receive(queue, forOneSecond);
    await expect(remove(queue, message)).rejects.toThrow(/expired|not valid/);
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['x']);
  });

  check('FIFO: a change of visibility after it ended is refused', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', 'x');
    const [message] = await receive(queue, forOneSecond);
    await elapse(1000);
    await expect(changeVisibility(queue, message, 30)).rejects.toThrow();
    expect(bodies(await receive(queue))).toEqual(['x']);
  });
});

describe('standard', () => {
  check('standard: a delete after the visibility ended deletes', async () => {
    const queue = await standardQueue();
    await send(queue, 'x');
    const [message] = await receive(queue, forOneSecond);
    await elapse(1000);
    await remove(queue, message);
    expect(await receive(queue)).toEqual([]);
  });

  check('standard: deleting twice is a success', async () => {
    const queue = await standardQueue();
    await send(queue, 'x');
    const [message] = await receive(queue);
    await remove(queue, message);
    await remove(queue, message);
  });

  check('standard: a change of visibility of a message that is not in flight is refused', async () => {
    const queue = await standardQueue();
    await send(queue, 'x');
    const [message] = await receive(queue);
    await changeVisibility(queue, message, 0);
    await expect(changeVisibility(queue, message, 10)).rejects.toMatchObject({ name: 'MessageNotInflight' });
  });

  check('standard: every receive counts', async () => {
    const queue = await standardQueue();
    await send(queue, 'x');
    const counts: (string | undefined)[] = [];
    for (let n = 0; n < 3; n++) {
      const [message] = await receive(queue);
      counts.push(message?.Attributes?.ApproximateReceiveCount);
      await changeVisibility(queue, message, 0);
    }
    expect(counts).toEqual(['1', '2', '3']);
  });
});

check('a handle that no receive gave out is refused', async () => {
  const queue = await standardQueue();
  await expect(remove(queue, { ReceiptHandle: 'garbage' })).rejects.toMatchObject({
    name: expect.stringMatching(/ReceiptHandleIsInvalid|InvalidParameterValue/),
  });
});

describe('in batches', () => {
  check('a batch of deletes fails entry by entry', async () => {
    const queue = await fifoQueue();
    await sendTo(queue, 'g', 'x');
    const [message] = await receive(queue);
    const { Successful, Failed } = await sqs.call(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: [
          { Id: 'good', ReceiptHandle: message?.ReceiptHandle ?? '' },
          { Id: 'bad', ReceiptHandle: 'garbage' },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed?.map(({ Id }) => Id)).toEqual(['bad']);
  });

  check('a batch of visibilities of 0 makes all visible', async () => {
    const queue = await standardQueue();
    await send(queue, 'x');
    await send(queue, 'y');
    const messages = [...(await receive(queue)), ...(await receive(queue))];
    const { Successful } = await sqs.call(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queue.url,
        Entries: messages.map(({ ReceiptHandle }, n) => ({
          Id: `entry-${n}`,
          ReceiptHandle: ReceiptHandle ?? '',
          VisibilityTimeout: 0,
        })),
      }),
    );
    expect(Successful).toHaveLength(2);
    expect(await receive(queue)).toHaveLength(2);
  });
});
