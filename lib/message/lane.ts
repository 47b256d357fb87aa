// The lane of a message, and its ids on SQS. A lane is a message group: SQS never hands out two messages of a group at the
// same time. This is the only lock.
import { hash } from 'node:crypto';
import { type Delivery, encodeAttribute } from './attribute.ts';
import { type LaneLayout, laneCountIn, laneOfSlot } from './lane-layout.ts';

/** The lane of a text, a message id or a key: a hash, so that every send of it goes into the same lane. */
export function laneOf(text: string, layout: LaneLayout): number {
  if (layout.requests <= 1) return 0;
  return laneOfSlot(hash('sha256', text, 'buffer').readUInt32BE(0) % layout.requests, layout);
}

/** The lane of a delivery: by its key where its subscription orders by key, else by its message id. */
export const laneFor = (
  { key, messageId }: Pick<Delivery, 'key' | 'messageId'>,
  layout: LaneLayout,
): number => laneOf(layout.byKey ? (key ?? messageId) : messageId, layout);

/** Whether a delivery has come into a lane that is not its own: the subscription has another number of lanes now. */
export const isOtherLane = (
  delivery: Pick<Delivery, 'key' | 'messageId'>,
  lane: number,
  layout: LaneLayout,
): boolean => (layout.byKey ? laneFor(delivery, layout) !== lane : lane >= laneCountIn(layout));

/** The message group of a lane. The subscription's id is hashed, because a group id is short and ASCII only. */
export function groupOf(subscriptionId: string, lane: number): string {
  return `${hash('sha256', subscriptionId, 'base64url')}#${lane}`;
}

/** The lane of a message group; undefined when the group is not one of ours. */
export function laneOfGroup(groupId: string | undefined): number | undefined {
  const match = /#(\d{1,3})$/.exec(groupId ?? '');
  return match ? Number(match[1]) : undefined;
}

/** SQS drops a second send with the same deduplication id within five minutes. `sends` makes a wanted repeat different. */
export function deduplicationIdOf(
  delivery: Pick<Delivery, 'subscription' | 'messageId' | 'sends' | 'replayId'>,
): string {
  const { subscription, messageId, sends, replayId } = delivery;
  return hash('sha256', JSON.stringify([subscription, messageId, sends, replayId ?? null]), 'hex');
}

/** Makes the SQS entry of a delivery for `deliveries.fifo`, in a lane of its subscription. */
export const deliveryInLane = (delivery: Delivery, body: string, lane: number) => ({
  body,
  attribute: encodeAttribute({ kind: 'delivery', value: delivery }),
  groupId: groupOf(delivery.subscription, lane),
  deduplicationId: deduplicationIdOf(delivery),
});
