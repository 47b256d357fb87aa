// Carries out the policy's decision. A message leaves its place only after its replacement is safe: the dead letter sent,
// the held copy written, the backlog entry written. A crash between the two makes a duplicate, never a loss.

import type { Delivery } from '#lib/message/attribute.ts';
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { type LaterDeps, sendToRetries } from '#lib/queue/retries.ts';
import { change } from '#lib/state/change.ts';
import { openAndDrain } from '#lib/state/drains.ts';
import { type BacklogEntry, putEntries } from '#lib/state/entries.ts';
import { type HeldReason, heldNoted, hold } from '#lib/state/held.ts';
import { sendProbe } from '#lib/state/lane-tokens.ts';
import { failed, type OutageWaits, refused, wentWell } from '#lib/state/machine.ts';
import type { Head, State } from '#lib/state/state.ts';
import type { Attempted } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { causeOf, describe, httpStatusOf, type Outcome } from './outcome.ts';
import { type ParkDeps, park, resting } from './park.ts';
import type { Action } from './policy.ts';

export type DeliveryMessage = {
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number in the lane. */
  readonly sequence: string;
  /** Set when the message comes from the backlog: it stays there. A message from the queue has to be parked. */
  readonly entry?: BacklogEntry;
};

export type ActDeps = ParkDeps &
  LaterDeps &
  DeadLetterDeps & {
    readonly random: () => number;
    readonly outageWaits: OutageWaits;
    /** A message that went through `retries` this often is not sent there again: it pauses its subscription. */
    readonly mostHops: number;
  };

/** After this many failed probes with the same head, an unordered subscription probes with another message. */
const PROBES_OF_ONE_HEAD = 3;
const OUT_OF_THE_WAY_MS = 15 * 60_000;

/**
 * Carries out every decision but a retry in place. Returns `settled` when the message has left its place, `stays` when it
 * is an entry that waits in the backlog. Throws when SQS or DynamoDB fails: then nothing is settled.
 */
export async function act(
  action: Action,
  message: DeliveryMessage,
  attempted: Attempted,
  context: AttemptContext,
  deps: ActDeps,
): Promise<'settled' | 'stays'> {
  const { registration } = context;
  const { outcome, epoch, at } = attempted;
  switch (action.kind) {
    case 'done':
      await goOn();
      return 'settled';
    case 'drop':
      deps.count('Dropped');
      await goOn();
      return 'settled';
    case 'dead-letter': {
      const [status, code] = [httpStatusOf(outcome), causeOf(outcome)];
      await sendDeadLetter(
        message,
        {
          endpoint: action.endpoint,
          reason: reasonOf(outcome),
          outcome: outcome.kind,
          at,
          ...(status !== undefined && { status }),
          ...(code !== undefined && { code }),
          ...('excerpt' in outcome && outcome.excerpt !== undefined && { excerpt: outcome.excerpt }),
        },
        deps,
      );
      await goOn();
      return 'settled';
    }
    case 'hold':
      await setAside();
      await goOn();
      return 'settled';
    case 'retry':
      return await retryLater(action.afterMs);
    case 'pause':
      return await pauseFor(action);
    default:
      return action satisfies never;
  }

  /** A message that ends well, or by a rule, ends the outage in which it was sent. A crash of ours shows nothing. */
  async function goOn(): Promise<void> {
    if (registration.state.pause === undefined || isLost(outcome)) return;
    const decide = (state: State) => wentWell(state, epoch);
    // A drain goes on in its own lane and starts the next lane when it ends. A message from the queue has no drain.
    if (message.entry) await change(registration, decide, deps);
    else await openAndDrain(registration, decide, deps);
  }

  async function setAside(): Promise<void> {
    const [status, code] = [httpStatusOf(outcome), causeOf(outcome)];
    const fate = { reason: reasonOf(outcome), detail: describe(outcome), status, code, at };
    await change(registration, (state) => heldNoted(state, deps.now()), deps);
    await hold(message, fate, deps);
    deps.count('Held');
    const { subscription, messageId } = message.delivery;
    deps.log.warn('delivery.held', { subscription, messageId, reason: fate.reason, status, code });
  }

  async function later(delivery: Delivery, afterMs: number): Promise<void> {
    const notBefore = deps.now() + afterMs;
    await sendToRetries(delivery, message.body, notBefore, deps);
    const { subscription, messageId } = delivery;
    deps.log.info('delivery.delayed', {
      subscription,
      messageId,
      notBefore: new Date(notBefore).toISOString(),
    });
  }

  /** An unordered message waits in `retries` while the others are delivered; an ordered one pauses its lane. */
  async function retryLater(afterMs: number): Promise<'settled' | 'stays'> {
    const { delivery } = message;
    const { config } = context;
    if (config.subscription.qos === 'auto' && (delivery.hops ?? 0) < deps.mostHops) {
      const retries = context.retries + 1;
      const next = { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? at, retries };
      await later(next, afterMs);
      return 'settled';
    }
    const head = { ...headOf(), retries: context.retries + 1 };
    const failure = {
      epoch,
      detail: describe(outcome),
      code: causeOf(outcome),
      itemHash: config.itemHash,
      afterMs,
      retrying: true,
      head,
    };
    await change(registration, (state) => failed(state, failure, facts()), deps);
    return await keep();
  }

  async function pauseFor({ reason, message: fate, afterMs }: Extract<Action, { kind: 'pause' }>) {
    const { subscription, itemHash } = context.config;
    const why = { epoch, detail: describe(outcome), itemHash, ...(fate === 'keep' && { head: headOf() }) };
    const stop = subscription.onOutage === 'stop';
    // Pause before the entry is written: after a crash between the two, the message is still where it was.
    await change(
      registration,
      (state) =>
        reason === 'outage'
          ? failed(
              state,
              { ...why, code: causeOf(outcome), stop, ...(afterMs !== undefined && { afterMs }) },
              facts(),
            )
          : refused(state, { ...why, reason }, facts()),
      deps,
    );
    if (fate === 'hold') await setAside();
    if (fate === 'drop') deps.count('Dropped');
    if (fate === 'keep') return await keep();
    await sendProbe(registration, deps);
    return 'settled';
  }

  /** Makes the message the head of its lane's backlog, unless it is there already. Its attempt counter goes on. */
  async function keep(): Promise<'settled' | 'stays'> {
    const { delivery } = message;
    const next = { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? at };
    const { head } = registration.state.pause ?? {};
    const inTheWay = head?.messageId === delivery.messageId && head.probes >= PROBES_OF_ONE_HEAD;
    if (inTheWay && context.config.subscription.qos === 'auto') {
      // A message that always fails must not keep an unordered subscription paused for ever.
      await later(next, OUT_OF_THE_WAY_MS);
      await sendProbe(registration, deps);
      return 'settled';
    }
    const where = await leaveInBacklog({ ...message, delivery: next }, context, deps);
    await sendProbe(registration, deps);
    return where;
  }

  function facts() {
    return { now: deps.now(), random: deps.random(), outageWaits: deps.outageWaits };
  }

  function headOf(): Omit<Head, 'probes'> {
    const { messageId, attempt, firstAt = at } = message.delivery;
    return { lane: context.lane, messageId, attempts: attempt, firstAt, retries: 0 };
  }
}

/** Writes the message into its lane's backlog. Returns `stays` when it was an entry already. Throws when DynamoDB fails. */
export async function leaveInBacklog(
  message: DeliveryMessage,
  { registration, lane }: AttemptContext,
  deps: ParkDeps,
): Promise<'settled' | 'stays'> {
  const { entry, delivery } = message;
  if (entry) {
    await putEntries(registration.id, lane, [{ ...entry, delivery: resting(delivery, registration) }], deps);
  } else await park(registration, lane, [message], deps);
  return entry ? 'stays' : 'settled';
}

const isLost = (outcome: Outcome): boolean => outcome.kind === 'unknown' && outcome.lost === true;

function reasonOf(outcome: Outcome): HeldReason {
  if (outcome.kind === 'delivered') throw new TypeError('a delivered message is never set aside');
  return isLost(outcome) ? 'lost' : outcome.kind;
}
