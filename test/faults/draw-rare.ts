// Circumstances that few plans would have by themselves: retries that are far away, a subscription ordered by key whose cap
// changes while messages come, and more messages at once than a rate allows.
import {
  type Answer,
  byTime,
  type Event,
  FAULTY_MS,
  type PlannedMessage,
  type PlannedSubscription,
} from './plan.ts';
import type { Draw } from './random-draw.ts';
import { inFlightOf } from './rates.ts';

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

const BURSTS = 0.7;
/** A low rate lets one message through in each round at the end of a run. */
const LOW_RATE = { perSeconds: 10, more: 3 };
const MORE = 8;

/** Gives subscriptions with a rate more messages at once than it allows, each like one that they get anyhow. */
export function withBursts(
  { chance, pick, whole }: Draw,
  subscriptions: readonly PlannedSubscription[],
  messages: readonly PlannedMessage[],
): PlannedMessage[] {
  const further = subscriptions.flatMap(({ id, byTopic, settings }) => {
    const own = messages.filter((message) => message.subscriptions.includes(id));
    const { rateLimit, batch } = settings;
    if (rateLimit === undefined || batch || byTopic || own.length === 0 || !chance(BURSTS)) return [];
    const isLow = rateLimit.perSeconds >= LOW_RATE.perSeconds;
    const count = isLow ? LOW_RATE.more : inFlightOf(settings) + MORE;
    const { atMs } = pick(own);
    return Array.from({ length: count }, () => ({ ...pick(own), key: `k${whole(0, 2)}`, keep: true, atMs }));
  });
  const [seed = ''] = messages[0]?.id.split('-') ?? [];
  const sorted = further.map((one, index) => ({ ...one, id: `${seed}-${messages.length + index}` }));
  // The order of publication is that of the list.
  return [...messages, ...sorted].sort(byTime);
}
