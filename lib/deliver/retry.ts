// Delays before a retry: by the `retry` block, by default, and by a callback's Retry-After.
import type { Retry } from '#lib/subscription/subscription.ts';

/** The message's attempts so far. */
export type History = {
  /** Retries since the subscription was resumed; Infinity for a probe, which gets none. */
  readonly retries: number;
  /** Its age at the end of the last attempt, in milliseconds (age.ts); of several messages, that of the youngest. */
  readonly ageMs: number;
  /** Milliseconds that the failed exchange took. */
  readonly durationMs: number;
  /** A random number from 0 to 1. */
  readonly random: number;
  /** The rejected credentials have been replaced since. */
  readonly credentialsChanged?: boolean;
  /** Messages of the request; undefined: one. */
  readonly members?: number;
};

/**
 * Default retries without a `retry` block: the first waits ten times the exchange's duration, within these bounds, so that
 * one error in a hundred costs a lane about a tenth of its speed. The second waits the longer bound, so that two errors
 * in a row are no outage yet.
 */
const DEFAULT_AFTER_MS = { least: 5, most: 100, times: 10 };

/** Milliseconds to wait before the next retry; undefined when none is left. */
export function retryDelayMs(
  retry: Retry,
  { retries, durationMs, random }: Pick<History, 'retries' | 'durationMs' | 'random'>,
): number | undefined {
  switch (retry.kind) {
    case 'none':
      return undefined;
    case 'default':
      // A single 503 must not pause a subscription.
      if (retries === 1) return DEFAULT_AFTER_MS.most;
      if (retries > 1) return undefined;
      return Math.min(
        Math.max(durationMs * DEFAULT_AFTER_MS.times, DEFAULT_AFTER_MS.least),
        DEFAULT_AFTER_MS.most,
      );
    case 'block': {
      const { retryStrategy, maxAttempts, initialDelaySeconds, maxDelaySeconds, jitter } = retry.block;
      if (retries >= maxAttempts) return undefined;
      const seconds = retryStrategy === 'LINEAR' ? initialDelaySeconds : initialDelaySeconds * 2 ** retries;
      const delayMs = Math.min(seconds, maxDelaySeconds) * 1000;
      // Between half and all of the delay: jitter spreads retries and never makes them much earlier.
      return jitter ? Math.round(delayMs * (0.5 + random / 2)) : delayMs;
    }
    default:
      return retry satisfies never;
  }
}

/**
 * Reads Retry-After, in seconds or as a date (RFC 9110, 10.2.3), and returns milliseconds up to the longest allowed wait.
 * Of several values the longest counts. Returns undefined when the header is missing, malformed or in the past.
 */
export function retryAfterMs(
  header: string | undefined,
  { now, longestRetryAfterMs }: { readonly now: number; readonly longestRetryAfterMs: number },
): number | undefined {
  let longestMs = 0;
  // Several headers are joined by commas; a date has a comma too, before its day of the month.
  for (const text of (header ?? '').split(/,(?!\s*\d{1,2}[ -][A-Za-z]{3})/, MOST_VALUES)) {
    const ms = waitMsOf(text.trim(), now);
    if (ms > longestMs) longestMs = ms;
  }
  return longestMs > 0 ? Math.min(longestMs, longestRetryAfterMs) : undefined;
}

const MOST_VALUES = 20;

/** A fraction of a second, which RFC 9110 does not know, is rounded up. Not a number when the text is neither. */
const waitMsOf = (text: string, now: number): number =>
  /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Math.ceil(Number(text)) * 1000 : dateOf(text) - now;

// Date.parse accepts much that is no HTTP date, such as plain numbers. All HTTP dates begin with a day's name, and all are
// in GMT; the form of asctime does not say so, and Date.parse would take it for local time.
const dateOf = (text: string): number =>
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)
    ? Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`)
    : Number.NaN;
