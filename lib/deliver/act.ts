// Does what the policy decided. A message is settled only after whatever stands in for it is safe: the dead letter
// sent, the held copy written, the entry put. A crash between makes a duplicate, never a loss.

import type { Delivery } from '#lib/message/attribute.ts';
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { type LaterDeps, sendLater } from '#lib/queue/retries.ts';
import { change } from '#lib/state/change.ts';
import { openAndDrain, sendProbe } from '#lib/state/drains.ts';
import { type BacklogEntry, putEntries } from '#lib/state/entries.ts';
import { type HeldReason, heldNoted, hold } from '#lib/state/held.ts';
import { failed, type OutageWaits, refused, wentWell } from '#lib/state/machine.ts';
import type { Head, State } from '#lib/state/state.ts';
import type { Attempted } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { describe, httpStatusOf, type Outcome } from './outcome.ts';
import { type ParkDeps, park } from './park.ts';
import type { Action } from './policy.ts';

export type DeliveryMessage = {
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number in the lane. */
  readonly sequence: string;
  /** Set when it comes from the backlog: then it waits where it is, while one from the queue has to be parked. */
  readonly entry?: BacklogEntry;
};

export type ActDeps = ParkDeps &
  LaterDeps &
  DeadLetterDeps & {
    readonly random: () => number;
    readonly outageWaits: OutageWaits;
    /** A message that went round so often is not sent round again: it stops its subscription. */
    readonly mostHops: number;
  };

/** After so many failed probes with one head an unordered subscription probes with another. */
const PROBES_OF_ONE_HEAD = 3;
const OUT_OF_THE_WAY_MS = 15 * 60_000;

/**
 * Carries out what can't be tried on the spot. `settled`: the message has left its place, for good or for another;
 * `stays`: an entry waits where it is. Throws when SQS or DynamoDB fails: then nothing is settled.
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
      const status = httpStatusOf(outcome);
      await sendDeadLetter(
        message,
        {
          endpoint: action.endpoint,
          reason: reasonOf(outcome),
          outcome: outcome.kind,
          at,
          ...(status !== undefined && { status }),
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
    // A drain goes on in its lane, and starts the next lane when it ends. A message from the queue has no drain.
    if (message.entry) await change(registration, decide, deps);
    else await openAndDrain(registration, decide, deps);
  }

  async function setAside(): Promise<void> {
    const fate = { reason: reasonOf(outcome), detail: describe(outcome), status: httpStatusOf(outcome), at };
    await change(registration, (state) => heldNoted(state, deps.now()), deps);
    await hold(message, fate, deps);
    deps.count('Held');
    const { subscription, messageId } = message.delivery;
    deps.log.warn('delivery.held', { subscription, messageId, reason: fate.reason, status: fate.status });
  }

  /** Unordered messages travel round while the others go on; an ordered one stops its lane for as long. */
  async function retryLater(afterMs: number): Promise<'settled' | 'stays'> {
    const { delivery, body } = message;
    const { config } = context;
    if (config.subscription.qos === 'auto' && (delivery.hops ?? 0) < deps.mostHops) {
      const retries = context.retries + 1;
      const next = { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? at, retries };
      await sendLater(next, body, deps.now() + afterMs, deps);
      return 'settled';
    }
    const head = { ...headOf(), retries: context.retries + 1 };
    const failure = {
      epoch,
      detail: describe(outcome),
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
    // The flag first: a crash after it finds the subscription stopped and the message still in its place.
    await change(
      registration,
      (state) =>
        reason === 'outage'
          ? failed(state, { ...why, stop, ...(afterMs !== undefined && { afterMs }) }, facts())
          : refused(state, { ...why, reason }, facts()),
      deps,
    );
    if (fate === 'hold') await setAside();
    if (fate === 'drop') deps.count('Dropped');
    if (fate === 'keep') return await keep();
    await sendProbe(registration, deps);
    return 'settled';
  }

  /** The message is the head of its lane's backlog, if it is not there yet, and counts on from this attempt. */
  async function keep(): Promise<'settled' | 'stays'> {
    const { delivery, body } = message;
    const next = { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? at };
    const { head } = registration.state.pause ?? {};
    const inTheWay = head?.messageId === delivery.messageId && head.probes >= PROBES_OF_ONE_HEAD;
    if (inTheWay && context.config.subscription.qos === 'auto') {
      // A message that always fails must not keep an unordered subscription stopped for ever.
      await sendLater(next, body, deps.now() + OUT_OF_THE_WAY_MS, deps);
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

/** Puts the message, as it is now, into its lane's backlog. `stays`: it was there already. Throws when DynamoDB fails. */
export async function leaveInBacklog(
  message: DeliveryMessage,
  { registration, lane }: AttemptContext,
  deps: ParkDeps,
): Promise<'settled' | 'stays'> {
  const { entry, delivery } = message;
  if (entry) await putEntries(registration.id, lane, [{ ...entry, delivery }], deps);
  else await park(registration, lane, [message], deps);
  return entry ? 'stays' : 'settled';
}

const isLost = (outcome: Outcome): boolean => outcome.kind === 'unknown' && outcome.lost === true;

function reasonOf(outcome: Outcome): HeldReason {
  if (outcome.kind === 'delivered') throw new TypeError('a delivered message is never set aside');
  return isLost(outcome) ? 'lost' : outcome.kind;
}
