// The turns of one lane under `rateLimit`: each request of the lane takes one, and they are an interval apart. The time of the
// last request is in the state table, where the next invocation that has the lane finds it. It is written before the
// request, so a function that dies has taken its turn. One invocation has a lane at a time: the writes need no condition.
import * as z from 'zod';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { turnsKey } from './keys.ts';
import type { Table } from './table.ts';
import type { WriteCondition } from './table-expressions.ts';

export type TurnsDeps = {
  readonly stateTable: Pick<Table, 'get' | 'put'>;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly log: Log;
};

export type Turn = {
  /** Call it as the last thing before the request is sent. Throws when DynamoDB fails: then no request may be sent. */
  begin(): Promise<void>;
  /** Call it when the request is over, or will not be sent. */
  end(): void;
};

export type LaneTurns = {
  /** When the next turn is, epoch milliseconds; a time in the past: now. Throws when DynamoDB fails. */
  nextAt(): Promise<number>;
  /**
   * Waits for the lane's next turn. Undefined, without a wait: `isTooLate` says so of its time, and of the time now (epoch
   * milliseconds). Throws when DynamoDB fails.
   */
  take(isTooLate: (at: number, now: number) => boolean): Promise<Turn | undefined>;
  /** Gives turns back that were reserved and not used. No turn may be taken after it. Never throws. */
  end(): Promise<void>;
};

const storedSchema = z.object({ at: z.number() });

/** The item is deleted some time after its turn: it says nothing about the turns that follow. */
const KEPT_SECONDS = 86_400;
/** Requests of this many milliseconds are reserved in one write. A function that dies costs its lane at most this much. */
const MOST_RESERVED_MS = 5_000;
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

/** Makes the turns of a lane for one invocation. `intervalMs`: from one request to the next one. Nothing is read yet. */
export function createLaneTurns(
  subscription: string,
  { lane, intervalMs }: { readonly lane: number; readonly intervalMs: number },
  { stateTable, now, wait, log }: TurnsDeps,
): LaneTurns {
  const key = turnsKey(subscription, lane);
  const lateMs = Math.min(Math.max(intervalMs * LATE.share, LATE.least), LATE.most);
  const toleranceMs = Math.max(0, intervalMs * TOLERANCE.share - TIMER_MS);
  /** Milliseconds by which intervals may begin later than their requests. */
  let creditMs = Math.max(toleranceMs, Math.min(intervalMs * TOLERANCE.first, TOLERANCE.firstMs));
  /** When the last request was sent, as far as this invocation knows. */
  let last: number | undefined;
  /** The table says that the last request may have been sent as late as this. */
  let reserved = Number.NEGATIVE_INFINITY;
  let ahead = 0;
  let hasWritten = false;
  /** One turn at a time: the next one is known when this one's request is sent. */
  let before: Promise<void> = Promise.resolve();

  async function lastAt(): Promise<number> {
    if (last === undefined) {
      // No turn yet is one that is long past.
      last = (await stateTable.get(key, storedSchema))?.at ?? 0;
      reserved = last;
    }
    return last;
  }

  /** Reserves the turn at `at`, and further ones: twice as many at each call. */
  async function reserve(at: number): Promise<void> {
    const until = Math.ceil(at + lateMs + Math.min(ahead * intervalMs, MOST_RESERVED_MS));
    await write(until);
    reserved = until;
    hasWritten = true;
    ahead = ahead * 2 + 1;
  }

  const write = (at: number, condition?: WriteCondition) =>
    stateTable.put({ ...key, at, expiresAt: Math.ceil(at / 1_000) + KEPT_SECONDS }, condition);

  /** Returns whether the turn has come. */
  async function waitForTurn(isTooLate: (at: number, now: number) => boolean): Promise<boolean> {
    const turnAt = (await lastAt()) + intervalMs;
    const at = Math.max(now(), turnAt);
    if (isTooLate(at, now())) return false;
    if (at > reserved) await reserve(at);
    for (let left = at - now(); left > 0; left = at - now()) await wait(Math.ceil(left));
    return true;
  }

  return {
    nextAt: async () => (await lastAt()) + intervalMs,

    async take(isTooLate) {
      const { promise, resolve: release } = Promise.withResolvers<void>();
      const turnBefore = before;
      before = promise;
      await turnBefore;
      try {
        if (!(await waitForTurn(isTooLate))) {
          release();
          return undefined;
        }
      } catch (error) {
        release();
        throw error;
      }
      let sentAt: number | undefined;
      return {
        async begin() {
          // The credentials or the claim took long.
          while (now() > reserved) await reserve(now());
          sentAt = now();
          last = sentAt + CLOCK_MS;
          release();
        },
        end() {
          // A later request of the lane is under way already: its interval is the one that counts.
          if (sentAt !== undefined && last === sentAt + CLOCK_MS) {
            const lateBy = Math.min(now() - sentAt, creditMs);
            creditMs = Math.min(creditMs - lateBy + toleranceMs, toleranceMs * TOLERANCE.most);
            last += lateBy;
          }
          release();
        },
      };
    },

    async end() {
      if (!hasWritten || last === undefined || reserved - last <= intervalMs * TOLERANCE.share) return;
      try {
        // Only its own reservation: the lane may be another function's by now.
        await write(Math.ceil(last), { equals: { attribute: 'at', value: reserved } });
      } catch (error) {
        // The lane waits somewhat longer than it has to.
        log.warn('turns.not-given-back', { subscription, lane, error: errorName(error) });
      }
    },
  };
}
