// What follows from an outcome: a pure, total table of outcome, quality of service and the subscription's own rules.
// Nothing is done here; act.ts does it.
import type { Subscription } from '../subscription/subscription.ts';
import type { Outcome } from './outcome.ts';

export type Action =
  | { readonly kind: 'done' }
  /** Send it again, in place. */
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
    };

type Rules = Pick<
  Subscription,
  'qos' | 'dlq' | 'retry' | 'interruptConsumptionOnServerError' | 'interruptConsumptionOnException'
>;

const RETRY_AFTER_MS = 100;

/** Decides by the outcome of the attempt, the rules, and how many retries this message has had since its lane went on. */
export function decide(outcome: Outcome, rules: Rules, retries: number): Action {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'done' };
    case 'rejected':
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
      return afterFailure(outcome, rules, rules.interruptConsumptionOnException, retries);
    case 'unsent':
      return afterFailure(outcome, rules, rules.interruptConsumptionOnException, retries);
    case 'failed':
      return afterFailure(outcome, rules, rules.interruptConsumptionOnServerError, retries);
    default:
      return outcome satisfies never;
  }
}

function afterFailure(outcome: Outcome, rules: Rules, interrupts: boolean, retries: number): Action {
  // Without a `retry` block one retry, so that a lone 503 stops nothing; "No Retry" turns it off.
  if (mayBeSentAgain(outcome, rules) && rules.retry.kind === 'default' && retries === 0) {
    return { kind: 'retry', afterMs: RETRY_AFTER_MS };
  }
  if (!interrupts && rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };
  if (!interrupts) return { kind: rules.qos === 'at-most-once' ? 'hold' : 'drop' };
  return { kind: 'pause', reason: 'outage', message: fate(outcome, rules) };
}

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
