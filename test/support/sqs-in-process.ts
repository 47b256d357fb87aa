// Our SQS without a socket, with a clock that the test moves.
import * as z from 'zod';
import { createManualClock } from '#lib/local/aws/clock.ts';
import { createSqs } from '#lib/local/aws/sqs/server.ts';

const created = z.object({ QueueUrl: z.string() });

const received = z.object({
  Messages: z
    .array(
      z.object({
        MessageId: z.string(),
        ReceiptHandle: z.string(),
        Body: z.string(),
        Attributes: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
});

export type TestMessage = z.output<typeof received>['Messages'][number];

/** Makes an SQS with one queue; it is a FIFO queue when its name ends in .fifo. */
export async function createTestSqs(name: string, attributes: Record<string, string> = {}) {
  const clock = createManualClock();
  const sqs = createSqs({ clock });
  let sent = 0;

  const call = (operation: string, input: object) => sqs.handle(`AmazonSQS.${operation}`, input);

  async function createQueue(QueueName: string, more: Record<string, string> = {}): Promise<string> {
    const Attributes = { ...(QueueName.endsWith('.fifo') && { FifoQueue: 'true' }), ...more };
    const { body } = await call('CreateQueue', { QueueName, Attributes });
    return created.parse(body).QueueUrl;
  }

  const QueueUrl = await createQueue(name, attributes);

  return {
    sqs,
    clock,
    call,
    createQueue,
    url: QueueUrl,
    arn: sqs.queue(name).arn,
    /** Runs an operation on the queue. */
    ask: (operation: string, input: object = {}) => call(operation, { QueueUrl, ...input }),

    async send(group: string, ...bodies: string[]): Promise<void> {
      const fifo = name.endsWith('.fifo');
      for (const MessageBody of bodies) {
        const ids = fifo && { MessageGroupId: group, MessageDeduplicationId: `message-${sent++}` };
        await call('SendMessage', { QueueUrl, MessageBody, ...ids });
      }
    },

    /** Receives up to ten messages without waiting. */
    async receive(more: object = {}): Promise<TestMessage[]> {
      const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...more };
      const { body } = await call('ReceiveMessage', input);
      return received.parse(body).Messages;
    },

    changeVisibility: (message: TestMessage | undefined, VisibilityTimeout: number) =>
      call('ChangeMessageVisibility', {
        QueueUrl,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout,
      }),
    remove: (message: TestMessage | undefined) =>
      call('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle }),
    counts: () => sqs.queue(name).counts(),
  };
}

export const bodies = (messages: readonly TestMessage[]): string[] => messages.map(({ Body }) => Body);
