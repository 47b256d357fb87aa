// Sends a message that never had a subscription back to its publisher's queue, as it came, so that `route` reads it again.
import { hash } from 'node:crypto';
import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Undeliverable } from '#lib/message/attribute.ts';
import { messageShapeOf } from '#lib/message/shapes.ts';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';
import type { Unaddressed } from './found-letter.ts';

/** Returns undefined when SQS confirmed it, else the error's code. */
export type SendBack = (found: Unaddressed, redriveId: string) => Promise<string | undefined>;

type Deps = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly messagesQueueUrl: string;
  readonly messagesFifoQueueUrl: string;
};

const MOST_ATTRIBUTES = 10;

/** The publishers' queues have the same names in every stage, behind its prefix. */
const PUBLISHERS_QUEUE = /(?:^|-)messages(\.fifo)?$/;

/**
 * Which of the publishers' queues a message came from: `ordered` is `messages.fifo`, `unordered` is `messages`, where a
 * group is a hint for fairness only. Undefined when it came from one of the functions' own queues.
 */
export function publishersQueueOf({ from, group }: Undeliverable): 'ordered' | 'unordered' | undefined {
  const match = PUBLISHERS_QUEUE.exec(from);
  if (match === null) return undefined;
  return match[1] === undefined || group === undefined ? 'unordered' : 'ordered';
}

/** Makes the function that sends an undeliverable message back to the queue that its publisher chose, as it came. */
export function createSendBack({ sqs, messagesQueueUrl, messagesFifoQueueUrl }: Deps): SendBack {
  return async ({ body, origin }, redriveId) => {
    const { group, sqsMessageId } = origin;
    const isInOrder = publishersQueueOf(origin) === 'ordered';
    try {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: isInOrder ? messagesFifoQueueUrl : messagesQueueUrl,
          MessageBody: body,
          MessageAttributes: attributesOf(body, origin),
          ...(group !== undefined && { MessageGroupId: group }),
          ...(isInOrder && {
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
  const id: [string, MessageAttributeValue] = ['id', { DataType: 'String', StringValue: sqsMessageId }];
  // The largest messages have no room for it: then the message gets the new id of SQS, else it would be refused for ever.
  const hasRoom = came.length < MOST_ATTRIBUTES && bytesOf(body, [...came, id]) <= LARGEST_MESSAGE_BYTES;
  return Object.fromEntries(hasId || !hasRoom ? came : [...came, id]);
}

/** Bytes of a message as SQS counts them. */
const bytesOf = (body: string, attributes: readonly [string, MessageAttributeValue][]): number =>
  attributes.reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum +
      Buffer.byteLength(name) +
      DataType.length +
      (BinaryValue?.length ?? Buffer.byteLength(StringValue)),
    Buffer.byteLength(body),
  );

function idInBody(body: string, attributes: Unaddressed['origin']['attributes']): string | undefined {
  if (attributes.encoding !== undefined) return undefined;
  const { topic, subscription } = attributes;
  const address = {
    ...(topic && { topic: topic.value }),
    ...(subscription && { subscription: subscription.value }),
  };
  return messageShapeOf(body, address)?.texts.id;
}
