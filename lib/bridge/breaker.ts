// A circuit breaker for an endpoint: after a failure it is not tried for a while, longer each time, so that its waiting
// letters cost no connections. One per endpoint in each of the function's environments, which do not try in the same moment.

export type Breaker = {
  /** Returns false while the endpoint must not be tried. */
  allows(): boolean;
  /** When it may be tried again, epoch milliseconds; in the past when it may be tried now. */
  readonly opensAt: () => number;
  /** Notes a success. Returns true when the endpoint had failed before. */
  succeeded(): boolean;
  /** Notes a failure. Returns true when the endpoint had worked before. */
  failed(): boolean;
};

const FIRST_MS = 1_000;
const MOST_MS = 60_000;

/** Makes a closed circuit breaker. `now`: epoch milliseconds. `random`: a number from 0 up to 1. */
export function createBreaker({
  now,
  random,
}: {
  readonly now: () => number;
  readonly random: () => number;
}): Breaker {
  let failures = 0;
  let until = 0;
  return {
    allows: () => now() >= until,
    opensAt: () => until,
    succeeded() {
      const wasBroken = failures > 0;
      failures = 0;
      until = 0;
      return wasBroken;
    },
    failed() {
      failures += 1;
      until = now() + Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS) * (1 + random() / 2);
      return failures === 1;
    },
  };
}
