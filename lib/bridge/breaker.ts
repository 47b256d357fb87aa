// Whether an endpoint is worth trying: after a failure it is left alone for a while, longer each time, so that what
// waits for it costs a send and no connection. One for each endpoint, in each of the function's environments.

export type Breaker = {
  /** False while the endpoint is to be left alone. */
  allows(): boolean;
  /** Epoch milliseconds; past when it allows. */
  readonly opensAt: () => number;
  /** Answers true when the endpoint was out of order until now. */
  succeeded(): boolean;
  /** Answers true when the endpoint was in order until now. */
  failed(): boolean;
};

const FIRST_MS = 1_000;
const MOST_MS = 60_000;

export function createBreaker({ now }: { readonly now: () => number }): Breaker {
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
      until = now() + Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS);
      return failures === 1;
    },
  };
}
