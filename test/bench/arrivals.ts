// The arrivals of a load at a callback: when each message of a run was published, and when each of its deliveries came.
import { setTimeout as wait } from 'node:timers/promises';

export type Loaded = {
  /** From the start of the publisher's call to the arrival at the callback, for all messages that are measured. */
  readonly delaysMs: readonly number[];
  readonly repeated: number;
  readonly missing: number;
  /** From the first publish to the last arrival. */
  readonly elapsedMs: number;
};

type Delivery = {
  /** The run and the number that the message's body begins with; NaN or undefined: it is of no run. */
  readonly ofRun: number | undefined;
  readonly number: number | undefined;
  /** Each subscription has a path of its own. */
  readonly path: string | undefined;
  readonly at: number;
};

/** Records one run after the other. All times are milliseconds of `performance.now()`. */
export function createArrivals() {
  let run = 0;
  let expected = 0;
  let startedAt = 0;
  let lastAt = 0;
  let sentAt: number[] = [];
  let delaysMs: number[] = [];
  let repeated = 0;
  let unmeasured = 0;
  let arrived = new Set<string>();
  let all = Promise.withResolvers<void>();

  return {
    /** The number of the run under way, counted from 1. */
    run: () => run,
    /** Begins a run of so many deliveries. Deliveries of the runs before it count no more. The delays of the first `leadIn` messages are left out. */
    begin(deliveries: number, leadIn = 0): void {
      run += 1;
      unmeasured = leadIn;
      [sentAt, delaysMs, repeated, arrived] = [[], [], 0, new Set()];
      all = Promise.withResolvers();
      expected = deliveries;
      startedAt = performance.now();
      lastAt = startedAt;
    },
    publishing(number: number, at: number): void {
      sentAt[number] = at;
    },
    note({ ofRun, number, path, at }: Delivery): void {
      if (ofRun !== run || number === undefined) return;
      const key = `${path} ${number}`;
      if (arrived.has(key)) {
        repeated += 1;
        return;
      }
      arrived.add(key);
      if (number >= unmeasured) delaysMs.push(at - (sentAt[number] ?? Number.NaN));
      lastAt = at;
      if (arrived.size === expected) all.resolve();
    },
    /** Waits until all deliveries of the run have arrived, at most `limitMs` from now on. */
    async end(limitMs: number): Promise<Loaded> {
      const stop = new AbortController();
      await Promise.race([all.promise, wait(limitMs, undefined, { signal: stop.signal }).catch(() => {})]);
      stop.abort();
      return { delaysMs, repeated, missing: expected - arrived.size, elapsedMs: lastAt - startedAt };
    },
  };
}
