// Messages that leave their place without being delivered: as dead letters, to `undeliverable`, or held. Each is safe in its new
// place before its caller removes it from the old one.
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { sendDeliveryToUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { type ChangeDeps, change } from '#lib/state/change.ts';
import { type HeldReason, heldNoted, hold } from '#lib/state/held.ts';
import type { Table } from '#lib/state/table.ts';
import type { Count, Log } from '#lib/telemetry/log.ts';
import type { Attempted } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { sourceNameOf } from './delivery-message.ts';
import { causeOf, describe, httpStatusOf, type Outcome } from './outcome.ts';
import { attemptedAt, type Members } from './request-batch.ts';

/** The messages of a request whose attempt has ended. */
export type AfterAttempt = {
  readonly members: Members;
  readonly attempted: Attempted;
  readonly context: AttemptContext;
};

/** Sends each message as a dead letter to the endpoint. Throws when SQS does not take them all. */
export async function sendDeadLetters(
  endpoint: string,
  { members, attempted: { outcome, at }, context }: AfterAttempt,
  deps: DeadLetterDeps,
): Promise<void> {
  const [status, code] = [httpStatusOf(outcome), causeOf(outcome)];
  const cause = {
    endpoint,
    tenant: context.config.subscription.tenant,
    reason: reasonOf(outcome),
    outcome: outcome.kind,
    at,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...('excerpt' in outcome && outcome.excerpt !== undefined && { excerpt: outcome.excerpt }),
  };
  const gathering = { ...deps, queues: gatherSends(deps.queues) };
  await Promise.all(members.map((message) => sendDeadLetter(message, cause, gathering)));
}

/** Sends each message to `undeliverable`, because its callback aborts. Throws when SQS does not take them all. */
export async function sendAborted(
  { members, attempted: { outcome, at } }: AfterAttempt,
  deps: UndeliverableDeps & Parameters<typeof sourceNameOf>[1],
): Promise<void> {
  const gathering = { ...deps, queues: gatherSends(deps.queues) };
  await Promise.all(
    attemptedAt(at, members).map(async (message) => {
      const why = { reason: 'aborted', detail: describe(outcome), from: sourceNameOf(message, deps) };
      await sendDeliveryToUndeliverable(message, why, gathering);
    }),
  );
}

export type HoldDeps = ChangeDeps & {
  readonly stateTable: Pick<Table, 'put' | 'putAll'>;
  readonly now: () => number;
  readonly count: Count;
  readonly log: Log;
};

/** Holds each message. Throws when DynamoDB fails. */
export async function setAside(
  { members, attempted: { outcome, at }, context: { registration } }: AfterAttempt,
  deps: HoldDeps,
): Promise<void> {
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

/** Whether a crash of ours, and not the callback, is the cause. */
export const isLost = (outcome: Outcome): boolean => outcome.kind === 'unknown' && outcome.lost === true;

function reasonOf(outcome: Outcome): HeldReason {
  if (outcome.kind === 'delivered') throw new TypeError('a delivered message is never set aside');
  return isLost(outcome) ? 'lost' : outcome.kind;
}
