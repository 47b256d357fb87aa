// How long the last exchanges of each subscription took, in the memory of this environment. A subscription is slow if their
// median or their mean is: one slow answer among fast ones is no reason, unless it makes the mean slow.
import { forgetOldest } from '#lib/item/forget-oldest.ts';

export type ExchangeTimes = {
  /** Remembers that an exchange took this long, in milliseconds. */
  note(subscription: string, tookMs: number): void;
  /**
   * Counts an exchange that is still open, and slow already, until the returned function is called. `soFarMs` returns how long
   * it has taken, in milliseconds.
   */
  noteOpen(subscription: string, soFarMs: () => number): () => void;
  /** Whether the last exchanges were slow, those that are open among them. */
  isSlow(subscription: string): boolean;
};

/** Median and mean are those of this many exchanges at most. */
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
  const open = new Map<string, Set<() => number>>();
  const recent = (subscription: string) =>
    (exchanges.get(subscription) ?? []).filter(({ endedAt }) => now() - endedAt <= RECENT_MS);
  return {
    note(subscription, tookMs) {
      const kept = [...recent(subscription), { tookMs, endedAt: now() }].slice(-LAST);
      exchanges.delete(subscription);
      exchanges.set(subscription, kept);
      forgetOldest(exchanges, MOST_REMEMBERED);
    },
    noteOpen(subscription, soFarMs) {
      const own = open.get(subscription) ?? new Set();
      open.set(subscription, own.add(soFarMs));
      return () => {
        own.delete(soFarMs);
        if (own.size === 0) open.delete(subscription);
      };
    },
    isSlow(subscription) {
      const ended = recent(subscription).map(({ tookMs }) => tookMs);
      const going = [...(open.get(subscription) ?? [])].map((soFarMs) => soFarMs());
      const last = [...ended, ...going].slice(-LAST).sort((a, b) => a - b);
      const median = last[Math.floor(last.length / 2)] ?? 0;
      const mean = last.reduce((sum, tookMs) => sum + tookMs, 0) / Math.max(1, last.length);
      return Math.max(median, mean) >= slowAfterMs;
    },
  };
}
