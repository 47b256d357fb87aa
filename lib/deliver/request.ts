// Builds the request of one attempt: the body's bytes and the headers. Signing and credentials come later.

import type { Delivery } from '#lib/message/attribute.ts';
import { sendableHeaders } from '#lib/message/header.ts';
import { bytesOf } from '#lib/message/published.ts';
import { type Span, spanBelow } from '#lib/message/trace.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';

export type CallbackRequest = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Number of the message's headers that are not allowed, or are too many or too large, and were dropped. */
  readonly dropped: number;
  /** Trace context of this attempt; undefined when the publisher sent none. */
  readonly span: Span | undefined;
};

/**
 * Builds the request. `sequence` is SQS's number of the message in its lane; undefined for a sample that was never in one.
 * Configured headers win over the message's headers, and the product's own headers over both.
 */
export function requestOf(
  delivery: Delivery,
  body: string,
  subscription: Pick<Subscription, 'headers'>,
  now: number,
  sequence?: string,
): CallbackRequest {
  const headers: Record<string, string> = {
    'user-agent': 'sqs-webhooks',
    // Rule sets of web application firewalls count a missing one as a sign of an attack.
    accept: '*/*',
    'content-type': delivery.contentType,
  };
  const { sent, dropped } = sendableHeaders(delivery.headers);
  Object.assign(headers, sent);
  for (const { name, value } of subscription.headers) headers[name.toLowerCase()] = value;
  headers['webhook-id'] = delivery.messageId;
  headers['webhook-timestamp'] = String(Math.floor(now / 1000));
  headers['webhook-attempt'] = String(delivery.attempt);
  // SQS's numbers grow within a lane. A message in a lane of its own has one too, and nothing to compare it with.
  if (sequence !== undefined && sequence !== '') headers['webhook-sequence'] = sequence;
  if (delivery.topic !== undefined) headers['webhook-topic'] = toHeaderValue(delivery.topic);
  const span = spanBelow(delivery.traceparent);
  if (span) {
    headers.traceparent = span.traceparent;
    if (delivery.tracestate !== undefined) headers.tracestate = delivery.tracestate;
  }
  return { headers, body: bytesOf(body, delivery.encoding), dropped: dropped.length, span };
}

/** A topic may hold any character. Those that a header can't carry are percent-encoded as UTF-8, and `%` with them. */
function toHeaderValue(text: string): string {
  return text.replace(/[^\x20-\x7e]|%|^ | $/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
