// Poison messages: messages that kill the function. A record that was received often is worked on alone, after everything
// else of its batch, and each start is counted before it is made. A start that ends in any way but death takes its count
// back, so only deaths add up. After enough deaths the message is a dead letter, or its subscription pauses (`crashing`).
import { laneOfGroup } from '#lib/message/lane.ts';
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import { change } from '#lib/state/change.ts';
import type { DrainStartDeps } from '#lib/state/drains.ts';
import { type BacklogEntry, countEntryStart, type EntryDeps, putEntries } from '#lib/state/entries.ts';
import { startKey } from '#lib/state/keys.ts';
import { refused } from '#lib/state/machine.ts';
import type { Registration } from '#lib/state/registration.ts';
import type { Table } from '#lib/state/table.ts';
import { errorName } from '#lib/telemetry/log.ts';
import type { DeliveryMessage } from './act.ts';
import type { AttemptContext } from './attempt-context.ts';
import { type ParkDeps, park } from './park.ts';
import type { LaneResult, Queued } from './queued.ts';

export type SuspectDeps = PoisonDeps &
  ParkDeps & {
    readonly stateTable: Pick<Table, 'add' | 'delete'>;
    readonly faultWaits: FaultWaits;
    readonly workLane: (lane: readonly Queued[]) => Promise<LaneResult>;
    /** Records received this often may be poison messages. */
    readonly aloneAtReceives: number;
  };

/** Longer than SQS keeps a message. */
const LIFE_SECONDS = 15 * 24 * 3600;

/** Whether the lane's first record was received so often that it may be a poison message. */
export const isSuspect = (
  [first]: readonly Queued[],
  { aloneAtReceives }: Pick<SuspectDeps, 'aloneAtReceives'>,
): boolean => Number(first?.record.attributes.ApproximateReceiveCount) >= aloneAtReceives;

/** Works on the first record of a lane alone, and hands the others back. Never throws. */
export async function workSuspect(
  lane: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  deps: SuspectDeps,
): Promise<LaneResult> {
  const [first] = lane;
  if (first === undefined) return { settled: 0, visibleInSeconds: 0 };
  const { record, message } = first;
  try {
    // A crash during a drain is charged to the entry, not to the token.
    if (!message.ok || message.value.kind === 'token') return await deps.workLane([first]);
    const starts = await countStart(record.messageId, deps);
    const delivery = message.value.value;
    const registration = registrations.get(delivery.subscription);
    if (starts > deps.crashingAtStarts && registration?.config.kind === 'valid') {
      const where = laneOfGroup(record.attributes.MessageGroupId) ?? 0;
      const sequence = record.attributes.SequenceNumber ?? '';
      const context = { registration, config: registration.config, lane: where, retries: 0 };
      const parkable = { delivery, body: record.body, sequence };
      if ((await giveUpPoison(parkable, context, deps)) === 'stays')
        await park(registration, where, [parkable], deps);
      await forgetStarts(record.messageId, deps);
      return { settled: 1, visibleInSeconds: 0 };
    }
    const result = await deps.workLane([first]);
    await forgetStarts(record.messageId, deps);
    return result;
  } catch (error) {
    deps.log.error('suspect.interrupted', { sqsMessageId: record.messageId, error: errorName(error) });
    return { settled: 0, visibleInSeconds: secondsAfterFault(record, deps.faultWaits) };
  }
}

const countStart = (sqsMessageId: string, { stateTable, now }: SuspectDeps): Promise<number> =>
  stateTable.add(
    startKey(sqsMessageId),
    { attribute: 'starts', by: 1 },
    { expiresAt: Math.floor(now() / 1000) + LIFE_SECONDS },
  );

/** Failing to delete the count is logged and ignored: repeating the message would be worse. */
async function forgetStarts(sqsMessageId: string, { stateTable, log }: SuspectDeps): Promise<void> {
  try {
    await stateTable.delete(startKey(sqsMessageId));
  } catch (error) {
    log.error('starts.not-forgotten', { sqsMessageId, error: errorName(error) });
  }
}

/** What an attempt of an entry can end with. */
type Attempted = 'settled' | 'stays' | 'out-of-time';

/**
 * Attempts an entry that may be a poison message: its start is counted before, and taken back after any end but a crash.
 * After enough crashes it is given up. Throws when AWS fails.
 */
export async function attemptSuspectEntry(
  entry: BacklogEntry,
  context: AttemptContext,
  deps: PoisonDeps & EntryDeps & { readonly attempt: () => Promise<Attempted> },
): Promise<Attempted> {
  const { registration, lane } = context;
  if (entry.starts >= deps.crashingAtStarts) {
    // When a person resumes the subscription, the count starts again at 0.
    await putEntries(registration.id, lane, [{ ...entry, starts: 0 }], deps);
    return await giveUpPoison(entry, context, deps);
  }
  await countEntryStart(registration.id, lane, entry, 1, deps);
  let done: Attempted | undefined;
  try {
    done = await deps.attempt();
    return done;
  } finally {
    // An entry that stays was written anew with its old count.
    if (done === 'out-of-time' || done === undefined) {
      await countEntryStart(registration.id, lane, entry, -1, deps);
    }
  }
}

export type PoisonDeps = DeadLetterDeps &
  DrainStartDeps & {
    /** Crashes alone after which a message counts as poison. */
    readonly crashingAtStarts: number;
  };

/** Ends a poison message: a dead letter where there is a dlq, else its subscription pauses and waits for a person. */
async function giveUpPoison(
  { delivery, body, sequence }: Pick<DeliveryMessage, 'delivery' | 'body' | 'sequence'>,
  { registration, config, lane }: AttemptContext,
  deps: PoisonDeps,
): Promise<'settled' | 'stays'> {
  const at = deps.now();
  const { dlq } = config.subscription;
  if (dlq) {
    await sendDeadLetter(
      { delivery, body, sequence },
      { endpoint: dlq.endpoint, reason: 'crashing', at },
      deps,
    );
    return 'settled';
  }
  const detail = `message ${delivery.messageId} ended the function ${deps.crashingAtStarts} times while it was worked on alone`;
  const head = {
    lane,
    messageId: delivery.messageId,
    attempts: delivery.attempt,
    firstAt: delivery.firstAt ?? at,
    retries: 0,
  };
  const why = { reason: 'crashing', detail, itemHash: config.itemHash, head } as const;
  await change(registration, (state) => refused(state, why, { now: at }), deps);
  return 'stays';
}
