// How long a message that is handed back stays invisible.
import type { SQSRecord } from 'aws-lambda';

export type FaultWaits = { readonly firstSeconds: number; readonly longestSeconds: number };

/** Seconds of invisibility after a fault of AWS: doubles with each receive, so that messages don't loop at full speed. */
export const secondsAfterFault = (
  { attributes }: Pick<SQSRecord, 'attributes'>,
  { firstSeconds, longestSeconds }: FaultWaits,
): number => Math.min(firstSeconds * 2 ** (Number(attributes.ApproximateReceiveCount) - 1), longestSeconds);
