// The outcome of an attempt: one of five. The callback client knows whether any byte was written; policy.ts decides what
// follows from each outcome.
import type { Exchange } from '#lib/callback/client.ts';
import { type Directive, directiveIn } from './answer-directive.ts';
import { answerText } from './answer-text.ts';
import { type Carried, createRedaction, type SearchSteps } from './redact.ts';
import { retryAfterMs } from './retry.ts';

export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number; readonly incomplete?: string }
  | ({ readonly kind: 'rejected' } & Refusing)
  | ({ readonly kind: 'failed' } & Refusing)
  /** No byte of the request was written. */
  | { readonly kind: 'unsent'; readonly code: string; readonly message: string }
  /** Bytes were written, and no status with its headers came. `lost`: an earlier attempt ended without a trace. */
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string; readonly lost?: true };

type Answered = Extract<Exchange, { kind: 'answered' }>;

type Refusing = {
  readonly status: number;
  /** Why the end of the answer's body is missing. The status decides all the same. */
  readonly incomplete?: string;
  readonly excerpt?: string;
  /** Milliseconds that the callback asked for with Retry-After. */
  readonly retryAfterMs?: number;
  /** What the callback asked for with webhook-delivery. */
  readonly directive?: Directive;
};

/** How much of an answer is kept, and how long its Retry-After is obeyed. */
export type AnswerLimits = {
  /** Bytes of the answer's body that are kept; 0 keeps none. */
  readonly excerptBytes: number;
  readonly longestRetryAfterMs: number;
};

/**
 * Turns an exchange into an outcome. `carried`: the request's credentials, which no excerpt repeats. `steps`: what the search
 * for them may take; undefined: as much as one attempt may.
 */
export function outcomeOf(
  exchange: Exchange,
  carried: Carried,
  {
    now,
    excerptBytes,
    longestRetryAfterMs,
    steps,
  }: AnswerLimits & { readonly now: () => number; readonly steps?: SearchSteps },
): Outcome {
  if (exchange.kind !== 'answered') return exchange;
  const { status, headers } = exchange;
  const answer = { status, ...(exchange.incomplete !== undefined && { incomplete: exchange.incomplete }) };
  if (status >= 200 && status < 300) return { kind: 'delivered', ...answer };
  // Redirects are never followed: the subscriber registered the callback URL, so a 3xx is a rejection.
  const kind = status >= 300 && status < 500 ? 'rejected' : 'failed';
  const after = retryAfterMs(headers['retry-after'], { now: now(), longestRetryAfterMs });
  const directive = directiveIn(headers['webhook-delivery']);
  return {
    kind,
    ...answer,
    ...(directive !== undefined && { directive }),
    ...excerptOf(exchange, createRedaction(carried, steps), excerptBytes),
    ...(after !== undefined && { retryAfterMs: after }),
  };
}

/**
 * Characters of an answer that are searched for credentials, for each byte that is kept. More would only be kept where
 * most of the answer's beginning is credentials.
 */
const LOOKED_AT = 8;

/** Redact first, then cut: half a credential would not be recognised. */
function excerptOf(
  { body, headers }: Pick<Answered, 'body' | 'headers'>,
  redact: (text: string) => string,
  mostBytes: number,
): { excerpt?: string } {
  if (body.length === 0 || mostBytes === 0) return {};
  // A credential that this cut divides is removed as well.
  const beginning = (text: string): string => text.slice(0, LOOKED_AT * mostBytes);
  const asUtf8 = beginning(body.toString('utf8'));
  const redacted = redact(asUtf8);
  if (redacted !== asUtf8) return cutTo(redacted, mostBytes);
  // In another charset, credentials of a body that is UTF-8 after all would be disguised and not removed.
  const text = beginning(answerText(body, headers['content-type']));
  return cutTo(text === asUtf8 ? redacted : redact(text), mostBytes);
}

const cutTo = (text: string, mostBytes: number) => ({
  excerpt: Buffer.from(text).subarray(0, mostBytes).toString('utf8'),
});

/** Describes the outcome in a few words for a pause's detail and for logs. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'delivered':
      return `the callback answered ${outcome.status}`;
    case 'rejected':
    case 'failed': {
      const { status, directive } = outcome;
      return `the callback answered ${status}${directive ? ` with webhook-delivery: ${directive}` : ''}`;
    }
    case 'unsent':
    case 'unknown':
      return outcome.message;
    default:
      return outcome satisfies never;
  }
}

/** The answer's HTTP status; undefined when no complete answer came. */
export const httpStatusOf = (outcome: Outcome): number | undefined =>
  'status' in outcome ? outcome.status : undefined;

/** What the callback asked for with webhook-delivery; undefined: nothing. */
export const directiveOf = (outcome: Outcome): Directive | undefined =>
  'directive' in outcome ? outcome.directive : undefined;

/** The code of an outcome without a status, one of those in cause.ts; undefined when a status says what happened. */
export const causeOf = (outcome: Outcome): string | undefined =>
  'code' in outcome ? outcome.code : undefined;
