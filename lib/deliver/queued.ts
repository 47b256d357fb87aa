// A record of `deliveries.fifo`, and the result of working on the records of one lane.
import type { SQSRecord } from 'aws-lambda';
import type { LaneMessage, Parsed } from '#lib/message/attribute.ts';

/** A record of `deliveries.fifo` with its parsed attribute. */
export type Queued = { readonly record: SQSRecord; readonly message: Parsed<LaneMessage> };

/** The records of a lane that are settled, and are still to be deleted. */
export const settledOf = (lane: readonly Queued[], { unsettled, removed }: LaneResult): readonly Queued[] =>
  lane.filter((queued) => !unsettled.includes(queued) && !removed?.has(queued.record.receiptHandle));

export type LaneResult = {
  /** The lane's records that are not settled, in order. */
  readonly unsettled: readonly Queued[];
  /** Seconds until these become visible again. */
  readonly visibleInSeconds: number;
  /** Receipt handles of the settled records that the lane itself has deleted. */
  readonly removed?: ReadonlySet<string>;
};
