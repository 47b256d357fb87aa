// A message on its way to the callback, from the queue or from the backlog.
import type { Delivery } from '#lib/message/attribute.ts';
import { queueNameIn } from '#lib/queue/name.ts';
import type { BacklogEntry } from '#lib/state/entries.ts';

export type DeliveryMessage = {
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number in the lane. */
  readonly sequence: string;
  /** Set when the message comes from the backlog: it stays there. A message from the queue has to be parked. */
  readonly entry?: BacklogEntry;
};

/** Where the message is, as `undeliverable` names it: the queue `deliveries.fifo` of its stage, or `backlog`. */
export const sourceNameOf = (
  { entry }: Pick<DeliveryMessage, 'entry'>,
  { deliveriesQueueUrl }: { readonly deliveriesQueueUrl: string },
): string => (entry === undefined ? queueNameIn(deliveriesQueueUrl) : 'backlog');
