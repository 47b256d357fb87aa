// Sends a message as a publisher does, to `messages` or in order to `messages.fifo`: for the samples, the tests and the CLI.
import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

export type Publishing = {
  topic?: string | undefined;
  subscription?: string | undefined;
  id?: string | undefined;
  /** Sends to messages.fifo, in this group. */
  group?: string | undefined;
  /** The deduplication id; a unique one by default. */
  deduplicationId?: string | undefined;
  /** Any further message attributes, as strings. */
  attributes?: Readonly<Record<string, string>>;
};

type Dependencies = { sqs: Pick<SQSClient, 'send'>; messagesQueueUrl: string; messagesFifoQueueUrl: string };

/** Publishes one message; returns its SQS message id. */
export async function publishSample(
  body: string,
  { topic, subscription, id, group, deduplicationId = randomUUID(), attributes = {} }: Publishing,
  { sqs, messagesQueueUrl, messagesFifoQueueUrl }: Dependencies,
): Promise<string> {
  const named = Object.entries({ ...attributes, topic, subscription, id });
  const command = new SendMessageCommand({
    QueueUrl: group === undefined ? messagesQueueUrl : messagesFifoQueueUrl,
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      named.flatMap(([name, value]) =>
        value === undefined ? [] : [[name, { DataType: 'String', StringValue: value }]],
      ),
    ),
    ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: deduplicationId }),
  });
  const { MessageId } = await sqs.send(command);
  return MessageId ?? '';
}
