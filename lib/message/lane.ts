// Which lane of a subscription a message goes through, and under which ids SQS knows it. A lane is a message group:
// SQS never hands out two messages of one group at once, and that is the only lock there is.
import { hash } from 'node:crypto';
import { type Delivery, encodeAttribute } from './attribute.ts';

/** The lane of a message among `lanes`: by hash, so that every send of it finds the same one. */
export function laneOf(messageId: string, lanes: number): number {
  if (lanes <= 1) return 0;
  return hash('sha256', messageId, 'buffer').readUInt32BE(0) % lanes;
}

/** The message group of one lane. The id is hashed: a group id is short and ASCII, ids need not be. */
export function groupOf(subscriptionId: string, lane: number): string {
  return `${hash('sha256', subscriptionId, 'base64url')}#${lane}`;
}

/** The lane that a group id names, or undefined if it is none of ours. */
export function laneOfGroup(groupId: string | undefined): number | undefined {
  const match = /#(\d{1,3})$/.exec(groupId ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Two sends with one id within five minutes are one message to SQS: `sends` tells a wanted repeat from an unwanted. */
export function deduplicationIdOf(
  delivery: Pick<Delivery, 'subscription' | 'messageId' | 'sends' | 'replayId'>,
): string {
  const { subscription, messageId, sends, replayId } = delivery;
  return hash('sha256', JSON.stringify([subscription, messageId, sends, replayId ?? null]), 'hex');
}

/** A delivery as `deliveries.fifo` takes it, in one lane of its subscription. */
export const deliveryInLane = (delivery: Delivery, body: string, lane: number) => ({
  body,
  attribute: encodeAttribute({ kind: 'delivery', value: delivery }),
  groupId: groupOf(delivery.subscription, lane),
  deduplicationId: deduplicationIdOf(delivery),
});
