// Decides the action that follows from an outcome. It is a pure function of the outcome, the quality of service and the
// subscription's rules, and it covers every outcome.
// act.ts carries it out.
import type { Subscription } from '#lib/subscription/subscription.ts';
import { isTooOld } from './age.ts';
import { directiveOf, type Outcome } from './outcome.ts';
import { type History, retryDelayMs } from './retry.ts';

export type Action =
  | { readonly kind: 'done' }
  /** Send it again after this time. */
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'dead-letter'; readonly endpoint: string }
  /** Hold it until a person sends or discards it, and go on with the next. */
  | { readonly kind: 'hold' }
  /** Count it, drop it, and go on with the next. */
  | { readonly kind: 'drop' }
  /** Send it to `undeliverable`, and go on with the next. */
  | { readonly kind: 'undeliverable' }
  /** Send the messages of the batch one by one: one of them may be the fault. */
  | { readonly kind: 'one-by-one' }
  /** Pause the subscription. `message` says what becomes of the message itself. */
  | {
      readonly kind: 'pause';
      readonly reason: 'rejected' | 'gone' | 'outage';
      /** keep: it becomes the first one in its lane's backlog; hold: it is held; drop: it is counted and not sent again. */
      readonly message: 'keep' | 'hold' | 'drop';
      /** Milliseconds that the callback asked for with Retry-After. */
      readonly afterMs?: number;
    };

export type Rules = Pick<
  Subscription,
  'qos' | 'dlq' | 'retry' | 'interruptConsumptionOnServerError' | 'interruptConsumptionOnException'
>;

/**
 * Decides what follows from an outcome, by the quality of service and the subscription's rules. Pure; never throws.
 */
export function decide(outcome: Outcome, rules: Rules, history: History): Action {
  const action = decideForAll(outcome, rules, history);
  const isBatch = (history.members ?? 1) > 1;
  return isBatch && mayBeOneOfThem(outcome, action) && mayBeSentAgain(outcome, rules)
    ? { kind: 'one-by-one' }
    : action;
}

/** Whether a callback that answers may have refused a batch for one of its messages, and the others would suffer for it. */
function mayBeOneOfThem(outcome: Outcome, action: Action): boolean {
  const { kind } = outcome;
  const directive = directiveOf(outcome);
  if (directive !== undefined) return directive === 'abort-message';
  // An outage says "not now" to all of them, such as a 429 of `retry.statuses` whose retries are used up.
  if (kind === 'rejected')
    return action.kind === 'dead-letter' || (action.kind === 'pause' && action.reason !== 'outage');
  return kind === 'failed' && action.kind === 'dead-letter';
}

function decideForAll(outcome: Outcome, rules: Rules, history: History): Action {
  const directive = directiveOf(outcome);
  if (directive === 'abort-message') return afterAbort(rules);
  // As after a 410, also where rejected messages become dead letters: the receiver has said that none are to come.
  if (directive === 'disable') return { kind: 'pause', reason: 'gone', message: fate(outcome, rules) };
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
      // Our own crash says nothing about the callback, so it is no reason to pause.
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

/** The receiver wants neither a retry of this message nor a pause. at-least-once loses nothing without a trace. */
function afterAbort({ qos, dlq }: Rules): Action {
  if (dlq) return { kind: 'dead-letter', endpoint: dlq.endpoint };
  switch (qos) {
    case 'none':
    case 'auto':
      return { kind: 'drop' };
    case 'at-most-once':
      return { kind: 'hold' };
    case 'at-least-once':
      return { kind: 'undeliverable' };
    default:
      return qos satisfies never;
  }
}

/** A rejection of credentials that were replaced meanwhile is no reason to pause: the next request has the new ones. */
function afterOldCredentials(outcome: Outcome, rules: Rules): Action {
  const kind = fate(outcome, rules);
  if (kind === 'keep') return { kind: 'retry', afterMs: 0 };
  return rules.dlq ? { kind: 'dead-letter', endpoint: rules.dlq.endpoint } : { kind };
}

function afterFailure(outcome: Outcome, rules: Rules, interrupts: boolean, history: History): Action {
  const retryAfterMs = 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined;
  if (mayBeSentAgain(outcome, rules)) {
    const delayMs = retryDelayMs(rules.retry, history);
    const afterMs = delayMs === undefined ? undefined : Math.max(delayMs, retryAfterMs ?? 0);
    // A retry for which the message would be too old is not waited for.
    if (afterMs !== undefined && !isTooOld(rules, history.ageMs + afterMs)) return { kind: 'retry', afterMs };
  }
  // A 4xx that the `retry` block made retryable is a rejection again once its retries are used up.
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

/**
 * Whether the quality of service allows to send the message again. `none` never allows it. `at-most-once` allows it only if no
 * byte of the request was written to the connection.
 */
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
