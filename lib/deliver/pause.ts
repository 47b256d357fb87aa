// A failure that can't be retried in place. The messages wait in `retries`, or at the head of their lane's backlog while their
// subscription is paused. The pause is written before the entry: after a crash between the two, the message is still where it was.
import { type LaterDeps, sendToRetries } from '#lib/queue/retries.ts';
import { change } from '#lib/state/change.ts';
import { putEntries } from '#lib/state/entries.ts';
import { sendProbe } from '#lib/state/lane-tokens.ts';
import { failed, type OutageWaits, refused } from '#lib/state/machine.ts';
import type { Head } from '#lib/state/state.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { DeliveryMessage } from './delivery-message.ts';
import { causeOf, describe } from './outcome.ts';
import { type ParkDeps, park, resting } from './park.ts';
import type { Action } from './policy.ts';
import { attemptedAt } from './request-batch.ts';
import { type AfterAttempt, type HoldDeps, setAside } from './set-aside.ts';

export type PauseDeps = ParkDeps &
  LaterDeps &
  HoldDeps & {
    readonly random: () => number;
    readonly outageWaits: OutageWaits;
    /** A message that went through `retries` this often is not sent there again: it pauses its subscription. */
    readonly mostHops: number;
  };

/** After this many failed probes with the same head, an unordered subscription probes with another message. */
const PROBES_OF_ONE_HEAD = 3;
const OUT_OF_THE_WAY_MS = 15 * 60_000;

/**
 * An unordered message waits in `retries` while the others are delivered; an ordered one pauses its lane. Returns `stays` when
 * the messages were entries already. Throws when SQS or DynamoDB fails.
 */
export async function retryLater(
  afterMs: number,
  after: AfterAttempt,
  deps: PauseDeps,
): Promise<'settled' | 'stays'> {
  const { members, attempted, context } = after;
  const { config, registration } = context;
  const { outcome, epoch, at } = attempted;
  const [first] = members;
  const retries = context.retries + 1;
  if (config.subscription.qos === 'auto' && (first.delivery.hops ?? 0) < deps.mostHops) {
    const next = attemptedAt(at, members).map(({ delivery, body }) => ({
      delivery: { ...delivery, retries },
      body,
    }));
    await later(next, afterMs, deps);
    return 'settled';
  }
  const failure = {
    epoch,
    detail: describe(outcome),
    code: causeOf(outcome),
    itemHash: config.itemHash,
    afterMs,
    retrying: true,
    head: { ...headOf(after), retries },
  };
  await change(registration, (state) => failed(state, failure, factsOf(deps)), deps);
  return await keep(after, deps);
}

/** Pauses the subscription, and does with the messages what the policy says. Returns and throws as `retryLater` does. */
export async function pauseFor(
  { reason, message: fate, afterMs }: Extract<Action, { kind: 'pause' }>,
  after: AfterAttempt,
  deps: PauseDeps,
): Promise<'settled' | 'stays'> {
  const { members, attempted, context } = after;
  const { registration } = context;
  const { outcome, epoch } = attempted;
  const { subscription, itemHash } = context.config;
  const why = { epoch, detail: describe(outcome), itemHash, ...(fate === 'keep' && { head: headOf(after) }) };
  const stop = subscription.onOutage === 'stop';
  const outage = { ...why, code: causeOf(outcome), stop, ...(afterMs !== undefined && { afterMs }) };
  await change(
    registration,
    (state) =>
      reason === 'outage'
        ? failed(state, outage, factsOf(deps))
        : refused(state, { ...why, reason }, factsOf(deps)),
    deps,
  );
  if (fate === 'hold') await setAside(after, deps);
  if (fate === 'drop') deps.count('Dropped', members.length);
  if (fate === 'keep') return await keep(after, deps);
  await sendProbe(registration, deps);
  return 'settled';
}

/** Makes the messages the first of their lane's backlog, unless they are there already. Their attempt counters go on. */
async function keep(
  { members, attempted: { at }, context }: AfterAttempt,
  deps: PauseDeps,
): Promise<'settled' | 'stays'> {
  const { registration } = context;
  const all = attemptedAt(at, members);
  const [first] = members;
  const { head } = registration.state.pause ?? {};
  const isHead = head?.messageId === first.delivery.messageId && head.probes >= PROBES_OF_ONE_HEAD;
  // A batch is probed with its first message alone before that.
  const inTheWay = isHead && members.length === 1;
  if (inTheWay && context.config.subscription.qos === 'auto') {
    // A message that always fails must not keep an unordered subscription paused for ever.
    await later(all, OUT_OF_THE_WAY_MS, deps);
    await sendProbe(registration, deps);
    return 'settled';
  }
  const where = await leaveInBacklog(all, context, deps);
  await sendProbe(registration, deps);
  return where;
}

async function later(
  messages: readonly Pick<DeliveryMessage, 'delivery' | 'body'>[],
  afterMs: number,
  deps: PauseDeps,
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

const factsOf = (deps: PauseDeps) => ({
  now: deps.now(),
  random: deps.random(),
  outageWaits: deps.outageWaits,
});

/** The pause names the first message: the lane goes on with it. */
function headOf({
  members: [first],
  attempted: { at },
  context: { lane },
}: AfterAttempt): Omit<Head, 'probes'> {
  const { messageId, attempt, firstAt = at } = first.delivery;
  return { lane, messageId, attempts: attempt, firstAt, retries: 0 };
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
