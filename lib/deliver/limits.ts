// The deployment's limits for deliveries, converted to the units that the code uses. The build checks that they fit
// together.

import { type DeliverEnvironment, faultWaitsOf, staleLanesMsOf } from '#lib/deployment/config.ts';
import type { FaultWaits } from '#lib/queue/hand-back.ts';
import type { OutageWaits } from '#lib/state/machine.ts';
import { type SlotLimits, slotLimitsOf } from '#lib/state/slots.ts';
import type { AnswerLimits } from './outcome.ts';

export type DeliveryLimits = AnswerLimits & {
  /** Bytes of headers and bodies that an environment logs for a tenant in a minute. */
  readonly loggedBytesPerMinute: number;
  readonly lagSeconds: number;
  readonly sliceMs: number;
  readonly slowAfterMs: number;
  readonly slotLimits: SlotLimits;
  readonly outageWaits: OutageWaits;
  readonly faultWaits: FaultWaits;
  readonly mostHops: number;
  /** How long `route` may still use the lanes of an item that was replaced. */
  readonly staleLanesMs: number;
  readonly claimsLiveSeconds: number;
  readonly aloneAtReceives: number;
  readonly crashingAtStarts: number;
};

/** Converts the environment's values (seconds, minutes, days) into the limits that deliveries use, in their units. */
export const deliveryLimits = (config: DeliverEnvironment): DeliveryLimits => ({
  lagSeconds: config.LAG_SECONDS,
  sliceMs: config.DRAIN_SLICE_SECONDS * 1000,
  slowAfterMs: config.SLOW_AFTER_SECONDS * 1000,
  slotLimits: slotLimitsOf(config),
  outageWaits: {
    firstMs: config.OUTAGE_FIRST_WAIT_SECONDS * 1000,
    longestMs: config.OUTAGE_LONGEST_WAIT_SECONDS * 1000,
  },
  faultWaits: faultWaitsOf(config),
  longestRetryAfterMs: config.LONGEST_RETRY_AFTER_SECONDS * 1000,
  excerptBytes: config.EXCERPT_BYTES,
  loggedBytesPerMinute: config.TENANT_LOGGING_BYTES,
  mostHops: config.MOST_RETRY_HOPS,
  staleLanesMs: staleLanesMsOf(config),
  claimsLiveSeconds: config.CLAIMS_LIVE_DAYS * 86_400,
  aloneAtReceives: config.ALONE_AT_RECEIVES,
  crashingAtStarts: config.CRASHING_AT_STARTS,
});
