// Queues themselves: made, found, described, changed, purged.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { sqsUnderTest } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'a key for encryption can be named': 'does not know the attribute',
  },
});
const { check, standardQueue, send, receive, attributesOf } = sqs;

check('the name of a FIFO queue ends in .fifo', async () => {
  const command = new CreateQueueCommand({ QueueName: sqs.queueName(), Attributes: { FifoQueue: 'true' } });
  await expect(sqs.call(command)).rejects.toThrow();
});

check('making a queue again is fine with the same attributes, and refused with others', async () => {
  const { name } = await standardQueue({ VisibilityTimeout: '5' });
  const again = (VisibilityTimeout: string) =>
    sqs.call(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout } }));
  await again('5');
  await expect(again('6')).rejects.toMatchObject({
    name: expect.stringMatching(/QueueNameExists|QueueAlreadyExists/),
  });
});

check('a queue that is not there has a name of its own as an error', async () => {
  await expect(sqs.call(new GetQueueUrlCommand({ QueueName: 'nowhere' }))).rejects.toMatchObject({
    name: 'QueueDoesNotExist',
  });
});

check('attributes count what is visible and what is in flight', async () => {
  const queue = await standardQueue();
  for (const body of ['1', '2', '3']) await send(queue, body);
  await receive(queue, { MaxNumberOfMessages: 1 });
  expect(await attributesOf(queue)).toMatchObject({
    ApproximateNumberOfMessages: '2',
    ApproximateNumberOfMessagesNotVisible: '1',
  });
});

check('attributes are kept', async () => {
  const queue = await standardQueue();
  await sqs.call(
    new SetQueueAttributesCommand({
      QueueUrl: queue.url,
      Attributes: {
        VisibilityTimeout: '7',
        MessageRetentionPeriod: '1209600',
        ReceiveMessageWaitTimeSeconds: '3',
        Policy: '{"Version":"2012-10-17","Statement":[]}',
      },
    }),
  );
  expect(await attributesOf(queue)).toMatchObject({ VisibilityTimeout: '7' });
});

check('a key for encryption can be named', async () => {
  const queue = await standardQueue({ KmsMasterKeyId: 'alias/aws/sqs' });
  expect(await attributesOf(queue)).toMatchObject({ KmsMasterKeyId: 'alias/aws/sqs' });
});

check('a purge leaves nothing', async () => {
  const queue = await standardQueue();
  await send(queue, 'x');
  await sqs.call(new PurgeQueueCommand({ QueueUrl: queue.url }));
  expect(await receive(queue)).toEqual([]);
});
