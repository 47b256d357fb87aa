// The bound of `rateLimit`, for every window of a list of requests.

type Limit = { readonly requests: number; readonly perSeconds: number };

/**
 * How many requests more than the bound the worst window has: `requests` in any `perSeconds`, and one a lane. At most 0 where
 * the bound holds. `times`: epoch milliseconds, in any order. Less than a thousandth of a request is rounding.
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
