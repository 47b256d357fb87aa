// Puts messages on deliveries.fifo as route would, in order, for one subscription.
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf, laneOf } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';

export type Loaded = { readonly id: string; readonly lanes: LaneLayout };

/** Sends up to ten messages whose bodies are the numbers from `first` on. Throws when SQS does not take all of them. */
export async function putTen(
  { id, lanes }: Loaded,
  first: number,
  count: number,
  { sqs, deliveriesQueueUrl }: { readonly sqs: Pick<SQSClient, 'send'>; readonly deliveriesQueueUrl: string },
): Promise<void> {
  const Entries = Array.from({ length: count }, (_, index) => {
    const messageId = `${id}-${first + index}-${Date.now()}`;
    const StringValue = encodeAttribute({
      kind: 'delivery',
      value: {
        subscription: id,
        messageId,
        contentType: 'text/plain',
        headers: {},
        publishedAt: Date.now(),
        attempt: 1,
        sends: 0,
      },
    });
    return {
      Id: String(index),
      MessageBody: String(first + index),
      MessageGroupId: groupOf(id, laneOf(messageId, lanes)),
      MessageDeduplicationId: messageId,
      MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue } },
    };
  });
  const { Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: deliveriesQueueUrl, Entries }),
  );
  if (Failed.length > 0) throw new Error(`not taken: ${Failed[0]?.Code}`);
}
