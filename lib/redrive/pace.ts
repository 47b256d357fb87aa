// The rate of a redrive: as fast as possible, or evenly at a number of letters a second.

export type Pace = {
  /** How many of `most` may be sent now. Waits until it is at least one; returns 0 when there is no time left. */
  allowed(most: number, until: number): Promise<number>;
  /** Notes that this many were sent. */
  count(sent: number): void;
};

type Deps = { readonly now: () => number; readonly wait: (ms: number) => Promise<unknown> };

/** Slices of a fifth of a second, so that a rate of a hundred a second is not a burst of a hundred. */
const SLICE_MS = 200;

/** Makes the rate limit of a redrive. Undefined `ratePerSecond`: no limit. */
export function createPace(ratePerSecond: number | undefined, { now, wait }: Deps): Pace {
  if (ratePerSecond === undefined) return { allowed: async (most) => most, count: () => {} };
  const msEach = 1000 / ratePerSecond;
  /** When the next letter may be sent, epoch milliseconds. */
  let dueAt = now();
  return {
    async allowed(most, until) {
      if (dueAt >= until) return 0;
      const early = dueAt - now();
      if (early > 0) await wait(early);
      return Math.max(1, Math.min(most, Math.floor(SLICE_MS / msEach)));
    },
    count(sent) {
      dueAt = Math.max(dueAt, now() - SLICE_MS) + sent * msEach;
    },
  };
}
