// One delivery of a lane, from the queue: where it goes if it can't be attempted (no subscription, wrong lane, paused,
// lane closed), else its tries.
import type { SQSRecord } from 'aws-lambda';
import { inWords } from '#lib/item/fault.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import { deliveryInLane, laneOf } from '#lib/message/lane.ts';
import { NotConfirmed, type Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { change } from '#lib/state/change.ts';
import { dueWithoutBacklog, itemChanged, itemWrong } from '#lib/state/machine.ts';
import type { Config } from '#lib/state/registration.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Count } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { type TriesDeps, tries } from './attempt-loop.ts';
import { openAndDrain, type Run, type RunDeps } from './run.ts';

export type Ending =
  | { readonly kind: 'settled' }
  /** It is to be parked, with all that follows it in its lane. */
  | { readonly kind: 'park' }
  /** It stays in the queue, and becomes visible again after so many seconds. */
  | { readonly kind: 'left'; readonly visibleInSeconds: number };

export const SETTLED: Ending = { kind: 'settled' };
const PARK: Ending = { kind: 'park' };

export type SettleDeps = TriesDeps & {
  readonly queues: Pick<Queues, 'send' | 'remove'>;
  readonly undeliverableQueueUrl: string;
  readonly count: Count;
};

/** Settles one delivery, or says where it waits. Throws when AWS fails: then nothing is settled. */
export async function settle(
  {
    record,
    delivery,
    lane,
  }: { readonly record: SQSRecord; readonly delivery: Delivery; readonly lane: number },
  run: Run | undefined,
  bounds: Bounds,
  deps: SettleDeps,
): Promise<Ending> {
  if (run === undefined) throw new UnreadableState(delivery.subscription);
  const { config } = run;
  if (config.kind === 'absent') {
    const detail = `there is no subscription ${delivery.subscription}`;
    return giveUp(record, { reason: 'unsubscribed', detail }, deps);
  }
  if (lane >= lanesOf(config)) return move(record, delivery, lanesOf(config), deps);

  await goesOn(run, config, deps);
  if (config.kind === 'invalid' || phaseOf(run.state) !== 'going') return PARK;
  // Behind a backlog order is kept by waiting; where there is none to keep, what comes may go.
  if (run.state.lanes[lane] !== undefined && isOrdered(config.subscription.qos)) return PARK;

  const { body } = record;
  const message = { delivery, body, sequence: record.attributes.SequenceNumber ?? '' };
  const done = await tries(message, { run, config, lane, retries: delivery.retries ?? 0 }, bounds, deps);
  if (done !== 'settled') return { kind: 'left', visibleInSeconds: 0 };
  // Settled is settled: the sooner SQS forgets it, the fewer ever meet its claim.
  if (config.subscription.qos === 'at-most-once') {
    await deps.queues.remove(deps.deliveriesQueueUrl, [record.receiptHandle]);
  }
  return SETTLED;
}

export const lanesOf = (config: Exclude<Config, { kind: 'absent' }>): number =>
  config.kind === 'valid' ? config.subscription.http.maxConcurrentConnections : config.lanes;

/** Brings the state up to the config item and the time: a changed item resumes, a broken one pauses. */
export async function goesOn(
  run: Run,
  config: Exclude<Config, { kind: 'absent' }>,
  deps: RunDeps,
): Promise<void> {
  const { itemHash } = config;
  if (config.kind === 'invalid') {
    const why = { detail: inWords(config.faults), itemHash };
    // Asked beforehand: most often nothing is to be written, and no promise to be waited for.
    if (itemWrong(run.state, why, deps.now())) {
      await change(run, (state) => itemWrong(state, why, deps.now()), deps);
    }
    return;
  }
  if (itemChanged(run.state, itemHash)) {
    await openAndDrain(run, (state) => itemChanged(state, itemHash), deps);
  }
  if (dueWithoutBacklog(run.state, deps.now())) {
    await change(run, (state) => dueWithoutBacklog(state, deps.now()), deps);
  }
}

export async function giveUp(
  record: SQSRecord,
  why: { readonly reason: string; readonly detail: string },
  deps: SettleDeps,
): Promise<Ending> {
  await sendUndeliverable(record, why, deps);
  return SETTLED;
}

/** A lane that is no more never POSTs: what it holds goes to the lane that the message belongs to now. */
async function move(record: SQSRecord, before: Delivery, lanes: number, deps: SettleDeps): Promise<Ending> {
  await sendToLane(before, record.body, lanes, deps);
  deps.count('DeliveriesMoved');
  return SETTLED;
}

/** Puts a delivery that was here before into the lane that it belongs to. Throws when SQS does not take it. */
export async function sendToLane(
  before: Delivery,
  body: string,
  lanes: number,
  { queues, deliveriesQueueUrl }: Pick<SettleDeps, 'queues' | 'deliveriesQueueUrl'>,
): Promise<void> {
  const delivery = { ...before, sends: before.sends + 1 };
  const [refused] = await queues.send(deliveriesQueueUrl, [
    deliveryInLane(delivery, body, laneOf(delivery.messageId, lanes)),
  ]);
  if (refused !== undefined) throw new NotConfirmed('deliveries.fifo', refused);
}
