// One lane's part of a `rateLimit`: its requests are an interval apart. The time of the last request is in the state table,
// where the next invocation that uses the part finds it. It is written before the request, so a function that dies has taken
// its turns. Each write has the condition that no other function wrote since, so that two never use the same turns.
import * as z from 'zod';
import type { LaneRate } from '#lib/subscription/rate-limit.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { turnsKey } from './keys.ts';
import type { Table } from './table.ts';

export type RatePartDeps = {
  readonly stateTable: Pick<Table, 'get' | 'put'>;
  readonly now: () => number;
  readonly log: Log;
};

export type RatePart = {
  readonly lane: number;
  /** When the next request may be sent, epoch milliseconds; a time in the past: now. Throws when DynamoDB fails. */
  nextAt(): Promise<number>;
  /** Reserves the turn at `at`. False: another function has written since, and `nextAt` reads anew. Throws when DynamoDB fails. */
  reserveAt(at: number): Promise<boolean>;
  /**
   * Call it as the last thing before a request is sent, and what it returns when the request is over. It may not be sent now
   * after `early`, since the turn has not come yet, and `taken`, since another function has written. Throws when DynamoDB fails.
   */
  begin(): Promise<(() => void) | 'early' | 'taken'>;
  /** Gives turns back that were reserved and not used. `isSpare`: any lane may take the part at once. Never throws. */
  giveBack(isSpare?: boolean): Promise<void>;
};

/** An item of a part as it is stored. `at`: the last request was sent no later than this. */
export const storedPart = z.object({ at: z.number(), spare: z.boolean().optional() });

/** The item is deleted some time after its turn: it says nothing about the turns that follow. */
const KEPT_SECONDS = 86_400;
/** A request may be sent this much after its turn without a further write: a share of the interval, within bounds. */
const LATE = { share: 0.05, least: 50, most: 1_000 };
/**
 * A callback gets a request at some time before it answers. So an interval begins with the answer, as far as this costs no
 * more than this share of the rate: the requests are then an interval apart at the callback too, and not only here. What
 * quick answers do not use is kept for a slow one, up to so many intervals' shares. The delay of a timer counts as part of it.
 * The first request of an invocation may need a connection: it may use half an interval, up to `firstMs`.
 */
const TOLERANCE = { share: 0.05, first: 0.5, firstMs: 100, most: 20 };
const TIMER_MS = 1;
/** The clock counts whole milliseconds: a request may have been sent this much later than it says. */
const CLOCK_MS = 1;

type Stored = { readonly at: number | undefined };

/**
 * Makes the part of a lane for one invocation. At most `longestMs` of turns are reserved in one write. `stored`: the item's
 * `at`, if the caller has read it; without it nothing is read yet.
 */
export function createRatePart(
  {
    subscription,
    lane,
    rate: { intervalMs, earlyMs },
    longestMs,
  }: {
    readonly subscription: string;
    readonly lane: number;
    readonly rate: LaneRate;
    readonly longestMs: number;
  },
  { stateTable, now, log }: RatePartDeps,
  read?: Stored,
): RatePart {
  const key = turnsKey(subscription, lane);
  const lateMs = Math.min(Math.max(intervalMs * LATE.share, LATE.least), LATE.most);
  const toleranceMs = Math.max(0, intervalMs * TOLERANCE.share - TIMER_MS);
  /** Milliseconds by which intervals may begin later than their requests. */
  let creditMs = Math.max(toleranceMs, Math.min(intervalMs * TOLERANCE.first, TOLERANCE.firstMs));
  let stored = read;
  /** When the next request is due. One may be sent `earlyMs` before, so that turns that were used late are made up for. */
  let dueAt = dueAfter(read);
  let ahead = 0;
  let hasWritten = false;

  /** No turn yet is one that is long past. */
  function dueAfter(from: Stored | undefined): number {
    return (from?.at ?? 0) + intervalMs;
  }

  async function known(): Promise<Stored> {
    if (stored === undefined) {
      stored = { at: (await stateTable.get(key, storedPart))?.at };
      dueAt = dueAfter(stored);
    }
    return stored;
  }

  const lastReserved = (): number => stored?.at ?? Number.NEGATIVE_INFINITY;

  /** False: another function has written since. */
  async function write(at: number, isSpare = false): Promise<boolean> {
    const { at: before } = await known();
    const isUnchanged =
      before === undefined ? { absent: 'pk' } : { equals: { attribute: 'at', value: before } };
    const item = {
      ...key,
      at,
      expiresAt: Math.ceil(at / 1_000) + KEPT_SECONDS,
      ...(isSpare && { spare: true }),
    };
    if (await stateTable.put(item, isUnchanged)) {
      stored = { at };
      return true;
    }
    stored = undefined;
    return false;
  }

  /** Reserves the turn at `at`, and further ones: twice as many at each call. */
  async function reserve(at: number): Promise<boolean> {
    const until = Math.ceil(at + lateMs + Math.min(ahead * intervalMs, longestMs));
    if (!(await write(until))) return false;
    hasWritten = true;
    ahead = ahead * 2 + 1;
    return true;
  }

  /** The end of a request that was sent at `sentAt`, where the next one is due at `after` because of it. */
  const overOf = (sentAt: number, after: number) => (): void => {
    // A later request is under way already, and its interval is the one that counts; or another function has the part.
    if (dueAt !== after || stored === undefined) return;
    const lateBy = Math.min(now() - sentAt, creditMs);
    creditMs = Math.min(creditMs - lateBy + toleranceMs, toleranceMs * TOLERANCE.most);
    dueAt += lateBy;
  };

  return {
    lane,

    async nextAt() {
      await known();
      return dueAt - earlyMs;
    },

    async reserveAt(at) {
      await known();
      const turn = Math.max(at, dueAt);
      return turn <= lastReserved() || (await reserve(turn));
    },

    async begin() {
      for (;;) {
        await known();
        const sentAt = now();
        if (sentAt < dueAt - earlyMs) return 'early';
        const turn = Math.max(sentAt + CLOCK_MS, dueAt);
        if (turn <= lastReserved()) {
          dueAt = turn + intervalMs;
          return overOf(sentAt, dueAt);
        }
        // The credentials or the claim took long.
        if (!(await reserve(turn))) return 'taken';
      }
    },

    async giveBack(isSpare = false) {
      const last = Math.ceil(dueAt - intervalMs);
      const hasLeft = lastReserved() - last > intervalMs * TOLERANCE.share;
      if (!hasWritten || stored === undefined || !(hasLeft || isSpare)) return;
      try {
        await write(last, isSpare);
      } catch (error) {
        // The lane waits somewhat longer than it has to.
        log.warn('turns.not-given-back', { subscription, lane, error: errorName(error) });
      }
    },
  };
}
