// The state of a subscription: whether and why it is paused, which of its lanes are closed, and which drain token of each
// closed lane is valid. state-item.ts reads and writes it.
import * as z from 'zod';

export const REASONS = ['rejected', 'gone', 'outage', 'invalid-config', 'crashing', 'manual'] as const;
export type PauseReason = (typeof REASONS)[number];

const headSchema = z.object({
  lane: z.number(),
  messageId: z.string(),
  /** Attempts in all, and the time of the first, epoch milliseconds. */
  attempts: z.number(),
  firstAt: z.number(),
  /** Retries by the `retry` block since the subscription was resumed. */
  retries: z.number(),
  /** Failed probes in a row. */
  probes: z.number(),
});

const pauseSchema = z.object({
  reason: z.enum(REASONS),
  /** Epoch milliseconds. */
  since: z.number(),
  /** What happened, in a sentence without addresses, headers or bodies. */
  detail: z.string(),
  /** The cause where an attempt ended without a status: a code of the list in OPERATORS.md. */
  code: z.string().optional(),
  /** Hash of the config item at the pause: an item with another hash resumes the subscription. */
  itemHash: z.string(),
  /** Failures in a row. */
  failures: z.number(),
  /** When it resumes by itself, epoch milliseconds; undefined: it waits for a person. */
  resumeAt: z.number().optional(),
  /** The message that caused the pause, where it will be sent again. */
  head: headSchema.optional(),
});

const laneSchema = z.object({
  /** Number of the only token that may drain the lane. */
  drain: z.number(),
  /** When the token is overdue, epoch milliseconds; 0 when none was sent. */
  until: z.number(),
  /** Consecutive drain tokens that timed out without starting. */
  unheard: z.number(),
});

const slowSchema = z.object({
  /** When it was marked, and when its last slow exchange ended, epoch milliseconds. */
  since: z.number(),
  at: z.number(),
  /** Fast exchanges since then. */
  fast: z.number(),
  /** Its tenant, as tenantOf names it: the tenant's share of the slots. */
  tenant: z.string(),
});

const moveSchema = z.object({
  /** The number of lanes that the messages are moved into. */
  to: z.number(),
  /** Number of this move; each number is used once. */
  number: z.number(),
  /** Lanes whose messages are not moved yet. */
  from: z.array(z.number()),
  /** Lanes whose messages are moved. */
  moved: z.array(z.number()),
  /** When the tokens go through these lanes, epoch milliseconds, and how many times they were sent. */
  notBefore: z.number(),
  sends: z.number(),
  /** Nothing shows yet that there were messages before the move. */
  isNew: z.literal(true).optional(),
});

const stateSchema = z.object({
  version: z.number(),
  /** Raised at every pause and every opening. */
  epoch: z.number(),
  pause: pauseSchema.optional(),
  /** The closed lanes by number: they have a backlog, or had one a moment ago. */
  lanes: z.record(z.string(), laneSchema),
  /** The number of lanes that its messages are in, where it keeps an order. Undefined: not noted yet. */
  layout: z.number().optional(),
  /** Its messages are being moved to another number of lanes. */
  move: moveSchema.optional(),
  /** Its exchanges take long: its messages go through the backlog, and its drains need slots. */
  slow: slowSchema.optional(),
  /** The last drain number; each number is used once. */
  drains: z.number(),
  /** When its config item was first found missing, epoch milliseconds. */
  absentSince: z.number().optional(),
  /** When the sweep last checked it, epoch milliseconds. */
  lookedAt: z.number().optional(),
  /** When a held message was last noted, epoch milliseconds; kept as long as a message may be held. */
  heldAt: z.number().optional(),
});

export type Head = z.infer<typeof headSchema>;
export type Pause = z.infer<typeof pauseSchema>;
export type ClosedLane = z.infer<typeof laneSchema>;
export type LaneMove = z.infer<typeof moveSchema>;
export type State = z.infer<typeof stateSchema>;

export const NO_STATE: State = { version: 0, epoch: 0, lanes: {}, drains: 0 };

/** The numbers of the closed lanes, lowest first. */
export const closedLanes = ({ lanes }: State): number[] =>
  Object.keys(lanes)
    .map(Number)
    .sort((a, b) => a - b);

/** Parses a state item. No item: a subscription that never paused. Returns undefined for an item of another shape. */
export function parseState(item: unknown): State | undefined {
  if (item === undefined) return NO_STATE;
  const parsed = stateSchema.safeParse(item);
  return parsed.success ? parsed.data : undefined;
}
