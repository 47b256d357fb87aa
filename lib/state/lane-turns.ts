// The turns of one lane under `rateLimit`: each request of the lane takes one. They come from the lane's own part of the rate,
// and, while these are not enough, from parts that other lanes don't use.
import type { LaneRate } from '#lib/subscription/rate-limit.ts';
import { createRatePart, type RatePart } from './rate-part.ts';
import { type SparePartDeps, takeSpareParts } from './spare-parts.ts';

export type TurnsDeps = SparePartDeps & { readonly wait: (ms: number) => Promise<unknown> };

export type Turn = {
  /** Call it as the last thing before the request is sent. Throws when DynamoDB fails: then no request may be sent. */
  begin(): Promise<void>;
  /** Call it when the request is over, or will not be sent. */
  end(): void;
};

/** Tells whether a turn is too late, by its time and the time now (epoch milliseconds). */
type IsTooLate = (at: number, now: number) => boolean;

export type LaneTurns = {
  /** When the next turn is, epoch milliseconds; a time in the past: now. Throws when DynamoDB fails. */
  nextAt(): Promise<number>;
  /** Waits for the lane's next turn. Undefined, without a wait: it is too late. Throws when DynamoDB fails. */
  take(isTooLate: IsTooLate): Promise<Turn | undefined>;
  /** Gives turns back that were reserved and not used. No turn may be taken after it. Never throws. */
  end(): Promise<void>;
};

/** Turns of this many milliseconds are reserved in one write. A function that dies costs its lane at most this much. */
const MOST_RESERVED_MS = 2_000;
/** Milliseconds until the lane looks again for parts that are not used, when there was none. */
const LOOK_AGAIN_MS = 1_000;
/** A turn that was lost, because its request took long to prepare, is replaced by one within this time. */
const MOST_REPLACED_MS = 2_000;

/** Makes the turns of a lane for one invocation. `rates`: of all lanes, by their number. Nothing is read yet. */
export function createLaneTurns(
  subscription: string,
  { lane, rates }: { readonly lane: number; readonly rates: readonly LaneRate[] },
  deps: TurnsDeps,
): LaneTurns {
  const { now, wait } = deps;
  const rate = rates[lane];
  if (rate === undefined) throw new RangeError(`the subscription has no lane ${lane}`);
  const own = createRatePart({ subscription, lane, rate, longestMs: MOST_RESERVED_MS }, deps);
  let spare: readonly RatePart[] = [];
  let lookAt = Number.NEGATIVE_INFINITY;
  /** One turn at a time: the next one is known when this one's request is sent. */
  let before: Promise<void> = Promise.resolve();

  async function earliest(): Promise<{ readonly part: RatePart; readonly at: number }> {
    let first = { part: own, at: await own.nextAt() };
    for (const part of spare) {
      const at = await part.nextAt();
      if (at < first.at) first = { part, at };
    }
    return first;
  }

  /** Returns whether there were parts that nobody used. At most as many are taken as the lane has: it may need no more. */
  async function lookForSpare(): Promise<boolean> {
    if (rates.length === 1 || now() < lookAt) return false;
    const inHand = new Set([lane, ...spare.map((part) => part.lane)]);
    const found = await takeSpareParts(subscription, { lane, rates, inHand, most: inHand.size }, deps);
    spare = [...spare, ...found];
    if (found.length === 0) lookAt = now() + LOOK_AGAIN_MS;
    return found.length > 0;
  }

  /** Waits for the next turn, which is reserved then. Undefined, without a wait: it is too late. */
  async function nextTurn(isTooLate: IsTooLate): Promise<RatePart | undefined> {
    for (;;) {
      let next = await earliest();
      if (next.at > now() && (await lookForSpare())) next = await earliest();
      const at = Math.max(next.at, now());
      if (isTooLate(at, now())) return undefined;
      if (!(await next.part.reserveAt(at))) {
        lose(next.part);
        continue;
      }
      for (let left = at - now(); left > 0; left = at - now()) await wait(Math.ceil(left));
      // The answer to the request before may have moved the turn.
      if ((await next.part.nextAt()) <= now()) return next.part;
    }
  }

  /** Another function has written the part: a spare one belongs to it now. */
  function lose(part: RatePart): void {
    spare = spare.filter((one) => one !== part);
  }

  /** Begins a turn of the part, or of another one where another function has taken it meanwhile. */
  async function begin(part: RatePart): Promise<() => void> {
    for (let from: RatePart | undefined = part; from !== undefined; ) {
      const over = await from.begin();
      if (typeof over === 'function') return over;
      if (over === 'taken') lose(from);
      from = await nextTurn((at, at0) => at > at0 + MOST_REPLACED_MS);
    }
    throw new TurnLost();
  }

  return {
    nextAt: async () => (await earliest()).at,

    async take(isTooLate) {
      const { promise, resolve: release } = Promise.withResolvers<void>();
      const turnBefore = before;
      before = promise;
      await turnBefore;
      let part: RatePart | undefined;
      try {
        part = await nextTurn(isTooLate);
      } finally {
        if (part === undefined) release();
      }
      if (part === undefined) return undefined;
      const from = part;
      let over: (() => void) | undefined;
      return {
        async begin() {
          over = await begin(from);
          release();
        },
        end() {
          over?.();
          release();
        },
      };
    },

    async end() {
      await Promise.all([own.giveBack(), ...spare.map((part) => part.giveBack(true))]);
    },
  };
}

/** Another function has the lane's part now, and no turn comes soon. Nothing was sent; the message is handed back. */
class TurnLost extends Error {
  override name = 'TurnLost';
}
