// What follows from an outcome: a pure, total table of outcome, quality of service and the subscription's own rules.
// Nothing is done here; act.ts does it.
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { Outcome } from './outcome.ts';
import { type History, retryDelayMs } from './retry.ts';

export type Action =
  | { readonly kind: 'done' }
  /** Send it again, not before so long. */
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'dead-letter'; readonly endpoint: string }
  /** Set it aside, for a person to send or discard, and go on. */
  | { readonly kind: 'hold' }
  /** Count it and go on without it. */
  | { readonly kind: 'drop' }
  /** Stop the consumption. What becomes of the message itself is `message`. */
  | {
      readonly kind: 'pause';
      readonly reason: 'rejected' | 'gone' | 'outage';
      /** keep: it is sent again first; hold: set aside, it may not be sent again; drop: counted and gone. */
      readonly message: 'keep' | 'hold' | 'drop';
      /** What the callback asked for with Retry-After. */
      readonly afterMs?: number;
    };

export type Rules = Pick<
  Subscription,
  'qos' | 'dlq' | 'retry' | 'interruptConsumptionOnServerError' | 'interruptConsumptionOnException'
>;

export function decide(outcome: Outcome, rules: Rules, history: History): Action {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'done' };
    case 'rejected':
      if (history.credentialsChanged) return afterOldCredentials(outcome, rules);
      if (isRetryable(outcome.status, rules)) return afterFailure(outcome, rules, true, history);
      if (rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };
      return {
        kind: 'pause',
        reason: outcome.status === 410 ? 'gone' : 'rejected',
        message: fate(outcome, rules),
      };
    case 'unknown':
      // An attempt of ours that was cut off says nothing about the callback: no pause for it.
      if (outcome.lost)
        return rules.dlq ? { kind: 'dead-letter', endpoint: rules.dlq.endpoint } : { kind: 'hold' };
      return afterFailure(outcome, rules, rules.interruptConsumptionOnException, history);
    case 'unsent':
      return afterFailure(outcome, rules, rules.interruptConsumptionOnException, history);
    case 'failed':
      return afterFailure(outcome, rules, rules.interruptConsumptionOnServerError, history);
    default:
      return outcome satisfies never;
  }
}

/** A refusal of credentials that were changed meanwhile: no reason to stop, the next request carries the new ones. */
function afterOldCredentials(outcome: Outcome, rules: Rules): Action {
  const kind = fate(outcome, rules);
  if (kind === 'keep') return { kind: 'retry', afterMs: 0 };
  return rules.dlq ? { kind: 'dead-letter', endpoint: rules.dlq.endpoint } : { kind };
}

function afterFailure(outcome: Outcome, rules: Rules, interrupts: boolean, history: History): Action {
  const retryAfterMs = 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined;
  if (mayBeSentAgain(outcome, rules)) {
    const afterMs = retryDelayMs(rules.retry, history);
    if (afterMs !== undefined) return { kind: 'retry', afterMs: Math.max(afterMs, retryAfterMs ?? 0) };
  }
  // A 4xx that the `retry` block made one more failure is what it was once its retries are used up.
  if (outcome.kind === 'rejected' && rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };
  if (!interrupts && rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };
  if (!interrupts) return { kind: rules.qos === 'at-most-once' ? 'hold' : 'drop' };
  return {
    kind: 'pause',
    reason: 'outage',
    message: fate(outcome, rules),
    ...(retryAfterMs !== undefined && { afterMs: retryAfterMs }),
  };
}

const isRetryable = (status: number, { retry }: Rules): boolean =>
  retry.kind === 'block' && retry.block.statuses.some((retryable) => retryable === status);

function fate(outcome: Outcome, rules: Rules): 'keep' | 'hold' | 'drop' {
  if (mayBeSentAgain(outcome, rules)) return 'keep';
  return rules.qos === 'none' ? 'drop' : 'hold';
}

/** What the quality of service allows: at-most-once may repeat only what was never written, none nothing. */
function mayBeSentAgain(outcome: Outcome, { qos }: Rules): boolean {
  switch (qos) {
    case 'none':
      return false;
    case 'at-most-once':
      return outcome.kind === 'unsent';
    case 'auto':
    case 'at-least-once':
      return true;
    default:
      return qos satisfies never;
  }
}
