// The bound of `rateLimit`, for every window of a list of requests.

type Limit = { readonly requests: number; readonly perSeconds: number };

/**
 * Returns by how many requests the worst window exceeds the bound: 0 or less if every window keeps it. A window of T
 * seconds may have `requests` · T / `perSeconds` requests, and one more for each lane. `times`: epoch milliseconds, in any
 * order. A request that was seen at `to` may have begun as early as `from`: then only the excess counts that is certain. The
 * result is rounded to thousandths, because the sums of fractions are not exact.
 */
export function excessOver(
  { requests, perSeconds }: Limit,
  lanes: number,
  times: readonly (number | { readonly from: number; readonly to: number })[],
): number {
  const perMs = requests / (perSeconds * 1_000);
  const spans = times.map((time) => (typeof time === 'number' ? { from: time, to: time } : time));
  let least = Number.POSITIVE_INFINITY;
  let excess = Number.NEGATIVE_INFINITY;
  for (const [index, { from, to }] of spans.toSorted((a, b) => a.to - b.to).entries()) {
    // Requests i to j are j - i + 1 in the window from the one to the other.
    const credit = index - to * perMs;
    excess = Math.max(excess, credit - Math.min(least, credit) + 1 - lanes);
    least = Math.min(least, index - from * perMs);
  }
  return times.length === 0 ? 0 : Math.round(excess * 1_000) / 1_000;
}
