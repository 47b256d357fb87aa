// The subscription, the lane and the time limits of an attempt.
import type { ConfigItem, Registration } from '#lib/state/registration.ts';

export type Bounds = {
  /** End of the invocation's work, epoch milliseconds: no request starts that could last longer. */
  readonly endsAt: number;
  /** End of a drain's slice, epoch milliseconds: no request starts after it. */
  readonly startBy?: number;
  /** The drain token was received again: one of its entries may have killed the function. */
  readonly suspicious?: boolean;
};

/** Milliseconds of every invocation kept for the work that follows the last answer. */
export const RESERVE_MS = 5_000;

/** A subscription with a valid config item, and one of its lanes. */
export type AttemptContext = {
  readonly registration: Registration;
  readonly config: Extract<ConfigItem, { kind: 'valid' }>;
  readonly lane: number;
  /** Retries of this message since its subscription was resumed; Infinity for a probe, which gets no retry in place. */
  readonly retries: number;
};
