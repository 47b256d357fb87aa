// What an attempt is made within: the subscription and lane that go, and the time there is.
import type { ConfigItem, Registration } from '#lib/state/registration.ts';

export type Bounds = {
  /** When the invocation's work must be over, epoch milliseconds: no request is begun that could outlive it. */
  readonly endsAt: number;
  /** No request is begun after this, epoch milliseconds: a drain's slice. */
  readonly startBy?: number;
  /** The token came back unfinished: one of its entries may be what killed the function. */
  readonly suspicious?: boolean;
};

/** Kept from every invocation's time for what follows on the last answer. */
export const RESERVE_MS = 5_000;

/** A subscription that may be called, in one of its lanes. */
export type AttemptContext = {
  readonly registration: Registration;
  readonly config: Extract<ConfigItem, { kind: 'valid' }>;
  readonly lane: number;
  /** Retries that this message had since the subscription went on; Infinity for a probe, which is not repeated. */
  readonly retries: number;
};
