// Sends a delivery into its present lane: its lane was removed by a smaller cap or another quality of service, or a held
// message is sent again.
import type { Delivery } from '#lib/message/attribute.ts';
import { deliveryInLane, laneFor } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import { NotConfirmed, type Queues } from '#lib/queue/queues.ts';
import type { Log } from '#lib/telemetry/log.ts';

export type SendToLaneDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly log: Log;
};

/** Sends a delivery into its lane among `lanes` on `deliveries.fifo`, and logs it as `event`. Throws when SQS does not take it. */
export async function sendToLane(
  { delivery: before, body }: { readonly delivery: Delivery; readonly body: string },
  { lanes, event }: { readonly lanes: LaneLayout; readonly event: 'delivery.moved' | 'held.sent' },
  { queues, deliveriesQueueUrl, log }: SendToLaneDeps,
): Promise<void> {
  // Another deduplication id: SQS would drop the copy as a duplicate of the first.
  const delivery = { ...before, sends: before.sends + 1 };
  const [refused] = await queues.send(deliveriesQueueUrl, [
    deliveryInLane(delivery, body, laneFor(delivery, lanes)),
  ]);
  if (refused !== undefined) throw new NotConfirmed('deliveries.fifo', refused);
  const { subscription, messageId } = delivery;
  log.info(event, { subscription, messageId });
}
