// Checks the rate of a subscription: over any time, at most its share of requests, and one more for each that may be in flight.
import { excessOver } from '#test/support/rate-bound.ts';
import { capOf, itemIn } from './item.ts';
import type { Settings } from './plan.ts';
import type { Sent } from './sent.ts';

/** A low rate has fewer requests in flight: as many as it allows in ten seconds. */
const IN_FLIGHT_SECONDS = 10;

/** How many requests of a subscription with a rate may be in flight. */
export function inFlightOf(settings: Settings): number {
  const { requests, perSeconds } = settings.rateLimit ?? {
    requests: Number.POSITIVE_INFINITY,
    perSeconds: 1,
  };
  return Math.min(capOf(settings), Math.ceil((requests * IN_FLIGHT_SECONDS) / perSeconds));
}

/** Consecutive versions of an item with the same rate and the same lanes. */
type Stretch = { readonly settings: Settings; readonly versions: Set<number | undefined> };

function stretchesOf(versions: readonly Settings[]): readonly Stretch[] {
  const lanesOf = (one: Settings) =>
    JSON.stringify([one.rateLimit, inFlightOf(one), one.byKey, one.qos.startsWith('at-')]);
  const stretches: Stretch[] = [];
  for (const [version, settings] of versions.entries()) {
    const last = stretches.at(-1);
    if (last !== undefined && lanesOf(last.settings) === lanesOf(settings)) last.versions.add(version);
    else stretches.push({ settings, versions: new Set([version]) });
  }
  return stretches;
}

/**
 * `sent`: the requests of one subscription. `versions`: its items, in the order in which they were put. Returns a sentence for
 * the first stretch between two changes of the rate, or of the lanes that share it, in which too many were sent; undefined when
 * there is none.
 */
export function overRate(sent: readonly Sent[], versions: readonly Settings[]): string | undefined {
  for (const { settings, versions: ofStretch } of stretchesOf(versions)) {
    const { rateLimit } = settings;
    if (rateLimit === undefined) continue;
    const made = sent.filter(({ request }) => ofStretch.has(itemIn(request.headers)?.version));
    const excess = excessOver(rateLimit, inFlightOf(settings), made);
    if (excess > 0)
      return `${made.length} requests, ${excess} too many in some time for ${rateLimit.requests} in ${rateLimit.perSeconds} s`;
  }
  return undefined;
}
