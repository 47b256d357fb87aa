// When a message is sent again: the `retry` block's own arithmetic, and what a callback asks for with Retry-After.
import type { Retry } from '#lib/subscription/subscription.ts';

/** What this message has behind it. */
export type History = {
  /** Retries since its subscription went on; Infinity where a probe is not to be repeated. */
  readonly retries: number;
  /** Since its first attempt. */
  readonly ageMs: number;
  /** Of the exchange that failed. */
  readonly durationMs: number;
  /** Between 0 and 1. */
  readonly random: number;
  /** It was refused with credentials that are not the newest. */
  readonly credentialsChanged?: boolean;
};

/**
 * Without a `retry` block: first after ten times as long as the exchange took, within these bounds, so that one error
 * in a hundred costs a lane about a tenth of its speed, however fast its callback is; and once more after the longest,
 * so that two such errors in a row are no outage.
 */
const DEFAULT_AFTER_MS = { least: 5, most: 100, times: 10 };

/** How long to wait before the next retry; undefined when there is none left. */
export function retryDelayMs(
  retry: Retry,
  { retries, ageMs, durationMs, random }: History,
): number | undefined {
  switch (retry.kind) {
    case 'none':
      return undefined;
    case 'default':
      // So that a lone 503 stops nothing.
      if (retries === 1) return DEFAULT_AFTER_MS.most;
      if (retries > 1) return undefined;
      return Math.min(
        Math.max(durationMs * DEFAULT_AFTER_MS.times, DEFAULT_AFTER_MS.least),
        DEFAULT_AFTER_MS.most,
      );
    case 'block': {
      const { retryStrategy, maxAttempts, initialDelaySeconds, maxDelaySeconds, jitter, maxAgeSeconds } =
        retry.block;
      if (retries >= maxAttempts) return undefined;
      if (maxAgeSeconds !== undefined && ageMs >= maxAgeSeconds * 1000) return undefined;
      const seconds = retryStrategy === 'LINEAR' ? initialDelaySeconds : initialDelaySeconds * 2 ** retries;
      const delayMs = Math.min(seconds, maxDelaySeconds) * 1000;
      // Half of it is certain: jitter spreads, it does not hurry.
      return jitter ? Math.round(delayMs * (0.5 + random / 2)) : delayMs;
    }
    default:
      return retry satisfies never;
  }
}

/**
 * Reads Retry-After, seconds or a date (RFC 9110, 10.2.3), obeyed up to the longest; undefined for none, for garbage and
 * for the past.
 */
export function retryAfterMs(
  header: string | undefined,
  { now, longestRetryAfterMs }: { readonly now: number; readonly longestRetryAfterMs: number },
): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return ms > 0 ? Math.min(ms, longestRetryAfterMs) : undefined;
}

// Date.parse takes much that is no HTTP date, numbers among it; all three HTTP forms begin with a day's name.
const dateOf = (text: string): number =>
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
