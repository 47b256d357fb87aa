// How long the last exchanges of each subscription took, in the memory of this environment. A subscription is slow by their
// median, so that one slow answer among fast ones is no reason.
import { forgetOldest } from '#lib/item/forget-oldest.ts';

export type ExchangeTimes = {
  /** Remembers that an exchange took this long, in milliseconds. */
  note(subscription: string, tookMs: number): void;
  /** Whether most of the last exchanges were slow, with one that has taken this long so far, in milliseconds. */
  isSlow(subscription: string, soFarMs?: number): boolean;
};

/** The median is that of this many exchanges at most. */
const LAST = 5;
/** Older exchanges say nothing about a callback that has become slow. */
const RECENT_MS = 10_000;
const MOST_REMEMBERED = 1_000;

/** Makes the memory of one environment. `slowAfterMs`: from this on an exchange is slow. */
export function createExchangeTimes({
  slowAfterMs,
  now,
}: {
  readonly slowAfterMs: number;
  readonly now: () => number;
}): ExchangeTimes {
  const exchanges = new Map<string, readonly { readonly tookMs: number; readonly endedAt: number }[]>();
  const recent = (subscription: string) =>
    (exchanges.get(subscription) ?? []).filter(({ endedAt }) => now() - endedAt <= RECENT_MS);
  return {
    note(subscription, tookMs) {
      const kept = [...recent(subscription), { tookMs, endedAt: now() }].slice(-LAST);
      exchanges.delete(subscription);
      exchanges.set(subscription, kept);
      forgetOldest(exchanges, MOST_REMEMBERED);
    },
    isSlow(subscription, soFarMs) {
      const times = recent(subscription).map(({ tookMs }) => tookMs);
      if (soFarMs !== undefined) times.push(soFarMs);
      const last = times.slice(-LAST).sort((a, b) => a - b);
      return (last[Math.floor(last.length / 2)] ?? 0) >= slowAfterMs;
    },
  };
}
