// The time that the plots of attempts show.

/** Epoch milliseconds. */
export type PlotRange = { readonly from: number; readonly to: number };

/**
 * The range of a plot. `attempts`: the oldest first, by ISO 8601. `more`: older attempts were left out. Then the range
 * begins with the oldest known attempt, because a gap would look like a time without attempts.
 */
export function plotRange(
  [first]: readonly { readonly at: string }[],
  { more, rangeMs, now }: { readonly more: boolean; readonly rangeMs: number; readonly now: number },
): PlotRange {
  const begin = now - rangeMs;
  return { from: more && first !== undefined ? Math.max(begin, Date.parse(first.at)) : begin, to: now };
}
