// How long a message that is handed back stays out of sight.
import type { SQSRecord } from 'aws-lambda';

/** After a fault of AWS itself: 5 s, doubling with each receive, 60 s at most. A loop at full speed would help nobody. */
export const secondsAfterFault = ({ attributes }: Pick<SQSRecord, 'attributes'>): number =>
  Math.min(60, 5 * 2 ** (Number(attributes.ApproximateReceiveCount) - 1));
