// A queue of an `sqs` endpoint on the local set, with letters as the bridge leaves them.
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import type { Letter, Rig } from './rig.ts';

export type DeadLetterQueue = Awaited<ReturnType<typeof deadLetterQueue>>;

/** Makes the queue and puts an endpoint of the same name. */
export async function deadLetterQueue(name: string, { set, endPollsOf }: Rig, { fifo = false } = {}) {
  const { sqs } = set.clients;
  const QueueName = fifo ? `${name}.fifo` : name;
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName, ...(fifo && { Attributes: { FifoQueue: 'true' } }) }),
  );
  endPollsOf(QueueName);
  const register = () => set.putEndpoint({ name, type: 'sqs', configuration: { queueUrl: QueueUrl } });
  await register();
  return {
    QueueUrl,
    /** Puts the endpoint again: the rig puts an endpoint without a queue for each subscription with a dlq. */
    register,
    async put({ body, ...letter }: Letter) {
      const StringValue = encodeAttribute({ kind: 'dead-letter', value: letter });
      await sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: body,
          MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue } },
          ...(fifo && {
            MessageGroupId: letter.subscription,
            MessageDeduplicationId: `${letter.messageId}-${letter.sequence}`,
          }),
        }),
      );
    },
    async counts() {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return {
        visible: Number(Attributes?.ApproximateNumberOfMessages),
        inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
      };
    },
  };
}
