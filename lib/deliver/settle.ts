// Settles one delivery of a lane that came from the queue: it is attempted, or it goes where it belongs (no subscription:
// `undeliverable`; lane removed: its new lane; paused or behind a backlog: the backlog).
import type { SQSRecord } from 'aws-lambda';
import type { Delivery } from '#lib/message/attribute.ts';
import { laneCountIn } from '#lib/message/lane-layout.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Count } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { type AttemptLoopDeps, attemptUntilSettled } from './attempt-loop.ts';
import { sendToLane } from './send-to-lane.ts';
import { syncState } from './sync-state.ts';

export type Ending =
  | { readonly kind: 'settled' }
  /** The caller parks it, and all that follow it in its lane. */
  | { readonly kind: 'park' }
  /** It stays in the queue and becomes visible again after this time. */
  | { readonly kind: 'left'; readonly visibleInSeconds: number };

export const SETTLED: Ending = { kind: 'settled' };
const PARK: Ending = { kind: 'park' };

export type SettleDeps = AttemptLoopDeps & {
  readonly queues: Pick<Queues, 'send' | 'remove'>;
  readonly undeliverableQueueUrl: string;
  readonly count: Count;
};

/** Settles one delivery, or tells the caller to park it or to leave it. Throws when AWS fails: then nothing is settled. */
export async function settle(
  {
    record,
    delivery,
    lane,
  }: { readonly record: SQSRecord; readonly delivery: Delivery; readonly lane: number },
  registration: Registration | undefined,
  bounds: Bounds,
  deps: SettleDeps,
): Promise<Ending> {
  if (registration === undefined) throw new UnreadableState(delivery.subscription);
  const { config } = registration;
  if (config.kind === 'absent') {
    const detail = `there is no subscription ${delivery.subscription}`;
    await sendUndeliverable(record, { reason: 'unsubscribed', detail }, deps);
    return SETTLED;
  }
  const lanes = lanesOfConfig(config);
  if (lane >= laneCountIn(lanes)) {
    await sendToLane({ delivery, body: record.body }, { lanes, event: 'delivery.moved' }, deps);
    deps.count('DeliveriesMoved');
    return SETTLED;
  }

  await syncState(registration, config, deps);
  if (config.kind === 'invalid' || phaseOf(registration.state) !== 'going') return PARK;
  // The functions that serve the queue do not wait for a slow receiver: a drain with a slot does.
  if (registration.state.slow !== undefined) return PARK;
  // Ordered subscriptions queue behind a backlog; unordered ones may be delivered now.
  if (registration.state.lanes[lane] !== undefined && isOrdered(config.subscription.qos)) return PARK;

  const { body } = record;
  const message = { delivery, body, sequence: record.attributes.SequenceNumber ?? '' };
  const done = await attemptUntilSettled(
    message,
    { registration, config, lane, retries: delivery.retries ?? 0 },
    bounds,
    deps,
  );
  if (done !== 'settled') return { kind: 'left', visibleInSeconds: 0 };
  // Delete now: a redelivery would only be refused by its claim.
  if (config.subscription.qos === 'at-most-once') {
    await deps.queues.remove(deps.deliveriesQueueUrl, [record.receiptHandle]);
  }
  return SETTLED;
}
