// The parts of a `rateLimit` that their lanes don't use: they have no messages, or SQS keeps their messages invisible after a
// function died. Another lane may use them meanwhile, so that the whole rate is reached.
import * as z from 'zod';
import type { LaneRate } from '#lib/subscription/rate-limit.ts';
import { stateKey, turnsKey } from './keys.ts';
import { createRatePart, type RatePart, type RatePartDeps, storedPart } from './rate-part.ts';
import type { Table } from './table.ts';

export type SparePartDeps = RatePartDeps & {
  readonly stateTable: RatePartDeps['stateTable'] & Pick<Table, 'query'>;
};

/** A part that nobody gave back counts as unused this long after its turn: its lane may be on the way to its next function. */
const IDLE_MS = 1_000;
/** A part that was given back may be taken this long before its turn. Its own lane comes earlier, if it has messages. */
const SOON_MS = 200;
/** The lane of a part gets it back when these milliseconds of turns are over. */
const MOST_RESERVED_MS = 1_500;

const item = storedPart.extend({ sk: z.string() });

/**
 * Takes up to `most` parts of other lanes that are not used, with a first turn of each reserved. `inHand`: lanes whose parts
 * the caller has. Throws when DynamoDB fails.
 */
export async function takeSpareParts(
  subscription: string,
  {
    lane,
    rates,
    inHand,
    most,
  }: {
    readonly lane: number;
    readonly rates: readonly LaneRate[];
    readonly inHand: ReadonlySet<number>;
    readonly most: number;
  },
  deps: SparePartDeps,
): Promise<readonly RatePart[]> {
  const stored = await readParts(subscription, deps);
  const now = deps.now();
  const isFree = (rate: LaneRate, other: number): boolean => {
    const part = stored.get(other);
    if (inHand.has(other)) return false;
    if (part === undefined) return true;
    return part.at + rate.intervalMs - rate.earlyMs <= (part.spare ? now + SOON_MS : now - IDLE_MS);
  };
  // Each lane begins with the lane after it, so that lanes that look at the same time seldom want the same part.
  const free = rates
    .map((rate, other) => ({ rate, lane: other }))
    .filter((one) => isFree(one.rate, one.lane))
    .sort((a, b) => after(a.lane) - after(b.lane))
    .slice(0, most);
  function after(other: number): number {
    return (other - lane + rates.length) % rates.length;
  }
  const parts = free.map((one) =>
    createRatePart({ subscription, ...one, longestMs: MOST_RESERVED_MS }, deps, {
      at: stored.get(one.lane)?.at,
    }),
  );
  const taken = await Promise.all(parts.map((part) => part.reserveAt(now)));
  return parts.filter((_, index) => taken[index]);
}

/** The parts that have had a request, by lane. Another function may have written since: each write has a condition. */
async function readParts(subscription: string, { stateTable }: SparePartDeps) {
  const parts = new Map<number, z.output<typeof item>>();
  const pages = stateTable.query(z.unknown(), {
    where: 'pk = :pk AND sk BETWEEN :from AND :to',
    values: { ':pk': stateKey(subscription).pk, ':from': PREFIX, ':to': `${PREFIX}~` },
  });
  for await (const { items } of pages) {
    for (const one of items) {
      const part = item.parse(one);
      parts.set(Number(part.sk.slice(PREFIX.length)), part);
    }
  }
  return parts;
}

/** Of the sort keys of all parts. */
const PREFIX = turnsKey('', 0).sk.slice(0, -1);
