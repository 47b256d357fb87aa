// A plan with one subscription and many messages, without the randomness of a seed.
import type { Plan, PlannedSubscription, Settings } from './plan.ts';

type Provocation = Pick<PlannedSubscription, 'answers'> &
  Partial<Pick<Plan, 'calls' | 'events' | 'redrive'>> & {
    readonly settings: Partial<Settings>;
    readonly messages: number;
    /** Of each message. */
    readonly bytes?: number;
    /** Milliseconds between two messages. */
    readonly everyMs: number;
  };

/** The id of the subscription. */
export const ID = 's0-0';

/** Its settings, where a plan has no others. */
export const PLAIN: Settings = {
  qos: 'at-least-once',
  byKey: false,
  lanes: 1,
  filtered: false,
  interrupts: true,
  stops: false,
  secret: false,
  named: false,
};

export function planOfOne({
  settings,
  answers,
  messages,
  everyMs,
  calls = [],
  events = [],
  redrive,
  bytes = 60,
}: Provocation): Plan {
  const all = { ...PLAIN, ...settings };
  return {
    seed: 0,
    fifoDeletedAgain: 'success',
    fifoLateDelete: 'success',
    subscriptions: [{ id: ID, byTopic: false, settings: all, answers }],
    messages: Array.from({ length: messages }, (_, index) => ({
      id: `m0-${String(index).padStart(3, '0')}`,
      to: { subscription: ID },
      subscriptions: [ID],
      key: 'k0',
      ordered: all.qos.startsWith('at-'),
      keep: true,
      bytes,
      atMs: index * everyMs,
    })),
    calls,
    events,
    ...(redrive && { redrive }),
  };
}
