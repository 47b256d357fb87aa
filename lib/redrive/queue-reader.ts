// What redrive asks of an SQS queue: what is on it, and about how much. What it can't be asked for is said in words that
// tell a person what to do.
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

/** Each throws SourceUnreadable where the queue can't be read. */
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
    /** About how many messages are neither in flight nor delayed. */
    visible: async () => Number(await ask('ApproximateNumberOfMessages')),
    hasRedrivePolicy: async () => (await ask('RedrivePolicy')) !== undefined,

    /** Ten at most, which nobody else gets for so long; waits for the first of them. */
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
