// A record of `deliveries.fifo` as it is worked on, and what became of the records of one lane.
import type { SQSRecord } from 'aws-lambda';
import type { LaneMessage, Parsed } from '#lib/message/attribute.ts';

/** A record of `deliveries.fifo`, and what our attribute says in it. */
export type Queued = { readonly record: SQSRecord; readonly message: Parsed<LaneMessage> };

export type LaneResult = {
  /** How many of its messages, from the first, are settled. */
  readonly settled: number;
  /** When the others become visible again, if there are any. */
  readonly visibleInSeconds: number;
};
