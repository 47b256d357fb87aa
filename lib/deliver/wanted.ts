// Whether a subscription still wants a message of its topic. `route` has asked its item already; a message that was parked
// while the item was wrong, or before its filter changed, must not slip through.
import { createEvent } from '#lib/filter/event.ts';
import { isWanted } from '#lib/filter/filter.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { isOfTopics } from '#lib/subscription/topics.ts';
import type { Log, Meter } from '#lib/telemetry/log.ts';

type Message = { readonly delivery: Delivery; readonly body: string };

/** Whether the subscription's topics and filter let a message pass. One that is addressed to the subscription passes. */
export function isWantedBy(
  { topics, filter }: Pick<Subscription, 'topics' | 'filter'>,
  { delivery, body }: Message,
): boolean {
  if (topics === undefined && filter === undefined) return true;
  // A delivery of an earlier version does not say how it was addressed; one without a topic was addressed by id.
  if (delivery.direct || delivery.topic === undefined) return true;
  if (topics !== undefined && !isOfTopics(delivery.topic, topics)) return false;
  return filter === undefined || isWanted(createEvent({ ...delivery, body }), filter);
}

/** Counts messages that their subscription does not want. They are settled: the caller removes them. */
export function filterOut(
  messages: readonly Pick<Message, 'delivery'>[],
  { id, metrics }: Pick<Subscription, 'id' | 'metrics'>,
  deps: Meter & { readonly log: Log; readonly meterOf: (subscription: string) => Meter },
): void {
  deps.count('MessagesFiltered', messages.length);
  if (metrics) deps.meterOf(id).count('MessagesFiltered', messages.length);
  for (const { delivery } of messages) {
    const { messageId, topic } = delivery;
    deps.log.info('delivery.filtered', { subscription: id, messageId, topic });
  }
}
