// Draws faults that wait for a running invocation: one that comes near its timeout, and kills and freezes of functions that run
// so shortly that a fault at any time would miss them.
import { type Answer, type Event, FAULTY_MS, GOOD, type Plan, type PlannedSubscription } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** From what age on a function looks at its deadline, and an age from which it still can answer. Milliseconds. */
const AGES = {
  deliver: [45_000, 57_000],
  bridge: [43_000, 57_000],
  resume: [48_000, 52_500],
} as const;

const SHARES = { deliver: 0.4, bridge: 0.12, resume: 0.1, killed: 0.15, frozen: 0.12 };

/** A slow answer of a receiver: the function waits for it while the clock jumps. */
const SLOW: Answer = { ...GOOD, afterMs: 1_050 };

/** The subscriptions, one of them with slow answers where `deliver` is to become old, and the events. */
export function drawRunning(
  { chance, pick, whole }: Draw,
  subscriptions: readonly PlannedSubscription[],
): { readonly subscriptions: readonly PlannedSubscription[]; readonly events: readonly Event[] } {
  const atMs = () => whole(0, FAULTY_MS);
  const age = (name: keyof typeof AGES): Event => {
    const [least, most] = AGES[name];
    // The slow answers are those to the first requests.
    return { do: 'age', function: name, toMs: whole(least, most), atMs: name === 'deliver' ? 0 : atMs() };
  };
  /** A sweep that the waiting fault meets. */
  const sweepAfter = (event: Event): Event[] => [event, { do: 'sweep', atMs: event.atMs + 50 }];
  const makesOld = chance(SHARES.deliver);
  const bridges = subscriptions.some(({ settings }) => settings.dlq !== undefined);
  const slow = pick(subscriptions);
  return {
    subscriptions: makesOld
      ? subscriptions.map((one) => (one === slow ? { ...one, answers: [SLOW, SLOW, ...one.answers] } : one))
      : subscriptions,
    events: [
      ...(makesOld ? [age('deliver')] : []),
      ...(bridges && chance(SHARES.bridge) ? [age('bridge')] : []),
      ...(bridges && chance(SHARES.frozen)
        ? [{ do: 'freeze', function: 'bridge', forMs: whole(50, 500), atMs: atMs() } as const]
        : []),
      ...(chance(SHARES.resume) ? sweepAfter(age('resume')) : []),
      ...(chance(SHARES.killed)
        ? sweepAfter({ do: 'kill', function: 'resume', afterMs: whole(0, 60), atMs: atMs() })
        : []),
    ],
  };
}

/**
 * Leaves out what makes `deliver` old where a subscription has a rate: a lane with a rate is locked for a slice and one request
 * only. A jump beyond that makes two holders of the lane, as AWS never does.
 */
export function withoutOldRates(
  events: readonly Event[],
  subscriptions: readonly PlannedSubscription[],
): readonly Event[] {
  const changed = events.flatMap((event) => (event.do === 'change' ? [event.settings] : []));
  const all = [...subscriptions.map(({ settings }) => settings), ...changed];
  if (all.every(({ rateLimit }) => rateLimit === undefined)) return events;
  return events.filter((event) => event.do !== 'age' || event.function !== 'deliver');
}

const OF_REDRIVES = 0.3;
/** A redrive waits some seconds for further letters, and ends ten seconds before its timeout. */
const REDRIVE_KILLED_MS = 2_500;
const REDRIVE_AGES = [280_000, 296_000] as const;

/** Some redrives are killed at a random time, or come near their timeout. Undefined: the fault stays as it is drawn. */
export function drawRedriveFault({ chance, whole }: Draw): Plan['redrive'] {
  if (!chance(OF_REDRIVES)) return undefined;
  return chance(0.5) ? { afterMs: whole(0, REDRIVE_KILLED_MS) } : { toMs: whole(...REDRIVE_AGES) };
}
