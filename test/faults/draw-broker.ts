// What a plan has more where its stage has a Kafka broker: dead letters for its topic, and faults of the broker.
import { type Answer, byTime, type Event, FAULTY_MS, type Plan, type Settings } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** Returns the plan with dead letters of some subscriptions, or of all, on the topic. */
export function withBroker(plan: Plan, draw: Draw): Plan {
  const ids = plan.subscriptions.map(({ id }) => id);
  const chosen = new Set([draw.pick(ids), ...ids.filter(() => draw.chance(0.5))]);
  const changed = (id: string, settings: Settings): Settings =>
    chosen.has(id) ? { ...settings, dlq: 'topic' } : settings;
  return {
    ...plan,
    subscriptions: plan.subscriptions.map((one) => ({
      ...one,
      settings: changed(one.id, one.settings),
      answers: chosen.has(one.id) ? [...rejections(draw), ...one.answers] : one.answers,
    })),
    events: [
      ...plan.events.map((event) =>
        event.do === 'change' ? { ...event, settings: changed(event.subscription, event.settings) } : event,
      ),
      ...brokerEvents(draw),
    ].sort(byTime),
  };
}

const rejections = ({ whole, pick }: Draw): Answer[] =>
  Array.from({ length: whole(2, 8) }, () => ({
    kind: 'status',
    status: pick([400, 404, 422]),
    afterMs: 0,
  }));

/** A killed broker is started again at the end of the faults, or at once. */
function brokerEvents({ pick, whole }: Draw): Event[] {
  const atMs = whole(200, FAULTY_MS);
  const frozen: Event = { do: 'broker-frozen', forMs: whole(300, 1_500), atMs };
  return pick<readonly Event[]>([
    [{ do: 'broker-killed', atMs }],
    [{ do: 'broker-restarted', atMs }],
    [frozen],
    [frozen, { do: 'broker-killed', atMs: atMs + whole(100, 600) }],
  ]).slice();
}
