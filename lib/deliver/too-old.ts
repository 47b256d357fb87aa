// Messages that are too old to be sent, by `maxAgeSeconds` of their subscription's `retry` block: they become dead letters,
// or go to `undeliverable` where the subscription has no dlq.
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { sendDeliveryToUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { Meter } from '#lib/telemetry/log.ts';
import { ageMsOf, isTooOld } from './age.ts';
import { type ClaimDeps, isClaimed } from './claim.ts';
import { type DeliveryMessage, sourceNameOf } from './delivery-message.ts';

export type TooOldDeps = DeadLetterDeps &
  UndeliverableDeps &
  ClaimDeps & {
    readonly deliveriesQueueUrl: string;
    readonly meterOf: (subscription: string) => Meter;
  };

/**
 * Whether a message is to expire instead of being sent. Under at-most-once, one that has a claim was sent before: the
 * outcome in its claim counts, whatever its age. Throws when DynamoDB fails.
 */
export async function isToExpire(
  { qos, retry }: Pick<Subscription, 'qos' | 'retry'>,
  { delivery }: Pick<DeliveryMessage, 'delivery'>,
  deps: ClaimDeps & { readonly now: () => number },
): Promise<boolean> {
  if (!isTooOld({ retry }, ageMsOf(delivery, deps.now()))) return false;
  return qos !== 'at-most-once' || !(await isClaimed(delivery, deps));
}

/** Sends messages away that are too old. The caller removes them. Throws when SQS does not take one: then all of them stay. */
export async function expire(
  messages: readonly DeliveryMessage[],
  { id, tenant, dlq, metrics }: Pick<Subscription, 'id' | 'tenant' | 'dlq' | 'metrics'>,
  deps: TooOldDeps,
): Promise<void> {
  const at = deps.now();
  const gathering = { ...deps, queues: gatherSends(deps.queues) };
  await Promise.all(messages.map(away));
  deps.count('Expired', messages.length);
  if (metrics) deps.meterOf(id).count('Expired', messages.length);
  for (const { delivery } of messages) {
    const { messageId, attempt } = delivery;
    const ageMs = ageMsOf(delivery, at);
    deps.log.warn('delivery.expired', { subscription: id, messageId, attempts: attempt - 1, ageMs });
  }

  async function away(message: DeliveryMessage): Promise<void> {
    const { delivery } = message;
    if (dlq !== undefined) {
      // The next attempt is not made.
      const made = { ...message, delivery: { ...delivery, attempt: delivery.attempt - 1 } };
      return await sendDeadLetter(made, { endpoint: dlq.endpoint, tenant, reason: 'expired', at }, gathering);
    }
    const from = sourceNameOf(message, deps);
    const detail = `older than maxAgeSeconds of subscription ${id}`;
    await sendDeliveryToUndeliverable(message, { reason: 'expired', detail, from }, gathering);
  }
}
