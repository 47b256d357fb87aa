// Plans for mutations that the plans of seeds seldom show: one subscription, many messages, and the circumstances in which the
// missing safeguard is needed.
import { type CallFault, GOOD, UNAVAILABLE } from './plan.ts';
import { ID, PLAIN, planOfOne } from './plan-of-one.ts';

/** Every other write of entries is slow, after the first ones, so a drain may come to its end while messages are parked. */
const slowWrites = Array.from(
  { length: 60 },
  (_, index): CallFault => ({
    kind: 'slow',
    operation: 'BatchWriteItem',
    from: 3 + 2 * index,
    times: 1,
    pollers: false,
  }),
);

/** An outage ends with the only jump of the clock, and the lane is drained while messages come into it. */
export const DRAINS_BESIDE_ARRIVALS = planOfOne({
  settings: {},
  answers: [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE],
  messages: 150,
  everyMs: 40,
  calls: slowWrites,
  events: [{ do: 'jump', ms: 60_000, atMs: 500 }],
});

/** Sixty good answers. `afterMs`: the time from a request to its answer, by the number of the request. */
const goodAfter = (afterMs: (index: number) => number) =>
  Array.from({ length: 60 }, (_, index) => ({
    ...GOOD,
    afterMs: afterMs(index),
  }));

/** Several requests of a lane are under way at once. Of six requests, one is answered at once and five are slow. */
export const SLOW_LANES = planOfOne({
  settings: { qos: 'auto', lanes: 5 },
  answers: goodAfter((index) => (index % 6 === 5 ? 0 : 300)),
  messages: 60,
  everyMs: 0,
});

/** The messages of one key. One request in seven is slow, and all others are answered at once. */
export const SELDOM_SLOW = planOfOne({
  settings: { byKey: true, lanes: 5 },
  answers: goodAfter((index) => (index % 7 === 4 ? 300 : 0)),
  messages: 60,
  everyMs: 0,
});

/** The lanes share a rate, and ten seconds pass until it has let all messages through. */
export const MORE_THAN_THE_RATE = planOfOne({
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
export const FAILURES_IN_LANES = planOfOne({
  settings: {
    qos: 'auto',
    lanes: 9,
    interrupts: false,
    dlq: 'letters',
    retry: { retryOption: 'No Retry' },
  },
  calls: failingSends,
  answers: Array.from({ length: 60 }, (_, index) =>
    index % 3 === 1 ? { kind: 'status', status: 400, afterMs: 0 } : { ...GOOD, afterMs: 50 },
  ),
  messages: 60,
  everyMs: 0,
  events: Array.from({ length: 6 }, (_, index) => ({
    do: 'jump' as const,
    ms: 30_000,
    atMs: 400 + 400 * index,
  })),
});

/**
 * The first request is slow, so that the next one is a batch. It is rejected, and the first of its messages that is sent alone
 * fails until its retries are used up: the others have to wait behind it.
 */
export const OUTAGE_IN_A_REJECTED_BATCH = planOfOne({
  settings: { batch: { format: 'json-array', maxMessages: 8 }, dlq: 'letters' },
  answers: [
    { ...GOOD, afterMs: 600 },
    { kind: 'status', status: 400, afterMs: 0 },
    UNAVAILABLE,
    UNAVAILABLE,
    UNAVAILABLE,
  ],
  messages: 20,
  everyMs: 10,
});

/** Some messages are rejected. No function and no call fails. */
export const REJECTED = planOfOne({
  settings: { dlq: 'letters' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status', status: 400, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
});

/** The dead letters go to a Kafka endpoint whose brokers can't be reached. */
export const REJECTED_TO_A_BROKEN_ENDPOINT = planOfOne({
  settings: { dlq: 'broken' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status', status: 400, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
  // The faults end after the last event, and the endpoint is repaired then.
  events: [{ do: 'sweep', atMs: 8_000 }],
});

/** Messages that may be sent again fail until their retries are used up. */
export const UNAVAILABLE_FOR_A_WHILE = planOfOne({
  settings: { qos: 'auto' },
  answers: Array.from({ length: 4 }, () => UNAVAILABLE),
  messages: 6,
  everyMs: 10,
});

/** Messages that may be sent once are rejected, and sent again on request. */
export const REDRIVEN_AT_MOST_ONCE = planOfOne({
  settings: { qos: 'at-most-once', dlq: 'letters' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status', status: 400, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
  redrive: 'nothing',
});

/** Bodies that no item of the state table holds wait in a backlog. */
export const PARKED_LONG_BODIES = planOfOne({
  settings: {},
  answers: Array.from({ length: 4 }, () => ({ kind: 'reset-at-connect', afterMs: 0 })),
  messages: 4,
  everyMs: 10,
  bytes: 600_000,
});

/** No receiver, function or call fails. */
export const WITHOUT_FAULTS = planOfOne({ settings: {}, answers: [], messages: 6, everyMs: 10 });

/**
 * The first message has to wait a minute for its retry, which is rejected, so it becomes a dead letter. The others may not be
 * sent before that.
 */
export const REJECTED_AFTER_A_LONG_RETRY = planOfOne({
  settings: {
    dlq: 'letters',
    retry: { retryOption: 'Retry On Fail', maxAttempts: 3, initialDelaySeconds: 70, maxDelaySeconds: 70 },
  },
  answers: [UNAVAILABLE, GOOD, GOOD, GOOD, GOOD, GOOD, { kind: 'status', status: 400, afterMs: 0 }],
  messages: 6,
  everyMs: 10,
  events: [{ do: 'jump', ms: 80_000, atMs: 4_000 }],
});

/** The messages of one key are sent once. Each request fails a while after it has arrived. */
export const SLOW_FAILURES_OF_A_KEY = planOfOne({
  settings: { qos: 'at-most-once', byKey: true, lanes: 5, interrupts: false, dlq: 'letters' },
  answers: Array.from({ length: 8 }, () => ({ kind: 'status', status: 500, afterMs: 300 })),
  messages: 8,
  everyMs: 0,
});

/** Some answers take a while, and all of them are good. */
export const SLOW_SUCCESS = planOfOne({
  settings: {},
  answers: goodAfter((index) => (index === 2 ? 800 : 0)),
  messages: 6,
  everyMs: 10,
});

/** An outage lasts until the faults end. The tokens of its probes can't be sent, so a sweep has to find it. */
export const UNAVAILABLE_AT_THE_END = planOfOne({
  settings: {},
  answers: Array.from({ length: 4 }, () => UNAVAILABLE),
  messages: 6,
  everyMs: 10,
  calls: [
    {
      kind: 'error',
      operation: 'SendMessageBatch',
      from: 1,
      times: 100,
      pollers: false,
      queue: 'retries',
    },
  ],
});

const inARow = (
  kind: CallFault['kind'],
  operation: string,
  times: number,
  queue?: CallFault['queue'],
): CallFault => ({ kind, operation, from: 1, times, pollers: false, ...(queue && { queue }) });

/** The first dead letters can't be sent after an attempt whose outcome is not known: the message is received again. */
export const UNKNOWN_AND_NO_LETTER = planOfOne({
  settings: { qos: 'at-most-once', interrupts: false, dlq: 'letters' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'reset-after-request' as const, afterMs: 0 })),
  messages: 3,
  everyMs: 10,
  calls: [inARow('error', 'SendMessageBatch', 6, 'dead-letters')],
});

/**
 * Both lanes of an unordered subscription have a backlog when the cap becomes 1. The second lane is emptied by sends of 0.7 s,
 * so its slice of 1 s ends between two entries of a page.
 */
export const REMOVED_LANE_IN_SLICES = planOfOne({
  settings: { qos: 'auto', lanes: 5 },
  answers: [],
  messages: 30,
  everyMs: 10,
  calls: [inARow('slow', 'SendMessageBatch', 300, 'deliveries.fifo')],
  events: [
    { do: 'receiver-down', subscription: ID, atMs: 0 },
    { do: 'receiver-up', subscription: ID, atMs: 2_800 },
    { do: 'change', subscription: ID, settings: { ...PLAIN, qos: 'auto', lanes: 1 }, atMs: 2_850 },
    { do: 'resume', subscription: ID, atMs: 2_900 },
    // The faults end after the last event.
    { do: 'sweep', atMs: 8_000 },
  ],
});

/** An attempt under `none` fails. */
export const NONE_UNAVAILABLE = planOfOne({
  settings: { qos: 'none' },
  answers: Array.from({ length: 4 }, () => ({ kind: 'status' as const, status: 503, afterMs: 0 })),
  messages: 6,
  everyMs: 10,
});

/** The receiver asks for a wait with each of its first answers. Without it, the retries come at once. */
export const ASKED_TO_WAIT = planOfOne({
  settings: { qos: 'auto' },
  answers: Array.from({ length: 4 }, () => ({
    kind: 'status' as const,
    status: 503,
    afterMs: 0,
    headers: { 'retry-after': '200' },
  })),
  messages: 3,
  everyMs: 10,
});

/** While the first message of a group is sent on, the others gather. The first of them can't be sent on. */
export const UNSENT_IN_A_GROUP = planOfOne({
  settings: {},
  answers: [],
  messages: 20,
  everyMs: 0,
  calls: [{ ...inARow('error', 'SendMessageBatch', 8, 'deliveries.fifo'), from: 2 }],
});
