// The subscription, the lane and the time limits of an attempt.
import type { ConfigItem, Registration } from '#lib/state/registration.ts';
import type { OpenClaim } from './claimed-removal.ts';

export type Bounds = {
  /** End of the invocation's work, epoch milliseconds. A request that could last longer is not started. */
  readonly endsAt: number;
  /** End of the time that this drain may use, epoch milliseconds. No request starts after it. */
  readonly startBy?: number;
  /** A later turn of the lane is not waited for, epoch milliseconds. */
  readonly turnsBy?: number;
  /** The drain token was received again: one of its entries may have killed the function. */
  readonly suspicious?: boolean;
};

/** The milliseconds of an invocation that are reserved for the work after the last answer. */
export const RESERVE_MS = 5_000;

/** A subscription with a valid config item, and one of its lanes. */
export type AttemptContext = {
  readonly registration: Registration;
  readonly config: Extract<ConfigItem, { kind: 'valid' }>;
  readonly lane: number;
  /** How often this message was retried since its subscription was resumed. Infinity for a probe, so that it gets no retry in place. */
  readonly retries: number;
  /** Takes the claims of delivered messages that are deleted from the queue. Undefined for the backlog: the attempt writes them. */
  readonly openClaims?: OpenClaim[];
};
