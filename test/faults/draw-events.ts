// Draws the events: kills and freezes of the functions, jumps of the clock, changes of items, and absences of receivers,
// secrets, names and endpoints, and clocks that differ.
import { CLOCKS } from './clock.ts';
import { drawChange, drawSettings } from './draw-settings.ts';
import { byTime, type Event, FAULTY_MS, type PlannedSubscription } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** AWS refuses a signature that is five minutes off, and its clocks differ by far less. */
const SKEW_MS = 15_000;

type Undated = Event extends infer One ? (One extends Event ? Omit<One, 'atMs'> : never) : never;

export function drawEvents(draw: Draw, subscriptions: readonly PlannedSubscription[]): Event[] {
  const { pick, whole, chance } = draw;
  const settings = new Map(subscriptions.map((one) => [one.id, one.settings]));
  const kinds: readonly (() => readonly Undated[])[] = [
    () => [{ do: 'kill', function: pick(['route', 'deliver', 'deliver', 'deliver', 'bridge']) }],
    () => [{ do: 'kill', function: 'deliver' }],
    () => [{ do: 'freeze', function: pick(['route', 'deliver', 'deliver']), forMs: whole(50, 500) }],
    () => (chance(0.3) ? [{ do: 'out-of-memory', function: 'deliver' }] : []),
    () => [{ do: 'jump', ms: whole(1_000, 20_000) }],
    () => [{ do: 'jump', ms: whole(60_000, 400_000) }],
    () => [{ do: 'jump', ms: whole(60_000, 400_000) }],
    () => [{ do: 'jump', ms: whole(20_000, 36_000) }],
    () => [{ do: 'redeploy', isAbrupt: chance(0.5) }],
    () => [{ do: 'skew', ms: Array.from({ length: CLOCKS }, () => whole(-SKEW_MS, SKEW_MS)) }],
    () => [{ do: 'skew', ms: Array.from({ length: CLOCKS }, () => -SKEW_MS) }],
    () => [change()],
    () => [change()],
    () => [{ do: 'put-again', subscription: pick(subscriptions).id }],
    () => (chance(0.5) ? [{ do: 'break', subscription: pick(subscriptions).id }] : []),
    () => removal(),
    () => outage(),
    () => outage(),
    () => [{ do: 'secret-absent' }, { do: 'secret-there' }],
    () => [
      { do: 'names-absent', how: pick(['silent', 'silent', 'unknown', 'failing'] as const) },
      { do: 'names-there' },
    ],
    () => [{ do: 'names-slow', ms: whole(100, 900) }],
    () => [{ do: 'endpoint-absent' }, { do: 'endpoint-there' }],
    () => [{ do: 'pause', subscription: pick(subscriptions).id }],
    () => [{ do: 'resume', subscription: pick(subscriptions).id }],
    () => [{ do: 'resume', subscription: pick(subscriptions).id }],
    () => [{ do: 'sweep' }],
    () => [{ do: 'sweep' }],
  ];
  const drawn = Array.from({ length: whole(1, 9) }, () => pick(kinds)()).flatMap((group) => {
    const time = Math.round(draw.random() * FAULTY_MS);
    // A function keeps a secret that it has read.
    const from = group.some((one) => one.do === 'secret-absent') ? 0 : time;
    return group.map((one, index) => ({ ...one, atMs: from + index * whole(100, 600) }) as Event);
  });
  return drawn.sort(byTime);

  function change(): Undated {
    const { id } = pick(subscriptions);
    const before = settings.get(id) ?? pick(subscriptions).settings;
    const after = chance(0.15) ? drawSettings(draw, before.filtered) : drawChange(draw, before);
    settings.set(id, after);
    return { do: 'change', subscription: id, settings: after };
  }

  /** An item is deleted and put again. A message for a topic would not find it meanwhile, so its messages name its id. */
  function removal(): readonly Undated[] {
    const named = subscriptions.filter(({ byTopic }) => !byTopic);
    if (named.length === 0) return [];
    const { id } = pick(named);
    return [
      { do: 'delete', subscription: id },
      { do: 'put-again', subscription: id },
    ];
  }

  function outage(): readonly Undated[] {
    const { id } = pick(subscriptions);
    return [
      { do: 'receiver-down', subscription: id },
      { do: 'receiver-up', subscription: id },
    ];
  }
}
