// Checks the rate of a subscription: over any time, at most its share of requests, and one more for each lane.
import type { Settings } from './plan.ts';
import type { Received } from './receiver.ts';

/** Milliseconds by which a request may arrive later than it was sent, on a machine with much else to do. */
const LATE_MS = 1_500;

/** `skewMs`: by how much a function's clock may be ahead. Returns a sentence for the first time in which too many requests arrived; undefined when there is none. */
export function overRate(
  received: readonly Received[],
  versions: readonly Settings[],
  skewMs: number,
): string | undefined {
  const [{ rateLimit, lanes } = { rateLimit: undefined, lanes: 0 }] = versions;
  const isSame = versions.every((one) => JSON.stringify(one.rateLimit) === JSON.stringify(rateLimit));
  if (rateLimit === undefined || !isSame) return undefined;
  const spare = Math.max(lanes, ...versions.map((one) => one.lanes));
  const perMs = rateLimit.requests / (rateLimit.perSeconds * 1_000);
  for (const [from, first] of received.entries()) {
    for (const [more, last] of received.slice(from).entries()) {
      const allowed = (last.at - first.at + LATE_MS + skewMs) * perMs + spare;
      if (more + 1 > allowed + 1e-9) return `${more + 1} requests within ${last.at - first.at} ms`;
    }
  }
  return undefined;
}
