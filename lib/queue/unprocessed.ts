// AWS may answer a batch in part: it leaves entries undone under load, and asks for them again later. Every batch call of
// the functions asks again here, after waits that grow and are random, so that many callers do not come at once. A call
// that fails as a whole is not repeated here, because the SDK has repeated it. The exceptions use `untilDone`: the outcome
// or the end of a claim, and the end of a counted start, because without them a fault of DynamoDB looks like a death.
import { setTimeout as sleep } from 'node:timers/promises';

/** What the waits need. Tests pass their own. */
export type WaitClock = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
};

export const REAL_CLOCK: WaitClock = { now: Date.now, random: Math.random, wait: sleep };

/** How long one batch is asked again, in all. A short burst over a quota passes; after a longer one the caller hands back. */
export const PATIENCE_MS = 2_000;
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 400;

/**
 * Asks for all, then for the part that `ask` returns as unprocessed, until it returns undefined or the next wait would
 * not fit into `patienceMs`. Returns the part that is left; undefined when all was processed. Throws what `ask` throws.
 */
export async function untilProcessed<T>(
  all: T,
  ask: (part: T) => Promise<T | undefined>,
  { now, random, wait }: WaitClock,
  patienceMs = PATIENCE_MS,
): Promise<T | undefined> {
  const endsAt = now() + patienceMs;
  let longestMs = FIRST_WAIT_MS;
  let left = await ask(all);
  while (left !== undefined) {
    const waitMs = Math.ceil(longestMs * (0.5 + random() / 2));
    if (now() + waitMs > endsAt) return left;
    await wait(waitMs);
    longestMs = Math.min(longestMs * 2, LONGEST_WAIT_MS);
    left = await ask(left);
  }
  return undefined;
}

/** Does work again that failed, with the same waits. Throws its last error when it failed in the end. */
export async function untilDone(work: () => Promise<unknown>, clock: WaitClock): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  await untilProcessed<true>(
    true,
    async () => {
      failure = await work().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      return failure === undefined ? undefined : true;
    },
    clock,
  );
  if (failure !== undefined) throw failure.error;
}

const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests|SlowDown/i;

/**
 * Whether a failed entry may succeed when it is sent again. It never does where AWS reports a fault of the sender. The exception
 * is an entry over a quota, which AWS reports as a fault of the sender too.
 */
export const mayPassLater = ({
  SenderFault,
  Code = '',
}: {
  readonly SenderFault?: boolean | undefined;
  readonly Code?: string | undefined;
}): boolean => SenderFault === false || THROTTLED.test(Code);
