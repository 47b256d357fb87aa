// Reads an SQS queue for redrive: its messages and their approximate number. Errors are sentences that tell a person what
// to do.
import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSMessageAttributes } from 'aws-lambda';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { SourceUnreadable } from './source.ts';

export type ReceivedLetter = {
  readonly body: string;
  readonly receiptHandle: string;
  readonly attributes: SQSMessageAttributes;
};

export type QueueReader = ReturnType<typeof createQueueReader>;

/** Each method throws SourceUnreadable when the queue can't be read. */
export function createQueueReader(queueUrl: string, sqs: Pick<SQSClient, 'send'>) {
  async function ask(name: 'ApproximateNumberOfMessages' | 'RedrivePolicy') {
    try {
      const answer = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [name] }),
      );
      return answer.Attributes?.[name];
    } catch (cause) {
      throw unreadable(queueUrl, cause);
    }
  }

  return {
    /** Approximate number of messages that are neither in flight nor delayed. */
    visible: async () => Number(await ask('ApproximateNumberOfMessages')),
    hasRedrivePolicy: async () => (await ask('RedrivePolicy')) !== undefined,

    /** Receives at most ten messages, which stay invisible for the given time. Waits for the first one. */
    async receive({
      waitSeconds,
      hiddenSeconds,
    }: {
      waitSeconds: number;
      hiddenSeconds: number;
    }): Promise<readonly ReceivedLetter[]> {
      try {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: waitSeconds,
            VisibilityTimeout: hiddenSeconds,
            MessageAttributeNames: [ATTRIBUTE],
          }),
        );
        return Messages.map(({ Body = '', ReceiptHandle = '', MessageAttributes }) => ({
          body: Body,
          receiptHandle: ReceiptHandle,
          attributes: attributesOf(MessageAttributes),
        }));
      } catch (cause) {
        throw unreadable(queueUrl, cause);
      }
    },
  };
}

function attributesOf(attributes: Message['MessageAttributes'] = {}): SQSMessageAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { StringValue, DataType = '' }]) => [
      name,
      { ...(StringValue !== undefined && { stringValue: StringValue }), dataType: DataType },
    ]),
  );
}

const WHY: ReadonlyMap<string, string> = new Map([
  ['QueueDoesNotExist', 'there is no such queue'],
  ['AWS.SimpleQueueService.NonExistentQueue', 'there is no such queue'],
  [
    'AccessDenied',
    "the function may not read it: name the queue's ARN in the parameter sqsEndpointArns and deploy",
  ],
  [
    'AccessDeniedException',
    "the function may not read it: name the queue's ARN in the parameter sqsEndpointArns and deploy",
  ],
]);

function unreadable(queueUrl: string, cause: unknown): Error {
  const name = cause instanceof Error ? cause.name : 'Unknown';
  return new SourceUnreadable(`the queue ${queueUrl} can't be read: ${WHY.get(name) ?? errorName(cause)}`, {
    cause,
  });
}
