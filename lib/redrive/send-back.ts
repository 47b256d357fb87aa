// Sends a message that never had a subscription back to its publisher's queue, as it came, so that `route` reads it again.
import { hash } from 'node:crypto';
import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { messageShapeOf } from '#lib/message/shapes.ts';
import type { Unaddressed } from './found-letter.ts';

/** Returns undefined when SQS confirmed it, else the error's code. */
export type SendBack = (found: Unaddressed, redriveId: string) => Promise<string | undefined>;

type Deps = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly messagesQueueUrl: string;
  readonly messagesFifoQueueUrl: string;
};

const MOST_ATTRIBUTES = 10;

/** Makes the function that sends an undeliverable message back to `messages` or `messages.fifo`, as it came. */
export function createSendBack({ sqs, messagesQueueUrl, messagesFifoQueueUrl }: Deps): SendBack {
  return async ({ body, origin }, redriveId) => {
    const { group, sqsMessageId } = origin;
    try {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: group === undefined ? messagesQueueUrl : messagesFifoQueueUrl,
          MessageBody: body,
          MessageAttributes: attributesOf(body, origin),
          ...(group !== undefined && {
            MessageGroupId: group,
            MessageDeduplicationId: hash('sha256', JSON.stringify([redriveId, sqsMessageId]), 'hex'),
          }),
        }),
      );
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.name : 'Unknown';
    }
  };
}

function attributesOf(
  body: string,
  { attributes, sqsMessageId }: Unaddressed['origin'],
): Record<string, MessageAttributeValue> {
  const came = Object.entries(attributes).map(([name, { type, value }]): [string, MessageAttributeValue] => [
    name,
    type.startsWith('Binary')
      ? { DataType: type, BinaryValue: Buffer.from(value, 'base64') }
      : { DataType: type, StringValue: value },
  ]);
  // The publisher gave no id, so the SQS message id was the message's id. SQS gives a new id to the message that is sent
  // again, so the first one is sent with it.
  const hasId = attributes.id !== undefined || idInBody(body, attributes) !== undefined;
  if (!hasId && came.length < MOST_ATTRIBUTES) {
    came.push(['id', { DataType: 'String', StringValue: sqsMessageId }]);
  }
  return Object.fromEntries(came);
}

function idInBody(body: string, attributes: Unaddressed['origin']['attributes']): string | undefined {
  if (attributes.encoding !== undefined) return undefined;
  const { topic, subscription } = attributes;
  const address = {
    ...(topic && { topic: topic.value }),
    ...(subscription && { subscription: subscription.value }),
  };
  return messageShapeOf(body, address)?.texts.id;
}
