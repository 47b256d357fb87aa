// Settles the deliveries of one request that came from the queue: they are attempted, or go where they belong (no
// subscription: `undeliverable`; lane removed: its new lane; paused or behind a backlog: the backlog).
import type { SQSRecord } from 'aws-lambda';
import { isOtherLane } from '#lib/message/lane.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { type LaneMoveDeps, lanesAreMoving } from '#lib/state/lane-move.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Count } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { attemptSending, type SendingDeps } from './attempt-sending.ts';
import type { ClaimedRemoval, OpenClaim } from './claimed-removal.ts';
import type { Sending } from './request-batch.ts';
import { sendToLane } from './send-to-lane.ts';
import { syncState } from './sync-state.ts';

export type Ending =
  | { readonly kind: 'settled' }
  /** The caller parks the message, and all later messages of its lane. */
  | { readonly kind: 'park' }
  /** The message stays in the queue and becomes visible again after this time. */
  | { readonly kind: 'left'; readonly visibleInSeconds: number };

export const SETTLED: Ending = { kind: 'settled' };
const PARK: Ending = { kind: 'park' };

export type SettleDeps = SendingDeps &
  LaneMoveDeps & {
    readonly queues: Pick<Queues, 'send' | 'remove'>;
    readonly undeliverableQueueUrl: string;
    readonly count: Count;
  };

/** The deliveries of one request, and their records. */
type Arrived = {
  readonly sending: Sending;
  readonly records: readonly SQSRecord[];
  readonly lane: number;
};

/**
 * Settles deliveries, or tells the caller to park or to leave those that are not settled. Calls `onSettled` with each number
 * of deliveries that are settled, from the first on. Throws when AWS fails: then the others are not settled.
 */
export async function settle(
  { sending, records, lane }: Arrived,
  onSettled: (deliveries: number) => void,
  {
    registration,
    bounds,
    removal,
  }: {
    readonly registration: Registration | undefined;
    readonly bounds: Bounds;
    readonly removal: ClaimedRemoval;
  },
  deps: SettleDeps,
): Promise<Ending> {
  // Deliveries go together only where they can be attempted: otherwise there is one.
  const [{ delivery, body }] = sending.members;
  const [record] = records;
  if (registration === undefined || record === undefined) throw new UnreadableState(delivery.subscription);
  const { config } = registration;
  if (config.kind === 'absent') {
    const detail = `there is no subscription ${delivery.subscription}`;
    await sendUndeliverable(record, { reason: 'unsubscribed', detail }, deps);
    onSettled(1);
    return SETTLED;
  }
  const lanes = lanesOfConfig(config);
  if (await lanesAreMoving(registration, lanes, deps)) return PARK;
  if (isOtherLane(delivery, lane, lanes)) {
    await sendToLane({ delivery, body }, { lanes, event: 'delivery.moved' }, deps);
    deps.count('DeliveriesMoved');
    onSettled(1);
    return SETTLED;
  }

  await syncState(registration, config, deps);
  if (config.kind === 'invalid' || phaseOf(registration.state) !== 'going') return PARK;
  // The functions that serve the queue do not wait for a slow receiver: a drain with a slot does.
  if (registration.state.slow !== undefined) return PARK;
  // Ordered subscriptions queue behind a backlog, and those with a rate. Others may be delivered now.
  const { qos, rateLimit } = config.subscription;
  if (registration.state.lanes[lane] !== undefined && (isOrdered(qos) || rateLimit !== undefined))
    return PARK;

  const openClaims: OpenClaim[] = [];
  const context = { registration, config, lane, retries: delivery.retries ?? 0, openClaims };
  let done = 0;
  const counted = async (settled: number): Promise<void> => {
    onSettled(settled);
    const [from, to] = [done, done + settled];
    done = to;
    // A redelivery would only be refused by its claim.
    if (qos === 'at-most-once') await begin(from, to, settled);
  };
  try {
    const ending = await attemptSending(sending, counted, { context, bounds }, deps);
    if (ending === 'settled') return SETTLED;
    // With a rate, it is the lane's turn that is too far away.
    return rateLimit === undefined ? { kind: 'left', visibleInSeconds: 0 } : PARK;
  } finally {
    // After an error, the claims of what was delivered get their outcome.
    if (openClaims.length > 0) await begin(done, records.length, 0);
  }

  async function begin(from: number, to: number, settled: number): Promise<void> {
    const [members, own] = [sending.members.slice(from, to), records.slice(from, to)];
    await removal.begin({ members, records: own, settled, openClaims: openClaims.splice(0) });
  }
}
