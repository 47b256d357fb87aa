// Parses a publisher's message on `messages` or `messages.fifo`: topic or subscription, id, payload. These come from the
// attributes, or from the body's own shape (shapes.ts). Subscriptions are looked up elsewhere.

import type { SQSRecord } from 'aws-lambda';
import { isContentType, travellingHeaders } from './header.ts';
import { keyOf } from './key.ts';
import { isPayloadPointer, POINTER } from './payload-pointer.ts';
import { headersOf, takeContentType } from './publisher-headers.ts';
import { type MessageShape, messageShapeOf } from './shapes.ts';
import { LARGEST_MESSAGE_BYTES } from './size.ts';
import { isTraceparent, isTracestate } from './trace.ts';

export type Published = {
  readonly id: string;
  readonly topic: string | undefined;
  /** Set when the message is addressed to one subscription. */
  readonly subscription: string | undefined;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: 'base64' | undefined;
  /** Messages of one key keep their order; undefined: the message has a key of its own, its id. */
  readonly key: string | undefined;
  /** Its sequence number in messages.fifo, the order of its group; undefined from `messages`. */
  readonly place: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly publishedAt: number;
};

export type Unroutable = {
  readonly reason: 'malformed-attribute' | 'no-address' | 'payload-pointer';
  readonly detail: string;
};

export type PublishedReading =
  | {
      readonly ok: true;
      readonly message: Published;
      /** Attributes and names of headers that are not used. */
      readonly ignored: readonly string[];
      /** Number of headers that were left out because they are too large together. */
      readonly dropped: number;
    }
  | { readonly ok: false; readonly unroutable: Unroutable };

/** The attributes that a publisher may set. */
export const KNOWN = [
  'topic',
  'subscription',
  'id',
  'content-type',
  'headers',
  'encoding',
  'key',
  'traceparent',
  'tracestate',
] as const;
type Known = (typeof KNOWN)[number];
type Texts = { readonly [name in Known]?: string };

/** Parses one record. A fault names the attribute and says what to put there. */
export function readPublished(record: SQSRecord): PublishedReading {
  const own = textsOf(record);
  if ('fault' in own) return malformed(own.fault);

  const shape = own.texts.encoding === undefined ? messageShapeOf(record.body, own.texts) : undefined;
  const binary = shape?.binary?.find((name) => isKnown(name) && own.texts[name] === undefined);
  if (binary !== undefined) return malformed(`${binary}, read from the body: is no text; send a String`);
  const texts: Texts = { ...shape?.texts, ...own.texts };
  const body = shape?.body ?? record.body;

  if (isPayloadPointer({ body, encoding: texts.encoding }, record.messageAttributes, shape)) {
    return { ok: false, unroutable: { reason: 'payload-pointer', detail: POINTER } };
  }

  // A fault names the place of the wrong value.
  const fault = faultIn(texts, body, (name) =>
    own.texts[name] === undefined ? `${name}, read from the body` : `attribute ${name}`,
  );
  if (fault !== undefined) return malformed(fault);
  const read = headersOf(texts.headers);
  if (read === undefined) {
    return malformed('attribute headers: is not a JSON object of strings; write {"x-name":"value"}');
  }
  const inHeaders = takeContentType(read.headers);
  const headers = travellingHeaders(read.headers);
  // What a body was read from may grow as base64. Its attribute, with the headers, travels beside it.
  const bytes = Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(headers.kept));
  if (shape?.body !== undefined && bytes > LARGEST_MESSAGE_BYTES) return malformed(TOO_LONG);
  if (texts.topic === undefined && texts.subscription === undefined) {
    return { ok: false, unroutable: { reason: 'no-address', detail: noAddress(shape) } };
  }
  return {
    ok: true,
    ignored: [...own.ignored, ...read.ignored],
    dropped: headers.left,
    message: {
      id: texts.id ?? record.messageId,
      topic: texts.topic,
      subscription: texts.subscription,
      contentType: texts['content-type'] ?? inHeaders ?? 'application/json',
      headers: headers.kept,
      encoding: texts.encoding === 'base64' ? 'base64' : undefined,
      place: placeIn(record.attributes.SequenceNumber),
      key: keyOf(record.attributes.MessageGroupId ?? texts.key),
      ...traceOf(texts),
      body,
      publishedAt: Number(record.attributes.SentTimestamp),
    },
  };
}

/** The sequence number; undefined for more than the 39 digits that SQS's 128 bits make: a sort key has no room for it. */
const placeIn = (sequence: string | undefined): string | undefined =>
  sequence !== undefined && /^\d{1,39}$/.test(sequence) ? sequence : undefined;

/** An invalid trace context is left out: it is no reason to refuse a message. */
function traceOf({ traceparent, tracestate }: Texts): Pick<Published, 'traceparent' | 'tracestate'> {
  if (traceparent === undefined || !isTraceparent(traceparent))
    return { traceparent: undefined, tracestate: undefined };
  const fits = tracestate !== undefined && isTracestate(tracestate);
  return { traceparent, tracestate: fits ? tracestate : undefined };
}

const malformed = (detail: string): PublishedReading => ({
  ok: false,
  unroutable: { reason: 'malformed-attribute', detail },
});

const TOO_LONG =
  'Message, read from the body: has characters that SQS refuses, and is too long to be sent on as base64';

const noAddress = (shape: MessageShape | undefined): string =>
  shape?.nearly ??
  'neither the attribute topic nor subscription is set, and the body is no CloudEvent, EventBridge event or SNS notification';

function textsOf(record: SQSRecord): { texts: Texts; ignored: string[] } | { fault: string } {
  const texts: { [name in Known]?: string } = {};
  const ignored: string[] = [];
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(record.messageAttributes)) {
    if (!isKnown(name)) ignored.push(name);
    // A key is compared and never shown, so any bytes are one; Lambda gives them in base64.
    else if (name === 'key' && binaryValue !== undefined) texts[name] = binaryValue;
    else if (stringValue === undefined)
      return { fault: `attribute ${name}: is of type ${dataType}; send a String` };
    else texts[name] = stringValue;
  }
  return { texts, ignored };
}

const isKnown = (name: string): name is Known => KNOWN.some((known) => known === name);

// Ids become parts of headers, keys and group ids.
const ID = /^[\x21-\x7e]{1,128}$/;

/** Whether a text can be the id of a message or of a subscription. */
export const isId = (text: string): boolean => ID.test(text);

/**
 * Whether a text has a topic's length and is well-formed: JSON can write half a character, such as \ud800, which no table
 * key can hold.
 */
export const isTopic = (text: string): boolean => text !== '' && text.length <= 256 && text.isWellFormed();

function faultIn(texts: Texts, body: string, named: (name: Known) => string): string | undefined {
  for (const name of ['id', 'subscription'] as const) {
    const text = texts[name];
    if (text !== undefined && !isId(text)) {
      return `${named(name)}: must be 1 to 128 visible ASCII characters without spaces`;
    }
  }
  const { topic } = texts;
  if (topic !== undefined && (topic === '' || topic.length > 256)) {
    return `${named('topic')}: must be 1 to 256 characters`;
  }
  if (topic?.isWellFormed() === false) return `${named('topic')}: is not well-formed Unicode`;
  const contentType = texts['content-type'];
  if (contentType !== undefined && !isContentType(contentType)) {
    return `${named('content-type')}: is not a media type of at most 256 characters, such as application/json`;
  }
  if (texts.encoding !== undefined && texts.encoding !== 'base64') {
    return `${named('encoding')}: only base64 is known; leave it out for text`;
  }
  if (texts.encoding === 'base64' && !isBase64(body)) {
    return `${named('encoding')}: says base64, but the body is not: no line breaks, padded with = (alone, = stands for no bytes)`;
  }
  return undefined;
}

// No repeated groups: the regular expression engine keeps a return point for each, and would overflow its stack.
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const isBase64 = (text: string): boolean => text === '=' || (text.length % 4 === 0 && BASE64.test(text));

/** The payload's bytes. SQS takes no empty body, so a single `=` in base64 stands for no bytes. */
export function bytesOf(body: string, encoding: 'base64' | undefined): Buffer {
  return encoding === 'base64' ? Buffer.from(body === '=' ? '' : body, 'base64') : Buffer.from(body, 'utf8');
}
