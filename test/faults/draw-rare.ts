// Circumstances that few plans would have by themselves: retries that are far away, and a subscription ordered by key whose cap
// changes while messages come.
import { type Answer, type Event, FAULTY_MS, type PlannedSubscription } from './plan.ts';
import type { Draw } from './random-draw.ts';

const SHARE = 0.3;
const MOST_LANES = 5;

/** Gives an `auto` subscription retries that wait in `retries`, and failures. */
export function withFarRetries(
  { chance, pick, whole }: Draw,
  subscriptions: readonly PlannedSubscription[],
): PlannedSubscription[] {
  const unordered = subscriptions.filter(({ settings }) => settings.qos === 'auto');
  if (unordered.length === 0 || !chance(SHARE)) return [...subscriptions];
  const chosen = pick(unordered);
  const failures = Array.from({ length: whole(2, 6) }, (): Answer => {
    return { kind: 'status', status: chance(0.7) ? 503 : 200, afterMs: 0 };
  });
  const retry = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: whole(2, 4),
    initialDelaySeconds: whole(60, 100),
    maxDelaySeconds: 100,
  };
  return subscriptions.map((one) =>
    one === chosen ? { ...one, settings: { ...one.settings, retry }, answers: failures } : one,
  );
}

/** Changes the cap of a subscription that is ordered by key, so that its keys get other lanes. */
export function drawKeyMoves(
  { chance, pick, whole }: Draw,
  subscriptions: readonly PlannedSubscription[],
): Event[] {
  const byKey = subscriptions.filter(({ settings }) => settings.byKey);
  if (byKey.length === 0 || !chance(SHARE)) return [];
  const { id, settings } = pick(byKey);
  const lanes = 1 + ((settings.lanes + whole(0, MOST_LANES - 2)) % MOST_LANES);
  const atMs = whole(Math.round(FAULTY_MS / 20), Math.round(FAULTY_MS / 2));
  return [{ do: 'change', subscription: id, settings: { ...settings, lanes }, atMs }];
}
