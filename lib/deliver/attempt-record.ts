// The record of one attempt: its log line, from which `webhooks attempts` reads, and its metrics.
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { CountName, Log, Meter } from '#lib/telemetry/log.ts';
import type { Attempted } from './attempt.ts';
import { type LoggingBudget, loggedExchange } from './logged-exchange.ts';
import { causeOf, directiveOf, httpStatusOf } from './outcome.ts';
import type { Action } from './policy.ts';
import type { Members, Sending } from './request-batch.ts';

export type AttemptRecordDeps = Meter & {
  readonly log: Log;
  readonly loggingBudget: LoggingBudget;
  readonly meterOf: (subscription: string) => Meter;
};

const COUNT_OF: { readonly [kind in Attempted['outcome']['kind']]: CountName } = {
  delivered: 'Delivered',
  rejected: 'Rejected',
  failed: 'Failed',
  unsent: 'Unsent',
  unknown: 'Unknown',
};

/** Writes the log line and the metrics of one attempt. Never throws. */
export function recordAttempt(
  { members, batch }: Sending,
  { outcome, at, durationMs, span, exchanged }: Attempted,
  action: Action,
  subscription: Subscription,
  deps: AttemptRecordDeps,
): void {
  const [{ delivery, entry }] = members;
  for (const { count, measure } of subscription.metrics ? [deps, deps.meterOf(subscription.id)] : [deps]) {
    count('Attempts');
    count(COUNT_OF[outcome.kind]);
    if (action.kind === 'retry') count('Retries');
    measure('AttemptDuration', durationMs);
    if (outcome.kind !== 'delivered') continue;
    for (const { delivery } of members) {
      // The age of a replayed message says when it was replayed, not how long delivery takes.
      if (delivery.replayId === undefined) measure('DeliveryAge', at + durationMs - delivery.publishedAt);
    }
  }
  deps.log.info('delivery.attempted', {
    subscription: delivery.subscription,
    ...(batch === undefined ? { messageId: delivery.messageId } : namesOf(members, batch.id)),
    topic: delivery.topic,
    attempt: Math.max(...members.map(({ delivery }) => delivery.attempt)),
    outcome: outcome.kind,
    status: httpStatusOf(outcome),
    code: causeOf(outcome),
    directive: directiveOf(outcome),
    incomplete: 'incomplete' in outcome ? outcome.incomplete : undefined,
    action: action.kind,
    fate: action.kind === 'pause' ? action.message : undefined,
    durationMs,
    // Milliseconds since the message was parked, for one from the backlog.
    waitedMs: entry && at - entry.parkedAt,
    replayId: delivery.replayId,
    traceId: span?.traceId,
    spanId: span?.spanId,
    ...(exchanged && loggedExchange(subscription, exchanged, outcome.kind === 'delivered', deps)),
  });
}

/** A batch has at most a hundred messages, with ids of at most 128 characters and without spaces. */
const namesOf = (members: Members, webhookId: string) => ({
  webhookId,
  messages: members.length,
  messageIds: members.map(({ delivery }) => delivery.messageId).join(' '),
});
