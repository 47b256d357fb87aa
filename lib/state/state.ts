// What is kept of a subscription: whether it is paused and why, which of its lanes are closed, and which drain of each
// lane is the valid one. state-item.ts reads and writes it.
import * as z from 'zod';

export const REASONS = ['rejected', 'gone', 'outage', 'invalid-config', 'crashing', 'manual'] as const;
export type PauseReason = (typeof REASONS)[number];

const headSchema = z.object({
  lane: z.number(),
  messageId: z.string(),
  /** How often it was tried in all, and since when. */
  attempts: z.number(),
  firstAt: z.number(),
  /** How often it was tried again by the `retry` block since the subscription went on. */
  retries: z.number(),
  /** How many probes it failed in a row. */
  probes: z.number(),
});

const pauseSchema = z.object({
  reason: z.enum(REASONS),
  /** Epoch milliseconds. */
  since: z.number(),
  /** What happened, in words, without addresses, headers or bodies. */
  detail: z.string(),
  /** Of the config item as it was: one that is put anew lets the subscription go on. */
  itemHash: z.string(),
  /** Failures in a row. */
  failures: z.number(),
  /** When to try again by itself, epoch milliseconds; without it somebody has to decide. */
  resumeAt: z.number().optional(),
  /** The message it paused on, where that is to be sent again. */
  head: headSchema.optional(),
});

const laneSchema = z.object({
  /** The number of the one token that may drain the lane. */
  drain: z.number(),
  /** When the token is overdue, epoch milliseconds; 0 when none was sent. */
  until: z.number(),
  /** How many tokens in a row were sent and never heard of. */
  unheard: z.number(),
});

const stateSchema = z.object({
  version: z.number(),
  /** Raised at every pause and every opening. */
  epoch: z.number(),
  pause: pauseSchema.optional(),
  /** The closed lanes, by number: they have a backlog, or had one a moment ago. */
  lanes: z.record(z.string(), laneSchema),
  /** The last drain number given out; none is given twice. */
  drains: z.number(),
  /** Since when its config item is missing, epoch milliseconds. */
  absentSince: z.number().optional(),
  /** When the sweep last looked, epoch milliseconds. */
  lookedAt: z.number().optional(),
  /** When it was last noted that a message is held, epoch milliseconds; there as long as one may be. */
  heldAt: z.number().optional(),
});

export type Head = z.infer<typeof headSchema>;
export type Pause = z.infer<typeof pauseSchema>;
export type ClosedLane = z.infer<typeof laneSchema>;
export type State = z.infer<typeof stateSchema>;

export const NO_STATE: State = { version: 0, epoch: 0, lanes: {}, drains: 0 };

/** The numbers of the closed lanes, lowest first. */
export const closedLanes = ({ lanes }: State): number[] =>
  Object.keys(lanes)
    .map(Number)
    .sort((a, b) => a - b);

/** Reads a state item as it is in the table: none is a subscription that never paused; undefined is none of ours. */
export function parseState(item: unknown): State | undefined {
  if (item === undefined) return NO_STATE;
  const parsed = stateSchema.safeParse(item);
  return parsed.success ? parsed.data : undefined;
}
