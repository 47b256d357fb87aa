// Dead letters to SQS queues that endpoints name, through the real functions.
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordOf } from '#lib/local/sqs-event.ts';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { startSet, type TestSet } from '#test/support/set.ts';

let set: TestSet;
let receiver: Receiver;
beforeAll(async () => {
  [set, receiver] = await Promise.all([startSet(), startReceiver()]);
});
afterAll(async () => {
  await set?.close();
  await receiver?.close();
});

async function createQueue(QueueName: string): Promise<string> {
  const Attributes = QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const { QueueUrl = '' } = await set.clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function rejecting(id: string, endpoint: string, count: number): Promise<void> {
  await set.putSubscription({
    id,
    qos: 'at-least-once',
    dlq: { endpoint },
    configuration: { callbackUrl: `${receiver.url}/${id}` },
  });
  receiver.answer(`/${id}`, [], { status: 422, body: 'no' });
  for (let n = 0; n < count; n++)
    await set.publish(`${id} ${n}`, { subscription: id, group: id, id: `${id}-${n}` });
}

/** Receives and deletes letters. As long as one letter of a group is received and not deleted, a FIFO queue holds back the others. */
async function received(QueueUrl: string, count: number) {
  const found = [];
  for (let polls = 0; found.length < count && polls < 30; polls++) {
    const { Messages = [] } = await set.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    for (const message of Messages) {
      const { body, messageAttributes, attributes } = recordOf(message, '');
      const parsed = decodeDeadLetter(messageAttributes);
      if (!parsed.ok) throw new Error(parsed.detail);
      found.push({ body, letter: parsed.value, group: attributes.MessageGroupId });
      const { ReceiptHandle } = message;
      await set.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  return found;
}

test('an endpoint by URL gets each letter, with body and attribute as on dead-letters', async () => {
  const queueUrl = await createQueue('rejected');
  await set.putEndpoint({ name: 'by-url', type: 'sqs', configuration: { queueUrl } });
  await rejecting('url', 'by-url', 3);
  const found = await received(queueUrl, 3);
  expect(found.map(({ body }) => body).sort()).toEqual(['url 0', 'url 1', 'url 2']);
  expect(found[0]?.letter).toMatchObject({
    subscription: 'url',
    endpoint: 'by-url',
    reason: 'rejected',
    status: 422,
    excerpt: 'no',
    sequence: expect.stringMatching(/^\d+$/),
  });
  expect(found[0]?.letter).not.toHaveProperty('hops');
});

test('a FIFO queue, by ARN, gets the letters of a subscription in one group, each once', async () => {
  const queueUrl = await createQueue('rejected.fifo');
  const queueArn = `arn:aws:sqs:${set.region}:000000000000:rejected.fifo`;
  await set.putEndpoint({ name: 'by-arn', type: 'sqs', configuration: { queueArn } });
  await Promise.all([rejecting('one', 'by-arn', 4), rejecting('two', 'by-arn', 4)]);
  const found = await received(queueUrl, 8);
  expect(found.map(({ letter }) => letter.messageId).sort()).toEqual(
    ['one', 'two'].flatMap((id) => [0, 1, 2, 3].map((n) => `${id}-${n}`)),
  );
  const groups = Map.groupBy(found, ({ letter }) => letter.subscription);
  for (const [, letters] of groups) expect(new Set(letters.map(({ group }) => group)).size).toBe(1);
  expect(new Set(found.map(({ group }) => group)).size).toBe(2);
});

test('letters for a missing queue wait, and arrive when the queue is made', async () => {
  const name = 'rejected-late';
  const queueArn = `arn:aws:sqs:${set.region}:000000000000:${name}`;
  await set.putEndpoint({ name: 'late', type: 'sqs', configuration: { queueArn } });
  await rejecting('late', 'late', 2);
  await expect
    .poll(
      () => set.lines.some((line) => /endpoint\.broken.*"endpoint":"late".*"reason":"missing"/.test(line)),
      {
        timeout: 20_000,
      },
    )
    .toBe(true);
  const found = await received(await createQueue(name), 2);
  expect(found.map(({ body }) => body).sort()).toEqual(['late 0', 'late 1']);
  expect(found[0]?.letter).not.toHaveProperty('waitsSince');
});

test.each(['DeadLettersQueueUrl', 'MessagesQueueUrl', 'MessagesFifoQueueUrl', 'RetriesQueueUrl'])(
  "an endpoint that names one of the stage's own queues is refused at once, so no letter circulates: %s",
  async (own) => {
    const name = `loop-${own}`;
    await set.putEndpoint({ name, type: 'sqs', configuration: { queueUrl: set.outputs[own] } });
    await rejecting(name, name, 1);
    const { Messages = [] } = await set.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: set.outputs.UndeliverableQueueUrl,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['All'],
      }),
    );
    expect(Messages[0]?.Body).toBe(`${name} 0`);
    expect(Messages[0]?.MessageAttributes?.['sqs-webhooks']?.StringValue).toContain(
      '"reason":"endpoint-invalid"',
    );
    const QueueUrl = set.outputs.UndeliverableQueueUrl;
    const [{ ReceiptHandle } = {}] = Messages;
    await set.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  },
);
