// Plans for mutations that the plans of seeds seldom show: one subscription, many messages, and the circumstances in which the
// missing safeguard is needed.
import type { CallFault, Plan, PlannedSubscription, Settings } from './plan.ts';

type Provocation = Pick<PlannedSubscription, 'answers'> &
  Partial<Pick<Plan, 'calls' | 'events' | 'redrive'>> & {
    readonly settings: Partial<Settings>;
    readonly messages: number;
    /** Of each message. */
    readonly bytes?: number;
    /** Milliseconds between two messages. */
    readonly everyMs: number;
  };

const ID = 's0-0';

const PLAIN: Settings = {
  qos: 'at-least-once',
  byKey: false,
  lanes: 1,
  filtered: false,
  interrupts: true,
  stops: false,
  secret: false,
  named: false,
};

function planOf({
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

/** Every other write of entries is slow, so a drain may come to its end while messages are parked. */
const slowWrites = Array.from(
  { length: 60 },
  (_, index): CallFault => ({
    kind: 'slow',
    operation: 'BatchWriteItem',
    from: 1 + 2 * index,
    times: 1,
    pollers: false,
  }),
);

/** A lane is drained again and again while messages come into it. */
export const DRAINS_BESIDE_ARRIVALS = planOf({
  settings: {},
  answers: Array.from({ length: 60 }, (_, index) =>
    index % 12 === 0 ? { kind: 'reset-at-connect', afterMs: 0 } : { kind: 'status', status: 200, afterMs: 0 },
  ),
  messages: 150,
  everyMs: 40,
  calls: slowWrites,
  events: Array.from({ length: 12 }, (_, index) => ({
    do: 'jump' as const,
    ms: 30_000,
    atMs: 400 + 450 * index,
  })),
});

/** Several requests of a lane are under way at once. Of six requests, one is answered at once and five are slow. */
export const SLOW_LANES = planOf({
  settings: { qos: 'auto', lanes: 5 },
  answers: Array.from({ length: 60 }, (_, index) => ({
    kind: 'status',
    status: 200,
    afterMs: index % 6 === 5 ? 0 : 300,
  })),
  messages: 60,
  everyMs: 0,
});

/** The messages of one key. One request in seven is slow, and all others are answered at once. */
export const SELDOM_SLOW = planOf({
  settings: { byKey: true, lanes: 5 },
  answers: Array.from({ length: 60 }, (_, index) => ({
    kind: 'status',
    status: 200,
    afterMs: index % 7 === 4 ? 300 : 0,
  })),
  messages: 60,
  everyMs: 0,
});

/** The lanes share a rate, and ten seconds pass until it has let all messages through. */
export const MORE_THAN_THE_RATE = planOf({
  settings: { qos: 'auto', lanes: 5, rateLimit: { requests: 4, perSeconds: 1 } },
  answers: [],
  messages: 40,
  everyMs: 0,
});

/** After the first ones, six of ten sends fail: more than a client repeats. */
const failingSends = Array.from(
  { length: 10 },
  (_, index): CallFault => ({
    kind: 'error',
    operation: 'SendMessageBatch',
    from: 7 + 10 * index,
    times: 6,
    pollers: false,
  }),
);

/**
 * Several requests of a lane are under way at once, and a part of them is rejected. Some dead letters can't be sent, so their
 * messages stay on the queue, between others that were delivered.
 */
export const FAILURES_IN_LANES = planOf({
  settings: {
    qos: 'auto',
    lanes: 9,
    interrupts: false,
    dlq: 'letters',
    retry: { retryOption: 'No Retry' },
  },
  calls: failingSends,
  answers: Array.from({ length: 60 }, (_, index) =>
    index % 3 === 1
      ? { kind: 'status', status: 400, afterMs: 0 }
      : { kind: 'status', status: 200, afterMs: 50 },
  ),
  messages: 60,
  everyMs: 0,
  events: Array.from({ length: 6 }, (_, index) => ({
    do: 'jump' as const,
    ms: 30_000,
    atMs: 400 + 400 * index,
  })),
});

const OK = { kind: 'status', status: 200, afterMs: 0 } as const;
const UNAVAILABLE = { kind: 'status', status: 503, afterMs: 0 } as const;

/**
 * The first request is slow, so that the next one is a batch. It is rejected, and the first of its messages that is sent alone
 * fails until its retries are used up: the others have to wait behind it.
 */
export const OUTAGE_IN_A_REJECTED_BATCH = planOf({
  settings: { batch: { format: 'json-array', maxMessages: 8 }, dlq: 'letters' },
  answers: [
    { ...OK, afterMs: 600 },
    { kind: 'status', status: 400, afterMs: 0 },
    UNAVAILABLE,
    UNAVAILABLE,
    UNAVAILABLE,
  ],
  messages: 20,
  everyMs: 10,
});

/** Some messages are rejected. No function and no call fails. */
export const REJECTED = planOf({
  settings: { dlq: 'letters' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status', status: 400, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
});

/** Messages that may be sent again fail until their retries are used up. */
export const UNAVAILABLE_FOR_A_WHILE = planOf({
  settings: { qos: 'auto' },
  answers: Array.from({ length: 4 }, () => UNAVAILABLE),
  messages: 6,
  everyMs: 10,
});

/** Messages that may be sent once are rejected, and sent again on request. */
export const REDRIVEN_AT_MOST_ONCE = planOf({
  settings: { qos: 'at-most-once', dlq: 'letters' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status', status: 400, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
  redrive: 'nothing',
});

/** Bodies that no item of the state table holds wait in a backlog. */
export const PARKED_LONG_BODIES = planOf({
  settings: {},
  answers: Array.from({ length: 4 }, () => ({ kind: 'reset-at-connect', afterMs: 0 })),
  messages: 4,
  everyMs: 10,
  bytes: 600_000,
});

/** Keys of the same lane of two, and of different lanes of three. The last one is alone in the other lane of two. */
const [BUSY, MOVED, OTHER] = ['k0', 'k10', 'k1'] as const;

/** Longer than `route` keeps an item (`configCacheSeconds`). */
const CACHE_MS = 5_500;

const twoLanes: Settings = { ...PLAIN, byKey: true, lanes: 2 };

/**
 * A lane waits for a slow answer, and older messages of another key wait behind it, when the number of lanes changes. The other
 * lane has no message, so it is moved at once. Newer messages of the key come into a third lane.
 */
export const MOVE_BESIDE_A_BUSY_LANE: Plan = {
  ...planOf({
    settings: twoLanes,
    answers: [OK, OK, { ...OK, afterMs: 1_400 }],
    messages: 0,
    everyMs: 0,
    events: [
      { do: 'change', subscription: ID, settings: { ...twoLanes, lanes: 3 }, atMs: 1_900 },
      // `route` forgets the item.
      { do: 'jump', ms: CACHE_MS, atMs: 1_950 },
      // The tokens of the move are due.
      { do: 'jump', ms: CACHE_MS + 5_000, atMs: 2_300 },
    ],
  }),
  messages: [
    { key: BUSY, atMs: 0 },
    { key: OTHER, atMs: 0 },
    { key: BUSY, atMs: 1_500 },
    ...Array.from({ length: 4 }, (_, index) => ({ key: MOVED, atMs: 1_700 + 20 * index })),
    ...Array.from({ length: 4 }, (_, index) => ({ key: MOVED, atMs: 2_000 + 20 * index })),
  ].map((one, index) => ({
    id: `m0-${String(index).padStart(3, '0')}`,
    to: { subscription: ID },
    subscriptions: [ID],
    ordered: true,
    keep: true,
    bytes: 60,
    ...one,
  })),
};
