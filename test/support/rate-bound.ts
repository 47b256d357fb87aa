// The bound of `rateLimit`, for every window of a list of requests.

type Limit = { readonly requests: number; readonly perSeconds: number };

/**
 * Returns by how many requests the worst window exceeds the bound: 0 or less if every window keeps it. A window of T
 * seconds may have `requests` · T / `perSeconds` requests, and one more for each lane. `times`: epoch milliseconds, in any
 * order. The result is rounded to thousandths, because the sums of fractions are not exact.
 */
export function excessOver({ requests, perSeconds }: Limit, lanes: number, times: readonly number[]): number {
  const perMs = requests / (perSeconds * 1_000);
  let least = Number.POSITIVE_INFINITY;
  let excess = Number.NEGATIVE_INFINITY;
  for (const [index, at] of times.toSorted((a, b) => a - b).entries()) {
    // Requests i to j are j - i + 1 in the window from the one to the other.
    const credit = index - at * perMs;
    least = Math.min(least, credit);
    excess = Math.max(excess, credit - least + 1 - lanes);
  }
  return times.length === 0 ? 0 : Math.round(excess * 1_000) / 1_000;
}
