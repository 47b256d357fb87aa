// The request of one attempt: the body's bytes and the headers, by precedence. Signing and credentials are not here.

import type { Delivery } from '#lib/message/attribute.ts';
import { isHeaderName, isHeaderValue, isReservedHeader } from '#lib/message/header.ts';
import { bytesOf } from '#lib/message/published.ts';
import { type Span, spanBelow } from '#lib/message/trace.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';

export type CallbackRequest = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** How many of the message's headers could not go out. */
  readonly dropped: number;
  /** The attempt's own, where the publisher has a trace. */
  readonly span: Span | undefined;
};

/** Builds the request; configured headers win over the message's, and ours over both. */
export function requestOf(
  delivery: Delivery,
  body: string,
  subscription: Pick<Subscription, 'headers'>,
  now: number,
): CallbackRequest {
  const headers: Record<string, string> = {
    'user-agent': 'sqs-webhooks',
    'content-type': delivery.contentType,
  };
  let dropped = 0;
  for (const [name, value] of Object.entries(delivery.headers)) {
    if (isHeaderName(name) && isHeaderValue(value) && !isReservedHeader(name)) headers[name] = value;
    else dropped += 1;
  }
  for (const { name, value } of subscription.headers) headers[name.toLowerCase()] = value;
  headers['webhook-id'] = delivery.messageId;
  headers['webhook-timestamp'] = String(Math.floor(now / 1000));
  headers['webhook-attempt'] = String(delivery.attempt);
  if (delivery.topic !== undefined) headers['webhook-topic'] = toHeaderValue(delivery.topic);
  const span = spanBelow(delivery.traceparent);
  if (span) {
    headers.traceparent = span.traceparent;
    if (delivery.tracestate !== undefined) headers.tracestate = delivery.tracestate;
  }
  return { headers, body: bytesOf(body, delivery.encoding), dropped, span };
}

/** Topics may hold any character. What a header can't carry is percent-encoded as UTF-8, and `%` with it. */
function toHeaderValue(text: string): string {
  return text.replace(/[^\x20-\x7e]|%|^ | $/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
