// What an attempt came to: one of five, and nothing else decides what follows. Which side of the write a failure lies
// on is the client's to say; what each outcome leads to is policy.ts's.
import type { Exchange } from '#lib/callback/client.ts';
import { type Carried, withoutCredentials } from './redact.ts';
import { retryAfterMs } from './retry.ts';

export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | ({ readonly kind: 'rejected' } & Refusing)
  | ({ readonly kind: 'failed' } & Refusing)
  /** Nothing was written. */
  | { readonly kind: 'unsent'; readonly code: string; readonly message: string }
  /** Written, or begun to be, and no full answer; `lost` when an earlier attempt was never heard of again. */
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string; readonly lost?: true };

type Refusing = {
  readonly status: number;
  readonly excerpt?: string;
  /** What the callback asked for with Retry-After. */
  readonly retryAfterMs?: number;
};

/** What of an answer is kept and obeyed. */
export type AnswerLimits = {
  /** 0 keeps nothing of what it says. */
  readonly excerptBytes: number;
  readonly longestRetryAfterMs: number;
};

/** `carried` is what the request carried of credentials: no excerpt repeats them. */
export function outcomeOf(
  exchange: Exchange,
  carried: Carried,
  { now, excerptBytes, longestRetryAfterMs }: AnswerLimits & { readonly now: () => number },
): Outcome {
  if (exchange.kind !== 'answered') return exchange;
  const { status, body, headers } = exchange;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  // Redirects are never followed: the callback URL is what the subscriber registered, so a 3xx is a refusal.
  const kind = status >= 300 && status < 500 ? 'rejected' : 'failed';
  const after = retryAfterMs(headers['retry-after'], { now: now(), longestRetryAfterMs });
  return {
    kind,
    status,
    ...excerptOf(body, carried, excerptBytes),
    ...(after !== undefined && { retryAfterMs: after }),
  };
}

/** Cut last: half a credential is not found. */
function excerptOf(body: Buffer, carried: Carried, mostBytes: number): { excerpt?: string } {
  if (body.length === 0 || mostBytes === 0) return {};
  const text = withoutCredentials(body.toString('utf8'), carried);
  return { excerpt: Buffer.from(text).subarray(0, mostBytes).toString('utf8') };
}

/** The outcome in a few words, for a pause's detail and a log line. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'delivered':
    case 'rejected':
    case 'failed':
      return `the callback answered ${outcome.status}`;
    case 'unsent':
    case 'unknown':
      return outcome.message;
    default:
      return outcome satisfies never;
  }
}

export const httpStatusOf = (outcome: Outcome): number | undefined =>
  'status' in outcome ? outcome.status : undefined;
