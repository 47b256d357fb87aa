// The formats of a batch: how each message is written, and how the written messages are joined to a body. The bytes of a JSON
// message are copied unchanged. request-batch.ts decides which messages are in a batch.
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

/** The CloudEvents type of a message without a topic, which was addressed to its subscription. */
export const TYPE_WITHOUT_TOPIC = 'sqs-webhooks.message';

type Message = { readonly delivery: Delivery; readonly body: string };

/**
 * Returns the bytes of a message in a batch. Undefined when its body does not fit the format: the message is then sent
 * alone.
 */
export function partOf({ delivery, body }: Message, format: BatchFormat, stage: string): Buffer | undefined {
  // A compressed body needs its own header content-encoding, which a batch can't have for one message.
  if (!['', 'identity'].includes((delivery.headers['content-encoding'] ?? '').toLowerCase()))
    return undefined;
  const bytes = bytesOf(body, delivery.encoding);
  const json = isJsonType(delivery.contentType) ? jsonIn(bytes) : undefined;
  switch (format) {
    case 'json-array':
      return json && bytes;
    case 'ndjson':
      // A line break would end the line of NDJSON. Removing it would change the bytes of the message.
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

/** The number of bytes of the body that `bodyOf` makes of these parts. `bytes` is the sum of the parts. */
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

/**
 * Returns the time as ISO 8601. Undefined for a number that is no valid time: another program may have written a replayed
 * dead letter.
 */
function timeOf(publishedAt: number): string | undefined {
  const time = new Date(publishedAt);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/**
 * A JSON body becomes the value of `data`, a text body a string in `data`, and other bytes `data_base64`. An empty body has
 * neither field.
 */
function dataOf({ contentType, encoding }: Delivery, bytes: Buffer, isJson: boolean): readonly Buffer[] {
  if (bytes.length === 0) return [];
  if (isJson) return [Buffer.from(',"data":'), bytes];
  // With a JSON content type, a reader would parse the string in `data` as JSON.
  if (encoding === undefined && !isJsonType(contentType))
    return [Buffer.from(`,"data":${JSON.stringify(bytes.toString('utf8'))}`)];
  return [Buffer.from(`,"data_base64":"${bytes.toString('base64')}"`)];
}
