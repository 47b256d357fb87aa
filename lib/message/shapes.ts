// Message bodies that carry their own topic and id: a CloudEvent in structured JSON, an EventBridge event, an SNS
// notification. A rule, a topic or a pipe can feed the queue without code. Attributes win over the body.

import { hash } from 'node:crypto';
import { withoutMark } from '#lib/item/json.ts';

type Texts = { readonly [name: string]: string };

export type MessageShape = {
  /** Values found in the body, under the names of our attributes. */
  readonly texts: Texts;
  /** The payload, when it is only a part of the body. */
  readonly body?: string;
  /** Names of attributes in the body whose values are not text. */
  readonly binary?: readonly string[];
  /** Set when the body almost has a known shape: says what is missing. */
  readonly nearly?: string;
};

/** Recognises the body's shape; undefined for any other body. `own`: the message's attributes. */
export function messageShapeOf(
  body: string,
  own: { readonly topic?: string; readonly subscription?: string },
): MessageShape | undefined {
  // Most bodies have none of these shapes: look for their typical names before parsing 896 KiB of JSON.
  const addressed = own.topic !== undefined || own.subscription !== undefined;
  if (!/"specversion"|"detail-type"|"TopicArn"/.test(body)) return undefined;
  const json = objectOf(body);
  if (json === undefined) return undefined;
  if (typeof json.specversion === 'string') return cloudEvent(json);
  if (typeof json['detail-type'] === 'string') return eventBridge(json);
  // A notification is unwrapped only when the message has no attributes of ours: then an SNS topic sent it.
  if (json.Type === 'Notification' && typeof json.TopicArn === 'string' && !addressed)
    return notification(json);
  return undefined;
}

type Json = { readonly [name: string]: unknown };

function objectOf(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(withoutMark(text));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (json: unknown): json is Json =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

// An id is unique only together with its source (https://github.com/cloudevents/spec).
function cloudEvent({ type, source, id, partitionkey, traceparent, tracestate }: Json): MessageShape {
  if (!isText(type) || !isText(source) || !isText(id)) {
    return {
      texts: {},
      nearly: 'the body has a specversion but not the type, source and id of a CloudEvent',
    };
  }
  return {
    texts: {
      topic: type,
      id: hash('sha256', JSON.stringify([source, id]), 'base64url'),
      'content-type': 'application/cloudevents+json',
      // CloudEvents' extension for partitioning. Some write a number, though the extension says a text.
      ...(isText(partitionkey) && { key: partitionkey }),
      ...(typeof partitionkey === 'number' && { key: String(partitionkey) }),
      // CloudEvents' extension for distributed tracing.
      ...(isText(traceparent) && { traceparent }),
      ...(isText(tracestate) && { tracestate }),
    },
  };
}

function eventBridge(event: Json): MessageShape {
  const topic = event['detail-type'];
  if (!isText(topic) || !isText(event.id) || !isText(event.source) || !('detail' in event)) {
    return {
      texts: {},
      nearly: 'the body has a detail-type but not the id, source and detail of an EventBridge event',
    };
  }
  return { texts: { topic, id: event.id, 'content-type': 'application/json' } };
}

// A JSON string can contain characters that SQS refuses. A payload with such a character is sent as base64.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const REFUSED_BY_SQS = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function notification({ TopicArn, MessageId, Message, MessageAttributes }: Json): MessageShape {
  if (!isText(TopicArn) || !isText(MessageId) || !isText(Message)) {
    return {
      texts: {},
      nearly: 'the body has a TopicArn but not the MessageId and Message of an SNS notification',
    };
  }
  const name = TopicArn.slice(TopicArn.lastIndexOf(':') + 1);
  const attributes = attributesIn(MessageAttributes);
  const { binary } = attributes;
  const texts: Texts = { topic: name, id: MessageId, ...attributes.texts };
  if (texts.encoding !== undefined || !REFUSED_BY_SQS.test(Message)) return { texts, binary, body: Message };
  return {
    texts: { ...texts, encoding: 'base64' },
    binary,
    body: Buffer.from(Message, 'utf8').toString('base64'),
  };
}

function attributesIn(attributes: unknown): { readonly texts: Texts; readonly binary: readonly string[] } {
  const texts: Record<string, string> = {};
  const binary: string[] = [];
  for (const [name, attribute] of Object.entries(isObject(attributes) ? attributes : {})) {
    // A key may be any bytes (published.ts); SNS writes them in base64.
    if (isObject(attribute) && (attribute.Type !== 'Binary' || name === 'key') && isText(attribute.Value))
      texts[name] = attribute.Value;
    else binary.push(name);
  }
  return { texts, binary };
}
