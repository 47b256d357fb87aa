// A record of `deliveries.fifo`, and the result of working on the records of one lane.
import type { SQSRecord } from 'aws-lambda';
import type { LaneMessage, Parsed } from '#lib/message/attribute.ts';

/** A record of `deliveries.fifo` with its parsed attribute. */
export type Queued = { readonly record: SQSRecord; readonly message: Parsed<LaneMessage> };

export type LaneResult = {
  /** How many of the lane's records are settled, counted from the first. */
  readonly settled: number;
  /** Seconds until the others become visible again. */
  readonly visibleInSeconds: number;
};
