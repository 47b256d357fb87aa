// SQS records in Lambda's form: the publishers' messages, and those of the functions' own queues.
import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { ATTRIBUTE, type Delivery, encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';

export type Given = {
  /** The queue's name; a name that ends in .fifo needs a group. */
  queue?: string;
  id?: string;
  body?: string;
  /** A string makes an attribute of type String, a Buffer one of type Binary. */
  attributes?: Readonly<Record<string, string | Buffer>>;
  group?: string;
  sequence?: string;
  receives?: number;
  sentAt?: number;
  receiptHandle?: string;
};

/** Makes a record; fields that are left out get plausible values. */
export function recordOf(given: Given = {}): SQSRecord {
  const { queue = 'messages', id = 'sqs-1', body = '{"n":1}', group, sequence = '1', sentAt = 1_000 } = given;
  const isFifo = queue.endsWith('.fifo');
  return {
    messageId: id,
    receiptHandle: given.receiptHandle ?? `handle-${id}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(given.receives ?? 1),
      SentTimestamp: String(sentAt),
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: String(sentAt + 1),
      ...(group !== undefined && { MessageGroupId: group }),
      ...(isFifo && { SequenceNumber: sequence, MessageDeduplicationId: `dedup-${id}` }),
    },
    messageAttributes: attributesOf(given.attributes ?? {}),
    md5OfBody: '0'.repeat(32),
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    awsRegion: 'us-east-1',
  };
}

/** Makes the attributes of a record from plain values. */
export const attributesOf = (values: Readonly<Record<string, string | Buffer>>): SQSMessageAttributes =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string'
        ? { stringValue: value, stringListValues: [], binaryListValues: [], dataType: 'String' }
        : {
            binaryValue: value.toString('base64'),
            stringListValues: [],
            binaryListValues: [],
            dataType: 'Binary',
          },
    ]),
  );

/** Makes a delivery; fields that are left out get plausible values. */
export const deliveryOf = (given: Partial<Delivery> = {}): Delivery => ({
  subscription: 'acme',
  messageId: 'message-1',
  contentType: 'application/json',
  headers: {},
  publishedAt: 1_000,
  attempt: 1,
  sends: 0,
  ...given,
});

/** Makes the record of a delivery in the form that route puts on its queue. */
export function deliveryRecord(
  given: Partial<Delivery> = {},
  { lane = 0, ...more }: Omit<Given, 'attributes' | 'group'> & { lane?: number } = {},
): SQSRecord {
  const delivery = deliveryOf(given);
  return recordOf({
    queue: 'deliveries.fifo',
    id: `sqs-${delivery.messageId}`,
    group: groupOf(delivery.subscription, lane),
    ...more,
    attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'delivery', value: delivery }) },
  });
}
