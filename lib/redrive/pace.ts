// How fast a redrive sends: as fast as it goes, or so many a second, evenly.

export type Pace = {
  /** How many of `most` may be sent now; waits until it is one at least, or until there is no time: then 0. */
  room(most: number, until: number): Promise<number>;
  /** So many were sent. */
  count(sent: number): void;
};

type Deps = { readonly now: () => number; readonly wait: (ms: number) => Promise<unknown> };

/** In slices of a fifth of a second, so that a rate of a hundred is not a hundred at once. */
const SLICE_MS = 200;

/** Makes the rate limit of a redrive. Undefined `ratePerSecond`: no limit. */
export function createPace(ratePerSecond: number | undefined, { now, wait }: Deps): Pace {
  if (ratePerSecond === undefined) return { room: async (most) => most, count: () => {} };
  const msEach = 1000 / ratePerSecond;
  /** When the next may go. */
  let dueAt = now();
  return {
    async room(most, until) {
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
