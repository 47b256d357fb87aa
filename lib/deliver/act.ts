// Carries out the policy's decision about the messages of one request. A message leaves its place only after its replacement
// is safe: the dead letter sent, the held copy written, the backlog entry written. A crash between the two makes a duplicate,
// never a loss.

import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { type LaterDeps, sendToRetries } from '#lib/queue/retries.ts';
import { sendDeliveryToUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { change } from '#lib/state/change.ts';
import { openAndDrain } from '#lib/state/drains.ts';
import { putEntries } from '#lib/state/entries.ts';
import { type HeldReason, heldNoted, hold } from '#lib/state/held.ts';
import { sendProbe } from '#lib/state/lane-tokens.ts';
import { failed, type OutageWaits, refused, wentWell } from '#lib/state/machine.ts';
import type { Head, State } from '#lib/state/state.ts';
import type { Attempted } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { type DeliveryMessage, sourceNameOf } from './delivery-message.ts';
import { causeOf, describe, httpStatusOf, type Outcome } from './outcome.ts';
import { type ParkDeps, park, resting } from './park.ts';
import type { Action } from './policy.ts';
import { attemptedAt, type Members } from './request-batch.ts';

export type ActDeps = ParkDeps &
  LaterDeps &
  DeadLetterDeps &
  UndeliverableDeps & {
    readonly deliveriesQueueUrl: string;
    readonly random: () => number;
    readonly outageWaits: OutageWaits;
    /** A message that went through `retries` this often is not sent there again: it pauses its subscription. */
    readonly mostHops: number;
  };

/** After this many failed probes with the same head, an unordered subscription probes with another message. */
const PROBES_OF_ONE_HEAD = 3;
const OUT_OF_THE_WAY_MS = 15 * 60_000;

/**
 * Carries out every decision but a retry in place, for all messages of the request. Returns `settled` when they have left
 * their place, `stays` when they are entries that wait in the backlog. Throws when SQS or DynamoDB fails: then nothing is
 * settled.
 */
export async function act(
  action: Exclude<Action, { kind: 'one-by-one' }>,
  members: Members,
  attempted: Attempted,
  context: AttemptContext,
  deps: ActDeps,
): Promise<'settled' | 'stays'> {
  const { registration } = context;
  const { outcome, epoch, at } = attempted;
  // The pause names the first message: the lane goes on with it.
  const [first] = members;
  switch (action.kind) {
    case 'done':
      await goOn();
      return 'settled';
    case 'drop':
      deps.count('Dropped', members.length);
      await goOn();
      return 'settled';
    case 'dead-letter': {
      const [status, code] = [httpStatusOf(outcome), causeOf(outcome)];
      const cause = {
        endpoint: action.endpoint,
        reason: reasonOf(outcome),
        outcome: outcome.kind,
        at,
        ...(status !== undefined && { status }),
        ...(code !== undefined && { code }),
        ...('excerpt' in outcome && outcome.excerpt !== undefined && { excerpt: outcome.excerpt }),
      };
      const gathering = { ...deps, queues: gatherSends(deps.queues) };
      await Promise.all(members.map((message) => sendDeadLetter(message, cause, gathering)));
      await goOn();
      return 'settled';
    }
    case 'undeliverable': {
      const gathering = { ...deps, queues: gatherSends(deps.queues) };
      await Promise.all(attemptedAt(at, members).map((message) => sendAborted(message, gathering)));
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
    if (first.entry) await change(registration, decide, deps);
    else await openAndDrain(registration, decide, deps);
  }

  async function sendAborted(message: DeliveryMessage, gathering: UndeliverableDeps): Promise<void> {
    const why = { reason: 'aborted', detail: describe(outcome), from: sourceNameOf(message, deps) };
    await sendDeliveryToUndeliverable(message, why, gathering);
  }

  async function setAside(): Promise<void> {
    const [status, code] = [httpStatusOf(outcome), causeOf(outcome)];
    const fate = { reason: reasonOf(outcome), detail: describe(outcome), status, code, at };
    await change(registration, (state) => heldNoted(state, deps.now()), deps);
    // A held message leaves its batch: when a person sends it again, it is sent alone.
    const held = members.map(({ delivery: { batch: _, ...delivery }, ...rest }) => ({ ...rest, delivery }));
    await Promise.all(held.map((message) => hold(message, fate, deps)));
    deps.count('Held', members.length);
    for (const { delivery } of members) {
      const { subscription, messageId } = delivery;
      deps.log.warn('delivery.held', { subscription, messageId, reason: fate.reason, status, code });
    }
  }

  async function later(
    messages: readonly Pick<DeliveryMessage, 'delivery' | 'body'>[],
    afterMs: number,
  ): Promise<void> {
    const notBefore = deps.now() + afterMs;
    await sendToRetries(messages, notBefore, deps);
    for (const { delivery } of messages) {
      const { subscription, messageId } = delivery;
      deps.log.info('delivery.delayed', {
        subscription,
        messageId,
        notBefore: new Date(notBefore).toISOString(),
      });
    }
  }

  /** An unordered message waits in `retries` while the others are delivered; an ordered one pauses its lane. */
  async function retryLater(afterMs: number): Promise<'settled' | 'stays'> {
    const { config } = context;
    if (config.subscription.qos === 'auto' && (first.delivery.hops ?? 0) < deps.mostHops) {
      const retries = context.retries + 1;
      const next = attemptedAt(at, members).map(({ delivery, body }) => ({
        delivery: { ...delivery, retries },
        body,
      }));
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
    if (fate === 'drop') deps.count('Dropped', members.length);
    if (fate === 'keep') return await keep();
    await sendProbe(registration, deps);
    return 'settled';
  }

  /** Makes the messages the first of their lane's backlog, unless they are there already. Their attempt counters go on. */
  async function keep(): Promise<'settled' | 'stays'> {
    const all = attemptedAt(at, members);
    const { head } = registration.state.pause ?? {};
    const isHead = head?.messageId === first.delivery.messageId && head.probes >= PROBES_OF_ONE_HEAD;
    // A batch is probed with its first message alone before that.
    const inTheWay = isHead && members.length === 1;
    if (inTheWay && context.config.subscription.qos === 'auto') {
      // A message that always fails must not keep an unordered subscription paused for ever.
      await later(all, OUT_OF_THE_WAY_MS);
      await sendProbe(registration, deps);
      return 'settled';
    }
    const where = await leaveInBacklog(all, context, deps);
    await sendProbe(registration, deps);
    return where;
  }

  function facts() {
    return { now: deps.now(), random: deps.random(), outageWaits: deps.outageWaits };
  }

  function headOf(): Omit<Head, 'probes'> {
    const { messageId, attempt, firstAt = at } = first.delivery;
    return { lane: context.lane, messageId, attempts: attempt, firstAt, retries: 0 };
  }
}

/** Writes messages into their lane's backlog. Returns `stays` when they were entries already. Throws when DynamoDB fails. */
export async function leaveInBacklog(
  messages: readonly DeliveryMessage[],
  { registration, lane }: AttemptContext,
  deps: ParkDeps,
): Promise<'settled' | 'stays'> {
  const entries = messages.flatMap(({ entry, delivery }) =>
    entry === undefined ? [] : [{ ...entry, delivery: resting(delivery, registration) }],
  );
  if (entries.length > 0) await putEntries(registration.id, lane, entries, deps);
  else await park(registration, lane, messages, deps);
  return entries.length > 0 ? 'stays' : 'settled';
}

const isLost = (outcome: Outcome): boolean => outcome.kind === 'unknown' && outcome.lost === true;

function reasonOf(outcome: Outcome): HeldReason {
  if (outcome.kind === 'delivered') throw new TypeError('a delivered message is never set aside');
  return isLost(outcome) ? 'lost' : outcome.kind;
}
