// Plans like those of provoking-plans.ts, whose messages differ: by their key, their content, or by whether they match the filter.
import { topicOf } from './draw-messages.ts';
import { GOOD, type Plan, type Settings } from './plan.ts';
import { ID, PLAIN, planOfOne } from './plan-of-one.ts';
import { PARKED_LONG_BODIES } from './provoking-plans.ts';

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
  ...planOfOne({
    settings: twoLanes,
    answers: [GOOD, GOOD, { ...GOOD, afterMs: 1_400 }],
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

const filtered = planOfOne({
  settings: { qos: 'at-most-once', filtered: true },
  answers: [],
  messages: 4,
  everyMs: 50,
});

/** Every other message does not match the filter of its subscription. */
export const FILTERED_AT_MOST_ONCE: Plan = {
  ...filtered,
  subscriptions: filtered.subscriptions.map((one) => ({ ...one, byTopic: true })),
  messages: filtered.messages.map((one, index) => ({
    ...one,
    to: { topic: topicOf(filtered.seed) },
    keep: index % 2 === 1,
  })),
};

/** Letters of several bytes are so frequent in text that some lie over the end of a part. */
export const PARKED_LONG_TEXTS: Plan = {
  ...PARKED_LONG_BODIES,
  messages: PARKED_LONG_BODIES.messages.map((one) => ({ ...one, content: 'text' })),
};
