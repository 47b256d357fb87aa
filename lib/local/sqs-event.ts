// Builds the event that Lambda hands to a function for received SQS messages, and cuts it at Lambda's payload limit. Pure.
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** A synchronous invocation's largest request. */
export const PAYLOAD_BYTES = 6 * 1024 * 1024;

export type SqsEvent = { Records: SQSRecord[] };

/** The record of one received message. */
export function recordOf(message: Message, queueArn: string): SQSRecord {
  const { MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', Attributes = {} } = message;
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: '',
      SentTimestamp: '',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '',
      ...Attributes,
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attributeOf(value)]),
    ),
    ...(message.MD5OfMessageAttributes === undefined
      ? {}
      : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  };
}

function attributeOf(value: MessageAttributeValue): SQSRecord['messageAttributes'][string] {
  const { StringValue, BinaryValue, DataType = '' } = value;
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}

/** Splits records, in their order, into events that each fit the payload limit. A record alone is never split. */
export function eventsOf(records: readonly SQSRecord[], limitBytes = PAYLOAD_BYTES): SqsEvent[] {
  const events: SqsEvent[] = [];
  let current: SQSRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (current.length > 0 && bytes + size > limitBytes) {
      events.push({ Records: current });
      current = [];
    }
    if (current.length === 0) bytes = '{"Records":[]}'.length;
    current.push(record);
    bytes += size;
  }
  if (current.length > 0) events.push({ Records: current });
  return events;
}
