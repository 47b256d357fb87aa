// One message of a lane: where it goes if it can't be attempted (no subscription, wrong lane, paused), else its tries.
import type { SQSRecord } from 'aws-lambda';
import { standing } from '../backlog/pause.ts';
import type { Count } from '../log.ts';
import { type Delivery, encodeAttribute, type Parsed } from '../message/attribute.ts';
import { deduplicationIdOf, groupOf, laneOf, laneOfGroup } from '../message/lane.ts';
import { sendUndeliverable } from '../message/undeliverable.ts';
import type { Queues } from '../queue/queues.ts';
import { NotConfirmed } from '../queue/queues.ts';
import { pause, type Run } from './run.ts';
import { type TriesDeps, tries } from './tries.ts';

/** A record of `deliveries.fifo`, and what our attribute says in it. */
export type Queued = { readonly record: SQSRecord; readonly delivery: Parsed<Delivery> };

export type Ending =
  | { readonly kind: 'settled' }
  /** It stays in its lane, and becomes visible again after so many seconds. */
  | { readonly kind: 'left'; readonly visibleInSeconds: number };

const SETTLED: Ending = { kind: 'settled' };

export type SettleDeps = TriesDeps & {
  readonly queues: Pick<Queues, 'send' | 'remove'>;
  readonly deliveriesQueueUrl: string;
  readonly undeliverableQueueUrl: string;
  readonly count: Count;
};

/** Settles one message, or says how long it stays. Throws when AWS fails: then nothing is settled. */
export async function settle(
  { record, delivery: parsed }: Queued,
  runs: ReadonlyMap<string, Run>,
  bounds: { readonly endsAt: number },
  deps: SettleDeps,
): Promise<Ending> {
  if (!parsed.ok) return giveUp(record, { reason: 'malformed-delivery', detail: parsed.detail }, deps);
  const delivery = parsed.value;
  const run = runs.get(delivery.subscription);
  if (run === undefined) throw new UnreadableState();
  if (run.config.kind === 'absent') {
    const detail = `there is no subscription ${delivery.subscription}`;
    return giveUp(record, { reason: 'unsubscribed', detail }, deps);
  }

  const { config } = run;
  // An item that can't be parsed has one lane.
  const lanes = config.kind === 'valid' ? config.subscription.http.maxConcurrentConnections : 1;
  const lane = laneOfGroup(record.attributes.MessageGroupId);
  if (lane === undefined || lane >= lanes) return move(record, delivery, lanes, deps);

  if (config.kind === 'invalid') {
    const { itemHash, faults } = config;
    const known = run.state.pause?.reason === 'invalid-config' && run.state.pause.itemHash === itemHash;
    const detail = faults.map(({ path, reason }) => `${path}: ${reason}`).join('; ');
    if (!known) await pause(run, run.state.epoch, { reason: 'invalid-config', detail, itemHash }, deps);
    return waitingFor(run, itemHash, deps.now());
  }

  if (standing(run.state, config.itemHash, deps.now()).kind === 'waiting') {
    return waitingFor(run, config.itemHash, deps.now());
  }
  const message = {
    delivery: goingOn(delivery, run),
    body: record.body,
    sequence: record.attributes.SequenceNumber ?? '',
  };
  const done = await tries(message, { run, config }, bounds, deps);
  if (done === 'out-of-time') return { kind: 'left', visibleInSeconds: 0 };
  if (done === 'stays') return waitingFor(run, config.itemHash, deps.now());
  // Settled is settled: the sooner SQS forgets it, the fewer ever meet its claim.
  if (config.subscription.qos === 'at-most-once') {
    await deps.queues.remove(deps.deliveriesQueueUrl, [record.receiptHandle]);
  }
  return SETTLED;
}

/** Its state item is not of our making. The subscription's messages wait; nobody else's do. */
class UnreadableState extends Error {
  override name = 'UnreadableState';
}

const LONGEST_HIDE_SECONDS = 15 * 60;

function waitingFor(run: Run, itemHash: string, now: number): Ending {
  const stands = standing(run.state, itemHash, now);
  const seconds = stands.kind === 'waiting' ? Math.ceil(stands.forMs / 1000) : 1;
  return { kind: 'left', visibleInSeconds: Math.min(Math.max(seconds, 1), LONGEST_HIDE_SECONDS) };
}

/** The counters go on where they stood when the subscription paused on this very message. */
function goingOn(delivery: Delivery, { state }: Run): Delivery {
  const head = state.pause?.head;
  if (head === undefined || head.messageId !== delivery.messageId) return delivery;
  return { ...delivery, attempt: head.attempts + 1, firstAt: head.firstAt };
}

async function giveUp(
  record: SQSRecord,
  why: { readonly reason: string; readonly detail: string },
  deps: SettleDeps,
): Promise<Ending> {
  const refused = await sendUndeliverable(record, why, deps);
  if (refused !== undefined) throw new NotConfirmed('undeliverable', refused);
  return SETTLED;
}

/** A lane that is no more never POSTs: what it holds goes to the lane that the message belongs to now. */
async function move(record: SQSRecord, before: Delivery, lanes: number, deps: SettleDeps): Promise<Ending> {
  const delivery = { ...before, sends: before.sends + 1 };
  const [refused] = await deps.queues.send(deps.deliveriesQueueUrl, [
    {
      body: record.body,
      attribute: encodeAttribute({ kind: 'delivery', value: delivery }),
      groupId: groupOf(delivery.subscription, laneOf(delivery.messageId, lanes)),
      deduplicationId: deduplicationIdOf(delivery),
    },
  ]);
  if (refused !== undefined) throw new NotConfirmed('deliveries.fifo', refused);
  deps.count('DeliveriesMoved');
  return SETTLED;
}
