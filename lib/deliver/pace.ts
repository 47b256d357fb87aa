// Measures how long one message holds the function for its receiver: exchanges, their credentials, and waits for a retry. Calls
// to DynamoDB and SQS are left out. A message that takes too long marks its subscription as slow, while it still waits.
import { change } from '#lib/state/change.ts';
import type { Registration } from '#lib/state/registration.ts';
import { slowMarked } from '#lib/state/slow.ts';
import { type SlowDrainDeps, useFreeSlot } from '#lib/state/slow-drains.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import { errorName } from '#lib/telemetry/log.ts';
import type { ExchangeTimes } from './exchange-times.ts';
import type { Stopwatch } from './stopwatch.ts';

export type PaceDeps = SlowDrainDeps & {
  /** A message that holds the function for this long is slow, in milliseconds. */
  readonly slowAfterMs: number;
  readonly exchangeTimes: ExchangeTimes;
};

/** How often an open exchange that is slow is looked at again, in milliseconds: it may make the mean slow. */
const LOOK_AGAIN_MS = 1_000;

/** Starts to measure one message. Call `end` when it is over; neither throws. */
export function startPace(
  registration: Registration,
  subscription: Subscription,
  deps: PaceDeps,
): Stopwatch & { readonly end: () => Promise<void> } {
  const tenant = tenantOf(subscription);
  let tookMs = 0;
  let measured = false;
  let marking: Promise<void> | undefined;
  const mark = () => {
    marking ??= markSlow(registration, tenant, deps);
  };
  return {
    async during(work) {
      const startedAt = deps.now();
      const before = tookMs;
      measured = true;
      // A timer may be early by a part of a millisecond.
      const soFarMs = () => Math.max(deps.slowAfterMs, before + deps.now() - startedAt);
      let forget: (() => void) | undefined;
      let timer: ReturnType<typeof setTimeout>;
      const look = () => {
        forget ??= deps.exchangeTimes.noteOpen(registration.id, soFarMs);
        if (deps.exchangeTimes.isSlow(registration.id)) mark();
        else timer = setTimeout(look, LOOK_AGAIN_MS);
      };
      timer = setTimeout(look, Math.max(0, deps.slowAfterMs - tookMs));
      try {
        return await work();
      } finally {
        clearTimeout(timer);
        forget?.();
        tookMs += deps.now() - startedAt;
      }
    },
    async end() {
      if (!measured) return;
      deps.exchangeTimes.note(registration.id, tookMs);
      const isSlow = tookMs >= deps.slowAfterMs;
      const { fast = 0, slowAt } = registration.pace ?? {};
      if (isSlow) registration.pace = { tenant, fast: 0, slowAt: deps.now() };
      else registration.pace = { tenant, fast: fast + 1, ...(slowAt !== undefined && { slowAt }) };
      if (isSlow && deps.exchangeTimes.isSlow(registration.id)) mark();
      await marking;
    },
  };
}

async function markSlow(registration: Registration, tenant: string, deps: PaceDeps): Promise<void> {
  if (registration.state.slow !== undefined) return;
  try {
    if (!(await change(registration, (state) => slowMarked(state, tenant, deps.now()), deps))) return;
    deps.count('MarkedSlow');
    deps.log.warn('subscription.slow', { subscription: registration.id });
    await useFreeSlot(registration, deps);
  } catch (error) {
    // The message may have been delivered: a failed mark must not send it again.
    deps.log.error('slow.not-marked', { subscription: registration.id, error: errorName(error) });
  }
}
