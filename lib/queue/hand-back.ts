// How long a message that is handed back stays out of sight.
import type { SQSRecord } from 'aws-lambda';

export type FaultWaits = { readonly firstSeconds: number; readonly longestSeconds: number };

/** After a fault of AWS itself: doubling with each receive. A loop at full speed would help nobody. */
export const secondsAfterFault = (
  { attributes }: Pick<SQSRecord, 'attributes'>,
  { firstSeconds, longestSeconds }: FaultWaits,
): number => Math.min(firstSeconds * 2 ** (Number(attributes.ApproximateReceiveCount) - 1), longestSeconds);
