// The formats of a batch: how one message is written in each, and how the parts make a body. A JSON body stands in it byte
// for byte. Which messages go together is in request-batch.ts.
import { isUtf8 } from 'node:buffer';
import type { Delivery } from '#lib/message/attribute.ts';
import { bytesOf } from '#lib/message/published.ts';
import type { Batch } from '#lib/subscription/option-fields.ts';

export type BatchFormat = Batch['format'];

/** The content type of a request's body in each format. */
export const BATCH_CONTENT_TYPES: Readonly<Record<BatchFormat, string>> = {
  'json-array': 'application/json',
  'cloudevents-batch': 'application/cloudevents-batch+json',
  ndjson: 'application/x-ndjson',
};

/** The type of a wrapped message that has no topic, since it was addressed to its subscription. */
export const TYPE_WITHOUT_TOPIC = 'sqs-webhooks.message';

type Message = { readonly delivery: Delivery; readonly body: string };

/** Returns a message as it stands in a batch; undefined when its body does not fit the format: then it goes alone. */
export function partOf({ delivery, body }: Message, format: BatchFormat, stage: string): Buffer | undefined {
  // A compressed body is bytes that only its own header explains.
  if (!['', 'identity'].includes((delivery.headers['content-encoding'] ?? '').toLowerCase()))
    return undefined;
  const bytes = bytesOf(body, delivery.encoding);
  const json = isJsonType(delivery.contentType) ? jsonIn(bytes) : undefined;
  switch (format) {
    case 'json-array':
      return json && bytes;
    case 'ndjson':
      // A line break would be the end of the line, and without it the bytes would be others.
      return json && !bytes.includes('\n') && !bytes.includes('\r') ? bytes : undefined;
    case 'cloudevents-batch':
      return json && isCloudEvent(json.value) ? bytes : wrapped(delivery, bytes, json !== undefined, stage);
    default:
      return format satisfies never;
  }
}

/** The bytes before the first message, between two messages, and after the last message. */
const AROUND: Readonly<Record<BatchFormat, readonly [start: string, between: string, end: string]>> = {
  'json-array': ['[', ',', ']'],
  'cloudevents-batch': ['[', ',', ']'],
  ndjson: ['', '\n', '\n'],
};

/** Makes the body of a batch. */
export function bodyOf(parts: readonly Buffer[], format: BatchFormat): Buffer {
  const [start, between, end] = AROUND[format];
  const pieces = parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(between), part]));
  return Buffer.concat([Buffer.from(start), ...pieces, Buffer.from(end)]);
}

/** The bytes of the body that `bodyOf` would make of parts that have this many bytes together. */
export function bodyBytes(parts: number, bytes: number, format: BatchFormat): number {
  const [start, between, end] = AROUND[format];
  return start.length + bytes + between.length * (parts - 1) + end.length;
}

const isJsonType = (contentType: string): boolean =>
  /^[^;\s]+\/(?:[^;\s]+\+)?json[\t ]*(?:;|$)/i.test(contentType);

function jsonIn(bytes: Buffer): { readonly value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return { value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return undefined;
  }
}

/** Whether the value is a CloudEvent in structured JSON (https://github.com/cloudevents/spec). */
function isCloudEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return ['specversion', 'id', 'source', 'type'].every((name) => {
    const text = fields.get(name);
    return typeof text === 'string' && text !== '';
  });
}

function wrapped(delivery: Delivery, bytes: Buffer, isJson: boolean, stage: string): Buffer {
  const attributes = {
    specversion: '1.0',
    id: delivery.messageId,
    source: `urn:sqs-webhooks:${stage}`,
    type: delivery.topic ?? TYPE_WITHOUT_TOPIC,
    time: timeOf(delivery.publishedAt),
    datacontenttype: delivery.contentType,
    // CloudEvents' extension for distributed tracing.
    traceparent: delivery.traceparent,
    tracestate: delivery.tracestate,
  };
  const start = Buffer.from(JSON.stringify(attributes).slice(0, -1));
  return Buffer.concat([start, ...dataOf(delivery, bytes, isJson), Buffer.from('}')]);
}

/** A dead letter that is replayed may have come from anywhere, with any number. */
function timeOf(publishedAt: number): string | undefined {
  const time = new Date(publishedAt);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** JSON is the value of `data`, text is a string in it; other bytes are `data_base64`. An empty body has neither. */
function dataOf({ contentType, encoding }: Delivery, bytes: Buffer, isJson: boolean): readonly Buffer[] {
  if (bytes.length === 0) return [];
  if (isJson) return [Buffer.from(',"data":'), bytes];
  // A string as the data of a JSON type would be read as JSON.
  if (encoding === undefined && !isJsonType(contentType))
    return [Buffer.from(`,"data":${JSON.stringify(bytes.toString('utf8'))}`)];
  return [Buffer.from(`,"data_base64":"${bytes.toString('base64')}"`)];
}
