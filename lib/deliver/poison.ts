// Poison messages: messages that kill the function. Each start of a message that may be one is counted before it is made.
// A start that ends in any way but death takes its count back, so only deaths add up. After enough deaths the message is a
// dead letter, or its subscription pauses (`crashing`). suspects.ts does this for messages from the queue.
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { untilDone, type WaitClock } from '#lib/queue/unprocessed.ts';
import { change } from '#lib/state/change.ts';
import type { DrainStartDeps } from '#lib/state/drains.ts';
import { type BacklogEntry, type EntryDeps, putEntries, setEntryStarts } from '#lib/state/entries.ts';
import { refused } from '#lib/state/machine.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { DeliveryMessage } from './delivery-message.ts';

/** The possible ends of an attempt of a backlog entry. */
type Attempted = 'settled' | 'stays' | 'out-of-time';

/**
 * Attempts an entry that may be a poison message: its start is counted before, and taken back after any end but a crash.
 * After enough crashes it is given up. Throws when AWS fails.
 */
export async function attemptSuspectEntry(
  entry: BacklogEntry,
  context: AttemptContext,
  deps: PoisonDeps & EntryDeps & WaitClock & { readonly attempt: () => Promise<Attempted> },
): Promise<Attempted> {
  const { registration, lane } = context;
  if (entry.starts >= deps.crashingAtStarts) {
    // When a person resumes the subscription, the count starts again at 0.
    await putEntries(registration.id, lane, [{ ...entry, starts: 0 }], deps);
    return await giveUpPoison(entry, context, deps);
  }
  let done: Attempted | undefined;
  try {
    await setEntryStarts(registration.id, lane, entry, entry.starts + 1, deps);
    done = await deps.attempt();
    return done;
  } finally {
    // An entry that stays was written anew with its old count. A start may have been counted although the call failed.
    if (done === 'out-of-time' || done === undefined) {
      await untilDone(() => setEntryStarts(registration.id, lane, entry, entry.starts, deps), deps);
    }
  }
}

export type PoisonDeps = DeadLetterDeps &
  DrainStartDeps & {
    /** Crashes alone after which a message counts as poison. */
    readonly crashingAtStarts: number;
  };

/** Ends a poison message: a dead letter where there is a dlq, else its subscription pauses and waits for a person. Throws when AWS fails. */
export async function giveUpPoison(
  { delivery, body, sequence }: Pick<DeliveryMessage, 'delivery' | 'body' | 'sequence'>,
  { registration, config, lane }: AttemptContext,
  deps: PoisonDeps,
): Promise<'settled' | 'stays'> {
  const at = deps.now();
  const { dlq, tenant } = config.subscription;
  if (dlq) {
    await sendDeadLetter(
      { delivery, body, sequence },
      { endpoint: dlq.endpoint, tenant, reason: 'crashing', at },
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
