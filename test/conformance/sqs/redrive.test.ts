// Dead-letter queues: how messages get there by a redrive policy, and back by a move task.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import {
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { bodies, sqsUnderTest, type TestQueue } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'FIFO: a message received too often is moved, and its group goes on': 'one empty receive first',
    'FIFO: a standard dead-letter queue is refused': 'takes it',
    'a move task of FIFO messages can have another destination': 'moves none, and says COMPLETED',
    'a move task from a queue that is nobody’s dead-letter queue is refused': 'refuses it after 21 s',
  },
});
const { check, standardQueue, fifoQueue, send, sendTo, receive, changeVisibility, elapse } = sqs;

const redriveTo = (deadLetters: Pick<TestQueue, 'arn'>, maxReceiveCount: number) => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount }),
});

/** Receives the first message and gives it back. */
async function receiveInVain(queue: TestQueue) {
  const [message] = await receive(queue, { MaxNumberOfMessages: 1 });
  await changeVisibility(queue, message, 0);
  return message;
}

describe('redrive policy', () => {
  check('FIFO: a message received too often is moved, and its group goes on', async () => {
    const deadLetters = await fifoQueue();
    const queue = await fifoQueue(redriveTo(deadLetters, 2));
    await sendTo(queue, 'g', '1', '2');
    expect((await receiveInVain(queue))?.Body).toBe('1');
    expect((await receiveInVain(queue))?.Body).toBe('1');
    expect(bodies(await receive(queue, { MaxNumberOfMessages: 1 }))).toEqual(['2']);
    const [letter] = await receive(deadLetters);
    expect(letter?.Body).toBe('1');
    expect(letter?.Attributes).toMatchObject({ MessageGroupId: 'g', DeadLetterQueueSourceArn: queue.arn });
  });

  check('standard: the dead letter keeps its id and names its source', async () => {
    const deadLetters = await standardQueue();
    const queue = await standardQueue(redriveTo(deadLetters, 1));
    const sent = await send(queue, '1');
    await receiveInVain(queue);
    expect(await receive(queue)).toEqual([]);
    const [letter] = await receive(deadLetters);
    expect(letter).toMatchObject({ Body: '1', MessageId: sent.MessageId });
    expect(letter?.Attributes).toMatchObject({ DeadLetterQueueSourceArn: queue.arn });
  });

  check('standard: the receive count goes on in the dead-letter queue', async () => {
    const deadLetters = await standardQueue();
    const queue = await standardQueue(redriveTo(deadLetters, 1));
    await send(queue, '1');
    await receiveInVain(queue);
    await receive(queue);
    const [letter] = await receive(deadLetters);
    expect(letter?.Attributes).toMatchObject({ ApproximateReceiveCount: '2' });
  });

  check('FIFO: a standard dead-letter queue is refused', async () => {
    const deadLetters = await standardQueue();
    await expect(fifoQueue(redriveTo(deadLetters, 2))).rejects.toThrow();
  });

  check('a dead-letter queue that is not there is refused', async () => {
    const nowhere = { arn: 'arn:aws:sqs:us-east-1:000000000000:nowhere' };
    await expect(standardQueue(redriveTo(nowhere, 2))).rejects.toThrow();
  });

  check('a dead-letter queue knows its sources', async () => {
    const deadLetters = await standardQueue();
    const queue = await standardQueue(redriveTo(deadLetters, 1));
    const { queueUrls } = await sqs.call(
      new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters.url }),
    );
    expect(queueUrls).toEqual([queue.url]);
  });
});

describe('move tasks', () => {
  check('a move task brings messages back to where they came from', async () => {
    const deadLetters = await standardQueue();
    const queue = await standardQueue(redriveTo(deadLetters, 1));
    await send(queue, '1');
    await receiveInVain(queue);
    await receive(queue);
    const task = new StartMessageMoveTaskCommand({
      SourceArn: deadLetters.arn,
      MaxNumberOfMessagesPerSecond: 10,
    });
    expect((await sqs.call(task)).TaskHandle).toBeTruthy();
    await elapse(1000);
    const { Results } = await sqs.call(new ListMessageMoveTasksCommand({ SourceArn: deadLetters.arn }));
    expect(bodies(await receive(queue))).toEqual(['1']);
    expect(Results?.[0]).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 });
  });

  check('a move task of FIFO messages can have another destination', async () => {
    const deadLetters = await fifoQueue();
    await fifoQueue(redriveTo(deadLetters, 1));
    const elsewhere = await fifoQueue();
    await sendTo(deadLetters, 'g', '1', '2');
    await sqs.call(
      new StartMessageMoveTaskCommand({ SourceArn: deadLetters.arn, DestinationArn: elsewhere.arn }),
    );
    await elapse(1000);
    expect(bodies(await receive(elsewhere))).toEqual(['1', '2']);
  });

  check('a move task from a queue that is nobody’s dead-letter queue is refused', async () => {
    const queue = await standardQueue();
    await expect(sqs.call(new StartMessageMoveTaskCommand({ SourceArn: queue.arn }))).rejects.toThrow();
  });
});
