// Outages whose time has come end in a sweep: the probe is sent and answered with 200. A product that recovers hours later would
// come to rest as well, because the clock of a run jumps on.
import * as z from 'zod';

const stoppedSchema = z.looseObject({
  subscription: z.string(),
  epoch: z.number(),
  pause: z.looseObject({ resumeAt: z.number() }),
  lanes: z.record(z.string(), z.looseObject({ until: z.number() })).optional(),
  slow: z.unknown().optional(),
});

/** An outage of a subscription: every pause begins an epoch. */
type Outage = { readonly subscription: string; readonly epoch: number };

/**
 * The outages whose probe the next sweep starts, by the items of the state table. A token that is on its way is waited for, and
 * a slow subscription waits for a slot.
 */
export function dueOutages(items: readonly Record<string, unknown>[], now: number): readonly Outage[] {
  return stoppedIn(items).filter(({ pause, lanes = {}, slow }) => {
    const untils = Object.values(lanes).map(({ until }) => until);
    return slow === undefined && Math.max(pause.resumeAt, ...untils) < now;
  });
}

/** A late fault may end a sweep or its probe, and the next sweep has another. */
const MOST_SWEEPS = 2;

export type Overdue = {
  /** Counts a sweep after which an outage goes on that was due before it. Returns a sentence for each that had too many. */
  note(before: readonly Outage[], after: readonly Outage[]): string[];
};

export function createOverdue(): Overdue {
  const sweeps = new Map<string, number>();
  return {
    note: (before, after) =>
      before.flatMap(({ subscription, epoch }) => {
        if (!after.some((one) => one.subscription === subscription && one.epoch === epoch)) return [];
        const key = `${subscription} ${epoch}`;
        const count = (sweeps.get(key) ?? 0) + 1;
        sweeps.set(key, count);
        return count === MOST_SWEEPS + 1
          ? [`the outage of ${subscription} was due, and went on after ${count} sweeps`]
          : [];
      }),
  };
}

/** The outages that there are, due or not. */
export const outages = (items: readonly Record<string, unknown>[]): readonly Outage[] => stoppedIn(items);

/** Throws where such a state has another shape than this file knows: else nothing would be overdue any more. */
const stoppedIn = (items: readonly Record<string, unknown>[]) =>
  items
    .filter(
      ({ sk, pause }) => sk === 'state' && typeof pause === 'object' && pause !== null && 'resumeAt' in pause,
    )
    .map((item) => stoppedSchema.parse(item));
