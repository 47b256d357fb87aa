// A queue's name, which its ARN and its URL both end with.
import type { SQSRecord } from 'aws-lambda';

/** The name of the queue that a record came from. */
export const queueNameOf = ({ eventSourceARN }: Pick<SQSRecord, 'eventSourceARN'>): string =>
  eventSourceARN.slice(eventSourceARN.lastIndexOf(':') + 1);

/** The queue's name from its URL. */
export const queueNameIn = (queueUrl: string): string => queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
